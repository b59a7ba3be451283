//! Orders made ready for storage: each order once, each of its products once, sorted.
//! Knows nothing of the form they came in or will be kept in.

use crate::decimal::{Amount, Quantity};
use crate::names::TextList;
use crate::time::Instant;

/// Orders sorted by (`xxh3_64(order_id)`, order_id); the lines of each by product name.
#[derive(Debug, Clone, Default)]
pub struct OrderBatch {
    pub(super) orders: Vec<Header>,
    pub(super) order_ids: TextList,
    pub(super) customers: TextList,
    pub(super) products: TextList,
    pub(super) lines: Vec<OrderLine>,
}

#[derive(Debug, Clone)]
pub(super) struct Header {
    pub hash: u64,
    /// Where its id stands in `order_ids`.
    pub id: u32,
    pub customer: Option<u32>,
    pub date: Option<Instant>,
    pub lines_end: usize,
}

/// One order of a batch.
#[derive(Debug, Clone, Copy)]
pub struct Order<'a> {
    /// `xxh3_64` of the id.
    pub hash: u64,
    pub id: &'a str,
    /// Code for [`OrderBatch::customer`]; `None` is a guest.
    pub customer: Option<u32>,
    pub date: Option<Instant>,
    pub lines: &'a [OrderLine],
}

/// What one order says of one product.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OrderLine {
    /// Code for [`OrderBatch::product`].
    pub product: u32,
    /// Zero removes the line.
    pub quantity: Quantity,
    /// Unit price × quantity; `None` where the price is unknown.
    pub amount: Option<Amount>,
}

impl OrderBatch {
    pub fn order_count(&self) -> usize {
        self.orders.len()
    }
    pub fn line_count(&self) -> usize {
        self.lines.len()
    }
    pub fn product(&self, code: u32) -> &str {
        self.products.get(code as usize)
    }
    pub fn products(&self) -> &TextList {
        &self.products
    }
    pub fn customer(&self, code: u32) -> &str {
        self.customers.get(code as usize)
    }
    pub fn customers(&self) -> &TextList {
        &self.customers
    }
    pub fn orders(&self) -> impl ExactSizeIterator<Item = Order<'_>> {
        (0..self.orders.len()).map(|at| self.order(at))
    }

    /// Keeps the lines for which `keep` holds, and the orders that still have one.
    pub fn retain(&mut self, mut keep: impl FnMut(&Order<'_>, &str, &OrderLine) -> bool) {
        let (mut orders, mut lines) = (Vec::new(), Vec::new());
        for order in self.orders() {
            let before = lines.len();
            lines.extend(order.lines.iter().filter(|line| keep(&order, self.product(line.product), line)));
            orders.push(lines.len() - before);
        }
        let mut end = 0;
        let mut kept = orders.into_iter();
        self.orders.retain_mut(|order| {
            let count = kept.next().expect("one count for each order");
            end += count;
            order.lines_end = end;
            count > 0
        });
        self.lines = lines;
    }

    fn order(&self, at: usize) -> Order<'_> {
        let header = &self.orders[at];
        let start = if at == 0 { 0 } else { self.orders[at - 1].lines_end };
        Order {
            hash: header.hash,
            id: self.order_ids.get(header.id as usize),
            customer: header.customer,
            date: header.date,
            lines: &self.lines[start..header.lines_end],
        }
    }
}
