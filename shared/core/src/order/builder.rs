//! Makes a batch of whatever comes in, in any order: sorts, adds up what stands twice, and notes it.
//! Knows nothing of bodies and files, and takes every value as valid.

use super::batch::{Header, OrderBatch, OrderLine};
use super::notes::Notes;
use crate::decimal::{Amount, Price, Quantity};
use crate::names::Names;
use crate::time::Instant;
use xxhash_rust::xxh3::xxh3_64;

/// One line item as it was sent.
#[derive(Debug, Clone, Copy)]
pub struct LineDraft {
    /// Code from [`BatchBuilder::product`].
    pub product: u32,
    pub quantity: Quantity,
    pub price: Option<Price>,
}

/// Takes orders in any order, also in parts: one id is one order, whose last header holds.
#[derive(Debug, Default)]
pub struct BatchBuilder {
    order_ids: Names,
    customers: Names,
    products: Names,
    headers: Vec<Header>,
    lines: Vec<(u32, LineDraft)>,
    notes: Notes,
}

/// The greatest sum that DECIMAL(18, 3) holds; a push of 10,000 lines of 10^9 stays far below.
const MAX_THOUSANDTHS: i64 = 999_999_999_999_999_999;

impl BatchBuilder {
    pub fn product(&mut self, name: &str) -> u32 {
        self.products.code(name)
    }

    /// Adds an order, or more lines to one that is there; a date that is there stays where none comes.
    pub fn order(&mut self, id: &str, customer: Option<&str>, date: Option<Instant>, lines: &[LineDraft]) {
        let hash = xxh3_64(id.as_bytes());
        let at = self.order_ids.code_hashed(id, hash);
        let customer = customer.map(|id| self.customers.code(id));
        if let Some(known) = self.headers.get_mut(at as usize) {
            known.customer = customer;
            known.date = date.or(known.date);
            self.notes.repeated_orders.add(|| format!("{id:?}"));
        } else {
            self.headers.push(Header { hash, id: at, customer, date, lines_end: 0 });
        }
        self.lines.extend(lines.iter().map(|line| (at, *line)));
    }

    pub fn line_count(&self) -> usize {
        self.lines.len()
    }

    /// The batch, and what its sender should know.
    pub fn build(self) -> (OrderBatch, Vec<String>) {
        let (batch, notes) = self.build_noted();
        (batch, notes.into_warnings())
    }

    /// The batch, and what was noted, which adds up with what was noted of others.
    pub fn build_noted(mut self) -> (OrderBatch, Notes) {
        self.notes.undated = self.headers.iter().filter(|order| order.date.is_none()).count();
        let order_ranks = self.sort_orders();
        let product_ranks = self.products.ranks();
        let key = |(order, line): &(u32, LineDraft)| {
            u64::from(order_ranks[*order as usize]) << 32 | u64::from(product_ranks[line.product as usize])
        };
        // Stable: among equal products the price of the first stands first, so the notes are deterministic.
        self.lines.sort_by_cached_key(key);
        let mut lines = Vec::with_capacity(self.lines.len());
        for same in self.lines.chunk_by(|a, b| a.0 == b.0 && a.1.product == b.1.product) {
            let order = order_ranks[same[0].0 as usize] as usize;
            lines.push(added_up(same, &mut self.notes, |product| {
                format!("{:?} in order {:?}", self.products.get(product), self.order_ids.get(same[0].0))
            }));
            self.headers[order].lines_end = lines.len();
        }
        let batch = OrderBatch {
            orders: self.headers,
            order_ids: self.order_ids.into_list(),
            customers: self.customers.into_list(),
            products: self.products.into_list(),
            lines,
        };
        (batch, self.notes)
    }

    /// Sorts the headers; for each order's code its new place.
    fn sort_orders(&mut self) -> Vec<u32> {
        let ids = &self.order_ids;
        self.headers.sort_unstable_by(|a, b| a.hash.cmp(&b.hash).then_with(|| ids.get(a.id).cmp(ids.get(b.id))));
        let mut ranks = vec![0; self.headers.len()];
        for (rank, header) in self.headers.iter().enumerate() {
            ranks[header.id as usize] = rank as u32;
        }
        ranks
    }
}

