//! Segments that erase orders or customers, and what an erased customer leaves of rows.
//!
//! An order is erased by a row of it without a product: its rows of lower sequences are gone. A customer is erased by a
//! row without an order and a product: of the rows of its sequence and lower ones that name this customer nothing is
//! left but that they are gone. They still stand in the way of older values of their (order_id, product), so that
//! nothing comes back.

use super::EncodedSegment;
use super::encode::SegmentWriter;
use super::merge::Source;
use super::rows::{CustomerErasure, Head};
use crate::decimal::Quantity;
use crate::time::Instant;
use parquet::data_type::ByteArray;
use xxhash_rust::xxh3::xxh3_64;

/// The product of rows that erase.
pub(super) const PRODUCT: &str = "";
/// The order of rows that erase customers.
const NO_ORDER: &str = "";

/// Where the rows that erase customers stand.
pub(super) fn customers_hash() -> u64 {
    xxh3_64(NO_ORDER.as_bytes())
}

/// A segment that erases orders: one row an order, without a product. All their lines of lower sequences are gone.
pub fn encode_erasure<'a>(order_ids: impl IntoIterator<Item = &'a str>, received_at: Instant) -> EncodedSegment {
    let mut ids: Vec<(u64, &str)> = order_ids.into_iter().map(|id| (xxh3_64(id.as_bytes()), id)).collect();
    ids.sort_unstable();
    ids.dedup();
    let head = Head { customer: None, date: None, received_at, sequence: None };
    let (mut writer, nothing) = (SegmentWriter::new(), ByteArray::from(PRODUCT));
    for (hash, id) in ids {
        writer.row(hash, &ByteArray::from(id), None, &head, &nothing, Quantity::ZERO, None);
    }
    writer.finish()
}

/// A segment that erases customers: one row a customer, without an order. Of all rows of its sequence and lower ones
/// that name one of them nothing is left.
pub fn encode_customer_erasure<'a>(
    customer_ids: impl IntoIterator<Item = &'a str>,
    received_at: Instant,
) -> EncodedSegment {
    let mut ids: Vec<&str> = customer_ids.into_iter().collect();
    ids.sort_unstable();
    ids.dedup();
    let mut writer = SegmentWriter::new();
    ids.into_iter().for_each(|id| customer_row(&mut writer, &ByteArray::from(id), received_at, None));
    writer.finish()
}

pub(super) fn customer_row(
    writer: &mut SegmentWriter,
    customer: &ByteArray,
    received_at: Instant,
    sequence: Option<u64>,
) {
    let head = Head { customer: None, date: None, received_at, sequence };
    let (order, product) = (ByteArray::from(NO_ORDER), ByteArray::from(PRODUCT));
    writer.row(customers_hash(), &order, Some(customer), &head, &product, Quantity::ZERO, None);
}

/// The last erasure of each customer, by customer: it takes with it what one before it would.
pub(super) fn last_of_each(mut erasures: Vec<CustomerErasure>) -> Vec<CustomerErasure> {
    erasures.sort_by(|a, b| a.customer.cmp(&b.customer).then(b.sequence.cmp(&a.sequence)));
    erasures.dedup_by_key(|erasure| erasure.customer);
    erasures
}

/// Takes from a source all that the erasures, the last of each customer, leave nothing of.
pub(super) fn silence(source: &mut Source, erasures: &[CustomerErasure]) {
    let rows = &mut source.rows;
    for at in 0..rows.heads.len() {
        let head = rows.heads[at];
        let Some(customer) = head.customer else { continue };
        let sequence = head.sequence.unwrap_or(source.sequence);
        let erasure = erasures.binary_search_by_key(&customer, |erasure| erasure.customer).map(|at| &erasures[at]);
        if erasure.is_ok_and(|erasure| erasure.sequence >= Some(sequence)) {
            rows.heads[at] = head.silenced();
            let lines = rows.head_lines(at);
            rows.lines.remove(lines);
        }
    }
}
