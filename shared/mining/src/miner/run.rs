//! What the workers of one run share: the threshold, the bounds and the order to halt.

use super::MineOptions;
use super::progress::Progress;
use super::sample::{self, Sample};
use super::sink::Sink;
use super::threshold::Room;
use crate::error::MineError;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering::Relaxed};
use std::sync::{Mutex, PoisonError};

/// Why a run ended early.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Halt {
    Ceiling,
    Memory,
    Stopped,
}

/// Shared by all workers. Relaxed atomics are enough: nothing is published through them, and a worker that sees
/// an old threshold or count only does a little more work.
pub(super) struct Run<'a> {
    /// Rises during a search for the smallest fitting threshold, else constant.
    threshold: AtomicU32,
    found: AtomicU64,
    held_bytes: AtomicU64,
    /// Of those, what workers need beside the itemsets.
    scratch_bytes: AtomicU64,
    stopped: AtomicBool,
    ceiling: u64,
    budget_bytes: u64,
    /// Most that bit sets of all baskets may take.
    pub dense_bytes: u64,
    /// Longest itemset wanted.
    pub max_size: usize,
    stop: &'a (dyn Fn() -> bool + Sync),
    progress: Option<&'a Progress>,
    own_progress: Progress,
    samples: Mutex<Vec<(Vec<u32>, usize)>>,
}

impl<'a> Run<'a> {
    /// `budget_bytes` is what the run may hold beyond what it starts from.
    pub fn new(options: &MineOptions<'a>, budget_bytes: u64) -> Self {
        Self {
            threshold: AtomicU32::new(options.min_support_count),
            found: AtomicU64::new(0),
            held_bytes: AtomicU64::new(0),
            scratch_bytes: AtomicU64::new(0),
            stopped: AtomicBool::new(false),
            ceiling: options.max_itemsets,
            budget_bytes,
            dense_bytes: options.max_memory_bytes.map_or(u64::MAX, |bytes| bytes / 16),
            max_size: options.max_itemset_size.map_or(usize::MAX, |size| size as usize),
            stop: options.stop,
            progress: options.progress,
            own_progress: Progress::default(),
            samples: Mutex::default(),
        }
    }

    pub fn threshold(&self) -> u32 {
        self.threshold.load(Relaxed)
    }

    pub fn raise_threshold(&self, support: u32) {
        self.threshold.fetch_max(support, Relaxed);
    }

    /// What itemsets may take within the bounds of this run and of another search of the same data, whichever
    /// needed more beside them: a run that was halted early may not have seen what it needs.
    pub fn room(&self, other: &Run<'_>) -> Room {
        let scratch = self.scratch_bytes.load(Relaxed).max(other.scratch_bytes.load(Relaxed));
        Room { itemsets: self.ceiling.min(SATURATED - 1), bytes: self.budget_bytes.saturating_sub(scratch) }
    }

    pub fn progress(&self) -> &Progress {
        self.progress.unwrap_or(&self.own_progress)
    }

    /// Adds to the itemsets found by all workers; halts above the ceiling.
    pub fn add_found(&self, count: u64) -> Result<(), Halt> {
        self.progress().add_itemsets(count);
        if add(&self.found, count, self.ceiling) { Ok(()) } else { Err(Halt::Ceiling) }
    }

    /// Adds to what all workers hold; halts above the budget.
    pub fn hold(&self, bytes: u64) -> Result<(), Halt> {
        if add(&self.held_bytes, bytes, self.budget_bytes) { Ok(()) } else { Err(Halt::Memory) }
    }

    /// The same for what a worker needs beside the itemsets.
    pub fn hold_scratch(&self, bytes: u64) -> Result<(), Halt> {
        self.scratch_bytes.fetch_add(bytes, Relaxed);
        self.hold(bytes)
    }

    /// Whether the caller, or another worker, ended the run.
    pub fn check(&self) -> Result<(), Halt> {
        if self.stopped.load(Relaxed) || (self.stop)() {
            self.stopped.store(true, Relaxed);
            return Err(Halt::Stopped);
        }
        if self.held_bytes.load(Relaxed) > self.budget_bytes {
            return Err(Halt::Memory);
        }
        if self.found.load(Relaxed) > self.ceiling { Err(Halt::Ceiling) } else { Ok(()) }
    }

    /// Counts what the workers have not reported yet.
    pub fn finish<S: Sink>(&self, mut sinks: Vec<S>) -> Result<Vec<S>, Halt> {
        for sink in &mut sinks {
            sink.flush(self)?;
        }
        Ok(sinks)
    }

    pub fn add_sample(&self, sample: Sample) {
        self.samples.lock().unwrap_or_else(PoisonError::into_inner).push(sample.into_weighted());
    }

    /// What a stop tells the caller: how far the run came, and a support count at which about as much work would have
    /// been enough. Work grows with the itemsets found; half of the share leaves room for the error of the estimate.
    pub fn stopped(&self) -> MineError {
        let searched = self.progress().searched_share();
        let samples = self.samples.lock().unwrap_or_else(PoisonError::into_inner);
        let higher = |support: u32| support.max(self.threshold().saturating_add(1));
        MineError::Stopped {
            searched_percent: (searched * 100.0) as u8,
            suggested_min_support_count: sample::reached_by(searched / 2.0, &samples).map(higher),
        }
    }
}

/// Cubes saturate here, less the empty itemset: such a value is "that or more" and within no bound.
const SATURATED: u64 = u64::MAX - 1;

/// Whether the sum stays within the bound. Sticky above it: the sum may not wrap, however many workers add to it
/// before they see the halt.
fn add(sum: &AtomicU64, value: u64, bound: u64) -> bool {
    let before = sum.fetch_add(value.min(u64::MAX / 2), Relaxed);
    let within = value < SATURATED && before.checked_add(value).is_some_and(|sum| sum <= bound);
    if !within {
        sum.store(u64::MAX, Relaxed);
    }
    within
}
