//! From itemsets to rules: count the tables of the family, correct for them, judge, keep the best.
//!
//! Benjamini-Hochberg wants all p-values of the family in order, and there may be more of them than fit. But a
//! p-value depends on three counts alone, and rules share them: what is held is one number for each *distinct*
//! table of counts. Where even those are more than [`CAPACITY`], the axis of p-values is cut into ranges that
//! fit, from the largest p-values to the smallest, each with a pass to count its tables and one to judge its
//! rules. The result is the same to the last bit.

use super::best::{self, Best, Candidate, side};
use super::crew::Crew;
use super::lattice::Lattice;
use super::metrics::Counts;
use super::productivity::is_redundant;
use super::significance::{PRange, Recent, Significance};
use super::splits::{Bench, Split, Splits};
use super::tally::Tally;
use super::{Dropped, Rule, RuleOptions, RuleSet};
use crate::error::MineError;
use crate::itemsets::Itemsets;
use crate::stats::{FisherExact, StepUp};
use std::cmp::Ordering;
use std::sync::{Mutex, PoisonError};

/// Distinct tables of counts that a worker holds at a time, at some 30 bytes each, 60 with their p- and q-values.
pub(super) const CAPACITY: usize = 1 << 20;

pub(super) fn select(
    itemsets: &Itemsets,
    basket_count: u64,
    options: &RuleOptions<'_>,
    capacity: usize,
) -> Result<RuleSet, MineError> {
    let baskets = u32::try_from(basket_count).expect("baskets of 2^32 rows do not fit a function's memory");
    let crew = Crew::new(options.threads, options.stop);
    crew.patience().spend(1)?;
    let lattice = Lattice::new(itemsets, &crew)?;
    let splits = Splits::new(&lattice, &crew, options);
    let fisher = FisherExact::new(baskets);
    let selection = Selection { splits: &splits, fisher: &fisher, baskets, options };

    let (tally, tested) = selection.tally(capacity)?;
    let mut judged = Judged::new(&selection);
    judged.set.tested = tested;
    judged.set.dropped.below_confidence = splits.count() - tested;
    let mut steps = StepUp::new(tested);
    if tally.sparsity() == 0 {
        let significance = Significance::of(tally, &fisher, &mut steps, &crew)?;
        selection.judge(&significance, &mut judged)?;
    } else {
        let ranges = PRange::cut(&tally, &fisher, capacity);
        drop(tally);
        for range in ranges {
            let significance = Significance::of(selection.tally_of(range)?, &fisher, &mut steps, &crew)?;
            selection.judge(&significance, &mut judged)?;
        }
    }
    selection.finish(judged)
}

/// What every pass reads.
struct Selection<'a> {
    splits: &'a Splits<'a>,
    fisher: &'a FisherExact,
    baskets: u32,
    options: &'a RuleOptions<'a>,
}

impl<'a> Selection<'a> {
    /// The tables of the whole family, or a sample of them, and the size of the family.
    fn tally(&self, capacity: usize) -> Result<(Tally, u64), MineError> {
        let parts = self.splits.each(
            || (Tally::new(capacity), 0),
            |(tally, tested), _, table, splits| {
                let rules = splits.iter().flatten().count() as u64;
                tally.add(table, rules);
                *tested += rules;
                Ok(())
            },
        )?;
        let (tallies, tested): (Vec<_>, Vec<u64>) = parts.into_iter().unzip();
        Ok((Tally::merged(tallies), tested.iter().sum()))
    }

    /// The tables whose p-values lie in a range.
    fn tally_of(&self, range: PRange) -> Result<Tally, MineError> {
        let parts = self.splits.each(
            || (Tally::new(usize::MAX), Recent::new(self.fisher)),
            |(tally, recent), _, table, splits| {
                if range.contains(recent.p_value(table)) {
                    tally.add(table, splits.iter().flatten().count() as u64);
                }
                Ok(())
            },
        )?;
        Ok(Tally::merged(parts.into_iter().map(|(tally, _)| tally).collect()))
    }

    /// Applies the filters after the family to the rules whose p-values are in the range.
    fn judge(&self, significance: &Significance, judged: &mut Judged<'a>) -> Result<(), MineError> {
        let parts = self.splits.each(
            || Judged::new(self),
            |judged, bench, table, splits| {
                if let Some((p_value, q_value)) = significance.get(table) {
                    for split in splits.into_iter().flatten() {
                        judged.judge(self, bench, split, p_value, q_value)?;
                    }
                }
                Ok(())
            },
        )?;
        parts.into_iter().for_each(|part| judged.absorb(part));
        Ok(())
    }

