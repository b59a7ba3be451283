//! The columns of one row group, read side by side.

use super::SegmentProblem;
use super::pages::Pages;
use super::schema::ROW_GROUP_ROWS;
use crate::decimal::{Amount, Quantity};
use crate::names::{Names, TextList};
use crate::time::Instant;
use parquet::column::reader::{ColumnReader, ColumnReaderImpl, get_typed_column_reader};
use parquet::data_type::Int64Type;
use parquet::file::reader::RowGroupReader;

/// A decoded row group: every column has the same length.
pub(super) struct RowGroup {
    /// Texts of order ids, and for each row the place of its own; a text may stand there twice.
    pub order_ids: TextList,
    pub orders: Vec<u32>,
    pub customers: Vec<Option<u32>>,
    pub dates: Vec<Option<Instant>>,
    pub received: Vec<Instant>,
    pub products: Vec<u32>,
    pub quantities: Vec<Quantity>,
    pub amounts: Vec<Option<Amount>>,
    pub sequences: Vec<Option<u64>>,
}

impl RowGroup {
    /// The columns stand in the order of the schema.
    pub fn read(
        group: &dyn RowGroupReader,
        customers: &mut Names,
        products: &mut Names,
    ) -> Result<Self, SegmentProblem> {
        let rows = usize::try_from(group.metadata().num_rows()).ok().filter(|rows| *rows <= ROW_GROUP_ROWS);
        // Bounds the memory whatever a corrupt file claims to hold.
        let rows = rows.ok_or_else(|| SegmentProblem::Corrupt("it has a row group that is too large".to_owned()))?;
        let mut order_ids = TextList::default();
        let orders = Pages::open(group, 0, rows)?.texts(|id| {
            order_ids.push(id);
            order_ids.len() as u32 - 1
        })?;
        let group = Self {
            orders: orders.map(|order| order.unwrap_or_default()).collect(),
            order_ids,
            customers: Pages::open(group, 1, rows)?.texts(|id| customers.code(id))?.collect(),
            dates: Integers::open(group, 2, rows)?.nullable(|micros| Ok(Instant(micros)))?,
            received: Integers::open(group, 3, rows)?.required(Instant),
            products: {
                let products = Pages::open(group, 4, rows)?.texts(|name| products.code(name))?;
                products.map(|product| product.unwrap_or_default()).collect()
            },
            quantities: Integers::open(group, 5, rows)?.required(Quantity::from_thousandths),
            amounts: Pages::open(group, 6, rows)?.amounts()?,
            sequences: Integers::open(group, 7, rows)?.nullable(|value| {
                u64::try_from(value).map_err(|_| SegmentProblem::Corrupt("it has a negative sequence".to_owned()))
            })?,
        };
        let lengths = [group.dates.len(), group.received.len(), group.quantities.len(), group.sequences.len()];
        if lengths.iter().any(|length| *length != rows) {
            return Err(SegmentProblem::Corrupt("its columns differ in length".to_owned()));
        }
        Ok(group)
    }

    pub fn len(&self) -> usize {
        self.orders.len()
    }
}

/// A column of whole numbers.
struct Integers {
    values: Vec<i64>,
    levels: Vec<i16>,
}

impl Integers {
    fn open(group: &dyn RowGroupReader, at: usize, rows: usize) -> Result<Self, SegmentProblem> {
        let reader: ColumnReader = group.get_column_reader(at)?;
        let mut reader: ColumnReaderImpl<Int64Type> = get_typed_column_reader(reader);
        let (mut values, mut levels) = (Vec::new(), Vec::new());
        reader.read_records(rows, Some(&mut levels), None, &mut values)?;
        Ok(Self { values, levels })
    }

    fn required<V>(self, value: impl FnMut(i64) -> V) -> Vec<V> {
        self.values.into_iter().map(value).collect()
    }

    fn nullable<V>(
        self,
        mut value: impl FnMut(i64) -> Result<V, SegmentProblem>,
    ) -> Result<Vec<Option<V>>, SegmentProblem> {
        let mut values = self.values.into_iter();
        let next = |level: &i16| if *level == 0 { Ok(None) } else { values.next().map(&mut value).transpose() };
        self.levels.iter().map(next).collect()
    }
}
