//! Cohorts by the month of the first purchase: how many of each come back in the months after, and what they
//! bring.

use super::population::{Customer, Population};
use super::share;
use crate::decimal::Amount;
use crate::time::Day;
use serde::Serialize;
use std::collections::BTreeMap;

/// Customers whose first purchase lies in the same month.
#[derive(Debug, Serialize)]
pub struct Cohort {
    /// `2025-03`.
    pub cohort: String,
    pub customers: u64,
    /// Age 0 (the month itself) up to the month of the last order that counts, at most [`MAX_AGE`].
    pub periods: Vec<Period>,
}

/// One month of a cohort's life.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Period {
    /// Months after the month of the first purchase.
    pub age: u32,
    /// Customers who bought in it.
    pub customers: u64,
    pub orders: u64,
    /// Net of all orders of the month; refunds before the first purchase count in month 0.
    pub revenue: Amount,
    pub retention: Option<f64>,
}

/// A bound on the size of a report: the latest so many cohorts are shown.
pub const MAX_COHORTS: usize = 120;
/// Likewise: the months after the first purchase that a cohort shows.
pub const MAX_AGE: usize = 120;

/// What the bounds leave out.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LeftOut {
    /// The oldest cohorts.
    pub cohorts: usize,
    /// Whether a cohort that is shown lived longer than [`MAX_AGE`] months.
    pub later_months: bool,
}

/// Cohorts, oldest first. `last` is the date of the last order that counts: no month behind it says anything.
pub fn monthly(population: &Population<'_>, last: Option<Day>) -> (Vec<Cohort>, LeftOut) {
    let Some(last_month) = last.map(month) else { return (Vec::new(), LeftOut::default()) };
    let mut members = BTreeMap::<i32, Vec<&Customer>>::new();
    for customer in &population.customers {
        members.entry(month(customer.first)).or_default().push(customer);
    }
    let cohorts = members.len().saturating_sub(MAX_COHORTS);
    let shown = || members.iter().skip(cohorts);
    let later_months = shown().next().is_some_and(|(born, _)| last_month - born > MAX_AGE as i32);
    let cohort = |(born, customers): (&i32, &Vec<&Customer>)| {
        let mut cohort = Cohort::new(*born, last_month);
        customers.iter().for_each(|customer| cohort.admit(population, customer, *born));
        cohort.finish()
    };
    (shown().map(cohort).collect(), LeftOut { cohorts, later_months })
}

impl Cohort {
    fn new(born: i32, last_month: i32) -> Self {
        let ages = 0..=(last_month - born).clamp(0, MAX_AGE as i32) as u32;
        let periods = ages.map(|age| Period { age, ..Period::default() }).collect();
        let cohort = format!("{:04}-{:02}", born.div_euclid(12), born.rem_euclid(12) + 1);
        Self { cohort, customers: 0, periods }
    }

    fn admit(&mut self, population: &Population<'_>, customer: &Customer, born: i32) {
        self.customers += 1;
        let mut seen = None;
        for facts in population.orders_of(customer.code) {
            let age = (month(facts.day) - born).max(0) as usize;
            let Some(period) = self.periods.get_mut(age) else { continue };
            period.revenue = period.revenue.plus(facts.net);
            if facts.qualifies {
                period.orders += 1;
                period.customers += u64::from(seen != Some(age));
                seen = Some(age);
            }
        }
    }

    fn finish(mut self) -> Self {
        for period in &mut self.periods {
            period.retention = share(period.customers as f64, self.customers as f64);
        }
        self
    }
}

/// Months since year 0.
fn month(day: Day) -> i32 {
    let date = day.date();
    i32::from(date.year()) * 12 + i32::from(date.month()) - 1
}
