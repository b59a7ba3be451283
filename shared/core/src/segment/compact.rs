//! Compaction: few large segments in place of a stretch of small ones, each row with its own sequence, so that they
//! merge with segments before and after the stretch as the small ones would. Says nothing of when to compact, or of
//! publishing the result.
//!
//! The stretch is whole: no segment left out has a sequence between those of two that are in it.

use super::EncodedSegment;
use super::bounds::{Hashes, contains};
use super::encode::{SegmentWriter, values};
use super::erase;
use super::merge::{Merge, Ranked, RankedNames};
use super::part::{Row, each_order};
use super::rows::Head;
use super::settle::settle;
use crate::names::TextList;
use parquet::data_type::ByteArray;
use rayon::prelude::*;

/// What becomes of the rows that say that something is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Removals {
    /// For a stretch that begins at the first sequence: nothing is left that they could remove.
    Drop,
    /// For when older segments stay beside the new ones.
    Keep,
}

/// The segments of a run, by hash. No two of a list have an order in common, and each lies in one bucket.
#[derive(Debug, Default)]
pub struct Compacted {
    /// Where removals are dropped: only lines that are there, each once.
    pub live: Vec<EncodedSegment>,
    /// Where removals are dropped: rows of quantity zero that tell no more than an order's date, for the orders whose
    /// lines do not tell it: those without a line, and those of several customers. Empty where removals are kept.
    pub gone: Vec<EncodedSegment>,
}

/// Into how many buckets by the first bits of an order's hash: at most 2^10.
pub const MAX_BUCKET_BITS: u32 = 10;

impl Merge {
    /// The rows that win or tell a date, in buckets by `xxh3_64(order_id)`.
    pub fn compact(self, bucket_bits: u32, removals: Removals) -> Compacted {
        let ranked = self.ranked();
        let names = Values { products: by_rank(&ranked.products), customers: by_rank(&ranked.customers) };
        let buckets = (0..bucket_count(bucket_bits)).into_par_iter().map(|at| {
            let mut bucket = Bucket { names: &names, live: SegmentWriter::new(), gone: SegmentWriter::new() };
            bucket.fill(&ranked, bucket_hashes(at, bucket_bits), removals);
            (bucket.live.finish(), bucket.gone.finish())
        });
        let (live, gone): (Vec<_>, Vec<_>) = buckets.unzip();
        let with_rows =
            |segments: Vec<EncodedSegment>| segments.into_iter().filter(|each| each.meta.rows > 0).collect();
        Compacted { live: with_rows(live), gone: with_rows(gone) }
    }
}

fn bucket_count(bits: u32) -> u64 {
    1 << bits.min(MAX_BUCKET_BITS)
}

/// The hashes of a bucket, both ends included: those that begin with its number, in so many bits.
pub fn bucket_hashes(at: u64, bits: u32) -> Hashes {
    let last = u64::MAX / bucket_count(bits);
    let first = if bits == 0 { 0 } else { at * (last + 1) };
    (first, first + last)
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

struct Bucket<'a> {
    names: &'a Values,
    live: SegmentWriter,
    gone: SegmentWriter,
}

impl Bucket<'_> {
    fn fill(&mut self, ranked: &Ranked, hashes: Hashes, removals: Removals) {
        let mut waiting = removals == Removals::Keep && contains(hashes, erase::customers_hash());
        each_order(&ranked.sources, hashes, ranked.erasure, |hash, id, rows| {
            // Erasures of customers stand before the rows of an order that has no id.
            if waiting && (hash, id) >= (erase::customers_hash(), "") {
                self.customer_erasures(ranked);
                waiting = false;
            }
            let id = ByteArray::from(id);
            settle(rows, ranked.erasure, removals, &mut |head, row| {
                let is_gone = removals == Removals::Drop && row.line.quantity.is_zero();
                let writer = if is_gone { &mut self.gone } else { &mut self.live };
                write(writer, self.names, hash, &id, head, row);
            });
        });
        if waiting {
            self.customer_erasures(ranked);
        }
    }

    fn customer_erasures(&mut self, ranked: &Ranked) {
        for erasure in ranked.erasures.iter().filter(|erasure| erasure.is_within) {
            let customer = &self.names.customers[erasure.customer as usize];
            erase::customer_row(&mut self.live, customer, erasure.received_at, erasure.sequence);
        }
    }
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
            let ranges: Vec<_> = (0..1 << bits).map(|at| bucket_hashes(at, bits)).collect();
            assert_eq!((ranges[0].0, ranges[ranges.len() - 1].1), (0, u64::MAX));
            assert!(ranges.windows(2).all(|two| two[0].1 + 1 == two[1].0), "{bits} bits");
        }
    }
}
