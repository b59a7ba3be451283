//! How far a run is, for whoever watches it from another thread.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// Written by a run that got it in [`MineOptions::progress`](super::MineOptions::progress); read at any time.
#[derive(Debug, Default)]
pub struct Progress {
    itemsets: AtomicU64,
    searched: AtomicU64,
    work: AtomicU64,
}

impl Progress {
    /// Itemsets found so far, some thousands late.
    pub fn itemsets(&self) -> u64 {
        self.itemsets.load(Relaxed)
    }

    /// Estimated share of the search that is done, 0 to 1. Steady on sparse data; on dense data the second half
    /// of the estimate may take far longer than the first.
    pub fn searched_share(&self) -> f64 {
        match self.work.load(Relaxed) {
            0 => 0.0,
            work => self.searched.load(Relaxed) as f64 / work as f64,
        }
    }

    /// A search of so much work begins.
    pub(super) fn begin(&self, work: u64) {
        self.itemsets.store(0, Relaxed);
        self.searched.store(0, Relaxed);
        self.work.store(work, Relaxed);
    }

    pub(super) fn add_itemsets(&self, count: u64) {
        self.itemsets.fetch_add(count, Relaxed);
    }

    pub(super) fn add_searched(&self, work: u64) {
        self.searched.fetch_add(work, Relaxed);
    }
}
