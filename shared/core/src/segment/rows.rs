//! The rows of one segment in memory: names as codes of the segment's own lists, rows grouped by order.

use crate::decimal::{Amount, Quantity};
use crate::names::{Names, TextList};
use crate::time::Instant;

/// The decoded rows of a segment, grouped by order, sorted by (hash, order_id).
#[derive(Debug, Clone, Default)]
pub struct SegmentRows {
    /// One id a run, in the same order.
    pub(super) order_ids: TextList,
    pub(super) runs: Vec<Run>,
    pub(super) heads: Vec<Head>,
    pub(super) lines: Vec<RowLine>,
    pub(super) customers: Names,
    pub(super) products: Names,
}

/// The rows of one order: they end here, and begin where those of the order before end.
#[derive(Debug, Clone, Copy)]
pub(super) struct Run {
    /// `xxh3_64` of the order's id.
    pub hash: u64,
    pub lines_end: usize,
}

/// What the rows of an order that came in one push have in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Head {
    pub customer: Option<u32>,
    pub date: Option<Instant>,
    pub received_at: Instant,
    /// `None`: the sequence of the whole segment.
    pub sequence: Option<u64>,
}

/// One row: 32 bytes, since a report holds all of a dataset's.
#[derive(Debug, Clone, Copy)]
pub(super) struct RowLine {
    pub product: u32,
    /// Where its head stands in `heads`.
    pub head: u32,
    pub quantity: Quantity,
    /// [`crate::history::UNPRICED`] where the price is unknown.
    pub amount: Amount,
}

impl SegmentRows {
    pub fn row_count(&self) -> usize {
        self.lines.len()
    }
    pub fn order_count(&self) -> usize {
        self.runs.len()
    }
    /// Every (order_id, product_name) that has a row, removals among them.
    pub fn keys(&self) -> impl Iterator<Item = (&str, &str)> {
        let lines = |run| self.lines[self.run_lines(run)].iter();
        (0..self.runs.len())
            .flat_map(move |run| lines(run).map(move |line| (self.order_ids.get(run), self.products.get(line.product))))
    }
    pub(super) fn run_lines(&self, run: usize) -> std::ops::Range<usize> {
        let start = if run == 0 { 0 } else { self.runs[run - 1].lines_end };
        start..self.runs[run].lines_end
    }
}
