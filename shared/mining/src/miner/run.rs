//! What the workers of one run share: the threshold, the ceiling and the order to halt.

use super::MineOptions;
use super::sink::Sink;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering::Relaxed};

/// Why a run ended early.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Halt {
    Ceiling,
    Stopped,
}

/// Shared by all workers. Relaxed atomics are enough: nothing is published through them, and a worker that sees
/// an old threshold or count only does a little more work.
pub(super) struct Run<'a> {
    /// Rises during a search for the smallest fitting threshold, else constant.
    threshold: AtomicU32,
    found: AtomicU64,
    stopped: AtomicBool,
    pub ceiling: u64,
    /// Longest itemset wanted.
    pub max_size: usize,
    stop: &'a (dyn Fn() -> bool + Sync),
}

impl<'a> Run<'a> {
    pub fn new(options: &MineOptions<'a>, support: u32) -> Self {
        Self {
            threshold: AtomicU32::new(support),
            found: AtomicU64::new(0),
            stopped: AtomicBool::new(false),
            ceiling: options.max_itemsets,
            max_size: options.max_itemset_size.map_or(usize::MAX, |size| size as usize),
            stop: options.stop,
        }
    }

    pub fn threshold(&self) -> u32 {
        self.threshold.load(Relaxed)
    }

    pub fn raise_threshold(&self, support: u32) {
        self.threshold.fetch_max(support, Relaxed);
    }

    /// Adds to the itemsets found by all workers; halts above the ceiling.
    pub fn add_found(&self, count: u64) -> Result<(), Halt> {
        let before = self.found.fetch_add(count.min(u64::MAX / 2), Relaxed);
        let within = before.checked_add(count).is_some_and(|found| found <= self.ceiling);
        if within {
            return Ok(());
        }
        // Sticky: the counter may not wrap however many workers add to it before they see the halt.
        self.found.store(u64::MAX / 2, Relaxed);
        Err(Halt::Ceiling)
    }

    /// Whether the caller, or another worker, ended the run.
    pub fn check(&self) -> Result<(), Halt> {
        if self.stopped.load(Relaxed) || (self.stop)() {
            self.stopped.store(true, Relaxed);
            return Err(Halt::Stopped);
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
}
