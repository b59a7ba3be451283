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
//!
//! The steps, in the order in which data meets them:
//!
//! 1. [`lattice`]: each itemset learns where its subsets of one item less are; [`subsets`] follows them.
//! 2. [`splits`]: all workers walk all splits of all itemsets, a split and its reverse together.
//! 3. [`tally`]: the family is counted by its 2 × 2 tables of counts, on which alone a p-value depends.
//! 4. [`significance`]: Fisher's test once for each table, then Benjamini-Hochberg.
//! 5. [`select`]: the splits are walked again and judged, [`productivity`] included; [`best`] keeps the best.

mod best;
mod crew;
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

pub use metrics::Metrics;
pub use sort::RuleSort;

use crate::error::MineError;
use crate::itemsets::Itemsets;
use crate::ratio::Ratio;

/// Which rules are wanted, and how many.
///
/// [`RuleOptions::everything`] is the call that mlxtend has; what it has not is set one field at a time:
///
/// ```
/// use affinsy_mining::{Baskets, MineOptions, Ratio, RuleOptions, RuleSort, mine, rules};
///
/// // 40 baskets with items 1 and 2, 10 with item 1 alone, 50 with item 3.
/// let baskets: Baskets = (0..100).map(|basket| match basket {
///     0..40 => vec![1, 2],
///     40..50 => vec![1],
///     _ => vec![3],
/// }).collect();
/// let itemsets = mine(&baskets, &MineOptions::with_support_count(10))?;
///
/// // association_rules(itemsets, metric="confidence", min_threshold=0.8)
/// let all = rules(&itemsets, 100, &RuleOptions::everything(Ratio::new(4, 5)))?;
/// assert_eq!(all.rules.len(), 2); // {1} → {2} has a confidence of exactly 0.8 and is in
///
/// // rules[(rules.lift > 1) & (rules.consequents.apply(len) == 1)].sort_values("leverage").tail(10), of those
/// // that are unlikely to be chance (5 % false discoveries) and that no simpler rule makes superfluous
/// let options = RuleOptions {
///     min_lift: Ratio::ONE,
///     max_consequent_size: Some(1),
///     max_q_value: Ratio::parse_decimal("0.05").unwrap(),
///     include_redundant: false,
///     sort_by: RuleSort::Leverage,
///     max_rules: Some(10),
///     ..RuleOptions::everything(Ratio::parse_decimal("0.8").unwrap())
/// };
/// let best = rules(&itemsets, 100, &options)?;
/// let rule = &best.rules[0];
/// assert_eq!((&*rule.antecedent, &*rule.consequent), (&[1][..], &[2][..]));
/// assert_eq!((rule.support_count, rule.antecedent_count, rule.consequent_count), (40, 50, 40));
/// assert!(rule.q_value < 1e-15 && rule.metrics(100).lift == 2.0);
/// assert_eq!((best.tested, best.found), (2, 2));
/// # Ok::<(), affinsy_mining::MineError>(())
/// ```
#[derive(Clone, Copy)]
pub struct RuleOptions<'a> {
    /// Least confidence; a rule that has exactly this one passes. 0 is off.
    pub min_confidence: Ratio,
    /// The lift must be above this; 0 is off, 1 asks for positive association.
    pub min_lift: Ratio,
    /// Most items in a consequent; `None` for any number, `Some(0)` for no rules.
    pub max_consequent_size: Option<u32>,
    /// Most q-value: the share of false discoveries that is borne among the rules that pass. 1 is off.
    pub max_q_value: Ratio,
    /// Whether rules that are no better than a simpler one are kept (and marked in [`Rule::redundant`]).
    pub include_redundant: bool,
    /// The best so many by `sort_by`; `None` for all.
    pub max_rules: Option<u64>,
    /// What best means.
    pub sort_by: RuleSort,
    /// Workers; 0 for one a processor, 1 for the caller's thread alone. The result is the same on any number.
    pub threads: usize,
    /// Asked by each worker every few thousand look-ups of subsets; true, said once to any of them, ends the run.
    pub stop: &'a (dyn Fn() -> bool + Sync),
}

impl RuleOptions<'_> {
    /// Every rule of at least this confidence, redundant and insignificant ones too, by lift; all processors, no
    /// stop.
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
    /// Fisher's exact test of positive association, one-sided: how likely so many common baskets, or more, are if
    /// the sides had nothing to do with each other. Below 5e-324 it is 0. See [`crate::stats::FisherExact`].
    pub p_value: f64,
    /// The p-value after Benjamini-Hochberg over all [`RuleSet::tested`] rules; never below the p-value. See
    /// [`crate::stats::benjamini_hochberg`].
    pub q_value: f64,
    /// Whether a rule with the same consequent and fewer antecedents has at least this confidence; the rule with no
    /// antecedent at all counts, whose confidence is the support of the consequent.
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
    /// In the order of `sort_by`, at most `max_rules`.
    pub rules: Vec<Rule>,
    /// Rules that pass every filter, before `max_rules`.
    pub found: u64,
    /// Size of the family that the q-values refer to.
    pub tested: u64,
    /// `tested` = `found` + what dropped below lift, above q and as redundant.
    pub dropped: Dropped,
}

/// Rules that fell, each counted at the first bound it failed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Dropped {
    /// Not tested.
    pub below_confidence: u64,
    /// At most `min_lift`.
    pub below_lift: u64,
    /// Above `max_q_value`.
    pub above_q: u64,
    /// No better than a simpler rule; 0 where redundant rules are included.
    pub redundant: u64,
}

/// All rules of the itemsets that pass the options. `basket_count` is the number of baskets mined, the empty ones
/// included ([`Baskets::len`](crate::Baskets::len)).
///
/// **Memory**, beside the itemsets and the result: 4 bytes for each item of each itemset; 16 for each basket; 56 for
/// each rule of the result, or, with `max_rules`, for twice as many rules on each thread; and some 60 for each
/// distinct table of counts among the tested rules on each thread, up to a million of them, however many rules are
/// tested. Rules of one p-value stay together: where more than a million tables share one (0, where it is smaller than
/// a double can be), they are held all the same. To walk an itemset of k items takes 8 · 2ᵏ bytes a thread.
///
/// **Time**: two walks over all splits. Where there are more than a million distinct tables, three, and two more for
/// each further three quarters of a million.
///
/// # Errors
///
/// [`MineError::Stopped`] when `stop` said so; nothing else can fail.
///
/// # Panics
///
/// With 2³² baskets or more, or 2³² − 1 itemsets or more.
pub fn rules(itemsets: &Itemsets, basket_count: u64, options: &RuleOptions<'_>) -> Result<RuleSet, MineError> {
    select::select(itemsets, basket_count, options, select::CAPACITY)
}
