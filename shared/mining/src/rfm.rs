//! Recency, frequency, monetary: scores of customers and the segments of those scores, definition `rfm/1`.
//! Integers only, so that equal customers always get equal scores and the order of the input cannot matter.
//! Knows no orders, dates or currencies: monetary values are whole numbers of any unit.

pub mod clv;
mod distribution;
mod score;
mod segment;

pub use distribution::{gini, mean, median_i128, quantile, top_sum};
pub use score::{Cutoffs, Observation, Score, score};
pub use segment::{BuiltinSegment, Cell, Coverage, ScoreBox, SegmentMap};

/// The version of the definition that every report states.
pub const DEFINITION: &str = "rfm/1";
