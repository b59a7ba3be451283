//! The threads of one call. Knows nothing of what they do.

use std::sync::{Mutex, PoisonError};

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

    /// What `work` answers on each of at most `most` threads.
    pub fn on_each<T: Send>(&self, most: usize, work: &(impl Fn() -> T + Sync)) -> Vec<T> {
        let Some(pool) = self.pool.as_ref().filter(|_| most > 1) else {
            return vec![work()];
        };
        let results = Mutex::new(Vec::new());
        pool.scope(|scope| {
            for _ in 0..most.min(self.count()) {
                scope.spawn(|_| {
                    let result = work();
                    results.lock().unwrap_or_else(PoisonError::into_inner).push(result);
                });
            }
        });
        results.into_inner().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sorts by a key that no two values share.
    pub fn sort_by_key<T: Send, K: Ord>(&self, values: &mut [T], key: impl Fn(&T) -> K + Send + Sync) {
        use rayon::slice::ParallelSliceMut;
        const WORTH_THREADS: usize = 1 << 14;
        match &self.pool {
            Some(pool) if values.len() >= WORTH_THREADS => pool.install(|| values.par_sort_unstable_by_key(key)),
            _ => values.sort_unstable_by_key(key),
        }
    }
}
