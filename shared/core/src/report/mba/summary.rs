//! A basket analysis in a few numbers. Knows no single rule.

use super::coverage::Coverage;
use super::ledger::share_of;
use super::mine::Mined;
use crate::decimal::Amount;
use crate::report::basket::BasketSet;
use affinsy_mining::RuleSet;
use serde::Serialize;
use std::collections::BTreeMap;

/// Counts, shares of all baskets, and money. Null where there is nothing to take a mean of.
#[derive(Debug, Serialize)]
pub struct Summary {
    pub baskets: u64,
    pub itemsets: u64,
    /// How many itemsets there are of each size.
    pub itemsets_by_size: BTreeMap<usize, u64>,
    /// Rules that pass every bound, before `max_rules`.
    pub rules_found: u64,
    /// Rules in the report's list.
    pub rules_listed: u64,
    /// Rules whose significance was tested, the number that `q_value` corrects for.
    pub rules_tested: u64,
    /// Baskets that hold all antecedents of a listed rule: those in which there is something to recommend.
    pub covered_baskets: u64,
    /// … as a share of all baskets.
    pub coverage: Option<f64>,
    /// Products in the baskets.
    pub products: u64,
    /// Products that a listed rule names.
    pub products_in_rules: u64,
    pub average_basket_size: Option<f64>,
    pub single_item_baskets: u64,
    pub single_item_share: Option<f64>,
    /// What the orders of all baskets come to.
    pub revenue: Amount,
    /// Revenue an order.
    pub aov: Option<Amount>,
    /// Revenue a basket: as `aov`, but with scope `customer` all of a customer's orders together.
    pub average_basket_value: Option<Amount>,
    pub average_single_item_basket_value: Option<Amount>,
    pub average_multi_item_basket_value: Option<Amount>,
    /// Why there are no rules, and what would give some; null where there are rules.
    pub reason: Option<String>,
}

pub fn of(set: &BasketSet<'_>, values: &[Amount], mined: &Mined, found: &RuleSet, coverage: Coverage) -> Summary {
    let sizes = || set.baskets().iter().map(<[u32]>::len);
    let total = |keep: fn(usize) -> bool| -> (Amount, u64) {
        let kept = sizes().zip(values).filter(|(size, _)| keep(*size));
        kept.fold((Amount::ZERO, 0), |(sum, count), (_, value)| (sum.plus(*value), count + 1))
    };
    let (revenue, baskets) = total(|_| true);
    let (single_revenue, single_item_baskets) = total(|size| size == 1);
    let (multi_revenue, multi_item_baskets) = total(|size| size > 1);
    let mean = |sum: f64| (baskets > 0).then(|| sum / baskets as f64);
    Summary {
        baskets,
        itemsets: mined.itemsets.len() as u64,
        itemsets_by_size: (1..).zip(mined.itemsets.by_length()).collect(),
        rules_found: found.found,
        rules_listed: found.rules.len() as u64,
        rules_tested: found.tested,
        covered_baskets: coverage.baskets,
        coverage: mean(coverage.baskets as f64),
        products: set.item_count() as u64,
        products_in_rules: coverage.products,
        average_basket_size: mean(set.baskets().occurrence_count() as f64),
        single_item_baskets,
        single_item_share: mean(single_item_baskets as f64),
        revenue,
        aov: share_of(revenue, set.order_count()),
        average_basket_value: share_of(revenue, baskets),
        average_single_item_basket_value: share_of(single_revenue, single_item_baskets),
        average_multi_item_basket_value: share_of(multi_revenue, multi_item_baskets),
        reason: None,
    }
}
