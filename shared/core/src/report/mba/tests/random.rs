//! Random shops, as plain values that an obvious program can go through, and as the histories that reports read.

use crate::decimal::{Amount, Price, Quantity};
use crate::history::{History, HistoryBuilder, Line};
use crate::report::spec::{Filters, ReportSpec};
use crate::report::window::Window;
use crate::time::Instant;
use proptest::prelude::*;
use std::collections::BTreeMap;

const DAY: i64 = 86_400_000_000;

#[derive(Debug, Clone)]
pub struct Order {
    pub customer: Option<u8>,
    pub day: i64,
    /// By product: pieces, and the price of one in hundredths where it is known.
    pub lines: BTreeMap<u8, (i64, Option<i64>)>,
}

/// Few customers, few products, most of a year: repeats, refunds, guests and unpriced lines all happen.
pub fn orders() -> impl Strategy<Value = Vec<Order>> {
    let line =
        (prop_oneof![4 => 1i64..3, 1 => -2i64..0], prop_oneof![5 => (1i64..900).prop_map(Some), 1 => Just(None)]);
    let order = (
        prop_oneof![6 => (0u8..9).prop_map(Some), 1 => Just(None)],
        0i64..260,
        prop::collection::btree_map(0u8..6, line, 1..5),
    );
    prop::collection::vec(order.prop_map(|(customer, day, lines)| Order { customer, day, lines }), 0..70)
}

impl Order {
    pub fn id(at: usize) -> String {
        format!("o{at:03}")
    }
    pub fn amount(&self, product: u8) -> Option<Amount> {
        let (pieces, hundredths) = self.lines[&product];
        hundredths.map(|price| Amount::from_billionths(i128::from(price * pieces) * 10_000_000))
    }
    pub fn net(&self) -> Amount {
        self.lines.keys().filter_map(|product| self.amount(*product)).sum()
    }
    pub fn bought(&self) -> Vec<u8> {
        self.lines.iter().filter(|(_, (pieces, _))| *pieces > 0).map(|(product, _)| *product).collect()
    }
}

/// Names in the order of their numbers, so that item and product are easily told from one another.
pub fn name(product: u8) -> String {
    format!("product {product}")
}

pub fn history(orders: &[Order]) -> History {
    let mut builder = HistoryBuilder::default();
    for (at, order) in orders.iter().enumerate() {
        let customer = order.customer.map(|customer| builder.customer_code(&format!("c{customer}")));
        let lines: Vec<Line> = order
            .lines
            .iter()
            .map(|(product, (pieces, price))| {
                let quantity = Quantity::parse(&pieces.to_string()).expect("a quantity");
                let price = price.map(|p| Price::parse(&format!("{}.{:02}", p / 100, p % 100)).expect("a price"));
                let amount = price.map(|price| price.times(quantity));
                Line { product: builder.product_code(&name(*product)), quantity, amount }
            })
            .collect();
        builder.order(&Order::id(at), customer, Instant(order.day * DAY), lines);
    }
    builder.build()
}

/// A window and no filters: all orders, up to the last one.
pub fn all_of(history: &History) -> (Window, Filters) {
    let spec = ReportSpec::parse(br#"{"report_type": "MBA"}"#).expect("a valid body");
    (Window::resolve(&spec, history), Filters::default())
}

/// Each customer's orders with something bought, by (day, id), as places in the list.
pub fn journeys(orders: &[Order]) -> BTreeMap<u8, Vec<usize>> {
    let mut journeys: BTreeMap<u8, Vec<usize>> = BTreeMap::new();
    for (at, order) in orders.iter().enumerate().filter(|(_, order)| !order.bought().is_empty()) {
        order.customer.iter().for_each(|customer| journeys.entry(*customer).or_default().push(at));
    }
    journeys.values_mut().for_each(|places| places.sort_by_key(|at| (orders[*at].day, *at)));
    journeys
}

/// A report of all orders.
pub fn everybody() -> ReportSpec {
    ReportSpec::parse(br#"{"report_type": "MBA"}"#).expect("a plain request")
}
