//! Writes segments. Knows columns and row groups, not what rows mean to a report.

use super::bounds::{ALL_HASHES, Bounds, Hashes};
use super::rows::Head;
use super::schema::{AMOUNT_BYTES, PROPERTIES, ROW_GROUP_ROWS, SCHEMA, VERSION};
use super::{EncodedSegment, SegmentMeta};
use crate::decimal::{Amount, Quantity};
use crate::names::TextList;
use crate::order::OrderBatch;
use crate::order::push::Push;
use crate::time::Instant;
use bytes::Bytes;
use parquet::data_type::{ByteArray, ByteArrayType, DataType, FixedLenByteArray, FixedLenByteArrayType, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use sha2::{Digest, Sha256};

/// The segment of one push.
pub fn encode(push: &Push, received_at: Instant) -> EncodedSegment {
    encode_batch(&push.batch, received_at)
}

/// The segment of a batch from any source, received at one time.
pub fn encode_batch(batch: &OrderBatch, received_at: Instant) -> EncodedSegment {
    let customers = values(batch.customers());
    let products = values(batch.products());
    let mut writer = SegmentWriter::new();
    for order in batch.orders() {
        let id = ByteArray::from(order.id);
        let head = Head { customer: order.customer, date: order.date, received_at, sequence: None };
        let customer = order.customer.map(|code| &customers[code as usize]);
        for line in order.lines {
            writer.row(order.hash, &id, customer, &head, &products[line.product as usize], line.quantity, line.amount);
        }
    }
    writer.finish()
}

/// The texts of a list as column values that share one buffer.
pub(super) fn values(list: &TextList) -> Vec<ByteArray> {
    let buffer = Bytes::copy_from_slice(list.buffer().as_bytes());
    (0..list.len()).map(|at| buffer.slice(list.range(at)).into()).collect()
}

/// Takes rows in their order and writes a row group whenever one is full.
pub(super) struct SegmentWriter {
    file: SerializedFileWriter<Vec<u8>>,
    columns: Columns,
    meta: SegmentMeta,
    bounds: Bounds,
    /// The hashes of the first and last row of the row group that is being filled.
    hashes: Hashes,
}

/// The rows of the row group that is being filled. Nullable columns hold the values there are, and levels.
#[derive(Default)]
struct Columns {
    order_ids: Vec<ByteArray>,
    customers: Nullable<ByteArray>,
    dates: Nullable<i64>,
    received: Vec<i64>,
    products: Vec<ByteArray>,
    quantities: Vec<i64>,
    amounts: Nullable<Amount>,
    sequences: Nullable<i64>,
}

struct Nullable<T> {
    values: Vec<T>,
    levels: Vec<i16>,
}

impl<T> Default for Nullable<T> {
    fn default() -> Self {
        Self { values: Vec::new(), levels: Vec::new() }
    }
}

impl<T> Nullable<T> {
    fn push(&mut self, value: Option<T>) {
        self.levels.push(i16::from(value.is_some()));
        self.values.extend(value);
    }
}

/// Writing into memory fails only by a mistake in this module.
const IN_MEMORY: &str = "a Parquet file of our own schema can be written into memory";

impl SegmentWriter {
    pub fn new() -> Self {
        let file = SerializedFileWriter::new(Vec::new(), SCHEMA.clone(), PROPERTIES.clone()).expect(IN_MEMORY);
        let meta = SegmentMeta {
            rows: 0,
            bytes: 0,
            min_date: None,
            max_date: None,
            min_hash: u64::MAX,
            max_hash: 0,
            sha256: String::new(),
            schema_version: VERSION,
            erases: false,
        };
        Self { file, columns: Columns::default(), meta, bounds: Bounds::default(), hashes: ALL_HASHES }
    }

    /// Rows come sorted by (hash, order_id, product).
    #[allow(clippy::too_many_arguments, reason = "one argument a column")]
    pub fn row(
        &mut self,
        hash: u64,
        order_id: &ByteArray,
        customer: Option<&ByteArray>,
        head: &Head,
        product: &ByteArray,
        quantity: Quantity,
        amount: Option<Amount>,
    ) {
        let columns = &mut self.columns;
        let first = if columns.quantities.is_empty() { hash } else { self.hashes.0 };
        self.hashes = (first, hash);
        columns.order_ids.push(order_id.clone());
        columns.customers.push(customer.cloned());
        columns.dates.push(head.date.map(|date| date.0));
        columns.received.push(head.received_at.0);
        columns.products.push(product.clone());
        columns.quantities.push(quantity.thousandths());
        columns.amounts.push(amount);
        columns.sequences.push(head.sequence.map(u64::cast_signed));
        self.meta.count(hash, head.date);
        if product.is_empty() {
            self.meta.erases = true;
            if order_id.is_empty() && customer.is_some() {
                self.bounds.erases_customers();
            }
        }
        if columns.quantities.len() == ROW_GROUP_ROWS {
            self.flush();
        }
    }

    pub fn finish(mut self) -> EncodedSegment {
        if !self.columns.quantities.is_empty() {
            self.flush();
        }
        self.bounds.pairs().for_each(|pair| self.file.append_key_value_metadata(pair));
        let bytes = self.file.into_inner().expect(IN_MEMORY);
        let sha256 = hex::encode(Sha256::digest(&bytes));
        let meta = SegmentMeta { bytes: bytes.len() as u64, sha256, ..self.meta };
        EncodedSegment { bytes, meta }
    }

    fn flush(&mut self) {
        let columns = std::mem::take(&mut self.columns);
        self.bounds.push(self.hashes);
        let mut group = self.file.next_row_group().expect(IN_MEMORY);
        columns.write(&mut group).and_then(|()| group.close()).expect(IN_MEMORY);
    }
}

impl SegmentMeta {
    fn count(&mut self, hash: u64, date: Option<Instant>) {
        self.rows += 1;
        self.min_hash = self.min_hash.min(hash);
        self.max_hash = self.max_hash.max(hash);
        if let Some(date) = date {
            self.min_date = Some(self.min_date.map_or(date.0, |least| least.min(date.0)));
            self.max_date = Some(self.max_date.map_or(date.0, |greatest| greatest.max(date.0)));
        }
    }
}

impl Columns {
    /// In the order of the schema.
    fn write(self, group: &mut SerializedRowGroupWriter<'_, Vec<u8>>) -> Result<(), ParquetError> {
        let amounts = Nullable { values: fixed(&self.amounts.values), levels: self.amounts.levels };
        column::<ByteArrayType>(group, &self.order_ids, None)?;
        column::<ByteArrayType>(group, &self.customers.values, Some(&self.customers.levels))?;
        column::<Int64Type>(group, &self.dates.values, Some(&self.dates.levels))?;
        column::<Int64Type>(group, &self.received, None)?;
        column::<ByteArrayType>(group, &self.products, None)?;
        column::<Int64Type>(group, &self.quantities, None)?;
        column::<FixedLenByteArrayType>(group, &amounts.values, Some(&amounts.levels))?;
        column::<Int64Type>(group, &self.sequences.values, Some(&self.sequences.levels))
    }
}

fn column<T: DataType>(
    group: &mut SerializedRowGroupWriter<'_, Vec<u8>>,
    values: &[T::T],
    levels: Option<&[i16]>,
) -> Result<(), ParquetError> {
    let mut column = group.next_column()?.ok_or_else(|| ParquetError::General("a column too many".to_owned()))?;
    column.typed::<T>().write_batch(values, levels, None)?;
    column.close()
}

/// Amounts as values of the decimal column, which share one buffer.
fn fixed(amounts: &[Amount]) -> Vec<FixedLenByteArray> {
    let buffer: Vec<u8> = amounts.iter().flat_map(|amount| amount.billionths().to_be_bytes()).collect();
    let buffer = Bytes::from(buffer);
    let value = |at| ByteArray::from(buffer.slice(at * AMOUNT_BYTES..(at + 1) * AMOUNT_BYTES)).into();
    (0..amounts.len()).map(value).collect()
}
