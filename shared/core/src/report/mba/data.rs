//! What a basket analysis looked at, and what it left out. Knows no results.

use crate::history::History;
use crate::report::basket::{BasketExclusions, BasketSet};
use crate::report::scope::{Exclusions, Selection};
use crate::report::window::Window;
use crate::time::{Day, Instant};
use serde::Serialize;

/// The orders that count: in scope, in the date range, up to the anchor date.
#[derive(Debug, Serialize)]
pub struct Data {
    pub orders: u64,
    pub baskets: u64,
    pub line_items: u64,
    pub customers: u64,
    pub guest_orders: u64,
    pub products: u64,
    /// ISO 4217, of all amounts; null where no push named one.
    pub currency: Option<String>,
    pub date_range: Dates,
    pub exclusions: LeftOut,
}

/// First and last date of the orders that count, in the report's time zone.
#[derive(Debug, Serialize)]
pub struct Dates {
    pub start: Option<Day>,
    pub end: Option<Day>,
}

/// What did not count, or counted only in part.
#[derive(Debug, Serialize)]
pub struct LeftOut {
    #[serde(flatten)]
    pub orders: Exclusions,
    #[serde(flatten)]
    pub baskets: BasketExclusions,
    /// Lines without a price: they are in baskets, and add nothing to money.
    pub unpriced_line_items: u64,
    /// Products that a filter names and the dataset does not know.
    pub unknown_filter_products: usize,
}

pub fn of(history: &History, window: &Window, selection: &Selection, set: &BasketSet<'_>) -> Data {
    let mut customers = vec![false; history.customer_count()];
    let mut products = vec![false; history.product_count()];
    let (mut line_items, mut guest_orders, mut unpriced_line_items) = (0, 0, 0);
    let (mut first, mut last): (Option<Instant>, Option<Instant>) = (None, None);
    for order in selection.orders.iter().map(|at| &history.orders()[*at as usize]) {
        match order.customer {
            Some(customer) => customers[customer as usize] = true,
            None => guest_orders += 1,
        }
        first = Some(first.map_or(order.date, |first| first.min(order.date)));
        last = last.max(Some(order.date));
        for line in history.lines(order) {
            line_items += 1;
            unpriced_line_items += u64::from(line.amount.is_none());
            products[line.product as usize] = true;
        }
    }
    let count = |marks: Vec<bool>| marks.into_iter().filter(|mark| *mark).count() as u64;
    Data {
        orders: selection.orders.len() as u64,
        baskets: set.len() as u64,
        line_items,
        customers: count(customers),
        guest_orders,
        products: count(products),
        currency: history.currency().map(str::to_owned),
        date_range: Dates { start: first.map(|date| window.day(date)), end: last.map(|date| window.day(date)) },
        exclusions: LeftOut {
            orders: selection.exclusions,
            baskets: set.exclusions,
            unpriced_line_items,
            unknown_filter_products: set.unknown_products,
        },
    }
}
