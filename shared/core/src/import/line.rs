//! What comes out of a file: order lines with checked values, and the rows that are none.

use crate::decimal::{Price, Quantity};
use crate::time::Instant;

/// One order line. Every value is one the API would accept.
///
/// Rows of one order may stand anywhere in a file, and any of them may leave the customer or the date out: of each,
/// the first value that a row of the order names, in the file's order, holds for the order. A product that stands
/// twice in an order adds up. Both are for whoever puts the orders together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Line<'a> {
    /// The row's first line in the file, counted from 1; for Parquet the row.
    pub number: u64,
    pub order_id: &'a str,
    pub customer_id: Option<&'a str>,
    pub order_date: Option<Instant>,
    pub product_name: &'a str,
    pub unit_price: Option<Price>,
    /// Zero removes the line.
    pub quantity: Quantity,
}

/// A row that was left out, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reject<'a> {
    /// The row's first line in the file, counted from 1; for Parquet the row.
    pub line: u64,
    /// The file's own name for the column; empty where the whole row is meant.
    pub column: &'a str,
    /// The cell, cut to [`Reject::VALUE_CHARS`].
    pub value: &'a str,
    /// Reads on from the value: `is not a number`.
    pub reason: &'a str,
    /// The row's cells, as many as [`Plan::reject_columns`](super::Plan::reject_columns) names; empty where the row
    /// could not be held.
    pub row: &'a [String],
}

impl Reject<'_> {
    pub const VALUE_CHARS: usize = 60;

    /// `line 7: price "one" is not a number`.
    pub fn said(&self) -> String {
        match self.column {
            "" => format!("line {}: {}", self.line, self.reason),
            column => format!("line {}: {column} {:?} {}", self.line, self.value, self.reason),
        }
    }
}

/// Takes what a reader finds, in the file's order.
pub trait Sink {
    fn line(&mut self, line: &Line<'_>);
    fn reject(&mut self, reject: &Reject<'_>);
}
