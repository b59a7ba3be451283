//! What is known of every order and every customer up to a report's anchor date. Knows no report type and
//! no date range: scopes and scores are worked out from this.

use super::window::Window;
use crate::decimal::Amount;
use crate::history::{History, OrderHeader};
use crate::time::Day;

/// One order, summed up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OrderFacts {
    /// Calendar date in the report's zone.
    pub day: Day,
    /// Sum of the line amounts; refunds subtract, unpriced lines add nothing.
    pub net: Amount,
    /// Counts for recency and frequency: net above zero, or a purchase whose price is unknown.
    pub qualifies: bool,
    /// Has at least one product with positive quantity.
    pub forms_basket: bool,
    pub unpriced_lines: u32,
}

/// A history up to a window's anchor date, read once.
#[derive(Debug)]
pub struct Past<'a> {
    pub history: &'a History,
    pub window: &'a Window,
    /// Parallel to `History::orders`; also holds those after the anchor.
    facts: Vec<OrderFacts>,
    /// Known orders of customer `c` are `grouped[offsets[c]..offsets[c + 1]]`, by (instant, order id).
    offsets: Vec<u32>,
    grouped: Vec<u32>,
}

impl<'a> Past<'a> {
    pub fn read(history: &'a History, window: &'a Window) -> Self {
        let facts = history.orders().iter().map(|order| OrderFacts::of(history, window, order)).collect();
        let (offsets, grouped) = group_by_customer(history, window);
        Self { history, window, facts, offsets, grouped }
    }

    pub fn facts(&self, order: u32) -> &OrderFacts {
        &self.facts[order as usize]
    }

    /// A customer's known orders of any kind, oldest first.
    pub fn orders_of(&self, customer: u32) -> &[u32] {
        let at = customer as usize;
        &self.grouped[self.offsets[at] as usize..self.offsets[at + 1] as usize]
    }

    /// Codes of all customers, also of those without a known order.
    pub fn customers(&self) -> std::ops::Range<u32> {
        0..(self.offsets.len() as u32 - 1)
    }

    /// The nets of all of a customer's known orders.
    pub fn spend(&self, customer: u32) -> Amount {
        self.orders_of(customer).iter().map(|order| self.facts(*order).net).sum()
    }

    /// A customer's distinct dates of qualifying orders, ascending.
    pub fn purchase_days(&self, customer: u32) -> Vec<Day> {
        let qualifying = self.orders_of(customer).iter().map(|order| self.facts(*order)).filter(|f| f.qualifies);
        distinct_days(qualifying)
    }
}

/// The dates of orders, each once, ascending. (Clocks that go back across midnight make dates of later
/// instants earlier, so the order of the instants is not enough.)
pub fn distinct_days<'f>(facts: impl Iterator<Item = &'f OrderFacts>) -> Vec<Day> {
    let mut days: Vec<Day> = facts.map(|facts| facts.day).collect();
    days.sort_unstable();
    days.dedup();
    days
}

impl OrderFacts {
    fn of(history: &History, window: &Window, order: &OrderHeader) -> Self {
        let (mut net, mut unpriced_lines, mut forms_basket, mut unpriced_purchase) = (Amount::ZERO, 0, false, false);
        for line in history.lines(order) {
            let bought = line.quantity.is_positive();
            forms_basket |= bought;
            match line.amount {
                Some(amount) => net = net.plus(amount),
                None => {
                    unpriced_lines += 1;
                    unpriced_purchase |= bought;
                }
            }
        }
        let qualifies = net.is_positive() || unpriced_purchase;
        Self { day: window.day(order.date), net, qualifies, forms_basket, unpriced_lines }
    }
}

fn group_by_customer(history: &History, window: &Window) -> (Vec<u32>, Vec<u32>) {
    let known = || {
        let numbered = history.orders().iter().enumerate();
        numbered.filter(|(_, order)| window.is_known(order.date)).filter_map(|(at, o)| Some((at as u32, o.customer?)))
    };
    let mut offsets = vec![0u32; history.customer_count() + 1];
    known().for_each(|(_, customer)| offsets[customer as usize + 1] += 1);
    for at in 1..offsets.len() {
        offsets[at] += offsets[at - 1];
    }
    let mut next = offsets.clone();
    let mut grouped = vec![0u32; offsets[history.customer_count()] as usize];
    for (order, customer) in known() {
        grouped[next[customer as usize] as usize] = order;
        next[customer as usize] += 1;
    }
    for bounds in offsets.windows(2) {
        let group = &mut grouped[bounds[0] as usize..bounds[1] as usize];
        group.sort_unstable_by_key(|&at| (history.orders()[at as usize].date, history.order_id(at as usize)));
    }
    (offsets, grouped)
}
