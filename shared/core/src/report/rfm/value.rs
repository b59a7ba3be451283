//! What customers are expected to order and spend from the anchor date on: BG/NBD with Gamma-Gamma, fitted to
//! the report's own customers. Where that says nothing the report says why, and is complete without it.

use super::model::Model;
use super::population::{Customer, Population};
use crate::decimal::Amount;
use crate::report::CustomerScope;
use affinsy_mining::rfm::clv::{BgNbd, GammaGamma, Purchases, Spend};
use rustc_hash::FxHashMap;
use serde::Serialize;

/// Horizons in days.
const SOON: f64 = 90.0;
const YEAR: f64 = 365.0;
const MIN_REPEAT_BUYERS: usize = 100;
/// A model that gets the shop's past repeats more wrong than this by a factor is not believed about its future.
const MAX_MISFIT: f64 = 1.25;

/// The outlook of a shop.
#[derive(Debug, Serialize)]
pub struct LifetimeValue<'m> {
    /// `bg_nbd_gamma_gamma`, or `None` where there is no model.
    pub model: Option<&'static str>,
    /// Why there is none.
    pub reason: Option<&'static str>,
    /// Customers with purchases on at least two days.
    pub repeat_buyers: u64,
    pub parameters: Option<Parameters>,
    /// All scored customers together.
    pub total: Option<Outlook>,
    pub segments: Vec<SegmentOutlook<'m>>,
}

/// As fitted; α in days, v in money.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Parameters {
    pub r: f64,
    pub alpha: f64,
    pub a: f64,
    pub b: f64,
    pub p: f64,
    pub q: f64,
    pub v: f64,
    /// Repeat purchases the model expects up to the anchor date, by those that happened.
    pub expected_to_actual_repeats: f64,
}

/// What is expected in the days after the anchor date.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Outlook {
    pub expected_orders_90d: f64,
    pub expected_orders_365d: f64,
    pub expected_value_90d: Amount,
    pub expected_value_365d: Amount,
}

/// The outlook of one segment.
#[derive(Debug, Serialize)]
pub struct SegmentOutlook<'m> {
    pub segment: &'m str,
    #[serde(flatten)]
    pub outlook: Outlook,
}

/// The outlook of one customer.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Prediction {
    /// Chance that the customer has not left; `None` without repeats, of which the model cannot tell.
    pub p_alive: Option<f64>,
    #[serde(flatten)]
    pub outlook: Outlook,
}

/// The report's outlook, and each customer's (parallel to `Population::customers`; empty without a model).
pub fn outlook<'m>(
    population: &Population<'_>,
    model: &'m Model,
    scope: CustomerScope,
) -> (LifetimeValue<'m>, Vec<Prediction>) {
    let pasts: Vec<Past> = population.customers.iter().map(|customer| Past::of(population, customer)).collect();
    let repeat_buyers = pasts.iter().filter(|past| past.purchases.repeats > 0).count();
    let none = |reason| LifetimeValue {
        model: None,
        reason: Some(reason),
        repeat_buyers: repeat_buyers as u64,
        parameters: None,
        total: None,
        segments: Vec::new(),
    };
    match fit(&pasts, repeat_buyers, scope) {
        Err(reason) => (none(reason), Vec::new()),
        Ok(fitted) => {
            let predictions = fitted.predict(&pasts);
            let value = LifetimeValue {
                model: Some("bg_nbd_gamma_gamma"),
                reason: None,
                repeat_buyers: repeat_buyers as u64,
                parameters: Some(fitted.parameters()),
                total: Some(total(predictions.iter())),
                segments: by_segment(population, model, &predictions),
            };
            (value, predictions)
        }
    }
}

/// What the two models see of a customer. Orders of one day are one purchase.
struct Past {
    purchases: Purchases,
    spend: Spend,
}

struct Fitted {
    orders: BgNbd,
    value: GammaGamma,
    expected_to_actual: f64,
}

fn fit(pasts: &[Past], repeat_buyers: usize, scope: CustomerScope) -> Result<Fitted, &'static str> {
    if !matches!(scope, CustomerScope::All | CustomerScope::New90d) {
        return Err("customers or orders chosen by what was bought later would bias a model");
    }
    if repeat_buyers < MIN_REPEAT_BUYERS {
        return Err("fewer than 100 customers have bought on two days or more");
    }
    let purchases: Vec<Purchases> = pasts.iter().map(|past| past.purchases).collect();
    let spends: Vec<Spend> = pasts.iter().map(|past| past.spend).collect();
    let orders = BgNbd::fit(&purchases).ok_or("the dates of the purchases fit no BG/NBD model")?;
    let value = GammaGamma::fit(&spends).ok_or("the value of the purchases fits no Gamma-Gamma model")?;
    let expected_to_actual = expected_to_actual(&orders, &purchases);
    let believable = (1.0 / MAX_MISFIT..=MAX_MISFIT).contains(&expected_to_actual);
    if believable {
        Ok(Fitted { orders, value, expected_to_actual })
    } else {
        Err("the best model fits the past poorly")
    }
}