/// One line of all the drafts of one product in one order.
fn added_up(same: &[(u32, LineDraft)], notes: &mut Notes, name: impl Fn(u32) -> String) -> OrderLine {
    let product = same[0].1.product;
    let quantity = same.iter().fold(Quantity::ZERO, |sum, (_, line)| sum.plus(line.quantity)).thousandths();
    let quantity = Quantity::from_thousandths(quantity.clamp(-MAX_THOUSANDTHS, MAX_THOUSANDTHS));
    let priced = same.iter().filter_map(|(_, line)| line.price.map(|price| price.times(line.quantity)));
    let has_price = same.iter().any(|(_, line)| line.price.is_some());
    // A purchase of unknown price makes the price of the whole unknown: what the rest adds up to is no amount of it.
    let is_priced = has_price && !same.iter().any(|(_, line)| line.price.is_none() && line.quantity.is_positive());
    let amount = (is_priced && !quantity.is_zero()).then(|| priced.sum::<Amount>());
    if same.len() > 1 {
        notes.repeated_products.add(|| name(product));
        if has_price && same.iter().any(|(_, line)| line.price.is_none() && !line.quantity.is_zero()) {
            let tally = if is_priced { &mut notes.refunds_unpriced } else { &mut notes.partly_priced };
            tally.add(|| name(product));
        }
        if quantity.is_zero() && same.iter().any(|(_, line)| !line.quantity.is_zero()) {
            notes.cancelled_out.add(|| name(product));
        }
    }
    OrderLine { product, quantity, amount }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::order::Order;

    fn line(builder: &mut BatchBuilder, product: &str, quantity: &str, price: Option<&str>) -> LineDraft {
        let price = price.map(|text| Price::parse(text).expect("valid"));
        LineDraft { product: builder.product(product), quantity: Quantity::parse(quantity).expect("valid"), price }
    }

    /// One order of these lines of product "p"; the line that comes out, and the number of warnings.
    fn check(lines: &[(&str, Option<&str>)], quantity: &str, amount: Option<&str>, warnings: usize) {
        let mut builder = BatchBuilder::default();
        let drafts: Vec<_> = lines.iter().map(|(q, price)| line(&mut builder, "p", q, *price)).collect();
        builder.order("o", None, Some(Instant(0)), &drafts);
        let (batch, notes) = builder.build();
        let got = batch.orders().next().expect("one order").lines[0];
        assert_eq!(got.quantity, Quantity::parse(quantity).expect("valid"), "{lines:?}");
        assert_eq!(got.amount.map(Amount::to_text).as_deref(), amount, "{lines:?}");
        assert_eq!(notes.len(), warnings, "{notes:?}");
    }

    #[test]
    fn products_that_stand_twice_add_up() {
        check(&[("2", Some("1.5"))], "2", Some("3"), 0);
        check(&[("2", None)], "2", None, 0);
        check(&[("0", Some("9"))], "0", None, 0);
        check(&[("2", Some("1.5")), ("1", Some("4"))], "3", Some("7"), 1);
        check(&[("2", Some("1.5")), ("1", None)], "3", None, 2);
        check(&[("2", None), ("-1", Some("5"))], "1", None, 2);
        check(&[("2", Some("5")), ("-1", None)], "1", Some("10"), 2);
        check(&[("2", None), ("1", None)], "3", None, 1);
        check(&[("2", Some("1")), ("0", None)], "2", Some("2"), 1);
        check(&[("2", Some("1")), ("-2", Some("1"))], "0", None, 2);
        check(&[("0", None), ("0", None)], "0", None, 1);
    }

    #[test]
    fn orders_are_sorted_and_the_last_header_holds() {
        let mut builder = BatchBuilder::default();
        let (b, a) = (line(&mut builder, "b", "1", None), line(&mut builder, "a", "1", None));
        builder.order("x", Some("c1"), Some(Instant(5)), &[b]);
        (0..50).for_each(|at| builder.order(&format!("o{at}"), None, None, &[b]));
        builder.order("x", Some("c2"), None, &[a]);
        let (batch, notes) = builder.build();
        let orders: Vec<Order<'_>> = batch.orders().collect();
        assert!(orders.is_sorted_by_key(|order| (order.hash, order.id)));
        assert!(orders.iter().all(|order| order.hash == xxh3_64(order.id.as_bytes())));
        let x = orders.iter().find(|order| order.id == "x").expect("there");
        let products: Vec<&str> = x.lines.iter().map(|line| batch.product(line.product)).collect();
        assert_eq!((products, x.customer.map(|code| batch.customer(code))), (vec!["a", "b"], Some("c2")));
        assert_eq!((x.date, batch.order_count(), batch.line_count()), (Some(Instant(5)), 51, 52));
        assert_eq!(notes.len(), 2, "{notes:?}");
    }

    #[test]
    fn notes_of_two_batches_add_up() {
        let noted = |id: &str| {
            let mut builder = BatchBuilder::default();
            let (tea, again) = (line(&mut builder, "tea", "1", None), line(&mut builder, "tea", "2", None));
            builder.order(id, None, None, &[tea, again]);
            builder.build_noted().1
        };
        let mut notes = noted("x");
        notes.absorb(noted("y"));
        let warnings = notes.into_warnings();
        assert!(warnings[0].starts_with("2 orders have no order_date"), "{warnings:?}");
        assert!(warnings[1].starts_with("2 products stand") && warnings[1].contains("\"x\""), "{warnings:?}");
    }

    #[test]
    fn retain_drops_orders_that_are_left_empty() {
        let mut builder = BatchBuilder::default();
        let (a, b) = (line(&mut builder, "a", "1", None), line(&mut builder, "b", "1", None));
        builder.order("x", None, None, &[a, b]);
        builder.order("y", None, None, &[a]);
        let (mut batch, _) = builder.build();
        batch.retain(|_, product, _| product == "b");
        let kept: Vec<_> = batch.orders().map(|order| (order.id, order.lines.len())).collect();
        assert_eq!(kept, [("x", 1)]);
    }
}
