//! What a snapshot holds and what reports say of it, worked out in the most obvious way: maps and loops. Knows
//! nothing of segments, miners or decimals; money is whole cents.

use std::collections::{BTreeMap, BTreeSet};
use xxhash_rust::xxh3::xxh3_64;

/// What one sequence did to a dataset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// Of new lines so many are stored as the plan's cap has room for.
    Push(Vec<SentOrder>),
    /// What came to be stored of a file, all of it.
    File(Vec<SentOrder>),
    EraseOrder(String),
    EraseCustomer(String),
    DeleteDataset,
}

/// An order as a client sends it; of one order the customer and the day are always the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SentOrder {
    pub id: String,
    pub customer: Option<String>,
    pub day: i64,
    /// Product, quantity, price in cents; no product twice.
    pub lines: Vec<(String, i64, i64)>,
}

impl Change {
    /// Of a file what these lines are of it.
    pub fn only(&self, lines: &BTreeSet<(String, String)>) -> Self {
        let (Self::Push(orders) | Self::File(orders)) = self else { return self.clone() };
        let mut left = orders.clone();
        for SentOrder { id, lines: own, .. } in &mut left {
            own.retain(|(product, ..)| lines.contains(&(id.clone(), product.clone())));
        }
        Self::File(left)
    }

    /// The orders and products of which it says something.
    pub fn lines(&self) -> BTreeSet<(String, String)> {
        self.lines_of(|_| true)
    }

    /// The same of some orders.
    pub fn lines_of(&self, is_meant: impl Fn(&SentOrder) -> bool) -> BTreeSet<(String, String)> {
        let (Self::Push(orders) | Self::File(orders)) = self else { return BTreeSet::new() };
        let of = |order: &SentOrder| {
            let id = order.id.clone();
            order.lines.clone().into_iter().map(move |(product, ..)| (id.clone(), product))
        };
        orders.iter().filter(|order| is_meant(order)).flat_map(of).collect()
    }
}

pub type Orders = BTreeMap<String, Order>;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    pub customer: Option<String>,
    pub day: i64,
    /// Quantity and price by product.
    pub lines: BTreeMap<String, (i64, i64)>,
}

/// The orders there are after these changes, where a dataset may have so many lines.
pub fn orders_after<'c>(cap: Option<u64>, changes: impl IntoIterator<Item = &'c Change>) -> Orders {
    let mut orders = Orders::new();
    for change in changes {
        match change {
            Change::Push(sent) => {
                let (stored, _) = admitted(&orders, sent, cap);
                stored.iter().for_each(|order| push(&mut orders, order));
            }
            Change::File(stored) => stored.iter().for_each(|order| push(&mut orders, order)),
            Change::EraseOrder(id) => drop(orders.remove(id)),
            Change::EraseCustomer(customer) => orders.retain(|_, order| order.customer.as_ref() != Some(customer)),
            Change::DeleteDataset => orders.clear(),
        }
    }
    orders.retain(|_, order| !order.lines.is_empty());
    orders
}

fn push(orders: &mut Orders, sent: &SentOrder) {
    let new = || Order { customer: sent.customer.clone(), day: sent.day, lines: BTreeMap::new() };
    let order = orders.entry(sent.id.clone()).or_insert_with(new);
    for (product, quantity, cents) in &sent.lines {
        if *quantity == 0 {
            order.lines.remove(product);
        } else {
            order.lines.insert(product.clone(), (*quantity, *cents));
        }
    }
}

/// How many lines of a push were new, how many were there, and how many new ones had no room.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Brought {
    pub inserted: u64,
    pub updated: u64,
    pub refused: u64,
}

/// What of a push is stored beside these orders: what is there is updated and removed as ever, and new lines come in as
/// long as there is room, also where the push itself makes it. Orders go by the hashes of their ids, lines by product.
pub fn admitted(orders: &Orders, sent: &[SentOrder], cap: Option<u64>) -> (Vec<SentOrder>, Brought) {
    let is_there = |id: &str, product: &str| orders.get(id).is_some_and(|order| order.lines.contains_key(product));
    let removes = |order: &SentOrder| {
        let gone = order.lines.iter().filter(|(product, quantity, _)| *quantity == 0 && is_there(&order.id, product));
        gone.count() as i64
    };
    let freed: i64 = sent.iter().map(removes).sum();
    let mut room = cap.map_or(i64::MAX, |cap| cap as i64 - line_count(orders) as i64 + freed);
    let mut brought = Brought::default();
    let mut stored = sent.to_vec();
    stored.sort_by_key(|order| (xxh3_64(order.id.as_bytes()), order.id.clone()));
    for SentOrder { id, lines, .. } in &mut stored {
        lines.sort();
        lines.retain(|(product, quantity, _)| {
            if is_there(id, product) {
                brought.updated += 1;
            } else if *quantity != 0 && room > 0 {
                room -= 1;
                brought.inserted += 1;
            } else if *quantity != 0 {
                brought.refused += 1;
                return false;
            }
            true
        });
    }
    (stored, brought)
}

