//! The threads of one run: the same work on each, results in any order. Knows no rules.

use super::patience::Patience;
use crate::error::MineError;
use rayon::ThreadPool;
use rayon::prelude::*;
use std::cmp::Ordering;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};

/// A pool of its own, or none for one thread.
pub(super) struct Workers<'a> {
    pool: Option<ThreadPool>,
    stop: &'a (dyn Fn() -> bool + Sync),
    /// One worker that sees the order to stop passes it on.
    stopped: AtomicBool,
}

impl<'a> Workers<'a> {
    /// So many threads, 0 for one a processor; without threads to be had, the caller's own.
    pub fn new(threads: usize, stop: &'a (dyn Fn() -> bool + Sync)) -> Self {
        let threads = if threads == 0 { std::thread::available_parallelism().map_or(1, usize::from) } else { threads };
        let pool = (threads > 1).then(|| rayon::ThreadPoolBuilder::new().num_threads(threads).build().ok()).flatten();
        Self { pool, stop, stopped: AtomicBool::new(false) }
    }

    pub fn patience(&self) -> Patience<'_> {
        Patience::new(self.stop, &self.stopped)
    }

    /// Runs the work once on every thread.
    pub fn each<T: Send>(&self, work: impl Fn() -> Result<T, MineError> + Sync) -> Result<Vec<T>, MineError> {
        match &self.pool {
            Some(pool) => pool.broadcast(|_| work()).into_iter().collect(),
            None => Ok(vec![work()?]),
        }
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
            match &self.pool {
                Some(pool) => pool.install(|| into.par_extend(some.par_iter().map(&f))),
                None => into.extend(some.iter().map(&f)),
            }
        }
        Ok(())
    }

    pub fn sort<T: Send>(&self, values: &mut [T], compare: impl Fn(&T, &T) -> Ordering + Send + Sync) {
        match &self.pool {
            Some(pool) => pool.install(|| values.par_sort_unstable_by(compare)),
            None => values.sort_unstable_by(compare),
        }
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
