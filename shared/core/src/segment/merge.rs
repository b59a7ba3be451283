//! Merges segments into what a report reads. The law: the highest sequence of an (order_id, product) wins, and
//! quantity zero is no line; an order without a line is gone. An order's customer is that of its live line of the
//! highest sequence. Its date is that of the highest sequence that carries one, else the earliest time of push:
//! of all its rows, those that were updated or removed since too. An erasure takes all rows of lower sequences
//! with it, dates and all; the erasure of a customer leaves of the rows that name it, those of its own sequence among
//! them, only that they are gone. The result is the same however the rows are spread over segments: orders stand by
//! (hash, id), names by their bytes.

use super::bounds::Hashes;
use super::erase;
use super::part::{Part, resolve, settled};
use super::rows::{CustomerErasure, Head, SegmentRows};
use super::tally::{self, Tally};
use crate::history::{History, LineColumns};
use crate::names::{Names, TextList};
use rayon::prelude::*;
use std::ops::Range;

/// All live lines of these segments, each with its sequence.
pub fn merge(segments: Vec<(u64, SegmentRows)>) -> History {
    let mut merge = Merge::default();
    segments.into_iter().for_each(|(sequence, rows)| merge.add(sequence, rows));
    merge.finish()
}

/// Takes decoded segments in any order, as they arrive.
#[derive(Debug, Default)]
pub struct Merge {
    sources: Vec<Source>,
    products: Names,
    customers: Names,
    /// Their customers by code, each with the sequence that holds.
    erasures: Vec<CustomerErasure>,
}

/// A segment whose names have codes that all sources share.
#[derive(Debug)]
pub(super) struct Source {
    /// For rows that carry no sequence of their own.
    pub sequence: u64,
    pub rows: SegmentRows,
}

impl Merge {
    pub fn add(&mut self, sequence: u64, mut rows: SegmentRows) {
        let products = shared_codes(&mut self.products, std::mem::take(&mut rows.products));
        let customers = shared_codes(&mut self.customers, std::mem::take(&mut rows.customers));
        rename(&mut rows, &products, &customers);
        let erasure = |erasure: CustomerErasure| CustomerErasure {
            customer: customers[erasure.customer as usize],
            sequence: erasure.sequence.or(Some(sequence)),
            ..erasure
        };
        self.erasures.extend(std::mem::take(&mut rows.erasures).into_iter().map(erasure));
        self.sources.push(Source { sequence, rows });
    }

    pub fn finish(self) -> History {
        self.ranked().history()
    }

    /// The same, and what each push from sequence `from` on brought. None of them may erase anything: what an erasure
    /// took is not there to be counted.
    pub fn finish_tallied(self, from: u64) -> (History, Tally) {
        let ranked = self.ranked();
        let tally = tally::of(&ranked, from);
        (ranked.history(), tally)
    }

    /// Gives every name its rank instead of its code: ranks ascend as the names' bytes.
    pub(super) fn ranked(self) -> Ranked {
        let (products, customers) = (RankedNames::of(self.products), RankedNames::of(self.customers));
        let erasure = products.names.find(erase::PRODUCT).map(|code| products.ranks[code as usize]);
        let (mut sources, erasures) = (self.sources, erase::last_of_each(self.erasures));
        sources.par_iter_mut().for_each(|source| {
            if !erasures.is_empty() {
                erase::silence(source, &erasures);
            }
            rename(&mut source.rows, &products.ranks, &customers.ranks);
        });
        let ranked = |erasure: CustomerErasure| CustomerErasure {
            customer: customers.ranks[erasure.customer as usize],
            ..erasure
        };
        let mut erasures: Vec<_> = erasures.into_iter().map(ranked).collect();
        erasures.sort_unstable_by_key(|erasure| erasure.customer);
        Ranked { sources, products, customers, erasure, erasures }
    }
}

/// All sources, their names by rank.
pub(super) struct Ranked {
    pub sources: Vec<Source>,
    pub products: RankedNames,
    pub customers: RankedNames,
    /// The rank of the product of rows that erase orders.
    pub erasure: Option<u32>,
    /// Erasures of customers, which were applied: the last of each, by rank.
    pub erasures: Vec<CustomerErasure>,
}

