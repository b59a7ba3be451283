//! One history of those of many ranges of orders, which are dropped as they come: beside the whole there is never
//! more than the range at hand. Knows nothing of segments.

use super::{History, LineColumns, OrderHeader};
use crate::names::{Names, TextList};
use rayon::prelude::*;

/// Takes histories that have no order in common, in the order in which their orders are to stand.
#[derive(Debug, Default)]
pub struct HistoryJoin {
    products: Names,
    customers: Names,
    order_ids: TextList,
    orders: Vec<OrderHeader>,
    lines: LineColumns,
}

impl HistoryJoin {
    /// With room for so many lines: memory that is only used once lines stand in it.
    pub fn with_capacity(lines: usize) -> Self {
        let mut join = Self::default();
        join.lines.reserve(lines);
        join
    }

    pub fn append(&mut self, mut part: History) {
        let codes = |names: &mut Names, list: &TextList| list.iter().map(|name| names.code(name)).collect::<Vec<u32>>();
        rename_products(&mut part.lines, &codes(&mut self.products, &part.products));
        let customers = codes(&mut self.customers, &part.customers);
        let start = self.lines.len() as u32;
        self.orders.extend(part.orders.into_iter().map(|order| OrderHeader {
            customer: order.customer.map(|code| customers[code as usize]),
            lines: start + order.lines.start..start + order.lines.end,
            ..order
        }));
        self.order_ids.append(&part.order_ids);
        if self.lines.len() == 0 && self.lines.capacity() <= part.lines.len() {
            self.lines = part.lines;
        } else {
            self.lines.append(&part.lines, 0..part.lines.len());
        }
    }

    /// The whole; codes ascend as the names do.
    pub fn finish(self) -> History {
        let Self { products, customers, order_ids, mut orders, mut lines } = self;
        rename_products(&mut lines, &products.ranks());
        let ranks = customers.ranks();
        if !are_places(&ranks) {
            let rename = |order: &mut OrderHeader| order.customer = order.customer.map(|code| ranks[code as usize]);
            orders.par_iter_mut().for_each(rename);
        }
        History { products: sorted(products), customers: sorted(customers), order_ids, orders, lines, currency: None }
    }
}

fn rename_products(lines: &mut LineColumns, codes: &[u32]) {
    if !are_places(codes) {
        lines.products.par_iter_mut().for_each(|product| *product = codes[*product as usize]);
    }
}

/// Whether each code stays what it is.
fn are_places(codes: &[u32]) -> bool {
    (0..).zip(codes).all(|(place, code)| place == *code)
}

fn sorted(names: Names) -> TextList {
    let mut codes = vec![0; names.len()];
    (0..).zip(names.ranks()).for_each(|(code, rank)| codes[rank as usize] = code);
    let mut list = TextList::default();
    codes.into_iter().for_each(|code| list.push(names.get(code)));
    list
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decimal::{Amount, Quantity};
    use crate::history::{HistoryBuilder, Line};
    use crate::time::Instant;

    /// Orders of one line each: id, customer, product.
    fn history(orders: &[(&str, Option<&str>, &str)]) -> History {
        let mut builder = HistoryBuilder::default();
        for (id, customer, product) in orders {
            let customer = customer.map(|id| builder.customer_code(id));
            let amount = Some(Amount::from_billionths(1 << 70));
            let line = Line { product: builder.product_code(product), quantity: Quantity::ONE, amount };
            builder.order(id, customer, Instant(0), [line]);
        }
        builder.build()
    }

    #[test]
    fn parts_add_up_and_names_are_sorted() {
        let parts =
            [&[("3", Some("c"), "z"), ("1", None, "b")][..], &[], &[("2", Some("a"), "b"), ("0", Some("c"), "a")]];
        let mut join = HistoryJoin::with_capacity(1);
        parts.iter().for_each(|part| join.append(history(part)));
        let whole = join.finish();
        let got = whole.orders().iter().enumerate().map(|(at, order)| {
            let line = whole.lines(order).next().expect("one line");
            assert_eq!(line.amount, Some(Amount::from_billionths(1 << 70)));
            (whole.order_id(at), order.customer.map(|code| whole.customer(code)), whole.product(line.product))
        });
        assert_eq!(got.collect::<Vec<_>>(), parts.concat());
        assert_eq!([0, 1, 2].map(|code| whole.product(code)), ["a", "b", "z"]);
        assert_eq!([0, 1].map(|code| whole.customer(code)), ["a", "c"]);
    }
}
