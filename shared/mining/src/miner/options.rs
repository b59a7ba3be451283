//! What to mine and how far to go.

use super::progress::Progress;

/// How the search holds what it has still to look at. The result never depends on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Strategy {
    /// Chosen for every part of the search by what its data shows: see [`mine`](crate::mine).
    #[default]
    Auto,
    /// Always rows of items. Best where baskets are short and items many.
    Rows,
    /// Bit sets of rows below the first item. Best where few items stand in many of the same baskets.
    Bits,
}

/// What to mine and how far to go.
///
/// ```
/// use affinsy_mining::{Baskets, MineError, MineOptions, mine};
///
/// let baskets: Baskets = [[1, 2, 3], [1, 2, 3]].iter().collect();
/// let options = MineOptions { max_itemset_size: Some(2), threads: 1, ..MineOptions::with_support_count(2) };
/// assert_eq!(mine(&baskets, &options)?.len(), 6);
///
/// let deadline = std::time::Instant::now() + std::time::Duration::from_secs(60);
/// let bounded = MineOptions {
///     max_itemsets: 5,
///     max_memory_bytes: Some(1 << 30),
///     stop: &|| std::time::Instant::now() > deadline,
///     ..options
/// };
/// let too_many = MineError::TooManyItemsets { ceiling: 5, suggested_min_support_count: Some(3) };
/// assert_eq!(mine(&baskets, &bounded), Err(too_many));
/// # Ok::<(), MineError>(())
/// ```
#[derive(Clone, Copy)]
pub struct MineOptions<'a> {
    /// An itemset is frequent when at least so many baskets hold it. At least 1.
    pub min_support_count: u32,
    /// Longest itemset wanted; `None` for any length.
    pub max_itemset_size: Option<u32>,
    /// Most itemsets that may exist before the run ends in [`MineError::TooManyItemsets`](crate::MineError).
    pub max_itemsets: u64,
    /// Most bytes that the run may allocate, its result included and the baskets not, before it ends in
    /// [`MineError::TooMuchMemory`](crate::MineError); `None` for no bound. What threads need beside the result is
    /// told after each part of the search, so that which support still fits may differ with their number.
    pub max_memory_bytes: Option<u64>,
    /// Threads; 0 for one a processor.
    pub threads: usize,
    /// How to search; for tests and measurements.
    pub strategy: Strategy,
    /// Asked before each part of the search and every few thousand itemsets, on every thread; true ends the run in
    /// [`MineError::Stopped`](crate::MineError). A deadline is a closure that looks at a clock.
    pub stop: &'a (dyn Fn() -> bool + Sync),
    /// Told how far the run is.
    pub progress: Option<&'a Progress>,
}

impl std::fmt::Debug for MineOptions<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MineOptions")
            .field("min_support_count", &self.min_support_count)
            .field("max_itemset_size", &self.max_itemset_size)
            .field("max_itemsets", &self.max_itemsets)
            .field("max_memory_bytes", &self.max_memory_bytes)
            .field("threads", &self.threads)
            .field("strategy", &self.strategy)
            .finish_non_exhaustive()
    }
}

impl MineOptions<'_> {
    /// Every itemset that so many baskets hold: no bound on length, number or memory, all processors, no stop.
    pub fn with_support_count(min_support_count: u32) -> MineOptions<'static> {
        MineOptions {
            min_support_count,
            max_itemset_size: None,
            max_itemsets: u64::MAX,
            max_memory_bytes: None,
            threads: 0,
            strategy: Strategy::Auto,
            stop: &|| false,
            progress: None,
        }
    }
}
