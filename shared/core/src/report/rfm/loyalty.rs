//! How customers come back: from each order to the next, after how many days, and how unevenly the money is
//! spread among them.

use super::population::Population;
use super::{revenue_share, share};
use crate::decimal::Amount;
use affinsy_mining::rfm::{gini, mean, quantile, top_sum};
use serde::Serialize;

/// How much of the revenue the best customers bring.
#[derive(Debug, Serialize)]
pub struct Concentration {
    /// 0: all spend the same; near 1: one spends everything. Spend below zero counts as zero.
    pub gini: Option<f64>,
    pub top_20_percent: TopShare,
    pub top: Vec<TopShare>,
}

/// The customers of highest spend: ⌈share × N⌉ of them.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct TopShare {
    pub share_of_customers: f64,
    pub customers: u64,
    pub revenue: Amount,
    pub revenue_share: Option<f64>,
}

/// One step of the funnel.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct FunnelStep {
    /// Number of the order, from 1.
    pub order: u32,
    /// Customers with at least this many orders.
    pub customers: u64,
    /// Of them, those with one more.
    pub with_next_order: u64,
    pub p_next_order: Option<f64>,
}

/// Days between consecutive purchase days of a customer.
#[derive(Debug, Serialize)]
pub struct Repurchase {
    pub intervals: u64,
    pub mean_days: Option<f64>,
    pub p10_days: Option<f64>,
    pub p25_days: Option<f64>,
    pub median_days: Option<f64>,
    pub p75_days: Option<f64>,
    pub p80_days: Option<f64>,
    pub p90_days: Option<f64>,
    pub p95_days: Option<f64>,
    /// The first interval, the second …
    pub by_repeat: Vec<RepeatInterval>,
}

/// The days to the (`repeat` + 1)th purchase day.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct RepeatInterval {
    pub repeat: u32,
    pub intervals: u64,
    pub median_days: Option<f64>,
}

/// Later steps are the few heaviest buyers.
const STEPS: u32 = 10;
const TOP_PERCENTS: [u64; 5] = [1, 5, 10, 20, 50];

pub fn concentration(population: &Population<'_>) -> Concentration {
    let spends = population.customers.iter().rev().map(|customer| customer.monetary.billionths());
    let ascending: Vec<i128> = spends.collect();
    let total = population.revenue();
    let top = |percent: u64| {
        let customers = (ascending.len() as u64 * percent).div_ceil(100);
        let revenue = Amount::from_billionths(top_sum(&ascending, customers as usize));
        let revenue_share = revenue_share(revenue, total);
        TopShare { share_of_customers: percent as f64 / 100.0, customers, revenue, revenue_share }
    };
    Concentration { gini: gini(&ascending), top_20_percent: top(20), top: TOP_PERCENTS.map(top).to_vec() }
}

pub fn funnel(population: &Population<'_>) -> Vec<FunnelStep> {
    let at_least = |orders: u32| population.customers.iter().filter(|c| c.frequency >= orders).count() as u64;
    let step = |order| {
        let (customers, with_next_order) = (at_least(order), at_least(order + 1));
        let p_next_order = share(with_next_order as f64, customers as f64);
        FunnelStep { order, customers, with_next_order, p_next_order }
    };
    (1..=STEPS).map(step).take_while(|step| step.customers > 0).collect()
}

pub fn repurchase(population: &Population<'_>) -> Repurchase {
    let mut by_repeat: Vec<Vec<i64>> = vec![Vec::new(); STEPS as usize];
    let mut all = Vec::new();
    for customer in &population.customers {
        let gaps = population.gaps_of(customer.code);
        by_repeat.iter_mut().zip(&gaps).for_each(|(nth, gap)| nth.push(*gap));
        all.extend(gaps);
    }
    all.sort_unstable();
    let at = |p| quantile(&all, p);
    Repurchase {
        intervals: all.len() as u64,
        mean_days: mean(&all),
        p10_days: at(0.1),
        p25_days: at(0.25),
        median_days: at(0.5),
        p75_days: at(0.75),
        p80_days: at(0.8),
        p90_days: at(0.9),
        p95_days: at(0.95),
        by_repeat: (1..).zip(by_repeat).filter(|(_, gaps)| !gaps.is_empty()).map(repeat_interval).collect(),
    }
}

fn repeat_interval((repeat, mut gaps): (u32, Vec<i64>)) -> RepeatInterval {
    gaps.sort_unstable();
    RepeatInterval { repeat, intervals: gaps.len() as u64, median_days: quantile(&gaps, 0.5) }
}
