//! All splits of all itemsets into antecedent and consequent, on all threads. Knows no statistics.

use super::RuleOptions;
use super::crew::{Crew, Queue};
use super::lattice::Lattice;
use super::patience::Patience;
use super::subsets::{Subsets, masks};
use super::tally::Table;
use crate::error::MineError;
use crate::ratio::Ratio;

/// One split: the itemset, its parts as masks over its positions, and the counts.
#[derive(Debug, Clone, Copy)]
pub(super) struct Split {
    /// Among the itemsets of its length.
    pub place: u32,
    pub length: u8,
    pub consequent: u32,
    pub both: u32,
    pub antecedent_count: u32,
    pub consequent_count: u32,
}

impl Split {
    pub fn antecedent(&self) -> u32 {
        (((1u64 << self.length) - 1) as u32) ^ self.consequent
    }

    fn reversed(self) -> Self {
        Self {
            consequent: self.antecedent(),
            antecedent_count: self.consequent_count,
            consequent_count: self.antecedent_count,
            ..self
        }
    }

    pub fn table(&self) -> Table {
        Table::new(self.both, self.antecedent_count, self.consequent_count)
    }
}

/// What a worker has at hand at a split: the itemset is loaded.
pub(super) struct Bench<'a> {
    pub subsets: Subsets<'a>,
    pub patience: Patience<'a>,
}

/// The itemsets to split, and who splits them.
pub(super) struct Splits<'a> {
    pub lattice: &'a Lattice<'a>,
    pub crew: &'a Crew<'a>,
    min_confidence: Ratio,
    max_consequent_size: u32,
}

impl<'a> Splits<'a> {
    pub fn new(lattice: &'a Lattice<'a>, crew: &'a Crew<'a>, options: &RuleOptions<'_>) -> Self {
        let max_consequent_size = options.max_consequent_size.unwrap_or(u32::MAX);
        Self { lattice, crew, min_confidence: options.min_confidence, max_consequent_size }
    }

    pub fn bench(&self) -> Bench<'a> {
        Bench { subsets: Subsets::new(self.lattice), patience: self.crew.patience() }
    }

    /// How many splits there are, whatever their confidence.
    pub fn count(&self) -> u64 {
        let of_level =
            |(length, itemsets): (usize, usize)| itemsets as u64 * splits_of(length, self.max_consequent_size);
        self.lattice.lengths().map(of_level).sum()
    }

    /// Shows each worker, with a state of its own, its share of the splits that reach the confidence: a split
    /// and its reverse together, as they have one table.
    pub fn each<S: Send>(
        &self,
        new_state: impl Fn() -> S + Sync,
        visit: impl Fn(&mut S, &mut Bench<'_>, Table, [Option<Split>; 2]) -> Result<(), MineError> + Sync,
    ) -> Result<Vec<S>, MineError> {
        let runs = self.lattice.runs();
        let queue = Queue::new(runs.len());
        self.crew.each(|| {
            let (mut state, mut bench) = (new_state(), self.bench());
            while let Some(run) = queue.take() {
                let (length, places) = runs[run].clone();
                if length < 2 {
                    bench.patience.spend(places.len() as u64)?;
                    continue;
                }
                for place in places {
                    bench.subsets.load(length, place);
                    self.of_itemset(length, place, &mut bench, &mut |bench, table, splits| {
                        visit(&mut state, bench, table, splits)
                    })?;
                }
            }
            Ok(state)
        })
    }

    /// The splits of one itemset. Few of many (one item of ten, say) are looked up one by one; else all subsets
    /// are filled in, half of which the itemset's neighbour has filled in already.
    fn of_itemset(
        &self,
        length: usize,
        place: usize,
        bench: &mut Bench<'_>,
        visit: &mut impl FnMut(&mut Bench<'_>, Table, [Option<Split>; 2]) -> Result<(), MineError>,
    ) -> Result<(), MineError> {
        let most = self.max_consequent_size;
        let whole = bench.subsets.whole();
        let both = bench.subsets.count(whole);
        let most_antecedents = most_antecedents(self.min_confidence, both);
        let mut visit = |bench: &mut Bench<'_>, consequent: u32, is_split: bool, is_reverse: bool| {
            let split = Split {
                place: place as u32,
                length: length as u8,
                consequent,
                both,
                antecedent_count: bench.subsets.count(whole ^ consequent),
                consequent_count: bench.subsets.count(consequent),
            };
            let is_split = is_split && split.antecedent_count <= most_antecedents;
            let is_reverse = is_reverse && split.consequent_count <= most_antecedents;
            if !is_split && !is_reverse {
                return Ok(());
            }
            visit(bench, split.table(), [is_split.then_some(split), is_reverse.then(|| split.reversed())])
        };
        let splits = splits_of(length, most);
        if splits.saturating_mul(4) < 1 << length {
            bench.patience.spend(splits.saturating_mul(2))?;
            bench.subsets.fill_ends(most);
            return masks(length, most).try_for_each(|consequent| visit(bench, consequent, true, false));
        }
        bench.patience.spend(1 << length)?;
        bench.subsets.fill();
        (1..=whole >> 1).try_for_each(|part| {
            let size = part.count_ones();
            visit(bench, part, size <= most, length as u32 - size <= most)
        })
    }
}

/// The largest count of antecedents with which the confidence reaches the bound: `both / a ≥ num / den`.
fn most_antecedents(min_confidence: Ratio, both: u32) -> u32 {
    let product = u128::from(both) * u128::from(min_confidence.denominator());
    let most = product.checked_div(min_confidence.numerator().into());
    most.and_then(|most| u32::try_from(most).ok()).unwrap_or(u32::MAX)
}

/// How many splits an itemset has with consequents of at most `most` items.
fn splits_of(length: usize, most: u32) -> u64 {
    let length = length as u64;
    let mut choices = 1;
    (1..length.min(u64::from(most).saturating_add(1)))
        .map(|size| {
            choices = choices * (length - size + 1) / size;
            choices
        })
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn splits_are_counted_without_listing() {
        for length in 0..12 {
            for most in [0, 1, 2, 3, 10, 11, 12, u32::MAX] {
                assert_eq!(splits_of(length, most), masks(length, most).count() as u64, "{length} {most}");
            }
        }
        assert_eq!(splits_of(31, u32::MAX), (1 << 31) - 2);
    }

    #[test]
    fn a_bound_on_confidence_bounds_the_antecedents() {
        let check = |num, den, both, most| assert_eq!(most_antecedents(Ratio::new(num, den), both), most);
        check(3, 10, 84, 280);
        check(3, 10, 83, 276);
        check(1, 1, 5, 5);
        check(0, 1, 5, u32::MAX);
        check(1, u64::MAX, u32::MAX, u32::MAX);
        check(u64::MAX, 1, u32::MAX, 0);
        check(u64::MAX, u64::MAX - 1, u32::MAX, u32::MAX - 1);
    }
}
