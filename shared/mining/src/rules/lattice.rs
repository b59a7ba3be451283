//! From an itemset to its subsets without a search. A rule asks for many.
//!
//! Every subset of a frequent itemset is in the same result. For each itemset the places of its *facets* (the
//! subsets of one item less) are kept; every other subset is a few steps of one look-up each away. Knows no rules.

use super::crew::Crew;
use crate::error::MineError;
use crate::itemsets::Itemsets;
use std::ops::Range;
use std::sync::{Mutex, PoisonError};

/// The itemsets of one result, with 4 bytes more for each item in them.
#[derive(Debug)]
pub(super) struct Lattice<'a> {
    /// `levels[k]` holds the itemsets of `k + 1` items.
    levels: Vec<Level<'a>>,
}

/// The itemsets of one length, ascending.
#[derive(Debug)]
pub(super) struct Level<'a> {
    length: usize,
    items: &'a [u32],
    supports: &'a [u32],
    /// For each itemset, for each of its items: where on the level below the itemset without that item is.
    facets: Vec<u32>,
}

/// Itemsets that a worker takes at a time.
const RUN: usize = 512;

impl<'a> Lattice<'a> {
    pub fn new(itemsets: &'a Itemsets, crew: &Crew<'_>) -> Result<Self, MineError> {
        assert!(itemsets.len() < u32::MAX as usize, "2^32 itemsets do not fit a function's memory");
        assert!(itemsets.max_length() < 32, "an itemset of 32 items would come with 2^32 subsets");
        let mut levels: Vec<Level<'a>> = Vec::new();
        // Where on a level the supersets of each itemset of the level before begin; the empty set is before all.
        let mut starts = vec![0, itemsets.level(1).1.len() as u32];
        for length in 1..=itemsets.max_length() {
            let (items, supports) = itemsets.level(length);
            let mut level = Level { length, items, supports, facets: vec![0; items.len()] };
            if let Some(below) = levels.last() {
                let next_starts = level.link_prefixes(below);
                level.link_facets(below, &starts, crew)?;
                starts = next_starts;
            }
            levels.push(level);
        }
        Ok(Self { levels })
    }

    pub fn level(&self, length: usize) -> &Level<'a> {
        &self.levels[length - 1]
    }

    /// Each length with the number of its itemsets.
    pub fn lengths(&self) -> impl Iterator<Item = (usize, usize)> + '_ {
        self.levels.iter().map(|level| (level.length, level.len()))
    }

    /// Runs of neighbouring itemsets of one length, the longest itemsets first: they are the most work.
    pub fn runs(&self) -> Vec<(usize, Range<usize>)> {
        let lengths: Vec<_> = self.lengths().collect();
        let runs_of = |(length, end): (usize, usize)| {
            (0..end).step_by(RUN).map(move |start| (length, start..end.min(start + RUN)))
        };
        lengths.into_iter().rev().flat_map(runs_of).collect()
    }
}

impl<'a> Level<'a> {
    pub fn len(&self) -> usize {
        self.supports.len()
    }

    pub fn items(&self, place: usize) -> &'a [u32] {
        &self.items[place * self.length..][..self.length]
    }

    pub fn support(&self, place: usize) -> u32 {
        self.supports[place]
    }

    /// The places, on the level below, of the itemset without its first item, its second, …
    pub fn facets(&self, place: usize) -> &[u32] {
        &self.facets[place * self.length..][..self.length]
    }

    /// Writes the last facet of each itemset, its prefix: both levels ascend, so one walk finds them all.
    /// Answers where the itemsets of each prefix begin.
    fn link_prefixes(&mut self, below: &Level<'_>) -> Vec<u32> {
        let mut starts = Vec::with_capacity(below.len() + 1);
        for place in 0..self.len() {
            let prefix = &self.items(place)[..self.length - 1];
            while starts.is_empty() || below.items(starts.len() - 1) != prefix {
                assert!(starts.len() < below.len(), "every subset of a frequent itemset is frequent");
                starts.push(place as u32);
            }
            self.facets[place * self.length + self.length - 1] = starts.len() as u32 - 1;
        }
        starts.resize(below.len() + 1, self.len() as u32);
        starts
    }

    /// Writes the other facets. The prefix *P* without an item is a set *Q*; the facet is the superset of *Q* by
    /// the last item, and those supersets stand together on the level below, ascending.
    fn link_facets(&mut self, below: &Level<'_>, starts: &[u32], crew: &Crew<'_>) -> Result<(), MineError> {
        let (length, items) = (self.length, self.items);
        let queue = Mutex::new(self.facets.chunks_mut(length * RUN).zip(items.chunks(length * RUN)));
        crew.each(|| {
            let mut patience = crew.patience();
            let mut supersets = vec![0..0; length - 1];
            loop {
                let run = queue.lock().unwrap_or_else(PoisonError::into_inner).next();
                let Some((facets, items)) = run else { return Ok(()) };
                patience.spend(facets.len() as u64)?;
                let mut prefix = None;
                for (facets, items) in facets.chunks_exact_mut(length).zip(items.chunks_exact(length)) {
                    let (facets, last) = facets.split_at_mut(length - 1);
                    if prefix.replace(last[0]) != Some(last[0]) {
                        for (supersets, &without) in supersets.iter_mut().zip(below.facets(last[0] as usize)) {
                            *supersets = starts[without as usize] as usize..starts[without as usize + 1] as usize;
                        }
                    }
                    for (facet, supersets) in facets.iter_mut().zip(&mut supersets) {
                        supersets.start = below.seek(supersets.clone(), items[length - 1]);
                        *facet = supersets.start as u32;
                    }
                }
            }
        })?;
        Ok(())
    }

    /// Which of some neighbours with one prefix, which ascend, has the given last item. In steps that double:
    /// what is sought is most often near the first.
    fn seek(&self, neighbours: Range<usize>, item: u32) -> usize {
        let last = |place: usize| self.items[place * self.length + self.length - 1];
        let (mut low, mut step) = (neighbours.start, 1);
        while low + step < neighbours.end && last(low + step) <= item {
            low += step;
            step *= 2;
        }
        let mut high = neighbours.end.min(low + step);
        while high - low > 1 {
            let middle = low.midpoint(high);
            if last(middle) <= item { low = middle } else { high = middle }
        }
        assert!(low < neighbours.end && last(low) == item, "every subset of a frequent itemset is frequent");
        low
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::tests::{baskets, itemsets};

    #[test]
    fn facets_are_the_subsets_of_one_item_less() {
        let itemsets = itemsets(&baskets(1, 400, 11), 9);
        assert!(itemsets.len() > RUN && itemsets.max_length() > 5);
        for threads in [1, 3] {
            let lattice = Lattice::new(&itemsets, &Crew::new(threads, &|| false)).unwrap();
            for level in &lattice.levels[1..] {
                for place in 0..level.len() {
                    for (position, &facet) in level.facets(place).iter().enumerate() {
                        let mut expected = level.items(place).to_vec();
                        expected.remove(position);
                        assert_eq!(lattice.level(level.length - 1).items(facet as usize), expected);
                    }
                }
            }
        }
    }
}
