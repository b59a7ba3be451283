//! The threads of one call. Knows nothing of what they do.

use rayon::prelude::*;
use std::cmp::Ordering;

/// A pool of its own, so that a caller with a pool for other things is not held up; or the caller's thread alone.
#[derive(Debug)]
pub(crate) struct Workers {
    pool: Option<rayon::ThreadPool>,
}

impl Workers {
    /// So many threads; 0 for one a processor. Where the system gives none, the work is done on the caller's.
    pub fn new(threads: usize) -> Self {
        let threads = if threads == 0 { std::thread::available_parallelism().map_or(1, usize::from) } else { threads };
        let build = || rayon::ThreadPoolBuilder::new().num_threads(threads).build().ok();
        Self { pool: if threads == 1 { None } else { build() } }
    }

    pub fn count(&self) -> usize {
        self.pool.as_ref().map_or(1, rayon::ThreadPool::current_num_threads)
    }

    /// What `work` answers on every thread.
    pub fn on_each<T: Send>(&self, work: impl Fn() -> T + Sync) -> Vec<T> {
        match &self.pool {
            Some(pool) => pool.broadcast(|_| work()),
            None => vec![work()],
        }
    }

    /// Appends `f` of each value, in order.
    pub fn map_into<T: Sync, U: Send>(&self, values: &[T], f: impl Fn(&T) -> U + Sync, into: &mut Vec<U>) {
        match &self.pool {
            Some(pool) => pool.install(|| into.par_extend(values.par_iter().map(&f))),
            None => into.extend(values.iter().map(f)),
        }
    }

    /// Sorts; values that compare as equal may change places.
    pub fn sort<T: Send>(&self, values: &mut [T], compare: impl Fn(&T, &T) -> Ordering + Send + Sync) {
        const WORTH_THREADS: usize = 1 << 14;
        match &self.pool {
            Some(pool) if values.len() >= WORTH_THREADS => pool.install(|| values.par_sort_unstable_by(compare)),
            _ => values.sort_unstable_by(compare),
        }
    }
}
