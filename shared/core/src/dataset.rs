//! What a dataset holds, counted. Knows nothing of where it is kept.

use crate::history::History;
use crate::names::Names;
use crate::time::Instant;
use serde::Serialize;

/// The dataset of a request that names none.
pub const DEFAULT_ID: &str = "default";

/// Exact counts of one snapshot.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct DatasetCounts {
    pub orders: u64,
    /// Live lines: distinct (order_id, product_name) that were not removed.
    pub line_items: u64,
    pub customers: u64,
    pub products: u64,
    /// Orders without a customer.
    pub guest_orders: u64,
    pub first_order_date: Option<Instant>,
    pub last_order_date: Option<Instant>,
}

/// Counts what is live. A customer or product counts while one of its lines does.
pub fn count(history: &History) -> DatasetCounts {
    let mut counter = Counter::default();
    counter.add(history);
    counter.counts()
}

/// Counts a dataset piece by piece; no order may be in two pieces. Holds each customer's and product's name once.
#[derive(Debug, Default)]
pub struct Counter {
    counts: DatasetCounts,
    customers: Names,
    products: Names,
}

impl Counter {
    pub fn add(&mut self, history: &History) {
        let (orders, counts) = (history.orders(), &mut self.counts);
        counts.orders += orders.len() as u64;
        counts.line_items += history.line_count() as u64;
        counts.guest_orders += orders.iter().filter(|order| order.customer.is_none()).count() as u64;
        let first = orders.iter().map(|order| order.date).min();
        counts.first_order_date = counts.first_order_date.into_iter().chain(first).min();
        counts.last_order_date = counts.last_order_date.max(orders.iter().map(|order| order.date).max());
        let bought = orders.iter().filter_map(|order| order.customer);
        for code in used(history.customer_count(), bought) {
            self.customers.code(history.customer(code));
        }
        let sold = orders.iter().flat_map(|order| history.lines(order)).map(|line| line.product);
        for code in used(history.product_count(), sold) {
            self.products.code(history.product(code));
        }
    }

    pub fn counts(&self) -> DatasetCounts {
        let (customers, products) = (self.customers.len() as u64, self.products.len() as u64);
        DatasetCounts { customers, products, ..self.counts.clone() }
    }
}

/// The codes below `count` that occur, once each.
fn used(count: usize, codes: impl Iterator<Item = u32>) -> impl Iterator<Item = u32> {
    let mut known = vec![false; count];
    codes.for_each(|code| known[code as usize] = true);
    (0..).zip(known).filter(|(_, known)| *known).map(|(code, _)| code)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decimal::Quantity;
    use crate::history::{HistoryBuilder, Line};

    #[test]
    fn counts_what_is_live() {
        let mut builder = HistoryBuilder::default();
        let (ann, _unused) = (builder.customer_code("ann"), builder.customer_code("bob"));
        let mut line = |name: &str, quantity| Line {
            product: builder.product_code(name),
            quantity: Quantity::from_thousandths(quantity),
            amount: None,
        };
        let (tea, refund, gone) = (line("tea", 1_000), line("cup", -1_000), line("pot", 0));
        builder.order("1", Some(ann), Instant(5), [tea, refund]);
        builder.order("2", None, Instant(3), [tea, gone]);
        builder.order("3", None, Instant(1), [gone]);
        let expected = DatasetCounts {
            orders: 2,
            line_items: 3,
            customers: 1,
            products: 2,
            guest_orders: 1,
            first_order_date: Some(Instant(3)),
            last_order_date: Some(Instant(5)),
        };
        assert_eq!(count(&builder.build()), expected);
        assert_eq!(count(&History::default()), DatasetCounts::default());
    }

    #[test]
    fn pieces_add_up() {
        let piece = |id: &str, names: [&str; 2], date| {
            let mut builder = HistoryBuilder::default();
            let customer = builder.customer_code("ann");
            let line = |product| Line { product, quantity: Quantity::from_thousandths(1), amount: None };
            let lines = names.map(|name| line(builder.product_code(name)));
            builder.order(id, Some(customer), Instant(date), lines);
            builder.build()
        };
        let mut counter = Counter::default();
        counter.add(&piece("1", ["tea", "cup"], 7));
        counter.add(&History::default());
        counter.add(&piece("2", ["tea", "pot"], 5));
        let counts = counter.counts();
        assert_eq!((counts.orders, counts.line_items, counts.customers, counts.products), (2, 4, 1, 3));
        assert_eq!((counts.first_order_date, counts.last_order_date), (Some(Instant(5)), Some(Instant(7))));
    }
}
