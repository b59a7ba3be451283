//! Merges the orders of one range of hashes: the unit of parallel work. No order reaches into two ranges.

use super::merge::Source;
use super::rows::{Head, RowLine};
use crate::history::LineColumns;
use crate::names::TextList;
use crate::time::Instant;

/// The live orders of one range, by (hash, id). Codes are ranks: ascending as the names' bytes.
#[derive(Debug, Default)]
pub(super) struct Part {
    pub order_ids: TextList,
    /// Customer, date, number of lines.
    pub orders: Vec<(Option<u32>, Instant, u32)>,
    pub lines: LineColumns,
}

/// One order in one source.
struct Run<'a> {
    hash: u64,
    id: &'a str,
    source: &'a Source,
    lines: &'a [RowLine],
}

/// A row with its sequence.
#[derive(Clone, Copy)]
pub(super) struct Row<'a> {
    pub line: &'a RowLine,
    pub head: &'a Head,
    pub sequence: u64,
}

pub(super) fn resolve(sources: &[Source], hashes: (u64, u64), erasure: Option<u32>) -> Part {
    let mut part = Part::default();
    each_order(sources, hashes, erasure, |id, rows| {
        let Some(dating) = Dating::of(rows, erasure) else { return };
        keep_winners(rows);
        rows.retain(|row| !row.line.quantity.is_zero());
        part.add(id, dating, rows);
    });
    part
}

/// What the rows of an order say of its date.
#[derive(Debug, Clone, Copy)]
pub(super) struct Dating {
    /// The date of the highest sequence that carries one, with that sequence.
    pub date: Option<(u64, Instant)>,
    /// The earliest time of push.
    pub received_at: Instant,
}

impl Dating {
    /// From all rows of an order; `None` where there are only erasures, which say nothing.
    pub fn of(rows: &[Row<'_>], erasure: Option<u32>) -> Option<Self> {
        let rows = || rows.iter().filter(|row| Some(row.line.product) != erasure);
        let received_at = rows().map(|row| row.head.received_at).min()?;
        let date = rows().filter_map(|row| row.head.date.map(|date| (row.sequence, date))).max();
        Some(Self { date, received_at })
    }
    fn instant(self) -> Instant {
        self.date.map_or(self.received_at, |(_, date)| date)
    }
}

/// Calls `take` with every order of a range and all its rows that no erasure took; removals, erasures and rows that
/// were updated since are among them.
pub(super) fn each_order<'a>(
    sources: &'a [Source],
    hashes: (u64, u64),
    erasure: Option<u32>,
    mut take: impl FnMut(&'a str, &mut Vec<Row<'a>>),
) {
    let mut runs: Vec<Run<'_>> = sources.iter().flat_map(|source| runs_within(source, hashes)).collect();
    // Stable: of equal sequences, which no two segments have, the segment added first wins.
    runs.sort_by(|a, b| a.hash.cmp(&b.hash).then_with(|| a.id.cmp(b.id)));
    let mut rows = Vec::new();
    for same in runs.chunk_by(|a, b| a.hash == b.hash && a.id == b.id) {
        rows.clear();
        rows.extend(same.iter().flat_map(Run::rows));
        let erasures = rows.iter().filter(|row| Some(row.line.product) == erasure);
        if let Some(erased) = erasures.map(|row| row.sequence).max() {
            rows.retain(|row| row.sequence > erased || Some(row.line.product) == erasure);
        }
        take(same[0].id, &mut rows);
    }
}

fn runs_within(source: &Source, hashes: (u64, u64)) -> impl Iterator<Item = Run<'_>> {
    let rows = &source.rows;
    source.runs(hashes).map(move |at| Run {
        hash: rows.runs[at].hash,
        id: rows.order_ids.get(at),
        source,
        lines: &rows.lines[rows.run_lines(at)],
    })
}

impl<'a> Run<'a> {
    fn rows(&self) -> impl Iterator<Item = Row<'a>> + use<'a> {
        let source = self.source;
        self.lines.iter().map(move |line| {
            let head = &source.rows.heads[line.head as usize];
            Row { line, head, sequence: head.sequence.unwrap_or(source.sequence) }
        })
    }
}

/// Of each product the row of the highest sequence; by product.
pub(super) fn keep_winners(rows: &mut Vec<Row<'_>>) {
    if rows.is_sorted_by(|a, b| a.line.product < b.line.product) {
        return;
    }
    rows.sort_by(|a, b| a.line.product.cmp(&b.line.product).then(b.sequence.cmp(&a.sequence)));
    rows.dedup_by_key(|row| row.line.product);
}

impl Part {
    /// Adds an order's live rows; an order without any is none.
    fn add(&mut self, id: &str, dating: Dating, rows: &[Row<'_>]) {
        let Some(newest) = rows.iter().max_by_key(|row| row.sequence) else { return };
        self.order_ids.push(id);
        self.orders.push((newest.head.customer, dating.instant(), rows.len() as u32));
        self.lines.products.extend(rows.iter().map(|row| row.line.product));
        self.lines.quantities.extend(rows.iter().map(|row| row.line.quantity));
        self.lines.amounts.extend(rows.iter().map(|row| row.line.amount));
    }
}
