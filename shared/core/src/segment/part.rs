//! Merges the orders of one range of hashes: the unit of parallel work. No order reaches into two ranges.

use super::merge::Source;
use super::rows::Head;
use crate::history::{Line, Room};
use crate::names::TextList;
use crate::time::Instant;
use rayon::prelude::*;
use std::ops::Range;

/// From so many orders on, looking at them is worth several threads.
const MANY: usize = 16 * 1024;

/// The live orders of one range, by (hash, id); their lines stand in a room of the history. Codes are ranks:
/// ascending as the names' bytes.
#[derive(Debug, Default)]
pub(super) struct Part {
    pub order_ids: TextList,
    /// Customer, date, number of lines.
    pub orders: Vec<(Option<u32>, Instant, u32)>,
}

/// One order in one source.
struct Run<'a> {
    hash: u64,
    id: &'a str,
    source: &'a Source,
    /// Its place there.
    at: usize,
}

/// A row with its sequence.
#[derive(Debug, Clone, Copy)]
pub(super) struct Row<'a> {
    pub line: Line,
    pub head: &'a Head,
    pub sequence: u64,
}

/// The orders of a source where all of them stay as they came, and its lines with them.
pub(super) fn settled(source: &mut Source, erasure: Option<u32>) -> Option<Part> {
    let all: &Source = source;
    let order = |at| {
        let (head, lines) = Run { hash: 0, id: "", source: all, at }.settled(erasure)?;
        Some((head.customer, head.date.unwrap_or(head.received_at), lines.len() as u32))
    };
    let orders = (0..all.rows.runs.len()).into_par_iter().with_min_len(MANY).map(order).collect::<Option<Vec<_>>>()?;
    Some(Part { order_ids: std::mem::take(&mut source.rows.order_ids), orders })
}

/// The orders of a range of hashes; fills a room that has a place for each of their rows.
pub(super) fn resolve(sources: &[Source], hashes: (u64, u64), erasure: Option<u32>, room: &mut Room<'_>) -> Part {
    let (mut part, mut rows) = (Part::default(), Vec::new());
    for same in sorted_runs(sources, hashes).chunk_by(Run::is_same_order) {
        // Most orders came once and stay as they came.
        if let [run] = same
            && let Some((head, lines)) = run.settled(erasure)
        {
            part.order_ids.push(run.id);
            part.orders.push((head.customer, head.date.unwrap_or(head.received_at), lines.len() as u32));
            room.copy(&run.source.rows.lines, lines);
            continue;
        }
        all_rows(same, erasure, &mut rows);
        let Some(dating) = Dating::of(&rows, erasure) else { continue };
        keep_winners(&mut rows);
        rows.retain(|row| !row.line.quantity.is_zero());
        part.add(same[0].id, dating, &rows, room);
    }
    part
}

/// What the rows of an order say of its date.
#[derive(Debug, Clone, Copy)]
struct Dating {
    /// The date of the highest sequence that carries one, with that sequence.
    date: Option<(u64, Instant)>,
    /// The earliest time of push.
    received_at: Instant,
}

impl Dating {
    /// From all rows of an order; `None` where there are only erasures, which say nothing.
    fn of(rows: &[Row<'_>], erasure: Option<u32>) -> Option<Self> {
        let rows = || rows.iter().filter(|row| Some(row.line.product) != erasure);
        let received_at = rows().map(|row| row.head.received_at).min()?;
        let date = rows().filter_map(|row| row.head.date.map(|date| (row.sequence, date))).max();
        Some(Self { date, received_at })
    }
    fn instant(self) -> Instant {
        self.date.map_or(self.received_at, |(_, date)| date)
    }
}

/// Calls `take` with the hash and id of every order of a range and all its rows that no erasure took; removals,
/// erasures and rows that were updated since are among them.
pub(super) fn each_order<'a>(
    sources: &'a [Source],
    hashes: (u64, u64),
    erasure: Option<u32>,
    mut take: impl FnMut(u64, &'a str, &mut Vec<Row<'a>>),
) {
    let mut rows = Vec::new();
    for same in sorted_runs(sources, hashes).chunk_by(Run::is_same_order) {
        all_rows(same, erasure, &mut rows);
        take(same[0].hash, same[0].id, &mut rows);
    }
}

/// The runs of a range by (hash, id).
fn sorted_runs(sources: &[Source], hashes: (u64, u64)) -> Vec<Run<'_>> {
    let mut runs: Vec<Run<'_>> = sources.iter().flat_map(|source| runs_within(source, hashes)).collect();
    // Stable: of equal sequences, which no two segments have, the segment added first wins. The sources' runs are
    // sorted already, and the sort merges what it finds sorted.
    runs.sort_by(|a, b| a.hash.cmp(&b.hash).then_with(|| a.id.cmp(b.id)));
    runs
}

fn runs_within(source: &Source, hashes: (u64, u64)) -> impl Iterator<Item = Run<'_>> {
    let rows = &source.rows;
    source.runs(hashes).map(move |at| Run { hash: rows.runs[at].hash, id: rows.order_ids.get(at), source, at })
}

/// All rows of an order that no erasure took.
fn all_rows<'a>(same: &[Run<'a>], erasure: Option<u32>, rows: &mut Vec<Row<'a>>) {
    rows.clear();
    rows.extend(same.iter().flat_map(Run::rows));
    let erasures = rows.iter().filter(|row| Some(row.line.product) == erasure);
    if let Some(erased) = erasures.map(|row| row.sequence).max() {
        rows.retain(|row| row.sequence > erased || Some(row.line.product) == erasure);
    }
}

impl<'a> Run<'a> {
    fn is_same_order(&self, other: &Self) -> bool {
        self.hash == other.hash && self.id == other.id
    }

    fn rows(&self) -> impl Iterator<Item = Row<'a>> + use<'a> {
        let (rows, sequence) = (&self.source.rows, self.source.sequence);
        rows.run_heads(self.at).flat_map(move |at| {
            let head = &rows.heads[at];
            let sequence = head.sequence.unwrap_or(sequence);
            rows.head_lines(at).map(move |line| Row { line: rows.line(line), head, sequence })
        })
    }

    /// The order's only head and its lines, where none of them is removed, erased or there twice.
    fn settled(&self, erasure: Option<u32>) -> Option<(&'a Head, Range<usize>)> {
        let rows = &self.source.rows;
        let heads = rows.run_heads(self.at);
        let lines = rows.head_lines(heads.start);
        let products = rows.lines.products(lines.clone());
        let is_settled = heads.len() == 1
            && products.is_sorted_by(|a, b| a < b)
            && !rows.lines.has_removal(lines.clone())
            && erasure.is_none_or(|erasure| !products.contains(&erasure));
        is_settled.then(|| (&rows.heads[heads.start], lines))
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
    fn add(&mut self, id: &str, dating: Dating, rows: &[Row<'_>], room: &mut Room<'_>) {
        let Some(newest) = rows.iter().max_by_key(|row| row.sequence) else { return };
        self.order_ids.push(id);
        self.orders.push((newest.head.customer, dating.instant(), rows.len() as u32));
        rows.iter().for_each(|row| room.push(row.line));
    }
}
