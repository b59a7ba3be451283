//! Why a run ended without a result. Knows no status codes: the caller decides what a client reads.

/// The end of a run that has no result. Each kind says what to do, and where it can be told, with which support
/// count a run would come to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MineError {
    /// More itemsets exist than the caller allows. Raise the support, or bound the size.
    #[error("more than {ceiling} itemsets reach the support")]
    TooManyItemsets {
        ceiling: u64,
        /// The smallest support count that stays within the ceiling and the memory. `None`: the run was stopped
        /// before it was found.
        suggested_min_support_count: Option<u32>,
    },
    /// The result, or the search for it, needs more memory than the caller allows. Raise the support, bound the
    /// size, or give more memory.
    #[error("more than {budget_bytes} bytes of memory are needed")]
    TooMuchMemory {
        budget_bytes: u64,
        /// The smallest support count whose result fits, or where not even the frequent items do, one at which those
        /// fit. `None`: the run was stopped before it was found, or none fits.
        suggested_min_support_count: Option<u32>,
    },
    /// The caller's `stop` answered true. Run again with more time or a higher support.
    #[error("stopped after about {searched_percent} % of the search")]
    Stopped {
        searched_percent: u8,
        /// An estimate of the support count at which this much work would have been enough, from the supports seen so
        /// far. `None`: too little was seen.
        suggested_min_support_count: Option<u32>,
    },
    /// A support count of 0 would make every set of items frequent. Ask for at least 1.
    #[error("the support count must be at least 1")]
    ZeroSupport,
}

impl MineError {
    /// Stopped where no better support count can be told.
    pub(crate) const STOPPED: Self = Self::Stopped { searched_percent: 0, suggested_min_support_count: None };
}
