//! The threads of one selection of rules: each asks whether to stop, and one yes ends all. Knows no rules.

use super::patience::Patience;
use crate::error::MineError;
use crate::workers::Workers;
use std::cmp::Ordering;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};

pub(super) struct Crew<'a> {
    workers: Workers,
    stop: &'a (dyn Fn() -> bool + Sync),
    /// One worker that sees the order to stop passes it on.
    stopped: AtomicBool,
}

impl<'a> Crew<'a> {
    /// So many threads, 0 for one a processor.
    pub fn new(threads: usize, stop: &'a (dyn Fn() -> bool + Sync)) -> Self {
        Self { workers: Workers::new(threads), stop, stopped: AtomicBool::new(false) }
    }

    pub fn patience(&self) -> Patience<'_> {
        Patience::new(self.stop, &self.stopped)
    }

    /// Runs the work once on every thread.
    pub fn each<T: Send>(&self, work: impl Fn() -> Result<T, MineError> + Sync) -> Result<Vec<T>, MineError> {
        self.workers.on_each(work).into_iter().collect()
    }

    /// Appends `f` of each value, in order.
    pub fn map_into<T: Sync, U: Send>(
        &self,
        values: &[T],
        f: impl Fn(&T) -> U + Sync,
        into: &mut Vec<U>,
    ) -> Result<(), MineError> {
        let mut patience = self.patience();
        into.reserve_exact(values.len());
        for some in values.chunks(BETWEEN_ASKING) {
            patience.spend(BETWEEN_ASKING as u64)?;
            self.workers.map_into(some, &f, into);
        }
        Ok(())
    }

    pub fn sort<T: Send>(&self, values: &mut [T], compare: impl Fn(&T, &T) -> Ordering + Send + Sync) {
        self.workers.sort(values, compare);
    }
}

/// Values that all workers map before anyone asks whether to stop.
const BETWEEN_ASKING: usize = 1 << 16;

/// Numbers below a bound, each given out once, to whoever asks next.
#[derive(Debug)]
pub(super) struct Queue {
    next: AtomicUsize,
    end: usize,
}

impl Queue {
    pub fn new(end: usize) -> Self {
        Self { next: AtomicUsize::new(0), end }
    }

    pub fn take(&self) -> Option<usize> {
        Some(self.next.fetch_add(1, Relaxed)).filter(|&taken| taken < self.end)
    }
}
