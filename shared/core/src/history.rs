//! A dataset as one report sees it: every live line of a snapshot, merged, grouped by order.
//!
//! Names are kept once each; orders and lines hold codes. Built by [`HistoryBuilder`]; reports only read.

mod join;
mod lines;

pub use join::HistoryJoin;
pub(crate) use lines::{LARGE, LineColumns, Room, UNPRICED, packed};

use crate::decimal::{Amount, Quantity};
use crate::names::{Names, TextList};
use crate::time::Instant;
use std::ops::Range;

/// One order: its header, and where its lines stand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderHeader {
    /// Code into [`History::customer`]; `None` is a guest order.
    pub customer: Option<u32>,
    /// The order's date, or the earliest time of push where no line carries one.
    pub date: Instant,
    lines: Range<u32>,
}

/// One live line: at most one for each product of an order; its quantity is never zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Line {
    /// Code into [`History::product`].
    pub product: u32,
    pub quantity: Quantity,
    /// `None`: the price is unknown, which is not zero.
    pub amount: Option<Amount>,
}

/// All live lines of a dataset at a snapshot.
#[derive(Debug, Clone, Default)]
pub struct History {
    products: TextList,
    customers: TextList,
    order_ids: TextList,
    orders: Vec<OrderHeader>,
    lines: LineColumns,
    /// Of all amounts; `None` where nobody said.
    currency: Option<String>,
}

impl History {
    /// The same orders, their amounts in the dataset's currency.
    #[must_use]
    pub fn in_currency(self, currency: Option<String>) -> Self {
        Self { currency, ..self }
    }
    pub fn currency(&self) -> Option<&str> {
        self.currency.as_deref()
    }
    pub fn orders(&self) -> &[OrderHeader] {
        &self.orders
    }
    pub fn order_id(&self, order: usize) -> &str {
        self.order_ids.get(order)
    }
    pub fn lines<'a>(&'a self, order: &OrderHeader) -> impl ExactSizeIterator<Item = Line> + use<'a> {
        (order.lines.start as usize..order.lines.end as usize).map(|at| self.lines.get(at))
    }
    pub fn line_count(&self) -> usize {
        self.lines.len()
    }
    pub fn product(&self, code: u32) -> &str {
        self.products.get(code as usize)
    }
    pub fn product_count(&self) -> usize {
        self.products.len()
    }
    pub fn customer(&self, code: u32) -> &str {
        self.customers.get(code as usize)
    }
    pub fn customer_count(&self) -> usize {
        self.customers.len()
    }
    /// About what it holds in memory.
    pub fn memory_bytes(&self) -> u64 {
        let texts = [&self.products, &self.customers, &self.order_ids].map(TextList::memory_bytes);
        texts.iter().sum::<u64>() + size_of_val(self.orders.as_slice()) as u64 + self.lines.memory_bytes()
    }
    /// The parts as a merge makes them. `orders` hold for each order its customer, its date and its number of lines.
    pub(crate) fn from_parts(
        products: TextList,
        customers: TextList,
        order_ids: TextList,
        orders: impl Iterator<Item = (Option<u32>, Instant, u32)>,
        lines: LineColumns,
    ) -> Self {
        let mut end = 0;
        let header = |(customer, date, count): (Option<u32>, Instant, u32)| {
            let start = end;
            end += count;
            OrderHeader { customer, date, lines: start..end }
        };
        let orders = orders.map(header).collect();
        Self { products, customers, order_ids, orders, lines, currency: None }
    }
}

/// Takes orders one by one, each with its final lines.
#[derive(Debug, Default)]
pub struct HistoryBuilder {
    history: History,
    products: Names,
    customers: Names,
}

impl HistoryBuilder {
    pub fn product_code(&mut self, name: &str) -> u32 {
        self.products.code(name)
    }
    pub fn customer_code(&mut self, id: &str) -> u32 {
        self.customers.code(id)
    }
    /// Adds an order; lines of quantity zero are left out, and an order without lines with them.
    pub fn order(&mut self, id: &str, customer: Option<u32>, date: Instant, lines: impl IntoIterator<Item = Line>) {
        let columns = &mut self.history.lines;
        let start = columns.len() as u32;
        lines.into_iter().filter(|line| !line.quantity.is_zero()).for_each(|line| columns.push(line));
        let lines = start..columns.len() as u32;
        if !lines.is_empty() {
            self.history.order_ids.push(id);
            self.history.orders.push(OrderHeader { customer, date, lines });
        }
    }
    pub fn build(self) -> History {
        History { products: self.products.into_list(), customers: self.customers.into_list(), ..self.history }
    }
}
