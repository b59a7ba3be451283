//! Whose orders, and which of them, a report counts. Scopes are worked out over everything known up to the
//! anchor date; the date range is applied to the orders afterwards. Knows no report type.

mod churn;

pub use churn::{ChurnRules, LapseRule};

use super::customer::Past;
use super::spec::ReportSpec;
use super::window::Window;
use super::{CustomerScope, ReportFailure, rfm};
use crate::decimal::Amount;
use crate::history::History;
use serde::Serialize;

/// `new_90d`: the first purchase lies fewer days before the anchor than this.
const NEW_CUSTOMER_DAYS: i64 = 90;

/// The orders that count.
#[derive(Debug, Clone)]
pub struct Selection {
    /// Places in `History::orders`, ascending.
    pub orders: Vec<u32>,
    /// Codes of the customers in scope, ascending; the date range does not thin them out.
    pub customers: Vec<u32>,
    /// How lapsed customers were told apart; only for `CustomerScope::Churning`.
    pub churn: Option<ChurnRules>,
    pub exclusions: Exclusions,
}

/// Orders that do not count, each under the first reason that holds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Exclusions {
    pub orders_after_as_of: u64,
    /// Orders without a customer, where the scope is about customers.
    pub guest_orders_out_of_scope: u64,
    pub orders_out_of_scope: u64,
    pub orders_outside_date_range: u64,
}

/// Fails only where the segment model of the request makes no sense, which a read one does.
pub fn select(history: &History, window: &Window, spec: &ReportSpec) -> Result<Selection, ReportFailure> {
    select_from(&Past::read(history, window), spec)
}

/// [`select`] for a caller who has read the past already.
pub fn select_from(past: &Past<'_>, spec: &ReportSpec) -> Result<Selection, ReportFailure> {
    let known = || past.customers().filter(|customer| !past.orders_of(*customer).is_empty());
    let baskets = || known().filter(|customer| basket_orders(past, *customer).next().is_some());
    Ok(match spec.customer_scope {
        CustomerScope::All => collect(past, known().collect(), None),
        CustomerScope::FirstOrder => {
            let customers: Vec<u32> = baskets().collect();
            let first = customers.iter().filter_map(|customer| basket_orders(past, *customer).next());
            let marks = marked(past, first);
            collect(past, customers, Some(marks))
        }
        CustomerScope::Repeat => {
            let customers: Vec<u32> = known().filter(|c| basket_orders(past, *c).nth(1).is_some()).collect();
            let later = customers.iter().flat_map(|customer| basket_orders(past, *customer).skip(1));
            let marks = marked(past, later);
            collect(past, customers, Some(marks))
        }
        CustomerScope::HighValue => all_orders_of(past, high_value(past)),
        CustomerScope::New90d => all_orders_of(past, known().filter(|customer| is_new(past, *customer)).collect()),
        CustomerScope::Churning => {
            let (rules, lapsed) = ChurnRules::apply(past, spec.churn_days);
            Selection { churn: Some(rules), ..all_orders_of(past, lapsed) }
        }
        CustomerScope::Segment(place) => all_orders_of(past, rfm::members(past, &spec.rfm, place)?),
    })
}

/// A customer's orders that form a basket, by (instant, order id).
fn basket_orders<'p>(past: &'p Past<'_>, customer: u32) -> impl Iterator<Item = u32> + use<'p> {
    past.orders_of(customer).iter().copied().filter(|order| past.facts(*order).forms_basket)
}

/// Customers with spend above zero of whom 5 × (number who spent strictly more) < (number with spend above zero).
fn high_value(past: &Past<'_>) -> Vec<u32> {
    let spends = past.customers().map(|customer| (past.spend(customer), customer));
    let mut spenders: Vec<(Amount, u32)> = spends.filter(|(spend, _)| spend.is_positive()).collect();
    spenders.sort_unstable_by_key(|(spend, _)| std::cmp::Reverse(*spend));
    let (mut first_equal, mut chosen) = (0, Vec::new());
    for (at, (spend, customer)) in spenders.iter().enumerate() {
        if spenders[first_equal].0 != *spend {
            first_equal = at;
        }
        if 5 * first_equal >= spenders.len() {
            break;
        }
        chosen.push(*customer);
    }
    chosen.sort_unstable();
    chosen
}

fn is_new(past: &Past<'_>, customer: u32) -> bool {
    let first = past.orders_of(customer).iter().map(|order| past.facts(*order)).find(|facts| facts.qualifies);
    let age = first.zip(past.window.as_of).map(|(facts, as_of)| as_of.days_since(facts.day));
    age.is_some_and(|days| (0..NEW_CUSTOMER_DAYS).contains(&days))
}

fn marked(past: &Past<'_>, orders: impl Iterator<Item = u32>) -> Vec<bool> {
    let mut marks = vec![false; past.history.orders().len()];
    orders.for_each(|order| marks[order as usize] = true);
    marks
}

fn all_orders_of(past: &Past<'_>, customers: Vec<u32>) -> Selection {
    let marks = marked(past, customers.iter().flat_map(|customer| past.orders_of(*customer).iter().copied()));
    collect(past, customers, Some(marks))
}

/// Applies the marks of a scope (`None`: every order, guests too) and then the date range.
fn collect(past: &Past<'_>, customers: Vec<u32>, marks: Option<Vec<bool>>) -> Selection {
    let mut exclusions = Exclusions::default();
    let mut orders = Vec::new();
    for (at, order) in past.history.orders().iter().enumerate() {
        let in_scope = marks.as_ref().is_none_or(|marks| marks[at]);
        if !past.window.is_known(order.date) {
            exclusions.orders_after_as_of += 1;
        } else if !in_scope && order.customer.is_none() {
            exclusions.guest_orders_out_of_scope += 1;
        } else if !in_scope {
            exclusions.orders_out_of_scope += 1;
        } else if !past.window.in_range(order.date) {
            exclusions.orders_outside_date_range += 1;
        } else {
            orders.push(at as u32);
        }
    }
    Selection { orders, customers, churn: None, exclusions }
}
