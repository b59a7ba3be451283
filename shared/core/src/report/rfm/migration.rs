//! How customers moved between segments since an earlier date. Both dates are scored on their own, each as a
//! report of that date would have been.

use super::model::Model;
use super::population::{Customer, Population};
use crate::decimal::Amount;
use crate::time::Day;
use rustc_hash::FxHashMap;
use serde::Serialize;
use std::cmp::Reverse;
use std::collections::BTreeMap;

/// The report says nothing about migration where there is no date to compare with.
#[derive(Debug, Serialize)]
pub struct Migration<'m> {
    pub compare_to: Day,
    /// From then to the anchor date.
    pub days: i64,
    /// Scored customers at the earlier date.
    pub customers_then: u64,
    pub customers_now: u64,
    /// How many flows somebody took; the matrix shows at most 1,000 of them.
    pub flows: u64,
    /// Flows between segments, those who stayed too.
    pub matrix: Vec<Flow<'m>>,
    pub segments: Vec<Balance<'m>>,
    /// Flows out of one segment into another, by the revenue of the customers in them.
    pub biggest_flows: Vec<Flow<'m>>,
    /// Customers scored at both dates who changed their segment, by revenue.
    pub biggest_movers: Vec<Mover<'m>>,
}

/// Customers of one segment then and another (or the same) now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Flow<'m> {
    /// `not_scored`: no purchase yet, or not in the report's scope then.
    pub from: &'m str,
    pub to: &'m str,
    pub customers: u64,
    /// What they had spent by the later date, or by the earlier one where they are not scored any more.
    pub revenue: Amount,
}

/// What one segment won and lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Balance<'m> {
    pub segment: &'m str,
    pub customers_then: u64,
    pub customers_now: u64,
    pub stayed: u64,
    pub moved_in: u64,
    pub moved_out: u64,
}

/// One customer who changed the segment.
#[derive(Debug, Clone, Serialize)]
pub struct Mover<'m> {
    pub customer_id: &'m str,
    pub from: &'m str,
    pub to: &'m str,
    pub revenue: Amount,
}

/// The row and column of those without a segment.
const NOT_SCORED: &str = "not_scored";
const SHOWN: usize = 10;
/// A bound on the size of a report with hundreds of own segments.
const MAX_FLOWS: usize = 1_000;

/// Places of segments, the place behind the last for the unscored, and who went from one to the other.
type Flows = BTreeMap<(usize, usize), (u64, Amount)>;

pub fn migration<'m>(then: &Population<'_>, now: &Population<'m>, model: &'m Model, compare_to: Day) -> Migration<'m> {
    let segment_then: FxHashMap<u32, usize> = then.customers.iter().map(|c| (c.code, c.segment)).collect();
    let flows = flows(then, now, &segment_then, model.segments.len());
    let name = |place: usize| model.segments.get(place).map_or(NOT_SCORED, |segment| segment.id.as_str());
    let named = |(&(from, to), &(customers, revenue)): (&(usize, usize), &(u64, Amount))| Flow {
        from: name(from),
        to: name(to),
        customers,
        revenue,
    };
    let mut biggest_flows: Vec<Flow<'m>> = flows.iter().filter(|((from, to), _)| from != to).map(named).collect();
    biggest_flows.sort_by_key(|flow| (Reverse(flow.revenue), flow.from, flow.to));
    biggest_flows.truncate(SHOWN);
    Migration {
        compare_to,
        days: now.past.window.as_of.map_or(0, |as_of| as_of.days_since(compare_to)),
        customers_then: then.customers.len() as u64,
        customers_now: now.customers.len() as u64,
        flows: flows.len() as u64,
        matrix: flows.iter().take(MAX_FLOWS).map(named).collect(),
        segments: balances(&flows, model),
        biggest_flows,
        biggest_movers: movers(now, &segment_then, model),
    }
}

fn flows(then: &Population<'_>, now: &Population<'_>, segment_then: &FxHashMap<u32, usize>, unscored: usize) -> Flows {
    let mut flows = Flows::new();
    let mut add = |from: usize, to: usize, customer: &Customer| {
        let (customers, revenue) = flows.entry((from, to)).or_default();
        *customers += 1;
        *revenue = revenue.plus(customer.monetary);
    };
    let mut gone = segment_then.clone();
    for customer in &now.customers {
        add(gone.remove(&customer.code).unwrap_or(unscored), customer.segment, customer);
    }
    let left = then.customers.iter().filter(|customer| gone.contains_key(&customer.code));
    left.for_each(|customer| add(customer.segment, unscored, customer));
    flows
}

fn balances<'m>(flows: &Flows, model: &'m Model) -> Vec<Balance<'m>> {
    let empty =
        |segment| Balance { segment, customers_then: 0, customers_now: 0, stayed: 0, moved_in: 0, moved_out: 0 };
    let mut balances: Vec<Balance<'m>> = model.segments.iter().map(|segment| empty(&segment.id)).collect();
    for ((from, to), (customers, _)) in flows {
        let (stayed, moved) = if from == to { (*customers, 0) } else { (0, *customers) };
        if let Some(balance) = balances.get_mut(*from) {
            balance.customers_then += customers;
            balance.stayed += stayed;
            balance.moved_out += moved;
        }
        if let Some(balance) = balances.get_mut(*to) {
            balance.customers_now += customers;
            balance.moved_in += moved;
        }
    }
    balances
}

/// `now.customers` already stands by revenue.
fn movers<'m>(now: &Population<'m>, then: &FxHashMap<u32, usize>, model: &'m Model) -> Vec<Mover<'m>> {
    let moved = now.customers.iter().filter_map(|customer| {
        let from = *then.get(&customer.code)?;
        (from != customer.segment).then(|| Mover {
            customer_id: now.past.history.customer(customer.code),
            from: &model.segments[from].id,
            to: &model.segments[customer.segment].id,
            revenue: customer.monetary,
        })
    });
    moved.take(SHOWN).collect()
}
