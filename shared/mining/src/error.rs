//! Why a run ended without a result. Knows no status codes: the caller decides what a client reads.

/// The end of a run that has no result. Each kind says what to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MineError {
    /// More itemsets exist than the caller allows. Raise the support, or bound the size.
    #[error("more than {ceiling} itemsets reach the support")]
    TooManyItemsets {
        ceiling: u64,
        /// The smallest support count for which no more than `ceiling` itemsets exist.
        suggested_min_support_count: Option<u32>,
    },
    /// The caller's `stop` answered true. Run again with more time.
    #[error("stopped before the end")]
    Stopped,
    /// A support count of 0 would make every set of items frequent. Ask for at least 1.
    #[error("the support count must be at least 1")]
    ZeroSupport,
}
