//! Reads segments range by range of their orders' hashes, so that memory is bounded by a range and not by a dataset.
//! An order lies in one range. Objects that reach into later ranges are kept, as they came and within a bound, so that
//! most are fetched once.

use super::{SnapshotError, computed};
use crate::ports::{Objects, SegmentRecord};
use affinsy_core::report::ReportFailure;
use affinsy_core::segment::{self, Merge, SegmentRows};
use bytes::Bytes;
use futures::{StreamExt, TryStreamExt};
use std::sync::Arc;

/// How many segments are fetched and decoded at once.
const AT_ONCE: usize = 16;
/// Compressed bytes kept for later ranges.
const MOST_KEPT_BYTES: u64 = 256 << 20;

/// The segments of some parts.
pub struct Pieces {
    segments: Vec<Piece>,
    objects: Arc<dyn Objects>,
    kept_bytes: u64,
}

impl std::fmt::Debug for Pieces {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Pieces of {} segments", self.segments.len())
    }
}

struct Piece {
    record: Arc<SegmentRecord>,
    kept: Option<Bytes>,
}

/// Ranges of hashes that cover all, a power of two of them, each with about `rows_at_once` of `rows` or fewer; no
/// narrower than a bucket.
pub fn hash_ranges(rows: u64, rows_at_once: u64, bucket_bits: u32) -> Vec<(u64, u64)> {
    let ranges = rows.div_ceil(rows_at_once.max(1)).max(1).next_power_of_two();
    let bits = ranges.trailing_zeros().min(bucket_bits);
    if bits == 0 {
        return vec![(0, u64::MAX)];
    }
    (0..1u64 << bits).map(|at| (at << (64 - bits), (at << (64 - bits)) | (u64::MAX >> bits))).collect()
}

impl Pieces {
    pub fn new(segments: Vec<SegmentRecord>, objects: &Arc<dyn Objects>) -> Self {
        let piece = |record| Piece { record: Arc::new(record), kept: None };
        Self { segments: segments.into_iter().map(piece).collect(), objects: Arc::clone(objects), kept_bytes: 0 }
    }

    /// All rows of the orders of a range, merged as far as names are. Ranges come in ascending order.
    pub async fn merge(&mut self, hashes: (u64, u64)) -> Result<Merge, SnapshotError> {
        let sources: Vec<_> = (0..).zip(&self.segments).filter(|(_, piece)| piece.reaches(hashes)).collect();
        let sources: Vec<_> =
            sources.into_iter().map(|(at, piece)| (at, Arc::clone(&piece.record), piece.kept.clone())).collect();
        let objects = Arc::clone(&self.objects);
        let mut read = futures::stream::iter(sources)
            .map(|(at, record, kept)| read(at, record, kept, hashes, Arc::clone(&objects)))
            .buffered(AT_ONCE);
        let mut merge = Merge::default();
        while let Some(ReadPiece { at, rows, bytes }) = read.try_next().await? {
            // Each segment's names join the shared ones as it arrives: thousands of segments name the same products.
            merge.add(self.segments[at].record.sequence, rows);
            self.keep(at, bytes);
        }
        Ok(merge)
    }

    /// Keeps what a later range needs, within the bound, and lets go of what none does.
    fn keep(&mut self, at: usize, bytes: Option<Bytes>) {
        let piece = &mut self.segments[at];
        let length = piece.record.bytes;
        match (&piece.kept, bytes) {
            (Some(_), None) => {
                piece.kept = None;
                self.kept_bytes = self.kept_bytes.saturating_sub(length);
            }
            (None, Some(bytes)) if self.kept_bytes + length <= MOST_KEPT_BYTES => {
                piece.kept = Some(bytes);
                self.kept_bytes += length;
            }
            _ => {}
        }
    }
}

impl Piece {
    fn reaches(&self, (first, last): (u64, u64)) -> bool {
        // A segment with a row that concerns no single order concerns all of them.
        self.record.erases || (self.record.min_hash <= last && self.record.max_hash >= first)
    }
}

/// What a range takes from a segment.
struct ReadPiece {
    at: usize,
    rows: SegmentRows,
    /// The object, where a later range needs it too.
    bytes: Option<Bytes>,
}

async fn read(
    at: usize,
    record: Arc<SegmentRecord>,
    kept: Option<Bytes>,
    hashes: (u64, u64),
    objects: Arc<dyn Objects>,
) -> Result<ReadPiece, SnapshotError> {
    let bytes = match kept {
        Some(bytes) => bytes,
        None => objects.read(&record.key).await?.ok_or_else(|| corrupt(&record, "it is missing"))?,
    };
    let again = (hashes.1 < u64::MAX && (record.erases || record.max_hash > hashes.1)).then(|| bytes.clone());
    let sha256 = record.sha256.clone();
    match computed(move || segment::decode_range(bytes, &sha256, hashes)).await? {
        Ok(rows) => Ok(ReadPiece { at, rows, bytes: again }),
        Err(problem) => Err(corrupt(&record, &problem.to_string()).into()),
    }
}

fn corrupt(record: &SegmentRecord, why: &str) -> ReportFailure {
    let name = record.key.rsplit('/').next().unwrap_or(&record.key);
    ReportFailure {
        code: "corrupt_segment",
        message: format!(
            "Segment {name} of the dataset cannot be read ({why}). Restore it in the bucket, or push its orders again."
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::hash_ranges;

    #[test]
    fn ranges_cover_every_hash_once_and_hold_whole_buckets() {
        let check = |rows, bucket_bits, expected: usize| {
            let ranges = hash_ranges(rows, 1_000, bucket_bits);
            assert_eq!(ranges.len(), expected, "{rows} rows");
            assert_eq!((ranges[0].0, ranges[ranges.len() - 1].1), (0, u64::MAX));
            assert!(ranges.windows(2).all(|pair| pair[0].1 + 1 == pair[1].0), "{ranges:?}");
        };
        check(0, 3, 1);
        check(1_000, 3, 1);
        check(1_001, 3, 2);
        check(7_999, 3, 8);
        check(1_000_000, 3, 8);
        check(1_000_000, 0, 1);
    }
}
