//! What the whole of a file said: the questions that no row may answer for itself.

use serde::{Deserialize, Serialize};

use super::{DecimalMark, Encoding};

/// What a [`Survey`](super::Survey) found out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Findings {
    pub encoding: Encoding,
    pub decimal: DecimalMark,
    pub dates: DateStyle,
    /// The currency that rows must have, where they name one.
    pub currency: Option<String>,
    /// Rows of data, blank lines left out.
    pub rows: u64,
}

/// What stands first in a date; one that begins with a year of four digits is read as that always.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DateStyle {
    YearFirst,
    DayFirst,
    MonthFirst,
}
