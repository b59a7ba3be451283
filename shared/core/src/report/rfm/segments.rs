//! The segments of a report, each with its people, its money and what to do about it.

use super::model::{Model, SegmentText};
use super::population::{Customer, Population};
use super::{revenue_share, share};
use crate::decimal::Amount;
use affinsy_mining::rfm::{mean, median_i128, quantile};
use serde::Serialize;

/// One segment; also those nobody is in.
#[derive(Debug, Serialize)]
pub struct SegmentRow<'m> {
    pub id: &'m str,
    pub label: &'m str,
    pub description: &'m str,
    pub customers: u64,
    /// Of the scored customers.
    pub share: Option<f64>,
    pub orders: u64,
    pub revenue: Amount,
    /// Of the scored customers' revenue; `None` where that is not above zero, or refunds leave no share of it.
    pub revenue_share: Option<f64>,
    pub recency_days: Spread,
    pub frequency: Spread,
    pub monetary: MoneySpread,
    /// Revenue by order.
    pub aov: Option<Amount>,
    /// Median of the days between consecutive purchase days of the segment's customers.
    pub median_repurchase_days: Option<f64>,
    pub action: Option<&'m str>,
    pub kpi: Option<&'m str>,
}

/// `None` where there is nobody.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Spread {
    pub mean: Option<f64>,
    pub median: Option<f64>,
}

/// As [`Spread`], in money.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct MoneySpread {
    pub mean: Option<Amount>,
    pub median: Option<Amount>,
}

pub fn rows<'m>(population: &Population<'_>, model: &'m Model) -> Vec<SegmentRow<'m>> {
    let mut members: Vec<Vec<&Customer>> = vec![Vec::new(); model.segments.len()];
    for customer in &population.customers {
        members[customer.segment].push(customer);
    }
    let total = population.revenue();
    model.segments.iter().zip(members).map(|(text, members)| row(population, total, text, &members)).collect()
}

fn row<'m>(population: &Population<'_>, total: Amount, text: &'m SegmentText, members: &[&Customer]) -> SegmentRow<'m> {
    let orders = members.iter().map(|customer| u64::from(customer.frequency)).sum();
    let revenue: Amount = members.iter().map(|customer| customer.monetary).sum();
    let mut gaps: Vec<i64> = members.iter().flat_map(|customer| population.gaps_of(customer.code)).collect();
    gaps.sort_unstable();
    SegmentRow {
        id: &text.id,
        label: &text.label,
        description: &text.description,
        customers: members.len() as u64,
        share: share(members.len() as f64, population.customers.len() as f64),
        orders,
        revenue,
        revenue_share: revenue_share(revenue, total),
        recency_days: Spread::of(members.iter().map(|customer| customer.recency_days)),
        frequency: Spread::of(members.iter().map(|customer| i64::from(customer.frequency))),
        monetary: MoneySpread::of(members.iter().map(|customer| customer.monetary)),
        aov: average(revenue, orders),
        median_repurchase_days: quantile(&gaps, 0.5),
        action: text.action,
        kpi: text.kpi,
    }
}

impl Spread {
    pub fn of(values: impl Iterator<Item = i64>) -> Self {
        let mut sorted: Vec<i64> = values.collect();
        sorted.sort_unstable();
        Self { mean: mean(&sorted), median: quantile(&sorted, 0.5) }
    }
}

impl MoneySpread {
    pub fn of(values: impl Iterator<Item = Amount>) -> Self {
        let mut sorted: Vec<i128> = values.map(Amount::billionths).collect();
        sorted.sort_unstable();
        let total = sorted.iter().fold(0i128, |sum, value| sum.saturating_add(*value));
        Self {
            mean: average(Amount::from_billionths(total), sorted.len() as u64),
            median: median_i128(&sorted).map(Amount::from_billionths),
        }
    }
}

/// To the billionth; `None` over nothing.
pub fn average(total: Amount, count: u64) -> Option<Amount> {
    let (total, count) = (total.billionths(), i128::from(count));
    let rounded = || {
        let (whole, rest) = (total / count, total % count);
        whole + if 2 * rest.abs() >= count { rest.signum() } else { 0 }
    };
    (count > 0).then(|| Amount::from_billionths(rounded()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn averages_round_half_away_from_zero() {
        let check = |total, count, expected: Option<i128>| {
            assert_eq!(average(Amount::from_billionths(total), count).map(Amount::billionths), expected)
        };
        check(5, 2, Some(3));
        check(-5, 2, Some(-3));
        check(4, 3, Some(1));
        check(0, 7, Some(0));
        check(9, 0, None);
    }
}
