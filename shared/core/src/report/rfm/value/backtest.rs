//! The model put to the test: fitted to what was known some time ago, how many of the purchases since then would it
//! have expected? Knows nothing of money.

use super::past::Past;
use super::{MIN_REPEAT_BUYERS, Outlooks};
use crate::report::rfm::population::Population;
use crate::time::Day;
use affinsy_mining::rfm::clv::{BgNbd, Purchases};
use serde::Serialize;

/// What the model said of a time that is over.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Backtest {
    /// The model was fitted to what was known at the end of this day.
    pub fitted_on: Day,
    /// So many days were foretold.
    pub days: u32,
    /// Customers who had bought by then.
    pub customers: u64,
    /// Their days with a purchase, as the model expected them.
    pub expected_orders: f64,
    /// Those that came.
    pub actual_orders: u64,
    /// `None` where none came.
    pub expected_to_actual: Option<f64>,
}

const DAYS: u32 = 90;
/// Beyond this factor, either way, the model is not believed.
const REFUSED: f64 = 2.0;
/// Beyond this one its readers should know.
const ROUGH: f64 = 1.25;

impl Backtest {
    /// `None` where too little was known then to fit a model.
    pub fn run(population: &Population<'_>) -> Option<Self> {
        let as_of = population.past.window.as_of?;
        let then = Day(as_of.0 - DAYS as i32);
        let known = population.customers.iter().filter_map(|customer| {
            let past = Past::of(population, customer, then)?;
            let now = Past::of(population, customer, as_of)?;
            Some((past.purchases, now.purchases.repeats - past.purchases.repeats))
        });
        let (pasts, since): (Vec<Purchases>, Vec<u32>) = known.unzip();
        let repeat_buyers = pasts.iter().filter(|past| past.repeats > 0).count();
        let oldest = pasts.iter().map(|past| past.age).fold(0.0, f64::max);
        if repeat_buyers < MIN_REPEAT_BUYERS || oldest < f64::from(DAYS) {
            return None;
        }
        let mut outlooks = Outlooks::of(BgNbd::fit(&pasts)?, [f64::from(DAYS)]);
        let expected_orders: f64 = pasts.iter().map(|past| outlooks.expected(past)[0]).sum();
        let actual_orders: u64 = since.iter().map(|purchases| u64::from(*purchases)).sum();
        Some(Self {
            fitted_on: then,
            days: DAYS,
            customers: pasts.len() as u64,
            expected_orders,
            actual_orders,
            expected_to_actual: (actual_orders > 0).then(|| expected_orders / actual_orders as f64),
        })
    }

    pub fn is_refused(&self) -> bool {
        self.is_off_by(REFUSED)
    }

    pub fn is_rough(&self) -> bool {
        self.is_off_by(ROUGH)
    }

    fn is_off_by(&self, factor: f64) -> bool {
        self.expected_to_actual.is_none_or(|ratio| !(1.0 / factor..=factor).contains(&ratio))
    }
}
