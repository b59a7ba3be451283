//! One row for each scored customer: the long list of the report, and its first page.

use super::population::Customer;
use super::result::Findings;
use super::segments::average;
use super::value::Prediction;
use crate::decimal::Amount;
use crate::time::Day;
use serde::Serialize;

/// A scored customer.
#[derive(Debug, Serialize)]
pub struct CustomerRow<'m> {
    pub customer_id: &'m str,
    pub segment: &'m str,
    pub recency_days: i64,
    pub frequency: u32,
    pub monetary: Amount,
    pub r: u8,
    pub f: u8,
    pub m: u8,
    pub fm: u8,
    pub first_order: Day,
    pub last_order: Day,
    /// Net spend by qualifying order.
    pub aov: Option<Amount>,
    /// Away for longer than the rule of `churn` allows.
    pub lapsed: bool,
    /// Left out where the report has no model.
    #[serde(flatten)]
    pub prediction: Option<Prediction>,
}

const FIRST_PAGE: usize = 25;

/// Highest spend first, then by customer id; one JSON object a line.
pub fn ndjson(findings: &Findings<'_>) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (at, customer) in findings.population.customers.iter().enumerate() {
        serde_json::to_writer(&mut bytes, &row(findings, at, customer))
            .expect("a row of plain fields always serializes");
        bytes.push(b'\n');
    }
    bytes
}

pub fn first_page<'f>(findings: &'f Findings<'_>) -> Vec<CustomerRow<'f>> {
    let first = findings.population.customers.iter().enumerate().take(FIRST_PAGE);
    first.map(|(at, customer)| row(findings, at, customer)).collect()
}

fn row<'f>(findings: &'f Findings<'_>, at: usize, customer: &Customer) -> CustomerRow<'f> {
    let Customer { code, first, last, recency_days, frequency, monetary, score, segment } = *customer;
    CustomerRow {
        customer_id: findings.population.past.history.customer(code),
        segment: &findings.model.segments[segment].id,
        recency_days,
        frequency,
        monetary,
        r: score.r,
        f: score.f,
        m: score.m,
        fm: score.fm(),
        first_order: first,
        last_order: last,
        aov: average(monetary, u64::from(frequency)),
        lapsed: findings.has_lapsed(customer),
        prediction: findings.predictions.get(at).copied(),
    }
}