pub fn line_count(orders: &Orders) -> u64 {
    orders.values().map(|order| order.lines.len() as u64).sum()
}

/// How much a report looked at.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Counts {
    pub orders: u64,
    pub baskets: u64,
    pub line_items: u64,
    pub customers: u64,
    pub guest_orders: u64,
    pub products: u64,
}

pub fn counts(orders: &Orders) -> Counts {
    let customers: BTreeSet<&String> = orders.values().filter_map(|order| order.customer.as_ref()).collect();
    let products: BTreeSet<&String> = orders.values().flat_map(|order| order.lines.keys()).collect();
    Counts {
        orders: orders.len() as u64,
        baskets: orders.values().filter(|order| !basket(order).is_empty()).count() as u64,
        line_items: line_count(orders),
        customers: customers.len() as u64,
        guest_orders: orders.values().filter(|order| order.customer.is_none()).count() as u64,
        products: products.len() as u64,
    }
}

fn basket(order: &Order) -> BTreeSet<&String> {
    order.lines.iter().filter(|(_, (quantity, _))| *quantity > 0).map(|(product, _)| product).collect()
}

/// How many baskets hold each product, and each two products.
pub fn supports(orders: &Orders, least: u64) -> BTreeMap<Vec<String>, u64> {
    let mut supports = BTreeMap::new();
    for order in orders.values() {
        let basket: Vec<&String> = basket(order).into_iter().collect();
        for (at, one) in basket.iter().enumerate() {
            *supports.entry(vec![(*one).clone()]).or_default() += 1;
            for other in &basket[at + 1..] {
                *supports.entry(vec![(*one).clone(), (*other).clone()]).or_default() += 1;
            }
        }
    }
    supports.retain(|_, count| *count >= least);
    supports
}

/// A scored customer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Score {
    pub recency_days: i64,
    pub frequency: u64,
    pub cents: i64,
}

pub fn scores(orders: &Orders) -> BTreeMap<String, Score> {
    let as_of = orders.values().map(|order| order.day).max().unwrap_or(0);
    let mut scores: BTreeMap<String, Score> = BTreeMap::new();
    for order in orders.values() {
        let Some(customer) = &order.customer else { continue };
        let net: i64 = order.lines.values().map(|(quantity, cents)| quantity * cents).sum();
        let none = Score { recency_days: i64::MAX, frequency: 0, cents: 0 };
        let score = scores.entry(customer.clone()).or_insert(none);
        score.cents += net;
        if net > 0 {
            score.frequency += 1;
            score.recency_days = score.recency_days.min(as_of - order.day);
        }
    }
    scores.retain(|_, score| score.frequency > 0);
    scores
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(id: &str, customer: Option<&str>, day: i64, lines: &[(&str, i64, i64)]) -> SentOrder {
        let lines = lines.iter().map(|(product, quantity, cents)| ((*product).to_owned(), *quantity, *cents));
        SentOrder { id: id.to_owned(), customer: customer.map(str::to_owned), day, lines: lines.collect() }
    }

    #[test]
    fn the_last_value_wins_and_nothing_is_left_of_what_was_erased() {
        let changes = [
            Change::Push(vec![sent("1", Some("ann"), 3, &[("cup", 1, 100), ("mug", 2, 50)])]),
            Change::Push(vec![sent("2", Some("bob"), 5, &[("cup", 1, 100), ("tea", -1, 10)])]),
            Change::Push(vec![sent("1", Some("ann"), 3, &[("cup", 3, 100), ("mug", 0, 0)])]),
        ];
        let orders = orders_after(None, &changes);
        assert_eq!(orders["1"].lines, [("cup".to_owned(), (3, 100))].into());
        assert_eq!(supports(&orders, 1), [(vec!["cup".to_owned()], 2)].into());
        assert_eq!(counts(&orders).line_items, 3);
        assert_eq!(scores(&orders)["ann"], Score { recency_days: 2, frequency: 1, cents: 300 });
        assert_eq!(scores(&orders)["bob"].cents, 90);
        let erased = [Change::EraseCustomer("ann".to_owned()), Change::EraseOrder("2".to_owned())];
        assert!(orders_after(None, changes.iter().chain(&erased)).is_empty());
    }

    #[test]
    fn new_lines_come_in_while_there_is_room_and_updates_always() {
        let first = [Change::Push(vec![sent("1", None, 3, &[("cup", 1, 100), ("mug", 2, 50)])])];
        let orders = orders_after(Some(2), &first);
        assert_eq!(line_count(&orders), 2);
        let second = [sent("1", None, 3, &[("cup", 0, 0), ("mug", 7, 50), ("pot", 1, 9), ("tea", 1, 9)])];
        let (stored, brought) = admitted(&orders, &second, Some(2));
        assert_eq!(brought, Brought { inserted: 1, updated: 2, refused: 1 });
        let names: Vec<&str> = stored[0].lines.iter().map(|(product, ..)| product.as_str()).collect();
        assert_eq!(names, ["cup", "mug", "pot"]);
        assert_eq!(line_count(&orders_after(Some(0), &first)), 0);
    }
}