    fn finish(&self, judged: Judged<'_>) -> Result<RuleSet, MineError> {
        let Judged { mut set, best } = judged;
        let mut candidates = best.into_candidates();
        self.mark_redundant(&mut candidates)?;
        best::sort(&mut candidates, self.splits.lattice, self.splits.crew);
        self.splits.crew.map_into(&candidates, |candidate| self.rule(candidate), &mut set.rules)?;
        Ok(set)
    }

    /// Tells which of the candidates are redundant where that was no filter.
    fn mark_redundant(&self, candidates: &mut [Candidate]) -> Result<(), MineError> {
        const TAKEN: usize = 1024;
        if candidates.iter().all(|candidate| candidate.redundant.is_some()) {
            return Ok(());
        }
        // Neighbours have most subsets in common.
        self.splits.crew.sort(candidates, |a, b| (a.split.length, a.split.place).cmp(&(b.split.length, b.split.place)));
        let queue = Mutex::new(candidates.chunks_mut(TAKEN));
        self.splits.crew.each(|| {
            let mut bench = self.splits.bench();
            loop {
                let taken = queue.lock().unwrap_or_else(PoisonError::into_inner).next();
                let Some(taken) = taken else { return Ok(()) };
                for candidate in taken {
                    let split = &candidate.split;
                    bench.patience.spend(1 << split.length)?;
                    bench.subsets.load(split.length.into(), split.place as usize);
                    bench.subsets.fill();
                    candidate.redundant = Some(is_redundant(&mut bench, self.baskets, split)?);
                }
            }
        })?;
        Ok(())
    }

    fn rule(&self, candidate: &Candidate) -> Rule {
        let split = &candidate.split;
        let items = self.splits.lattice.level(split.length.into()).items(split.place as usize);
        Rule {
            antecedent: side(items, split.antecedent()).collect(),
            consequent: side(items, split.consequent).collect(),
            support_count: split.both,
            antecedent_count: split.antecedent_count,
            consequent_count: split.consequent_count,
            p_value: candidate.p_value,
            q_value: candidate.q_value,
            redundant: candidate.redundant.unwrap_or_default(),
        }
    }
}

/// What one worker made of its splits.
struct Judged<'a> {
    set: RuleSet,
    best: Best<'a>,
}

impl<'a> Judged<'a> {
    fn new(selection: &Selection<'a>) -> Self {
        let best = Best::new(selection.splits.lattice, selection.options.max_rules);
        Self { set: RuleSet::default(), best }
    }

    fn judge(
        &mut self,
        selection: &Selection<'_>,
        bench: &mut Bench<'_>,
        split: Split,
        p_value: f64,
        q_value: f64,
    ) -> Result<(), MineError> {
        let Selection { baskets, options, .. } = *selection;
        let Dropped { below_lift, above_q, redundant, .. } = &mut self.set.dropped;
        let by_chance = u128::from(split.antecedent_count) * u128::from(split.consequent_count);
        let together = u128::from(split.both) * u128::from(baskets);
        if options.min_lift.compare_share(together, by_chance) != Ordering::Greater {
            *below_lift += 1;
            return Ok(());
        }
        if q_value > options.max_q_value.to_f64() {
            *above_q += 1;
            return Ok(());
        }
        // Without a limit all are kept, and must be told about; with one, most need not be.
        let is_asked = !options.include_redundant || options.max_rules.is_none();
        let is_redundant = if is_asked { Some(is_redundant(bench, baskets, &split)?) } else { None };
        if is_redundant == Some(true) && !options.include_redundant {
            *redundant += 1;
            return Ok(());
        }
        self.set.found += 1;
        let counts = Counts::new(baskets.into(), split.both, split.antecedent_count, split.consequent_count);
        let key = options.sort_by.key(counts, p_value, q_value);
        self.best.add(Candidate { key, p_value, q_value, split, redundant: is_redundant });
        Ok(())
    }

    fn absorb(&mut self, part: Judged<'a>) {
        self.set.found += part.set.found;
        self.set.dropped.below_lift += part.set.dropped.below_lift;
        self.set.dropped.above_q += part.set.dropped.above_q;
        self.set.dropped.redundant += part.set.dropped.redundant;
        self.best.absorb(part.best);
    }
}
