//! Why a report has no rules, and what would give some: found out by taking one bound after the other away.

use super::data::Data;
use super::mine::Mined;
use super::rules::options;
use crate::report::spec::{BasketScope, ReportSpec};
use crate::report::{Budget, CustomerScope};
use affinsy_mining::{Baskets, MineOptions, Ratio, Rule, RuleSort, mine_at_most, rules};

/// Enough pairs to find the most frequent one.
const PAIRS: u64 = 100_000;

/// One sentence or two. Asked only where there are no rules.
pub fn without_rules(spec: &ReportSpec, data: &Data, baskets: &Baskets, mined: &Mined, budget: &Budget<'_>) -> String {
    if data.orders == 0 {
        return without_orders(spec, data);
    }
    if data.baskets == 0 {
        return without_baskets(spec, data);
    }
    let sizes_allow = |bound: Option<u32>| bound.is_none_or(|most| most >= 2);
    if !sizes_allow(spec.mba.max_itemset_size) {
        return "No rules: max_itemset_size is 1, and a rule needs two products. Ask for 2 or more.".to_owned();
    }
    if mined.itemsets.max_length() < 2 {
        return without_pairs(baskets, mined.min_support_count, budget);
    }
    without_passing_rules(spec, baskets.len() as u64, mined, budget)
}

fn without_orders(spec: &ReportSpec, data: &Data) -> String {
    let left_out = &data.exclusions.orders;
    let outside = left_out.orders_outside_date_range;
    let scoped = left_out.orders_out_of_scope + left_out.guest_orders_out_of_scope;
    if outside > 0 {
        return format!("No baskets: no order lies in the date range; {outside} orders in scope lie outside it.");
    }
    if scoped > 0 {
        let scope = CustomerScope::NAMES.iter().find(|(_, scope)| *scope == spec.customer_scope);
        let name = scope.map_or("all", |(name, _)| name);
        return format!("No baskets: none of the {scoped} orders is in customer_scope {name}; all would take them.");
    }
    if left_out.orders_after_as_of > 0 {
        let later = left_out.orders_after_as_of;
        return format!("No baskets: all {later} orders are later than as_of. Ask for a later as_of.");
    }
    "No baskets: the dataset has no orders.".to_owned()
}

fn without_baskets(spec: &ReportSpec, data: &Data) -> String {
    let left_out = &data.exclusions.baskets;
    let sized = left_out.baskets_below_min_size + left_out.baskets_above_max_size;
    if sized > 0 {
        return format!(
            "No baskets: {} have fewer products than min_basket_size, {} more than max_basket_size.",
            left_out.baskets_below_min_size, left_out.baskets_above_max_size
        );
    }
    if spec.mba.scope == BasketScope::Customer && left_out.guest_orders_without_basket == data.orders {
        return "No baskets: all orders are guest orders, and scope customer needs customers. Ask for scope order."
            .to_owned();
    }
    "No baskets: no order has a product with positive quantity.".to_owned()
}

fn without_pairs(baskets: &Baskets, threshold: u32, budget: &Budget<'_>) -> String {
    let options = MineOptions {
        min_support_count: 1,
        max_itemset_size: Some(2),
        max_itemsets: PAIRS,
        threads: budget.threads,
        stop: budget.stop,
    };
    let most = mine_at_most(baskets, 1, PAIRS, &options)
        .ok()
        .and_then(|(_, sets)| sets.iter().filter(|(items, _)| items.len() == 2).map(|(_, count)| count).max());
    match most {
        Some(count) => format!(
            "No rules: no two products share at least {threshold} baskets. The most any two share is {count}: \
             min_support_count {count} or less would find them."
        ),
        None => "No rules: no two products share a basket.".to_owned(),
    }
}

/// Takes bounds away until rules appear; the last one taken is the one that emptied the list.
fn without_passing_rules(spec: &ReportSpec, baskets: u64, mined: &Mined, budget: &Budget<'_>) -> String {
    let mut relaxed = spec.mba.clone();
    type Step = (&'static str, fn(&mut crate::report::spec::MbaParams), RuleSort);
    let steps: [Step; 4] = [
        ("include_redundant", |p| p.include_redundant = true, RuleSort::Lift),
        ("max_q_value", |p| p.max_q_value = Ratio::ONE, RuleSort::QValue),
        ("min_lift", |p| p.min_lift = Ratio::ZERO, RuleSort::Lift),
        ("min_confidence", |p| p.min_confidence = Ratio::ZERO, RuleSort::Confidence),
    ];
    for (name, relax, sort) in steps {
        relax(&mut relaxed);
        relaxed.sort_by = sort;
        let mut options = options(&relaxed, budget);
        options.max_rules = Some(1);
        let Ok(found) = rules(&mined.itemsets, baskets, &options) else { break };
        if let Some(best) = found.rules.first() {
            return emptied_by(name, found.found, best, baskets, spec);
        }
    }
    "No rules: every bound together leaves none. Ask for a smaller min_support.".to_owned()
}

fn emptied_by(name: &str, found: u64, best: &Rule, baskets: u64, spec: &ReportSpec) -> String {
    let metrics = best.metrics(baskets);
    let would = match name {
        "include_redundant" => {
            return format!(
                "No rules: {found} pass every other bound, but more general rules do as well. include_redundant true would list them."
            );
        }
        "max_q_value" => format!("the least q_value is {:.4}", best.q_value),
        "min_lift" => format!("the greatest lift is {:.4}", metrics.lift),
        _ => format!("the greatest confidence is {:.4}", metrics.confidence),
    };
    let asked = match name {
        "max_q_value" => spec.mba.max_q_value,
        "min_lift" => spec.mba.min_lift,
        _ => spec.mba.min_confidence,
    };
    let looser = if name == "max_q_value" { "a greater" } else { "a smaller" };
    format!("No rules: {name} {} leaves none; {would}. {looser} {name} would give {found}.", asked.to_f64())
        .replace(". a ", ". A ")
}
