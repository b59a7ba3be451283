//! The columns of one row group, read side by side in batches of bounded size.

use super::SegmentProblem;
use super::schema::AMOUNT_BYTES;
use crate::decimal::{Amount, Quantity};
use crate::names::Names;
use crate::time::Instant;
use parquet::column::reader::{ColumnReader, ColumnReaderImpl, get_typed_column_reader};
use parquet::data_type::{ByteArray, ByteArrayType, DataType, FixedLenByteArrayType, Int64Type};
use parquet::file::reader::RowGroupReader;
use rustc_hash::FxHashMap;

/// Rows decoded at a time: bounds the memory whatever a corrupt file claims to hold.
const BATCH_ROWS: usize = 16 * 1024;
/// DECIMAL(38): the bound of an amount.
const MAX_BILLIONTHS: u128 = 10u128.pow(38);

/// Readers of the eight columns, in the order of the schema.
pub(super) struct Columns {
    order_ids: Column<ByteArrayType>,
    customers: Column<ByteArrayType>,
    dates: Column<Int64Type>,
    received: Column<Int64Type>,
    products: Column<ByteArrayType>,
    quantities: Column<Int64Type>,
    amounts: Column<FixedLenByteArrayType>,
    sequences: Column<Int64Type>,
    customer_codes: Codes,
    product_codes: Codes,
}

/// Decoded rows: every column has the same length.
pub(super) struct RowGroup {
    order_ids: Vec<ByteArray>,
    pub customers: Vec<Option<u32>>,
    pub dates: Vec<Option<Instant>>,
    pub received: Vec<Instant>,
    pub products: Vec<u32>,
    pub quantities: Vec<Quantity>,
    pub amounts: Vec<Option<Amount>>,
    pub sequences: Vec<Option<u64>>,
}

impl RowGroup {
    pub fn len(&self) -> usize {
        self.order_ids.len()
    }
    pub fn order_id(&self, at: usize) -> Result<&str, SegmentProblem> {
        Ok(std::str::from_utf8(self.order_ids[at].data())?)
    }
}

impl Columns {
    pub fn open(group: &dyn RowGroupReader) -> Result<Self, SegmentProblem> {
        Ok(Self {
            order_ids: Column::open(group, 0)?,
            customers: Column::open(group, 1)?,
            dates: Column::open(group, 2)?,
            received: Column::open(group, 3)?,
            products: Column::open(group, 4)?,
            quantities: Column::open(group, 5)?,
            amounts: Column::open(group, 6)?,
            sequences: Column::open(group, 7)?,
            customer_codes: Codes::default(),
            product_codes: Codes::default(),
        })
    }

    /// The next rows; `None` after the last.
    pub fn next(&mut self, customers: &mut Names, products: &mut Names) -> Result<Option<RowGroup>, SegmentProblem> {
        let order_ids = self.order_ids.values()?;
        let group = RowGroup {
            customers: self.customers.nullable(|id| self.customer_codes.code(id, customers))?,
            dates: self.dates.nullable(|micros| Ok(Instant(*micros)))?,
            received: self.received.required(|micros| Ok(Instant(*micros)))?,
            products: self.products.required(|name| self.product_codes.code(name, products))?,
            quantities: self.quantities.required(|value| Ok(Quantity::from_thousandths(*value)))?,
            amounts: self.amounts.nullable(|bytes| amount(bytes.data()))?,
            sequences: self.sequences.nullable(|value| {
                u64::try_from(*value).map_err(|_| SegmentProblem::Corrupt("it has a negative sequence".to_owned()))
            })?,
            order_ids,
        };
        let lengths = [
            group.customers.len(),
            group.dates.len(),
            group.received.len(),
            group.products.len(),
            group.quantities.len(),
            group.amounts.len(),
            group.sequences.len(),
        ];
        if lengths.iter().any(|length| *length != group.len()) {
            return Err(SegmentProblem::Corrupt("its columns differ in length".to_owned()));
        }
        Ok(Some(group).filter(|group| group.len() > 0))
    }
}

fn amount(bytes: &[u8]) -> Result<Amount, SegmentProblem> {
    let bytes: Result<[u8; AMOUNT_BYTES], _> = bytes.try_into();
    let value = bytes.map(i128::from_be_bytes).ok().filter(|value| value.unsigned_abs() < MAX_BILLIONTHS);
    value
        .map(Amount::from_billionths)
        .ok_or_else(|| SegmentProblem::Corrupt("it has an amount out of range".to_owned()))
}

struct Column<T: DataType> {
    reader: ColumnReaderImpl<T>,
    values: Vec<T::T>,
    levels: Vec<i16>,
}

impl<T: DataType> Column<T> {
    fn open(group: &dyn RowGroupReader, at: usize) -> Result<Self, SegmentProblem> {
        let reader: ColumnReader = group.get_column_reader(at)?;
        Ok(Self { reader: get_typed_column_reader(reader), values: Vec::new(), levels: Vec::new() })
    }

    fn read(&mut self) -> Result<(), SegmentProblem> {
        self.values.clear();
        self.levels.clear();
        self.reader.read_records(BATCH_ROWS, Some(&mut self.levels), None, &mut self.values)?;
        Ok(())
    }

    fn values(&mut self) -> Result<Vec<T::T>, SegmentProblem> {
        self.read()?;
        Ok(std::mem::take(&mut self.values))
    }

    fn required<V>(&mut self, value: impl FnMut(&T::T) -> Result<V, SegmentProblem>) -> Result<Vec<V>, SegmentProblem> {
        self.read()?;
        self.values.iter().map(value).collect()
    }

    fn nullable<V>(
        &mut self,
        mut value: impl FnMut(&T::T) -> Result<V, SegmentProblem>,
    ) -> Result<Vec<Option<V>>, SegmentProblem> {
        self.read()?;
        let mut values = self.values.iter();
        let next = |level: &i16| if *level == 0 { Ok(None) } else { values.next().map(&mut value).transpose() };
        self.levels.iter().map(next).collect()
    }
}

/// Codes of texts by where they stand in memory: the values of a dictionary page share its buffer, so each of
/// its entries is looked up by its bytes only once.
#[derive(Default)]
struct Codes {
    by_place: FxHashMap<(usize, usize), u32>,
    /// Keeps the buffers alive, so that no place is used twice.
    kept: Vec<ByteArray>,
    last: Option<((usize, usize), u32)>,
}

impl Codes {
    fn code(&mut self, text: &ByteArray, names: &mut Names) -> Result<u32, SegmentProblem> {
        let place = (text.data().as_ptr() as usize, text.len());
        if let Some((last, code)) = self.last
            && last == place
        {
            return Ok(code);
        }
        let code = match self.by_place.get(&place) {
            Some(code) => *code,
            None => {
                let code = names.code(std::str::from_utf8(text.data())?);
                self.kept.push(text.clone());
                self.by_place.insert(place, code);
                code
            }
        };
        self.last = Some((place, code));
        Ok(code)
    }
}
