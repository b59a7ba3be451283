//! What the value models see of a customer: on which days there were purchases, and what the later ones left. Knows
//! no model.

use crate::report::customer::distinct_days;
use crate::report::rfm::population::{Customer, Population};
use crate::time::Day;
use affinsy_mining::rfm::clv::{Purchases, Spend};

/// A customer up to a date. Orders of one day are one purchase.
#[derive(Debug, Clone, Copy)]
pub struct Past {
    pub purchases: Purchases,
    pub spend: Spend,
}

impl Past {
    /// `None` where the customer had not bought by then.
    pub fn of(population: &Population<'_>, customer: &Customer, until: Day) -> Option<Self> {
        let known = || population.orders_of(customer.code).filter(|facts| facts.day <= until);
        let days = distinct_days(known().filter(|facts| facts.qualifies));
        let (first, last) = (*days.first()?, *days.last()?);
        let repeats = days.len() as u32 - 1;
        // What was sent back was not spent: refunds after the first purchase subtract from the repeats. Where they
        // leave nothing, the customer's own purchases say nothing of the value of the next.
        let kept = known().filter(|facts| facts.day > first).map(|facts| facts.net).sum::<crate::decimal::Amount>();
        let mean = if repeats > 0 && kept.is_positive() { kept.to_f64() / f64::from(repeats) } else { 0.0 };
        Some(Self {
            purchases: Purchases { repeats, last: days_between(first, last), age: days_between(first, until) },
            spend: Spend { orders: if mean > 0.0 { repeats } else { 0 }, mean },
        })
    }
}

fn days_between(from: Day, to: Day) -> f64 {
    to.days_since(from) as f64
}
