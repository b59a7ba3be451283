//! The best rules seen so far. Knows no filters.

use super::crew::Crew;
use super::lattice::Lattice;
use super::splits::Split;
use std::cmp::Ordering;

/// A rule that passed, before its items are copied.
#[derive(Debug, Clone, Copy)]
pub(super) struct Candidate {
    pub key: f64,
    pub p_value: f64,
    pub q_value: f64,
    pub split: Split,
    /// `None` when nobody asked yet.
    pub redundant: Option<bool>,
}

/// The best candidates, at most twice the limit of them at a time.
pub(super) struct Best<'a> {
    lattice: &'a Lattice<'a>,
    limit: Option<usize>,
    candidates: Vec<Candidate>,
    /// The key of the last one that was kept when there were too many; worse ones need not come in.
    bar: f64,
}

/// So few candidates are cheaper to hold than to choose from.
const ALWAYS_HELD: usize = 1024;

impl<'a> Best<'a> {
    pub fn new(lattice: &'a Lattice<'a>, max_rules: Option<u64>) -> Self {
        // What does not fit memory's addresses is no limit.
        let limit = max_rules.and_then(|limit| usize::try_from(limit).ok());
        Self { lattice, limit, candidates: Vec::new(), bar: f64::NEG_INFINITY }
    }

    pub fn add(&mut self, candidate: Candidate) {
        if candidate.key < self.bar {
            return;
        }
        self.candidates.push(candidate);
        if let Some(limit) = self.limit
            && self.candidates.len() >= limit.saturating_mul(2).max(ALWAYS_HELD)
        {
            self.keep(limit);
        }
    }

    /// Takes over what another worker held.
    pub fn absorb(&mut self, mut other: Best<'a>) {
        if self.limit.is_some() {
            other.candidates.into_iter().for_each(|candidate| self.add(candidate));
        } else if self.candidates.is_empty() {
            self.candidates = other.candidates;
        } else {
            self.candidates.append(&mut other.candidates);
        }
    }

    /// All that are left at the end, in any order.
    pub fn into_candidates(mut self) -> Vec<Candidate> {
        if let Some(limit) = self.limit {
            self.keep(limit);
        }
        self.candidates
    }

    fn keep(&mut self, limit: usize) {
        if limit == 0 {
            self.candidates.clear();
        } else if limit < self.candidates.len() {
            let lattice = self.lattice;
            let (_, last, _) = self.candidates.select_nth_unstable_by(limit - 1, |a, b| best_first(lattice, a, b));
            self.bar = last.key;
            self.candidates.truncate(limit);
        }
    }
}

pub(super) fn sort(candidates: &mut [Candidate], lattice: &Lattice<'_>, crew: &Crew<'_>) {
    crew.sort(candidates, |a, b| best_first(lattice, a, b));
}

/// A total order: no two splits have the same antecedent and consequent.
fn best_first(lattice: &Lattice<'_>, a: &Candidate, b: &Candidate) -> Ordering {
    // Ties are common (a rule and its reverse have one lift), so they are broken without copies.
    let by_items = || {
        let (x, y) = (&a.split, &b.split);
        if (x.length, x.place) == (y.length, y.place) {
            return by_masks(x.antecedent(), y.antecedent());
        }
        let sides = |split: &Split, mask| side(lattice.level(split.length.into()).items(split.place as usize), mask);
        let by_antecedent = sides(x, x.antecedent()).cmp(sides(y, y.antecedent()));
        by_antecedent.then_with(|| sides(x, x.consequent).cmp(sides(y, y.consequent)))
    };
    b.key.total_cmp(&a.key).then_with(|| b.split.both.cmp(&a.split.both)).then_with(by_items)
}

/// How two subsets of one ascending list compare as lists. Up to the first position at which they differ they
/// are one list; whoever has that position goes on with a smaller item, unless the other is at its end.
fn by_masks(a: u32, b: u32) -> Ordering {
    let first = (a ^ b).trailing_zeros();
    let goes_on = |mask: u32| mask.unbounded_shr(first) != 0;
    match (goes_on(a), goes_on(b)) {
        (true, true) if a >> first & 1 == 1 => Ordering::Less,
        (true, true) => Ordering::Greater,
        (a_goes_on, b_goes_on) => a_goes_on.cmp(&b_goes_on),
    }
}

/// The items under the mask.
pub(super) fn side(items: &[u32], mask: u32) -> impl Iterator<Item = u32> + '_ {
    items.iter().zip(0..).filter(move |&(_, bit)| mask >> bit & 1 == 1).map(|(&item, _)| item)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mask_picks_items() {
        assert_eq!(side(&[10, 20, 30], 0b101).collect::<Vec<_>>(), [10, 30]);
    }

    #[test]
    fn masks_compare_like_the_lists_they_stand_for() {
        let items = [3, 5, 8, 9, 12];
        for a in 0..32 {
            for b in 0..32 {
                assert_eq!(by_masks(a, b), side(&items, a).cmp(side(&items, b)), "{a:b} {b:b}");
            }
        }
    }
}
