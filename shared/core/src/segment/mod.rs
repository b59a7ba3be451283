//! Segments: immutable Parquet objects that hold the lines of one push, or of many after compaction.
//! Knows the format and the law of merging; not where the objects are kept.
//!
//! A reader may leave out what lies outside a range of hashes ([`decode_range`], [`SegmentMeta::may_concern`]): all rows
//! of an order share its hash. It may not leave out segments or row groups by date. An order's date may be told, and
//! taken back, by a row of any other segment, and its lines may be updated there; and since rows stand by hash, every
//! row group of a large run has orders of nearly all dates, so that there would be nothing to skip. Dates choose among
//! orders after they are merged.

mod bounds;
mod columns;
mod compact;
mod decode;
mod encode;
mod erase;
mod hybrid;
mod merge;
mod pages;
mod part;
mod rows;
mod schema;
mod settle;
mod tally;

pub use bounds::{ALL_HASHES, Hashes, scan_ranges};
pub use compact::{Compacted, MAX_BUCKET_BITS, Removals, bucket_hashes};
pub use decode::{decode, decode_all, decode_range};
pub use encode::{encode, encode_batch};
pub use erase::{encode_customer_erasure, encode_erasure};
pub use merge::{Merge, merge};
pub use rows::SegmentRows;
pub use tally::{Brought, Tally, joined};

use parquet::errors::ParquetError;
use serde::{Deserialize, Serialize};

/// A segment ready to be stored.
#[derive(Debug, Clone)]
pub struct EncodedSegment {
    pub bytes: Vec<u8>,
    pub meta: SegmentMeta,
}

/// What the manifest keeps of a segment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SegmentMeta {
    pub rows: u64,
    pub bytes: u64,
    /// The earliest and latest order date; none where no order carries one.
    pub min_date: Option<i64>,
    pub max_date: Option<i64>,
    /// The least and greatest `xxh3_64(order_id)`.
    pub min_hash: u64,
    pub max_hash: u64,
    /// SHA-256 of the bytes, in hex.
    pub sha256: String,
    pub schema_version: u32,
    /// Whether it erases orders or customers: what it erases is in the segments until they are compacted with it.
    #[serde(default)]
    pub erases: bool,
}

/// Why bytes are not a segment that can be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SegmentProblem {
    #[error("the segment's checksum is {found}, not {expected}")]
    Checksum { expected: String, found: String },
    #[error("the segment has schema version {0:?}, which this version does not read")]
    SchemaVersion(Option<String>),
    #[error("the segment cannot be read: {0}")]
    Corrupt(String),
}

impl From<ParquetError> for SegmentProblem {
    fn from(error: ParquetError) -> Self {
        Self::Corrupt(error.to_string())
    }
}

impl From<std::str::Utf8Error> for SegmentProblem {
    fn from(_: std::str::Utf8Error) -> Self {
        Self::Corrupt("a text in it is not UTF-8".to_owned())
    }
}

#[cfg(test)]
mod laws;
#[cfg(test)]
mod tests;
