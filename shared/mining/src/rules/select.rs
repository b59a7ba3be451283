//! The pass over all splits: test, judge, keep the best.

use super::index::SupportIndex;
use super::metrics::Metrics;
use super::patience::Patience;
use super::productivity::is_redundant;
use super::split::{consequents, side, take};
use super::{Dropped, Rule, RuleOptions, RuleSet};
use crate::error::MineError;
use crate::itemsets::Itemsets;
use crate::stats::{FisherExact, benjamini_hochberg};
use std::cmp::Ordering;

pub(super) fn select(itemsets: &Itemsets, basket_count: u64, options: &RuleOptions<'_>) -> Result<RuleSet, MineError> {
    let splits = Splits { index: SupportIndex::new(itemsets), options };
    let (p_values, below_confidence) = test(&splits, basket_count)?;
    let q_values = benjamini_hochberg(&p_values);

    let mut selection = Selection::new(basket_count, options);
    selection.set.tested = p_values.len() as u64;
    selection.set.dropped.below_confidence = below_confidence;
    let mut tested = p_values.iter().zip(&q_values);
    let mut best = Best { splits: &splits, candidates: Vec::new(), limit: options.max_rules };
    splits.for_each(&mut |split| {
        if !split.reaches(options) {
            return;
        }
        let (&p_value, &q_value) = tested.next().expect("the second pass meets the rules of the first");
        if let Some(candidate) = selection.judge(&splits.index, split, p_value, q_value) {
            best.add(candidate);
        }
    })?;
    let candidates = best.into_sorted();
    selection.finish(&splits.index, &candidates)
}

/// First pass: the p-value of every rule of the family, and how many splits are outside it.
fn test(splits: &Splits<'_>, basket_count: u64) -> Result<(Vec<f64>, u64), MineError> {
    let baskets = u32::try_from(basket_count).expect("baskets of 2^32 rows do not fit a function's memory");
    let fisher = FisherExact::new(baskets);
    let (mut p_values, mut below_confidence) = (Vec::new(), 0);
    splits.for_each(&mut |split| {
        if split.reaches(splits.options) {
            p_values.push(fisher.p_value(split.both, split.antecedent_count, split.consequent_count));
        } else {
            below_confidence += 1;
        }
    })?;
    Ok((p_values, below_confidence))
}

/// Every split of every itemset, in an order that two passes share.
struct Splits<'a> {
    index: SupportIndex<'a>,
    options: &'a RuleOptions<'a>,
}

/// One split: the consequent as a mask over the items of the `place`-th itemset, and the counts.
#[derive(Debug, Clone, Copy)]
struct Split {
    place: u32,
    consequent: u64,
    both: u32,
    antecedent_count: u32,
    consequent_count: u32,
}

impl Split {
    fn reaches(&self, options: &RuleOptions<'_>) -> bool {
        options.min_confidence.compare_share(self.both.into(), self.antecedent_count.into()) != Ordering::Less
    }
}

impl Splits<'_> {
    fn for_each(&self, visit: &mut impl FnMut(&Split)) -> Result<(), MineError> {
        let mut patience = Patience::new(self.options.stop);
        let max_size = self.options.max_consequent_size.map_or(usize::MAX, |size| size as usize);
        let (mut antecedent, mut consequent) = (Vec::new(), Vec::new());
        for place in 0..self.index.len() {
            patience.spend(1)?;
            let (items, both) = self.index.get(place);
            for mask in consequents(items.len(), max_size) {
                take(items, mask, false, &mut antecedent);
                take(items, mask, true, &mut consequent);
                patience
                    .spend(2 + if self.options.include_redundant { 0 } else { generalisations(antecedent.len()) })?;
                visit(&Split {
                    place: place as u32,
                    consequent: mask,
                    both,
                    antecedent_count: self.index.support_of(&antecedent),
                    consequent_count: self.index.support_of(&consequent),
                });
            }
        }
        Ok(())
    }
}

/// A rule that passed, before its items are copied.
#[derive(Debug, Clone, Copy)]
struct Candidate {
    split: Split,
    key: f64,
    p_value: f64,
    q_value: f64,
    /// Known only when redundant rules are dropped.
    redundant: Option<bool>,
}

/// Second pass: the filters after the family, and their counters.
struct Selection<'a> {
    basket_count: u64,
    options: &'a RuleOptions<'a>,
    max_q_value: f64,
    set: RuleSet,
}

impl<'a> Selection<'a> {
    fn new(basket_count: u64, options: &'a RuleOptions<'a>) -> Self {
        Self { basket_count, options, max_q_value: options.max_q_value.to_f64(), set: RuleSet::default() }
    }

