//! The rows of one segment in memory: names as codes of the segment's own lists, rows grouped by order.

use crate::history::{Line, LineColumns};
use crate::names::{Names, TextList};
use crate::time::Instant;
use std::ops::Range;
use xxhash_rust::xxh3::xxh3_64;

/// The decoded rows of a segment, grouped by order, sorted by (hash, order_id).
#[derive(Debug, Clone, Default)]
pub struct SegmentRows {
    /// One id a run, in the same order.
    pub(super) order_ids: TextList,
    pub(super) runs: Vec<Run>,
    pub(super) heads: Vec<Head>,
    /// Where the rows of each head end; they begin where those of the head before end.
    pub(super) head_ends: Vec<u32>,
    pub(super) lines: LineColumns,
    pub(super) customers: Names,
    pub(super) products: Names,
    pub(super) erasures: Vec<CustomerErasure>,
}

/// All rows that name a customer are gone, up to and with a sequence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct CustomerErasure {
    pub customer: u32,
    /// `None`: the sequence of the whole segment.
    pub sequence: Option<u64>,
    pub received_at: Instant,
    /// Whether the range that was read is the one where its row stands: it acts on every range, and is written on
    /// by one.
    pub is_within: bool,
}

/// The rows of one order: its heads end here, and begin where those of the order before end.
#[derive(Debug, Clone, Copy)]
pub(super) struct Run {
    /// `xxh3_64` of the order's id.
    pub hash: u64,
    pub heads_end: u32,
}

/// The time of push of rows that say nothing but that they are gone: no other is later.
const SILENT: Instant = Instant(i64::MAX);

/// What the rows of an order that came in one push have in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Head {
    pub customer: Option<u32>,
    pub date: Option<Instant>,
    pub received_at: Instant,
    /// `None`: the sequence of the whole segment.
    pub sequence: Option<u64>,
}

impl Head {
    /// What is left of the head of rows whose customer was erased.
    pub fn silenced(self) -> Self {
        Self { customer: None, date: None, received_at: SILENT, ..self }
    }
    pub fn is_silent(&self) -> bool {
        self.received_at == SILENT
    }
}

impl SegmentRows {
    pub fn row_count(&self) -> usize {
        self.lines.len() + self.erasures.len()
    }
    pub fn order_count(&self) -> usize {
        self.runs.len()
    }
    /// Whether a row names this order.
    pub fn has_order(&self, order_id: &str) -> bool {
        let hash = xxh3_64(order_id.as_bytes());
        let first = self.runs.partition_point(|run| run.hash < hash);
        let same_hash = (first..self.runs.len()).take_while(|run| self.runs[*run].hash == hash);
        same_hash.into_iter().any(|run| self.order_ids.get(run) == order_id)
    }
    /// Whether a row names this customer.
    pub fn has_customer(&self, customer_id: &str) -> bool {
        self.customers.find(customer_id).is_some()
    }
    /// Every (order_id, product_name) that has a row, removals among them.
    pub fn keys(&self) -> impl Iterator<Item = (&str, &str)> {
        let products = |run| self.lines.products(self.run_lines(run..run + 1)).iter();
        (0..self.runs.len())
            .flat_map(move |run| products(run).map(move |code| (self.order_ids.get(run), self.products.get(*code))))
    }
    /// The heads of an order.
    pub(super) fn run_heads(&self, run: usize) -> Range<usize> {
        let start = if run == 0 { 0 } else { self.runs[run - 1].heads_end };
        start as usize..self.runs[run].heads_end as usize
    }
    /// The lines under a head.
    pub(super) fn head_lines(&self, head: usize) -> Range<usize> {
        self.lines_before(head)..self.lines_before(head + 1)
    }
    /// The lines of some orders that stand together.
    pub(super) fn run_lines(&self, runs: Range<usize>) -> Range<usize> {
        let heads_before = |run: usize| if run == 0 { 0 } else { self.runs[run - 1].heads_end as usize };
        self.lines_before(heads_before(runs.start))..self.lines_before(heads_before(runs.end))
    }
    pub(super) fn line(&self, at: usize) -> Line {
        self.lines.get(at)
    }
    fn lines_before(&self, head: usize) -> usize {
        if head == 0 { 0 } else { self.head_ends[head - 1] as usize }
    }
}