impl Ranked {
    fn history(self) -> History {
        let Self { mut sources, products, customers, erasure, .. } = self;
        if let [source] = &mut *sources
            && let Some(part) = settled(source, erasure)
        {
            let lines = std::mem::take(&mut source.rows.lines);
            return history(&products, &customers, vec![part], lines);
        }
        let ranges = hash_ranges(&sources);
        let sizes: Vec<usize> = ranges.par_iter().map(|hashes| row_count(&sources, *hashes)).collect();
        let mut lines = LineColumns::blank(sizes.iter().sum());
        let rooms = lines.rooms(&sizes);
        let (parts, filled): (Vec<Part>, Vec<_>) = ranges
            .into_par_iter()
            .zip(rooms)
            .map(|(hashes, mut room)| (resolve(&sources, hashes, erasure, &mut room), room.finish()))
            .unzip();
        drop(sources);
        lines.close_up(sizes.into_iter().zip(filled).map(|(size, (used, large))| (size, used, large)));
        history(&products, &customers, parts, lines)
    }
}

pub(super) struct RankedNames {
    names: Names,
    /// The rank of each code.
    ranks: Vec<u32>,
    /// The code of each rank.
    codes: Vec<u32>,
}

impl RankedNames {
    fn of(names: Names) -> Self {
        let ranks = names.ranks();
        let mut codes = vec![0; ranks.len()];
        (0..).zip(&ranks).for_each(|(code, rank)| codes[*rank as usize] = code);
        Self { names, ranks, codes }
    }
    pub fn len(&self) -> usize {
        self.codes.len()
    }
    pub fn get(&self, rank: usize) -> &str {
        self.names.get(self.codes[rank])
    }
}

/// For each code of a segment's own names the code that all sources share.
fn shared_codes(shared: &mut Names, own: Names) -> Vec<u32> {
    own.into_list().iter().map(|name| shared.code(name)).collect()
}

fn rename(rows: &mut SegmentRows, products: &[u32], customers: &[u32]) {
    if !are_places(customers) {
        let customer = |head: &mut Head| head.customer = head.customer.map(|code| customers[code as usize]);
        rows.heads.iter_mut().for_each(customer);
    }
    if !are_places(products) {
        rows.lines.products.iter_mut().for_each(|product| *product = products[*product as usize]);
    }
}

/// Whether each code stays what it is.
fn are_places(codes: &[u32]) -> bool {
    (0..).zip(codes).all(|(place, code)| place == *code)
}

/// Ranges of hashes that cover all, each with about as much work: hashes spread evenly.
pub(super) fn hash_ranges(sources: &[Source]) -> Vec<Hashes> {
    const RUNS_A_RANGE: usize = 16 * 1024;
    let runs: usize = sources.iter().map(|source| source.rows.runs.len()).sum();
    let count = (runs / RUNS_A_RANGE).clamp(1, 1024) as u64;
    let width = u64::MAX / count;
    (0..count).map(|at| (at * width, if at == count - 1 { u64::MAX } else { (at + 1) * width - 1 })).collect()
}

/// How many rows the orders of a range have, removed ones and all.
fn row_count(sources: &[Source], hashes: Hashes) -> usize {
    sources.iter().map(|source| source.rows.run_lines(source.runs(hashes)).len()).sum()
}

/// The names that live lines or orders use, by their bytes; the ranks that `visit` shows become codes into them.
fn keep_used(names: &RankedNames, mut visit: impl FnMut(&mut dyn FnMut(&mut u32))) -> TextList {
    let mut used = vec![false; names.len()];
    visit(&mut |rank| used[*rank as usize] = true);
    let (mut list, mut codes) = (TextList::default(), vec![0; names.len()]);
    for rank in (0..names.len()).filter(|rank| used[*rank]) {
        codes[rank] = list.len() as u32;
        list.push(names.get(rank));
    }
    // Where all are used, ranks are codes.
    if list.len() < names.len() {
        visit(&mut |rank| *rank = codes[*rank as usize]);
    }
    list
}

/// One history of all parts, in their order; of the names those that it uses.
fn history(products: &RankedNames, customers: &RankedNames, mut parts: Vec<Part>, mut lines: LineColumns) -> History {
    let products = keep_used(products, |each| lines.products.iter_mut().for_each(each));
    let customers = keep_used(customers, |each| {
        let orders = parts.iter_mut().flat_map(|part| part.orders.iter_mut());
        orders.filter_map(|order| order.0.as_mut()).for_each(each);
    });
    let (mut order_ids, mut orders) = (TextList::default(), Vec::new());
    for part in parts {
        order_ids.append(&part.order_ids);
        orders.push(part.orders);
    }
    History::from_parts(products, customers, order_ids, orders.into_iter().flatten(), lines)
}

impl Source {
    /// The runs whose hashes lie in a range, both ends included.
    pub fn runs(&self, (first, last): Hashes) -> Range<usize> {
        let runs = &self.rows.runs;
        runs.partition_point(|run| run.hash < first)..runs.partition_point(|run| run.hash <= last)
    }
}