    fn judge(&mut self, index: &SupportIndex<'_>, split: &Split, p_value: f64, q_value: f64) -> Option<Candidate> {
        let Dropped { below_lift, above_q, redundant, .. } = &mut self.set.dropped;
        let by_chance = u128::from(split.antecedent_count) * u128::from(split.consequent_count);
        let together = u128::from(split.both) * u128::from(self.basket_count);
        if self.options.min_lift.compare_share(together, by_chance) != Ordering::Greater {
            *below_lift += 1;
            return None;
        }
        if q_value > self.max_q_value {
            *above_q += 1;
            return None;
        }
        let is_redundant =
            (!self.options.include_redundant).then(|| is_redundant_split(index, self.basket_count, split));
        if is_redundant == Some(true) {
            *redundant += 1;
            return None;
        }
        self.set.found += 1;
        let metrics = Metrics::new(self.basket_count, split.both, split.antecedent_count, split.consequent_count);
        let key = self.options.sort_by.key(&metrics, p_value, q_value);
        Some(Candidate { split: *split, key, p_value, q_value, redundant: is_redundant })
    }

    fn finish(mut self, index: &SupportIndex<'_>, candidates: &[Candidate]) -> Result<RuleSet, MineError> {
        let mut patience = Patience::new(self.options.stop);
        let rule = |candidate: &Candidate| {
            let split = &candidate.split;
            let (antecedent, consequent) = parts(index, split);
            Rule {
                antecedent: antecedent.into(),
                consequent: consequent.into(),
                support_count: split.both,
                antecedent_count: split.antecedent_count,
                consequent_count: split.consequent_count,
                p_value: candidate.p_value,
                q_value: candidate.q_value,
                redundant: candidate.redundant.unwrap_or_else(|| is_redundant_split(index, self.basket_count, split)),
            }
        };
        for candidate in candidates {
            let rule = rule(candidate);
            patience.spend(generalisations(rule.antecedent.len()))?;
            self.set.rules.push(rule);
        }
        Ok(self.set)
    }
}

/// The most look-ups that telling whether a rule is redundant takes.
fn generalisations(antecedent_size: usize) -> u64 {
    2u64.saturating_pow(antecedent_size as u32).saturating_mul(2)
}

fn is_redundant_split(index: &SupportIndex<'_>, basket_count: u64, split: &Split) -> bool {
    let (antecedent, consequent) = parts(index, split);
    is_redundant(index, basket_count, &antecedent, &consequent, split.both, split.antecedent_count)
}

/// Antecedent and consequent of a split.
fn parts(index: &SupportIndex<'_>, split: &Split) -> (Vec<u32>, Vec<u32>) {
    let items = index.get(split.place as usize).0;
    (side(items, split.consequent, false).collect(), side(items, split.consequent, true).collect())
}

/// The best candidates seen, at most twice the limit of them at a time.
struct Best<'a> {
    splits: &'a Splits<'a>,
    candidates: Vec<Candidate>,
    limit: Option<u64>,
}

impl Best<'_> {
    fn add(&mut self, candidate: Candidate) {
        self.candidates.push(candidate);
        let Some(limit) = self.limit.and_then(|limit| usize::try_from(limit).ok()) else {
            return;
        };
        if self.candidates.len() >= limit.saturating_mul(2).max(1024) {
            self.keep(limit);
        }
    }

    fn keep(&mut self, limit: usize) {
        if limit == 0 {
            self.candidates.clear();
        } else if limit < self.candidates.len() {
            let index = &self.splits.index;
            self.candidates.select_nth_unstable_by(limit - 1, |a, b| best_first(index, a, b));
            self.candidates.truncate(limit);
        }
    }

    fn into_sorted(mut self) -> Vec<Candidate> {
        if let Some(limit) = self.limit {
            self.keep(usize::try_from(limit).unwrap_or(usize::MAX));
        }
        self.candidates.sort_unstable_by(|a, b| best_first(&self.splits.index, a, b));
        self.candidates
    }
}

/// A total order: no two splits have the same antecedent and consequent.
fn best_first(index: &SupportIndex<'_>, a: &Candidate, b: &Candidate) -> Ordering {
    let by_key = b.key.total_cmp(&a.key).then_with(|| b.split.both.cmp(&a.split.both));
    // Ties are common (a rule and its reverse have one lift), so they are broken without copies.
    let sides = |candidate: &Candidate, under| {
        side(index.get(candidate.split.place as usize).0, candidate.split.consequent, under)
    };
    by_key.then_with(|| sides(a, false).cmp(sides(b, false))).then_with(|| sides(a, true).cmp(sides(b, true)))
}