/// Repeats expected of newcomers over each customer's age, by the repeats there were.
fn expected_to_actual(model: &BgNbd, purchases: &[Purchases]) -> f64 {
    let newcomer = Purchases { repeats: 0, last: 0.0, age: 0.0 };
    let mut by_age = std::collections::BTreeMap::<u64, (f64, f64)>::new();
    let mut actual = 0.0;
    for past in purchases {
        actual += f64::from(past.repeats);
        by_age.entry(past.age.to_bits()).or_insert((past.age, 0.0)).1 += 1.0;
    }
    let expected: f64 =
        by_age.values().map(|(age, customers)| customers * model.expected_purchases(&newcomer, *age)).sum();
    expected / actual
}

impl Past {
    fn of(population: &Population<'_>, customer: &Customer) -> Self {
        let (mut days, mut later) = (Vec::new(), Amount::ZERO);
        for facts in population.orders_of(customer.code).filter(|facts| facts.qualifies) {
            days.push(facts.day);
            if facts.day != customer.first {
                later = later.plus(facts.net);
            }
        }
        days.sort_unstable();
        days.dedup();
        let repeats = days.len() as u32 - 1;
        let last = customer.last.days_since(customer.first) as f64;
        let mean = if repeats > 0 { later.to_f64() / f64::from(repeats) } else { 0.0 };
        Self {
            purchases: Purchases { repeats, last, age: last + customer.recency_days as f64 },
            spend: Spend { orders: if mean > 0.0 { repeats } else { 0 }, mean: mean.max(0.0) },
        }
    }
}

impl Fitted {
    /// Customers with equal pasts are worked out once.
    fn predict(&self, pasts: &[Past]) -> Vec<Prediction> {
        let mut known = FxHashMap::<(u32, u64, u64), [f64; 2]>::default();
        let predict = |past: &Past| {
            let key = (past.purchases.repeats, past.purchases.last.to_bits(), past.purchases.age.to_bits());
            let ahead = |days| self.orders.expected_purchases(&past.purchases, days).max(0.0);
            let [soon, year] = *known.entry(key).or_insert_with(|| [ahead(SOON), ahead(YEAR)]);
            let value = self.value.expected_value(&past.spend);
            Prediction {
                p_alive: (past.purchases.repeats > 0).then(|| self.orders.p_alive(&past.purchases)),
                outlook: Outlook {
                    expected_orders_90d: soon,
                    expected_orders_365d: year,
                    expected_value_90d: money(soon * value),
                    expected_value_365d: money(year * value),
                },
            }
        };
        pasts.iter().map(predict).collect()
    }

    fn parameters(&self) -> Parameters {
        let (BgNbd { r, alpha, a, b }, GammaGamma { p, q, v }) = (self.orders, self.value);
        Parameters { r, alpha, a, b, p, q, v, expected_to_actual_repeats: self.expected_to_actual }
    }
}

fn by_segment<'m>(
    population: &Population<'_>,
    model: &'m Model,
    predictions: &[Prediction],
) -> Vec<SegmentOutlook<'m>> {
    let mut members: Vec<Vec<&Prediction>> = vec![Vec::new(); model.segments.len()];
    for (customer, prediction) in population.customers.iter().zip(predictions) {
        members[customer.segment].push(prediction);
    }
    let outlook = |(text, members): (&'m super::model::SegmentText, Vec<&Prediction>)| SegmentOutlook {
        segment: &text.id,
        outlook: total(members.into_iter()),
    };
    model.segments.iter().zip(members).map(outlook).collect()
}

fn total<'p>(predictions: impl Iterator<Item = &'p Prediction>) -> Outlook {
    predictions.fold(Outlook::default(), |sum, Prediction { outlook, .. }| Outlook {
        expected_orders_90d: sum.expected_orders_90d + outlook.expected_orders_90d,
        expected_orders_365d: sum.expected_orders_365d + outlook.expected_orders_365d,
        expected_value_90d: sum.expected_value_90d.plus(outlook.expected_value_90d),
        expected_value_365d: sum.expected_value_365d.plus(outlook.expected_value_365d),
    })
}

/// An estimate to the hundredth.
fn money(value: f64) -> Amount {
    Amount::from_billionths(((value * 100.0).round() as i128).saturating_mul(10_000_000))
}
