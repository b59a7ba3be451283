//! What customers are expected to order and spend from the anchor date on: BG/NBD with Gamma-Gamma, fitted to
//! the report's own customers. Where that says nothing the report says why, and is complete without it.

mod backtest;
mod past;

pub use backtest::Backtest;

use super::model::Model;
use super::population::Population;
use crate::decimal::Amount;
use crate::report::CustomerScope;
use affinsy_mining::rfm::clv::{BgNbd, GammaGamma, Purchases, Spend};
use past::Past;
use rustc_hash::FxHashMap;
use serde::Serialize;

/// How far the outlook reaches.
const HORIZON_DAYS: [u32; 2] = [90, 365];
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
    /// How the model would have done in the time before the anchor date; `None` where too little was known then.
    pub backtest: Option<Backtest>,
    /// What the fields of an outlook look ahead.
    pub horizon_days: [u32; 2],
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
    let pasts = pasts(population);
    let repeat_buyers = pasts.iter().filter(|past| past.purchases.repeats > 0).count();
    let fitted = fit(&pasts, repeat_buyers, scope);
    let backtest = fitted.is_ok().then(|| Backtest::run(population)).flatten();
    let verdict = match backtest.filter(Backtest::is_refused) {
        Some(_) => Err("put to the test on the last 90 days, the model is wrong by more than a factor of two"),
        None => fitted,
    };
    let none = LifetimeValue {
        model: None,
        reason: None,
        repeat_buyers: repeat_buyers as u64,
        parameters: None,
        backtest,
        horizon_days: HORIZON_DAYS,
        total: None,
        segments: Vec::new(),
    };
    let fitted = match verdict {
        Err(reason) => return (LifetimeValue { reason: Some(reason), ..none }, Vec::new()),
        Ok(fitted) => fitted,
    };
    let predictions = fitted.predict(&pasts);
    let value = LifetimeValue {
        model: Some("bg_nbd_gamma_gamma"),
        parameters: Some(fitted.parameters()),
        total: Some(total(predictions.iter())),
        segments: by_segment(population, model, &predictions),
        ..none
    };
    (value, predictions)
}

/// Parallel to the customers: who is scored has bought by the anchor date.
fn pasts(population: &Population<'_>) -> Vec<Past> {
    let Some(as_of) = population.past.window.as_of else { return Vec::new() };
    population.customers.iter().filter_map(|customer| Past::of(population, customer, as_of)).collect()
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

/// Expected purchases by past and horizon: customers with equal pasts are worked out once.
#[derive(Debug)]
struct Outlooks<const N: usize> {
    model: BgNbd,
    horizons: [f64; N],
    known: FxHashMap<(u32, u64, u64), [f64; N]>,
}

impl<const N: usize> Outlooks<N> {
    fn of(model: BgNbd, horizons: [f64; N]) -> Self {
        Self { model, horizons, known: FxHashMap::default() }
    }

    fn expected(&mut self, past: &Purchases) -> [f64; N] {
        let Self { model, horizons, known } = self;
        let key = (past.repeats, past.last.to_bits(), past.age.to_bits());
        *known.entry(key).or_insert_with(|| horizons.map(|days| model.expected_purchases(past, days).max(0.0)))
    }
}

impl Fitted {
    fn predict(&self, pasts: &[Past]) -> Vec<Prediction> {
        let mut outlooks = Outlooks::of(self.orders, HORIZON_DAYS.map(f64::from));
        let predict = |past: &Past| {
            let [soon, year] = outlooks.expected(&past.purchases);
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
