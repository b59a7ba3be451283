//! A dataset as one report sees it: every live line of a snapshot, merged, grouped by order.
//!
//! Names are kept once each; orders and lines hold codes. Built by [`HistoryBuilder`]; reports only read.

use crate::decimal::{Amount, Quantity};
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
    products: Vec<Box<str>>,
    customers: Vec<Box<str>>,
    order_ids: Vec<Box<str>>,
    orders: Vec<OrderHeader>,
    line_products: Vec<u32>,
    line_quantities: Vec<Quantity>,
    /// `UNPRICED` where the price is unknown: an `Option<Amount>` a line would take twice the memory.
    line_amounts: Vec<Amount>,
}

const UNPRICED: Amount = Amount::from_billionths(i128::MIN);

impl History {
    pub fn orders(&self) -> &[OrderHeader] {
        &self.orders
    }
    pub fn order_id(&self, order: usize) -> &str {
        &self.order_ids[order]
    }
    pub fn lines<'a>(&'a self, order: &OrderHeader) -> impl ExactSizeIterator<Item = Line> + use<'a> {
        (order.lines.start as usize..order.lines.end as usize).map(|at| self.line(at))
    }
    pub fn line_count(&self) -> usize {
        self.line_products.len()
    }
    pub fn product(&self, code: u32) -> &str {
        &self.products[code as usize]
    }
    pub fn product_count(&self) -> usize {
        self.products.len()
    }
    pub fn customer(&self, code: u32) -> &str {
        &self.customers[code as usize]
    }
    pub fn customer_count(&self) -> usize {
        self.customers.len()
    }
    fn line(&self, at: usize) -> Line {
        let amount = self.line_amounts[at];
        Line {
            product: self.line_products[at],
            quantity: self.line_quantities[at],
            amount: (amount != UNPRICED).then_some(amount),
        }
    }
}

/// Takes orders one by one, each with its final lines.
#[derive(Debug, Default)]
pub struct HistoryBuilder {
    history: History,
    product_codes: rustc_hash::FxHashMap<Box<str>, u32>,
    customer_codes: rustc_hash::FxHashMap<Box<str>, u32>,
}

impl HistoryBuilder {
    pub fn product_code(&mut self, name: &str) -> u32 {
        intern(&mut self.product_codes, &mut self.history.products, name)
    }
    pub fn customer_code(&mut self, id: &str) -> u32 {
        intern(&mut self.customer_codes, &mut self.history.customers, id)
    }
    /// Adds an order; lines of quantity zero are left out, and an order without lines with them.
    pub fn order(&mut self, id: &str, customer: Option<u32>, date: Instant, lines: impl IntoIterator<Item = Line>) {
        let start = self.history.line_products.len() as u32;
        for line in lines.into_iter().filter(|line| !line.quantity.is_zero()) {
            self.history.line_products.push(line.product);
            self.history.line_quantities.push(line.quantity);
            self.history.line_amounts.push(line.amount.unwrap_or(UNPRICED));
        }
        let lines = start..self.history.line_products.len() as u32;
        if !lines.is_empty() {
            self.history.order_ids.push(id.into());
            self.history.orders.push(OrderHeader { customer, date, lines });
        }
    }
    pub fn build(self) -> History {
        self.history
    }
}

fn intern(codes: &mut rustc_hash::FxHashMap<Box<str>, u32>, names: &mut Vec<Box<str>>, name: &str) -> u32 {
    if let Some(code) = codes.get(name) {
        return *code;
    }
    let code = names.len() as u32;
    names.push(name.into());
    codes.insert(name.into(), code);
    code
}
