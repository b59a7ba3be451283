//! Compaction: few large segments in place of many small ones, each row with its own sequence, so that they merge
//! with later segments as the small ones would. Says nothing of when to compact, or of publishing the result.

use super::EncodedSegment;
use super::encode::{SegmentWriter, values};
use super::merge::{Merge, Ranked, RankedNames};
use super::part::{Row, each_order};
use super::rows::Head;
use crate::history::UNPRICED;
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
    /// The rows that win, in at most 2^`bucket_bits` segments by `xxh3_64(order_id)`: an order lies in one of them.
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
        let (hash, id) = (xxh3_64(id.as_bytes()), ByteArray::from(id));
        let kept = rows.iter().filter(|row| removals == Removals::Keep || !row.line.quantity.is_zero());
        kept.for_each(|row| write(&mut writer, names, hash, &id, row));
    });
    writer.finish()
}

fn write(writer: &mut SegmentWriter, names: &Values, hash: u64, id: &ByteArray, row: &Row<'_>) {
    let head = Head { sequence: Some(row.sequence), ..*row.head };
    let customer = head.customer.map(|rank| &names.customers[rank as usize]);
    let product = &names.products[row.line.product as usize];
    let amount = Some(row.line.amount).filter(|amount| *amount != UNPRICED);
    writer.row(hash, id, customer, &head, product, row.line.quantity, amount);
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
