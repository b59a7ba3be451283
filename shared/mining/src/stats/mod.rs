//! Tests and intervals for counts in baskets. Pure functions of numbers; knows no rules.

mod benjamini_hochberg;
mod fisher;
mod log_factorial;
mod two_proportions;
mod wilson;

pub(crate) use benjamini_hochberg::StepUp;
pub use benjamini_hochberg::benjamini_hochberg;
pub use fisher::FisherExact;
pub use log_factorial::LogFactorials;
pub use two_proportions::two_proportions;
pub use wilson::{Z_95, wilson};
