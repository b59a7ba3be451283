//! Compaction: few large segments in place of many small ones, each row with its own sequence, so that they merge
//! with other segments as the small ones would. Says nothing of when to compact, or of publishing the result.
//!
//! An order's date may come from a row that was updated or removed since. With nothing older beside the new segments
//! each row that stays takes that date and the earliest time of push over, and an order without a line leaves one
//! removed row that holds them. Beside older segments, an erasure among them, no row may tell what another said: the
//! rows that only tell a date stay as they are.

use super::EncodedSegment;
use super::encode::{SegmentWriter, values};
use super::merge::{Merge, Ranked, RankedNames};
use super::part::{Dating, Row, each_order, keep_winners};
use super::rows::Head;
use crate::names::TextList;
use parquet::data_type::ByteArray;
use rayon::prelude::*;
use xxhash_rust::xxh3::xxh3_64;

/// What becomes of the rows that say that something is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Removals {
    /// For when all segments of lower sequences are compacted too: nothing is left that they could remove.
    Drop,
    /// For when older segments stay beside the new ones.
    Keep,
}

/// Into how many buckets by the first bits of an order's hash: at most 2^10.
pub const MAX_BUCKET_BITS: u32 = 10;

impl Merge {
    /// The rows that win or tell a date, in at most 2^`bucket_bits` segments by `xxh3_64(order_id)`: an order lies in one of them.
    pub fn compact(self, bucket_bits: u32, removals: Removals) -> Vec<EncodedSegment> {
        let ranked = self.ranked();
        let names = Values { products: by_rank(&ranked.products), customers: by_rank(&ranked.customers) };
        let buckets = 1u64 << bucket_bits.min(MAX_BUCKET_BITS);
        let segments = (0..buckets).into_par_iter().map(|at| bucket(&ranked, &names, range(at, buckets), removals));
        segments.filter(|segment| segment.meta.rows > 0).collect()
    }
}

/// Names as column values, by rank.
struct Values {
    products: Vec<ByteArray>,
    customers: Vec<ByteArray>,
}

fn by_rank(names: &RankedNames) -> Vec<ByteArray> {
    let mut list = TextList::default();
    (0..names.len()).for_each(|rank| list.push(names.get(rank)));
    values(&list)
}

/// The hashes of a bucket, both ends included.
fn range(at: u64, buckets: u64) -> (u64, u64) {
    let last = u64::MAX / buckets;
    (at * (last + u64::from(buckets > 1)), at * (last + u64::from(buckets > 1)) + last)
}

fn bucket(ranked: &Ranked, names: &Values, hashes: (u64, u64), removals: Removals) -> EncodedSegment {
    let mut writer = SegmentWriter::new();
    each_order(&ranked.sources, hashes, ranked.erasure, |id, rows| {
        let dating = Dating::of(rows, ranked.erasure);
        let (hash, id) = (xxh3_64(id.as_bytes()), ByteArray::from(id));
        let mut put = |head: Head, row: &Row<'_>| write(&mut writer, names, hash, &id, head, row);
        match (removals, dating) {
            (Removals::Drop, None) => {}
            (Removals::Drop, Some(dating)) => settled(rows, dating, ranked.erasure, &mut put),
            (Removals::Keep, _) => with_telling(rows, dating).iter().for_each(|row| put(own_head(row), row)),
        }
    });
    writer.finish()
}

fn own_head(row: &Row<'_>) -> Head {
    Head { sequence: Some(row.sequence), ..*row.head }
}

/// The live rows, each with what is known of the order's date; where there is none, one removed row that holds it.
fn settled(rows: &mut Vec<Row<'_>>, dating: Dating, erasure: Option<u32>, put: &mut dyn FnMut(Head, &Row<'_>)) {
    keep_winners(rows);
    let date = dating.date.map(|(_, date)| date);
    let head = |row: &Row<'_>| Head { date, received_at: dating.received_at, ..own_head(row) };
    let mut live = rows.iter().filter(|row| !row.line.quantity.is_zero()).peekable();
    if live.peek().is_none() {
        let removed = rows.iter().find(|row| Some(row.line.product) != erasure);
        removed.into_iter().for_each(|row| put(Head { customer: None, ..head(row) }, row));
    }
    live.for_each(|row| put(head(row), row));
}

/// The rows that win, and of the others those that may tell the date: the last that carries one, and one of each
/// later push, any of which may turn out to be the earliest that no erasure took.
fn with_telling<'a>(rows: &mut Vec<Row<'a>>, dating: Option<Dating>) -> Vec<Row<'a>> {
    let since = dating.and_then(|dating| dating.date).map_or(0, |(sequence, _)| sequence);
    let mut others: Vec<Row<'a>> = rows.iter().filter(|row| row.sequence >= since).copied().collect();
    keep_winners(rows);
    let mut kept = std::mem::take(rows);
    let mut told: Vec<u64> = kept.iter().map(|row| row.sequence).collect();
    told.sort_unstable();
    others.retain(|row| told.binary_search(&row.sequence).is_err());
    others.sort_by_key(|row| row.sequence);
    others.dedup_by_key(|row| row.sequence);
    kept.append(&mut others);
    kept.sort_by(|a, b| a.line.product.cmp(&b.line.product).then(b.sequence.cmp(&a.sequence)));
    kept
}

fn write(writer: &mut SegmentWriter, names: &Values, hash: u64, id: &ByteArray, head: Head, row: &Row<'_>) {
    let customer = head.customer.map(|rank| &names.customers[rank as usize]);
    let product = &names.products[row.line.product as usize];
    writer.row(hash, id, customer, &head, product, row.line.quantity, row.line.amount);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_cover_every_hash_once() {
        for bits in 0..=MAX_BUCKET_BITS {
            let buckets = 1 << bits;
            let ranges: Vec<_> = (0..buckets).map(|at| range(at, buckets)).collect();
            assert_eq!((ranges[0].0, ranges[ranges.len() - 1].1), (0, u64::MAX));
            assert!(ranges.windows(2).all(|two| two[0].1 + 1 == two[1].0), "{bits} bits");
        }
    }
}
