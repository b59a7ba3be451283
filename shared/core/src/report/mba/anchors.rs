//! Anchor products: those that bring the most other products into the basket. Reads rules, finds none.

use super::charges::Charges;
use super::ledger::Ledger;
use super::names::Names;
use crate::decimal::Amount;
use affinsy_mining::Rule;
use serde::Serialize;
use serde_json::value::RawValue;
use std::collections::BTreeMap;

/// The most anchors a report names.
const MAX_ANCHORS: usize = 20;
/// The most products named beside an anchor.
const MAX_ATTACHED: usize = 5;

/// One product that others follow.
#[derive(Debug, Serialize)]
pub struct Anchor<'n> {
    product: &'n RawValue,
    support: f64,
    support_count: u32,
    /// To how many products a rule leads from this one alone.
    out_degree: usize,
    mean_confidence: f64,
    mean_lift: f64,
    /// The products it leads to, most confident first, at most five.
    attached: Vec<&'n RawValue>,
    /// What the product itself comes to.
    revenue: Amount,
    /// What the baskets that hold it come to.
    basket_revenue: Amount,
}

/// Rules from one product to one product, by their antecedent; most consequents first, then most confident; charges last.
pub fn ranked<'r>(rules: &'r [Rule], charges: &Charges) -> Vec<(u32, Vec<&'r Rule>)> {
    let mut by_item: BTreeMap<u32, Vec<&'r Rule>> = BTreeMap::new();
    for rule in rules.iter().filter(|rule| rule.antecedent.len() == 1 && rule.consequent.len() == 1) {
        by_item.entry(rule.antecedent[0]).or_default().push(rule);
    }
    let mut anchors: Vec<(u32, Vec<&'r Rule>)> = by_item.into_iter().collect();
    anchors.sort_by(|(_, a), (_, b)| b.len().cmp(&a.len()).then(mean(b, confidence).total_cmp(&mean(a, confidence))));
    anchors.sort_by_key(|(item, _)| charges.are_in(&[*item]));
    anchors.truncate(MAX_ANCHORS);
    anchors
}

pub fn rows<'n>(ranked: &[(u32, Vec<&Rule>)], baskets: u64, names: &'n Names, ledger: &Ledger) -> Vec<Anchor<'n>> {
    let row = |(item, rules): &(u32, Vec<&Rule>)| {
        let mut by_confidence = rules.clone();
        by_confidence.sort_by(|a, b| confidence(b).total_cmp(&confidence(a)).then(a.consequent.cmp(&b.consequent)));
        let money = ledger.totals(&[[*item].as_slice()])[0];
        Anchor {
            product: names.one(*item),
            support: f64::from(rules[0].antecedent_count) / baskets as f64,
            support_count: rules[0].antecedent_count,
            out_degree: rules.len(),
            mean_confidence: mean(rules, confidence),
            mean_lift: mean(rules, |rule| rule.metrics(baskets).lift),
            attached: by_confidence.iter().take(MAX_ATTACHED).map(|rule| names.one(rule.consequent[0])).collect(),
            revenue: money.products,
            basket_revenue: money.baskets,
        }
    };
    ranked.iter().map(row).collect()
}

fn confidence(rule: &Rule) -> f64 {
    f64::from(rule.support_count) / f64::from(rule.antecedent_count)
}

fn mean(rules: &[&Rule], value: impl Fn(&Rule) -> f64) -> f64 {
    rules.iter().map(|rule| value(rule)).sum::<f64>() / rules.len() as f64
}
