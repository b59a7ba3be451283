//! What a merchant should take from a basket analysis: what was found, what it is worth, what to do. Every
//! number and name is looked up in the finished report; none is worked out here.

use crate::insight::{FactTable, Insight, Insights, Unit};
use serde_json::Value;

/// The most insights of a report.
const MAX_INSIGHTS: usize = 6;

pub fn of(report: &Value) -> Insights {
    let mut facts = FactTable::new(report);
    let writers: [fn(&Value, &mut FactTable<'_>) -> Option<Insight>; 7] =
        [bundle, strongest_rule, opportunity, anchor, single_items, substitutes, nothing_found];
    let items = writers.iter().filter_map(|write| write(report, &mut facts)).take(MAX_INSIGHTS).collect();
    Insights::from_templates(items)
}

/// `35 baskets`, `1 basket`
fn counted(report: &Value, facts: &mut FactTable<'_>, pointer: &str, noun: &str) -> Option<String> {
    let number = facts.fact(Unit::Count, pointer)?;
    Some(format!("{number} {noun}{}", if is_one(report, pointer) { "" } else { "s" }))
}

fn is_one(report: &Value, pointer: &str) -> bool {
    report.pointer(pointer).and_then(Value::as_u64) == Some(1)
}

/// The set that earns the most.
fn bundle(report: &Value, facts: &mut FactTable<'_>) -> Option<Insight> {
    let at = "/bundles/0";
    let products = facts.name(&format!("{at}/products"))?;
    let revenue = facts.fact(Unit::Money, format!("{at}/revenue"))?;
    let shared = counted(report, facts, &format!("{at}/support_count"), "basket")?;
    let title = format!("{products} earn the most together");
    let body = match (value_with(facts, at), list_price(facts, at)) {
        (Some((with, without)), Some(list_price)) => format!(
            "They share {shared} and bring in {revenue} there. A basket with all of them is worth {with} on \
             average, one without {without}; one of each costs {list_price} at median prices."
        ),
        _ => format!("They share {shared} and bring in {revenue} there."),
    };
    let action = "Offer them as one bundle, and show each on the pages of the others.";
    Some(facts.insight("top_bundle", &title, &body, action))
}

fn value_with(facts: &mut FactTable<'_>, at: &str) -> Option<(String, String)> {
    let with = facts.fact(Unit::Money, format!("{at}/average_basket_value_with"))?;
    let without = facts.fact(Unit::Money, format!("{at}/average_basket_value_without"))?;
    Some((with, without))
}

fn list_price(facts: &mut FactTable<'_>, at: &str) -> Option<String> {
    facts.fact(Unit::Money, format!("{at}/list_price"))
}

/// The listed rule of the greatest lift.
fn strongest_rule(report: &Value, facts: &mut FactTable<'_>) -> Option<Insight> {
    let rules = report.pointer("/association_rules")?.as_array()?;
    let lift = |rule: &Value| rule.get("lift").and_then(Value::as_f64).filter(|lift| *lift > 1.0);
    let lifts = rules.iter().enumerate().filter_map(|(at, rule)| Some((at, lift(rule)?)));
    let (best, _) = lifts.fold(None, |best: Option<(usize, f64)>, new| match best {
        Some(held) if held.1 >= new.1 => Some(held),
        _ => Some(new),
    })?;
    let at = format!("/association_rules/{best}");
    let antecedents = facts.name(&format!("{at}/antecedents"))?;
    let consequents = facts.name(&format!("{at}/consequents"))?;
    let lift = facts.fact(Unit::Factor, format!("{at}/lift"))?;
    let confidence = facts.fact(Unit::Share, format!("{at}/confidence"))?;
    let shared = counted(report, facts, &format!("{at}/support_count"), "basket")?;
    let usual = facts.fact(Unit::Share, format!("{at}/consequent_support"))?;
    let revenue = facts.fact(Unit::Money, format!("{at}/revenue"))?;
    let title = format!("{antecedents} and {consequents} belong together");
    let body = format!(
        "{confidence} of the baskets with {antecedents} also hold {consequents}, against {usual} of all baskets: \
         {lift} times as many. The link rests on {shared}; these products bring in {revenue} there."
    );
    let action = format!("Recommend {consequents} to everyone who puts {antecedents} into the basket.");
    Some(facts.insight("strongest_rule", &title, &body, &action))
}

/// The bundle whose scenario is worth the most.
fn opportunity(report: &Value, facts: &mut FactTable<'_>) -> Option<Insight> {
    let bundles = report.pointer("/bundles")?.as_array()?;
    let worth =
        |bundle: &Value| bundle.pointer("/scenario/revenue").and_then(Value::as_f64).filter(|worth| *worth > 0.0);
    let (best, _) = bundles.iter().enumerate().filter_map(|(at, bundle)| Some((at, worth(bundle)?))).fold(
        None,
        |best: Option<(usize, f64)>, new| match best {
            Some(held) if held.1 >= new.1 => Some(held),
            _ => Some(new),
        },
    )?;
    let at = format!("/bundles/{best}");
    let antecedents = facts.name(&format!("{at}/attach/antecedents"))?;
    let consequents = facts.name(&format!("{at}/attach/consequents"))?;
    let lacking = facts.fact(Unit::Count, format!("{at}/attach/baskets_without"))?;
    let confidence = facts.fact(Unit::Share, format!("{at}/attach/confidence"))?;
    let takers = counted(report, facts, &format!("{at}/scenario/baskets"), "basket")?;
    let verb = if is_one(report, &format!("{at}/attach/baskets_without")) { "does" } else { "do" };
    let revenue = facts.fact(Unit::Money, format!("{at}/scenario/revenue"))?;
    let title = format!("Room to sell {consequents} with {antecedents}");
    let body = format!(
        "{confidence} of the baskets with {antecedents} already hold {consequents}; {lacking} {verb} not. As a scenario, \
         not a forecast: if a tenth of those, {takers}, added it at its median price, that would be {revenue}."
    );
    let action = format!("Test an offer of {consequents} in the cart of those who buy {antecedents}.");
    Some(facts.insight("cross_sell_scenario", &title, &body, &action))
}

fn anchor(report: &Value, facts: &mut FactTable<'_>) -> Option<Insight> {
    let at = "/anchors/0";
    let product = facts.name(&format!("{at}/product"))?;
    let attached = facts.name(&format!("{at}/attached"))?;
    let degree = facts.fact(Unit::Count, format!("{at}/out_degree"))?;
    let confidence = facts.fact(Unit::Share, format!("{at}/mean_confidence"))?;
    let holding = counted(report, facts, &format!("{at}/support_count"), "basket")?;
    let revenue = facts.fact(Unit::Money, format!("{at}/basket_revenue"))?;
    let title = format!("{product} brings others along");
    let body = format!(
        "It is in {holding}, worth {revenue} in all, and leads to other products by {degree} of the rules found; \
         on average {confidence} of its baskets hold what such a rule names. Most often: {attached}."
    );
    let action = "Keep it in stock and in sight, and build its page and campaigns around what follows it.";
    Some(facts.insight("anchor_product", &title, &body, action))
}

fn single_items(report: &Value, facts: &mut FactTable<'_>) -> Option<Insight> {
    report.pointer("/summary/single_item_baskets")?.as_u64().filter(|count| *count > 0)?;
    let share = facts.fact(Unit::Share, "/summary/single_item_share")?;
    let those = counted(report, facts, "/summary/single_item_baskets", "basket")?;
    let single = facts.fact(Unit::Money, "/summary/average_single_item_basket_value")?;
    let title = format!("{share} of baskets hold one product only");
    let body = match facts.fact(Unit::Money, "/summary/average_multi_item_basket_value") {
        Some(multi) => {
            format!("That is {those}, worth {single} on average; baskets with more products are worth {multi}.")
        }
        None => format!("That is {those}, worth {single} on average."),
    };
    let action = "Suggest a second product before checkout; the rules name the one most likely to fit.";
    Some(facts.insight("single_item_baskets", &title, &body, action))
}

fn substitutes(report: &Value, facts: &mut FactTable<'_>) -> Option<Insight> {
    let at = "/substitutes/0";
    let first = facts.name(&format!("{at}/products/0"))?;
    let second = facts.name(&format!("{at}/products/1"))?;
    let shared = counted(report, facts, &format!("{at}/support_count"), "basket")?;
    let expected = facts.fact(Unit::Factor, format!("{at}/expected_count"))?;
    let title = format!("{first} and {second} are seldom bought together");
    let body = format!(
        "They share {shared} where chance alone would give {expected}. Buyers may choose between them, or be \
         different people."
    );
    let action =
        "Do not bundle them; show them side by side where a buyer compares, and one where the other is sold out.";
    Some(facts.insight("substitutes", &title, &body, action))
}

fn nothing_found(report: &Value, facts: &mut FactTable<'_>) -> Option<Insight> {
    report.pointer("/summary/reason")?.as_str()?;
    let baskets = counted(report, facts, "/summary/baskets", "basket")?;
    let itemsets = counted(report, facts, "/summary/itemsets", "product set")?;
    let verb = if is_one(report, "/summary/itemsets") { "is" } else { "are" };
    let body = format!("In {baskets}, {itemsets} {verb} frequent enough, and none makes a rule within the bounds.");
    let action = "Read the reason in the summary: it names the bound that left nothing, and what would not.";
    Some(facts.insight("no_rules", "No rules within the bounds", &body, action))
}
