//! Which immutable parts make up a dataset: pushes, each with its sequence, and *runs*, each of which stands for a
//! stretch of pushes that were compacted. Knows which of them make up a snapshot, and which to compact next; not where
//! they are kept, nor what is in them.
//!
//! Runs stand one behind the other from sequence 1 on; the pushes after the last run are level 0. Compaction replaces
//! neighbours by one run, so runs never overlap but by containing each other: what was replaced, the *retired* parts,
//! lies inside a run, and makes up older snapshots until it is dropped.

mod cover;
mod plan;

pub use cover::{Part, cover};
pub use plan::{Parts, Push, ROWS_A_BUCKET, Stretch, bucket_bits, plan};

use crate::time::{self, Instant};
use serde::{Deserialize, Serialize};

/// Tells a run from all others of its dataset, those that were never published too: two compactors that reach for the
/// same generation have different tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct RunId {
    /// The dataset's generation that published it.
    pub generation: u64,
    /// The fencing token of the compactor that wrote it.
    pub token: u64,
}

/// `000012-000003`, which sorts as numbers do.
impl std::fmt::Display for RunId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:06}-{:06}", self.generation, self.token)
    }
}

/// The pushes `first..=last`, compacted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Run {
    pub first: u64,
    pub last: u64,
    pub id: RunId,
    /// Its segments lie in 2^`bucket_bits` ranges of order hashes, and none reaches into two.
    pub bucket_bits: u32,
    pub rows: u64,
    pub bytes: u64,
    /// How many manifest items it has: a reader that finds fewer must not go on.
    pub segments: u32,
    /// Rows in it erase orders or customers of older parts.
    #[serde(default)]
    pub erases: bool,
    /// It begins at 1 and holds no removals and no erasures: each of its lines is live at `last`, but for those of
    /// its *gone* segments.
    #[serde(default)]
    pub settled: bool,
}

/// What a published run replaced. Snapshots older than that run need it until its grace is over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Retired {
    pub first: u64,
    pub last: u64,
    /// `None`: the pushes themselves.
    #[serde(default)]
    pub run: Option<RunId>,
    /// How many manifest items it has.
    pub segments: u32,
    #[serde(with = "time::micros")]
    pub at: Instant,
}
