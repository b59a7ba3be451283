//! What a dataset holds, counted. Knows nothing of where it is kept.

use crate::history::History;
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
    let orders = history.orders();
    let mut known = vec![false; history.customer_count()];
    orders.iter().filter_map(|order| order.customer).for_each(|code| known[code as usize] = true);
    let mut sold = vec![false; history.product_count()];
    orders.iter().flat_map(|order| history.lines(order)).for_each(|line| sold[line.product as usize] = true);
    DatasetCounts {
        orders: orders.len() as u64,
        line_items: history.line_count() as u64,
        customers: true_count(&known),
        products: true_count(&sold),
        guest_orders: orders.iter().filter(|order| order.customer.is_none()).count() as u64,
        first_order_date: orders.iter().map(|order| order.date).min(),
        last_order_date: orders.iter().map(|order| order.date).max(),
    }
}

fn true_count(flags: &[bool]) -> u64 {
    flags.iter().filter(|flag| **flag).count() as u64
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
}
