//! Why a report has no rules, and what would give some: found out by taking one bound after the other away.

use super::data::Data;
use super::mine::{self, Mined};
use super::rules::{ended, options};
use crate::report::spec::{BasketScope, MbaParams, ReportSpec};
use crate::report::{Budget, RunEnd};
use affinsy_mining::{Baskets, MineOptions, Ratio, Rule, RuleSort, mine_at_most, rules};

/// Enough pairs to find the most frequent one.
const PAIRS: u64 = 100_000;

/// One sentence or two. Asked only where there are no rules.
pub fn without_rules(
    spec: &ReportSpec,
    data: &Data,
    baskets: &Baskets,
    mined: &Mined,
    budget: &Budget<'_>,
) -> Result<String, RunEnd> {
    if data.orders == 0 {
        return Ok(without_orders(spec, data));
    }
    if data.baskets == 0 {
        return Ok(without_baskets(spec, data));
    }
    let sizes_allow = |bound: Option<u32>| bound.is_none_or(|most| most >= 2);
    if !sizes_allow(spec.mba.max_itemset_size) {
        return Ok("No rules: max_itemset_size is 1, and a rule needs two products. Ask for 2 or more.".to_owned());
    }
    if mined.itemsets.max_length() < 2 {
        return without_pairs(baskets, mined, budget);
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
        let name = spec.scope_name();
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

fn without_pairs(baskets: &Baskets, mined: &Mined, budget: &Budget<'_>) -> Result<String, RunEnd> {
    if let Some(raised) = &mined.raised {
        return Ok(format!(
            "No rules: every threshold at which two products share enough baskets gives more than {}. Ask for a \
             smaller max_itemset_size or max_consequent_size, or leave great baskets out with filters.max_basket_size.",
            raised.too_many
        ));
    }
    let options = MineOptions {
        max_itemset_size: Some(2),
        max_itemsets: PAIRS,
        max_memory_bytes: mine::memory(budget),
        threads: budget.threads,
        stop: budget.stop,
        ..MineOptions::with_support_count(1)
    };
    let (looked_at, sets) =
        mine_at_most(baskets, 1, PAIRS, &options).map_err(|error| mine::run_end(error, 1, baskets.len() as u64))?;
    let most = sets.iter().filter(|(items, _)| items.len() == 2).map(|(_, count)| count).max();
    Ok(no_pair(most, mined.min_support_count, looked_at))
}

/// `most` is the most baskets that two products share, as far as sets in fewer than `looked_at` were left out.
fn no_pair(most: Option<u32>, threshold: u32, looked_at: u32) -> String {
    match most {
        Some(count) => format!(
            "No rules: no two products share at least {threshold} baskets. The most any two share is {count}: \
             min_support_count {count} or less would find them."
        ),
        None if looked_at > 1 => format!(
            "No rules: no two products share as many as {} baskets. Ask for a smaller min_support_count.",
            looked_at.min(threshold)
        ),
        None => "No rules: no two products share a basket.".to_owned(),
    }
}

/// A bound: its name, how it is switched off, the value that does, and the order in which the rule that came
/// nearest to it is first.
type Step = (&'static str, fn(&mut MbaParams), &'static str, RuleSort);

const STEPS: [Step; 4] = [
    ("include_redundant", |p| p.include_redundant = true, "true", RuleSort::Lift),
    ("max_q_value", |p| p.max_q_value = Ratio::ONE, "1", RuleSort::QValue),
    ("min_lift", |p| p.min_lift = Ratio::ZERO, "0", RuleSort::Lift),
    ("min_confidence", |p| p.min_confidence = Ratio::ZERO, "0", RuleSort::Confidence),
];

/// Takes bounds away until rules appear; the last one taken is the one that emptied the list.
fn without_passing_rules(
    spec: &ReportSpec,
    baskets: u64,
    mined: &Mined,
    budget: &Budget<'_>,
) -> Result<String, RunEnd> {
    let mut relaxed = spec.mba.clone();
    let mut settings: Vec<String> = Vec::new();
    for (name, relax, off, sort) in STEPS {
        let before = relaxed.clone();
        relax(&mut relaxed);
        if relaxed == before {
            continue;
        }
        settings.insert(0, format!("{name} {off}"));
        let sorted = MbaParams { sort_by: sort, max_rules: Some(1), ..relaxed.clone() };
        let found = rules(&mined.itemsets, baskets, &options(&sorted, budget)).map_err(ended)?;
        if let Some(best) = found.rules.first() {
            return Ok(emptied_by(name, &settings, found.found, best, baskets, spec));
        }
    }
    Ok("No rules: every bound together leaves none. Ask for a smaller min_support.".to_owned())
}

fn emptied_by(name: &str, settings: &[String], found: u64, best: &Rule, baskets: u64, spec: &ReportSpec) -> String {
    let metrics = best.metrics(baskets);
    let (asked, nearest) = match name {
        "include_redundant" => {
            let pass = if found == 1 { "passes" } else { "pass" };
            return format!(
                "No rules: {found} {pass} every other bound, but more general rules do as well. include_redundant \
                 true would give {found}."
            );
        }
        "max_q_value" => (spec.mba.max_q_value, format!("the least q_value is {}", rounded_up(best.q_value))),
        "min_lift" => (spec.mba.min_lift, format!("the greatest lift is {}", rounded_down(metrics.lift))),
        _ => (spec.mba.min_confidence, format!("the greatest confidence is {}", rounded_down(metrics.confidence))),
    };
    format!("No rules: {name} {} leaves none; {nearest}. {} would give {found}.", asked.to_f64(), together(settings))
}

/// `min_confidence 0 with min_lift 0, max_q_value 1 and include_redundant true`
fn together(settings: &[String]) -> String {
    match settings {
        [] => String::new(),
        [one] => one.clone(),
        [one, other] => format!("{one} with {other}"),
        [one, others @ .., last] => format!("{one} with {} and {last}", others.join(", ")),
    }
}

/// Four decimals, never more than the number: it failed a bound from below and must be seen to.
fn rounded_down(number: f64) -> String {
    nearest(number, |near| if near > number { near - STEP } else { near })
}

/// Four decimals, never less than the number.
fn rounded_up(number: f64) -> String {
    nearest(number, |near| if near < number { near + STEP } else { near })
}

const STEP: f64 = 1e-4;

fn nearest(number: f64, moved: impl Fn(f64) -> f64) -> String {
    let near: f64 = format!("{number:.4}").parse().unwrap_or(number);
    format!("{:.4}", moved(near))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_near_a_bound_stay_on_their_side() {
        assert_eq!((rounded_down(0.799_999), rounded_up(0.050_001)), ("0.7999".into(), "0.0501".into()));
        assert_eq!((rounded_down(0.29), rounded_up(0.07)), ("0.2900".into(), "0.0700".into()));
    }

    #[test]
    fn pairs_that_were_not_looked_for_are_not_denied() {
        let check = |most, threshold, looked_at, expected: &str| {
            let text = no_pair(most, threshold, looked_at);
            assert!(text.contains(expected), "{text}");
        };
        check(None, 9, 1, "no two products share a basket.");
        check(None, 9, 3, "no two products share as many as 3 baskets");
        check(None, 2, 3, "no two products share as many as 2 baskets");
        check(Some(4), 9, 3, "The most any two share is 4");
    }
}
