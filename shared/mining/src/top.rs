//! The best rules without a support to guess. Knows neither how itemsets are found nor what best means.

use crate::{Baskets, MineError, MineOptions, RuleOptions, RuleSet, mine_at_most, rules};

/// The `count` best rules by `rules.sort_by`, from as deep in the data as `mining` allows: the support starts at
/// `mining.min_support_count` and rises until no more than `mining.max_itemsets` itemsets exist and the memory
/// suffices. Answers the support that was reached too: of all rules whose itemsets at least so many baskets hold,
/// these are the best, exactly. `max_rules` of the options is not read.
///
/// By lift, a rule of two lucky baskets beats every other: start from a support that is worth a rule, or ask for a
/// q-value.
///
/// ```
/// use affinsy_mining::{Baskets, MineOptions, Ratio, RuleOptions, top_rules};
///
/// let rows = [&[1, 2][..], &[1, 2], &[1, 2, 3], &[3], &[1, 3], &[4], &[4]];
/// let baskets: Baskets = rows.iter().collect();
/// let mining = MineOptions { max_itemsets: 1_000, ..MineOptions::with_support_count(2) };
/// let (support, best) = top_rules(&baskets, 1, &mining, &RuleOptions::everything(Ratio::ZERO))?;
/// assert_eq!((support, best.rules.len(), best.found), (2, 1, 4));
/// assert_eq!((&best.rules[0].antecedent[..], &best.rules[0].consequent[..]), (&[1][..], &[2][..]));
/// # Ok::<(), affinsy_mining::MineError>(())
/// ```
pub fn top_rules(
    baskets: &Baskets,
    count: u64,
    mining: &MineOptions<'_>,
    rules: &RuleOptions<'_>,
) -> Result<(u32, RuleSet), MineError> {
    let (support, itemsets) = mine_at_most(baskets, mining.min_support_count, mining.max_itemsets, mining)?;
    let best = self::rules(&itemsets, baskets.len() as u64, &RuleOptions { max_rules: Some(count), ..*rules })?;
    Ok((support, best))
}
