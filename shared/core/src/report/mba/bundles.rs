//! Bundles: sets of products that rules hold together, ranked by what they earn. Scenarios are arithmetic on
//! what was sold, and say so; they promise nothing.

use super::charges::Charges;
use super::ledger::{Ledger, SetMoney, share_of};
use super::names::Names;
use super::rules::products;
use crate::decimal::Amount;
use affinsy_mining::Rule;
use rayon::prelude::*;
use serde::Serialize;
use serde_json::value::RawValue;
use std::collections::BTreeMap;

/// The most bundles a report names.
const MAX_BUNDLES: usize = 20;
/// The most sets whose money is compared.
const MAX_CANDIDATES: usize = 2_000;
/// The scenario: so large a part of the baskets that lack the consequents takes them (1 in 10).
const TAKERS_INVERSE: u64 = 10;

const ASSUMPTION: &str = "a tenth of the baskets with the antecedents but without the consequents add one of each consequent at its median price";

/// One set of products that sell together.
#[derive(Debug, Serialize)]
pub struct Bundle<'n> {
    products: Vec<&'n RawValue>,
    size: usize,
    support: f64,
    support_count: u32,
    /// How many times more often than if the products had nothing to do with each other; null where that is more
    /// than a double holds (sets of very many rare products).
    lift: Option<f64>,
    /// What the bundle's products come to in the baskets that hold them all.
    revenue: Amount,
    /// What those baskets come to as a whole.
    basket_revenue: Amount,
    average_basket_value_with: Option<Amount>,
    average_basket_value_without: Option<Amount>,
    /// In the order of `products`; null where no price is known.
    median_unit_prices: Vec<Option<Amount>>,
    /// The median unit prices added up.
    list_price: Option<Amount>,
    attach: Attach<'n>,
    /// What baskets are worth by the side of `attach` that they hold.
    basket_values: BasketValues,
    scenario: Scenario,
}

/// All baskets in four parts: with both sides of a rule, with one of them whole, with neither.
#[derive(Debug, Serialize)]
struct BasketValues {
    both: ValueOf,
    only_antecedents: ValueOf,
    only_consequents: ValueOf,
    neither: ValueOf,
}

/// Some baskets, and what they come to each on average; null where there are none.
#[derive(Debug, Serialize)]
struct ValueOf {
    baskets: u64,
    average: Option<Amount>,
}

/// The bundle's most confident rule: who buys the one part also buys the other.
#[derive(Debug, Serialize)]
struct Attach<'n> {
    antecedents: Vec<&'n RawValue>,
    consequents: Vec<&'n RawValue>,
    /// Attach rate: of the baskets with the antecedents, the share that hold the consequents too.
    confidence: f64,
    /// The same the other way round.
    reverse_confidence: f64,
    antecedent_count: u32,
    consequent_count: u32,
    /// Baskets with the antecedents that lack the consequents.
    baskets_without: u32,
}

/// What selling the rest of the bundle would come to, under an assumption that is spelt out.
#[derive(Debug, Serialize)]
struct Scenario {
    assumption: &'static str,
    baskets: u64,
    revenue: Option<Amount>,
    /// The discount on the list price at which the revenue from these products would be what it is now if every
    /// basket with the antecedents took the whole bundle.
    break_even_discount: Option<f64>,
}

/// A set worth looking at, with its most confident rule.
#[derive(Debug)]
pub struct Candidate<'r> {
    pub items: Vec<u32>,
    pub best: &'r Rule,
}

/// The distinct sets of the rules, the most bought first and those with charges last, bounded in number; in the order
/// of their items.
pub fn candidates<'r>(rules: &'r [Rule], charges: &Charges) -> Vec<Candidate<'r>> {
    let mut best: BTreeMap<Vec<u32>, &Rule> = BTreeMap::new();
    for rule in rules {
        let held = best.entry(products(rule)).or_insert(rule);
        if confidence_key(rule) > confidence_key(held) {
            *held = rule;
        }
    }
    let mut candidates: Vec<Candidate<'r>> = best.into_iter().map(|(items, best)| Candidate { items, best }).collect();
    candidates.sort_by_cached_key(|candidate| {
        let Candidate { items, best } = candidate;
        (charges.are_in(items), std::cmp::Reverse(best.support_count), items.clone())
    });
    candidates.truncate(MAX_CANDIDATES);
    candidates.sort_by(|a, b| a.items.cmp(&b.items));
    candidates
}

/// More confident, then with the smaller consequent: an offer of one product is easier to make.
fn confidence_key(rule: &Rule) -> (std::cmp::Reverse<u32>, std::cmp::Reverse<usize>) {
    (std::cmp::Reverse(rule.antecedent_count), std::cmp::Reverse(rule.consequent.len()))
}

/// A bundle with its money, and what the baskets with each side of its rule come to.
#[derive(Debug)]
pub struct Priced<'r> {
    pub items: Vec<u32>,
    rule: &'r Rule,
    money: SetMoney,
    antecedents: Amount,
    consequents: Amount,
}

