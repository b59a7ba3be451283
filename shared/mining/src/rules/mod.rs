//! Association rules from frequent itemsets: all splits of each itemset, tested in integers, judged by
//! significance and productivity, the best kept. Knows no products, money or reports.
//!
//! The filters, in order, each with its counter in [`Dropped`]:
//!
//! 1. **confidence** ≥ `min_confidence`. The rules that pass, with consequents within the size bound, are the
//!    *tested* family: Fisher's exact test gives each a p-value, Benjamini-Hochberg over exactly this family
//!    its q-value. Lift is no part of the family's definition: choosing the rules to correct for by the very
//!    association under test would make the q-values too small.
//! 2. **lift** > `min_lift`.
//! 3. **q-value** ≤ `max_q_value`.
//! 4. **productivity**: a rule is redundant unless its confidence is above that of each rule with the same
//!    consequent and fewer antecedents, no antecedent included (G. I. Webb, *Discovering significant patterns*,
//!    Machine Learning 68, 2007).

mod best;
mod lattice;
mod metrics;
mod patience;
mod productivity;
mod select;
mod significance;
mod sort;
mod splits;
mod subsets;
mod tally;
#[cfg(test)]
mod tests;
mod workers;

pub use metrics::Metrics;
pub use sort::RuleSort;

use crate::error::MineError;
use crate::itemsets::Itemsets;
use crate::ratio::Ratio;

/// Which rules are wanted, and how many.
#[derive(Clone, Copy)]
pub struct RuleOptions<'a> {
    /// Inclusive bound.
    pub min_confidence: Ratio,
    /// Exclusive bound; 0 is off.
    pub min_lift: Ratio,
    /// Most items in a consequent; `None` for any number.
    pub max_consequent_size: Option<u32>,
    /// Inclusive bound; 1 is off.
    pub max_q_value: Ratio,
    /// Whether rules that are no better than a simpler one are kept (and marked).
    pub include_redundant: bool,
    /// The best so many; `None` for all.
    pub max_rules: Option<u64>,
    /// What best means.
    pub sort_by: RuleSort,
    /// Workers; 0 for one a processor. The result is the same on any number.
    pub threads: usize,
    /// Asked by each worker every few thousand look-ups of subsets; true ends the run.
    pub stop: &'a (dyn Fn() -> bool + Sync),
}

impl RuleOptions<'_> {
    /// Every rule of at least this confidence, redundant and insignificant ones too, by lift.
    pub fn everything(min_confidence: Ratio) -> RuleOptions<'static> {
        RuleOptions {
            min_confidence,
            min_lift: Ratio::ZERO,
            max_consequent_size: None,
            max_q_value: Ratio::ONE,
            include_redundant: true,
            max_rules: None,
            sort_by: RuleSort::Lift,
            threads: 0,
            stop: &|| false,
        }
    }
}

impl std::fmt::Debug for RuleOptions<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RuleOptions")
            .field("min_confidence", &self.min_confidence)
            .field("min_lift", &self.min_lift)
            .field("max_consequent_size", &self.max_consequent_size)
            .field("max_q_value", &self.max_q_value)
            .field("include_redundant", &self.include_redundant)
            .field("max_rules", &self.max_rules)
            .field("sort_by", &self.sort_by)
            .field("threads", &self.threads)
            .finish_non_exhaustive()
    }
}

/// *Who buys the antecedent buys the consequent*, with the counts that say how often.
#[derive(Debug, Clone, PartialEq)]
pub struct Rule {
    /// Items, ascending.
    pub antecedent: Box<[u32]>,
    /// Items, ascending; none of them in the antecedent.
    pub consequent: Box<[u32]>,
    /// Baskets with antecedent and consequent.
    pub support_count: u32,
    /// Baskets with the antecedent.
    pub antecedent_count: u32,
    /// Baskets with the consequent.
    pub consequent_count: u32,
    /// One-sided Fisher exact test of positive association.
    pub p_value: f64,
    /// The p-value after Benjamini-Hochberg over all tested rules.
    pub q_value: f64,
    /// Whether a rule with the same consequent and fewer antecedents has at least this confidence.
    pub redundant: bool,
}

impl Rule {
    /// Everything else that is said about a rule, from its counts. `basket_count` is that of the mining.
    pub fn metrics(&self, basket_count: u64) -> Metrics {
        Metrics::new(basket_count, self.support_count, self.antecedent_count, self.consequent_count)
    }
}

/// The rules, best first, and how many fell to which bound.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct RuleSet {
    pub rules: Vec<Rule>,
    /// Rules that pass every filter, before `max_rules`.
    pub found: u64,
    /// Size of the family that the q-values refer to.
    pub tested: u64,
    pub dropped: Dropped,
}

/// Rules that fell, each counted at the first bound it failed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Dropped {
    pub below_confidence: u64,
    pub below_lift: u64,
    pub above_q: u64,
    pub redundant: u64,
}

/// All rules of the itemsets that pass the options. `basket_count` is the number of baskets mined.
///
/// Memory: 24 bytes for each rule tested, and twice `max_rules` rules.
pub fn rules(itemsets: &Itemsets, basket_count: u64, options: &RuleOptions<'_>) -> Result<RuleSet, MineError> {
    select::select(itemsets, basket_count, options, select::CAPACITY)
}