/// The candidates that earn the most, best first, those with charges last.
pub fn best<'r>(candidates: Vec<Candidate<'r>>, ledger: &Ledger, charges: &Charges) -> Vec<Priced<'r>> {
    let sets: Vec<&[u32]> = candidates.iter().map(|candidate| candidate.items.as_slice()).collect();
    let totals = ledger.totals(&sets);
    let mut ranked: Vec<(Candidate<'r>, SetMoney)> = candidates.into_iter().zip(totals).collect();
    ranked.sort_by_cached_key(|(candidate, money)| {
        (charges.are_in(&candidate.items), std::cmp::Reverse(money.products), candidate.items.clone())
    });
    ranked.truncate(MAX_BUNDLES);
    let priced = |(Candidate { items, best: rule }, money)| {
        let [antecedents, consequents] = [&rule.antecedent, &rule.consequent].map(|side| ledger.totals(&[side])[0]);
        Priced { items, rule, money, antecedents: antecedents.baskets, consequents: consequents.baskets }
    };
    ranked.into_iter().map(priced).collect()
}

/// What the rows need to know beyond their own set.
#[derive(Debug)]
pub struct Shop<'n> {
    pub baskets: u64,
    /// What all baskets come to.
    pub revenue: Amount,
    pub names: &'n Names,
    /// In how many baskets each item is.
    pub item_counts: &'n [u32],
    pub prices: &'n [Option<Amount>],
}

impl<'n> Shop<'n> {
    pub fn rows(&self, best: &[Priced<'_>]) -> Vec<Bundle<'n>> {
        best.iter().map(|priced| self.row(priced)).collect()
    }

    fn row(&self, priced: &Priced<'_>) -> Bundle<'n> {
        let Priced { items, rule, money, .. } = priced;
        let count = rule.support_count;
        let support = f64::from(count) / self.baskets as f64;
        let expected: f64 =
            items.iter().map(|item| f64::from(self.item_counts[*item as usize]) / self.baskets as f64).product();
        Bundle {
            products: self.names.list(items),
            size: items.len(),
            support,
            support_count: count,
            lift: Some(support / expected).filter(|lift| lift.is_finite()),
            revenue: money.products,
            basket_revenue: money.baskets,
            average_basket_value_with: share_of(money.baskets, count.into()),
            average_basket_value_without: share_of(self.revenue.minus(money.baskets), self.baskets - u64::from(count)),
            median_unit_prices: items.iter().map(|item| self.prices[*item as usize]).collect(),
            list_price: self.list_price(items),
            attach: self.attach(rule),
            basket_values: self.basket_values(priced),
            scenario: self.scenario(rule, items),
        }
    }

    fn attach(&self, rule: &Rule) -> Attach<'n> {
        Attach {
            antecedents: self.names.list(&rule.antecedent),
            consequents: self.names.list(&rule.consequent),
            confidence: f64::from(rule.support_count) / f64::from(rule.antecedent_count),
            reverse_confidence: f64::from(rule.support_count) / f64::from(rule.consequent_count),
            antecedent_count: rule.antecedent_count,
            consequent_count: rule.consequent_count,
            baskets_without: rule.antecedent_count - rule.support_count,
        }
    }

    /// Baskets with both sides are among those with either: inclusion and exclusion, no further pass.
    fn basket_values(&self, priced: &Priced<'_>) -> BasketValues {
        let Priced { rule, money: SetMoney { baskets: both, .. }, antecedents, consequents, .. } = *priced;
        let [count, with_antecedents, with_consequents] =
            [rule.support_count, rule.antecedent_count, rule.consequent_count].map(u64::from);
        let of = |baskets: u64, value: Amount| ValueOf { baskets, average: share_of(value, baskets) };
        BasketValues {
            both: of(count, both),
            only_antecedents: of(with_antecedents - count, antecedents.minus(both)),
            only_consequents: of(with_consequents - count, consequents.minus(both)),
            neither: of(
                self.baskets + count - with_antecedents - with_consequents,
                self.revenue.plus(both).minus(antecedents).minus(consequents),
            ),
        }
    }

    /// Prices at or below zero (corrections booked as products) make no scenario.
    fn scenario(&self, rule: &Rule, items: &[u32]) -> Scenario {
        let lacking = u64::from(rule.antecedent_count - rule.support_count);
        let takers = lacking / TAKERS_INVERSE;
        let price = self.list_price(&rule.consequent).filter(|price| price.is_positive());
        let revenue = price.map(|price| Amount::from_billionths(price.billionths().saturating_mul(takers.into())));
        let list_price = self.list_price(items).filter(|price| price.is_positive());
        let break_even_discount = price
            .zip(list_price)
            .map(|(price, list)| price.to_f64() * lacking as f64 / (list.to_f64() * f64::from(rule.antecedent_count)))
            .filter(|discount| (0.0..=1.0).contains(discount));
        Scenario { assumption: ASSUMPTION, baskets: takers, revenue, break_even_discount }
    }

    fn list_price(&self, items: &[u32]) -> Option<Amount> {
        items.iter().map(|item| self.prices[*item as usize]).sum()
    }
}

/// What the products of each rule come to. Rules of one set share its working out.
pub fn money(rules: &[Rule], ledger: &Ledger) -> Vec<SetMoney> {
    let mut sets: Vec<(Vec<u32>, usize)> =
        rules.par_iter().enumerate().map(|(at, rule)| (products(rule), at)).collect();
    sets.par_sort_unstable();
    let distinct: Vec<&[u32]> = sets.chunk_by(|a, b| a.0 == b.0).map(|same| same[0].0.as_slice()).collect();
    let mut money = vec![SetMoney::default(); rules.len()];
    for (same, total) in sets.chunk_by(|a, b| a.0 == b.0).zip(ledger.totals(&distinct)) {
        same.iter().for_each(|(_, at)| money[*at] = total);
    }
    money
}
