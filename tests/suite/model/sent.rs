//! What a client sends: small random pushes over few names, so that everything meets everything.

use super::dice::Dice;
use std::fmt::Write;

/// One push, as it is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Push {
    pub orders: Vec<SentOrder>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SentOrder {
    pub id: &'static str,
    pub customer: Option<&'static str>,
    /// Days after [`FIRST_DAY`].
    pub day: Option<u8>,
    pub lines: Vec<SentLine>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SentLine {
    pub product: &'static str,
    /// In thousandths.
    pub quantity: i64,
    /// In millionths.
    pub price: Option<i64>,
}

pub const ORDERS: [&str; 8] = ["o1", "o2", "o3", "o4", "o5", "../x", "ö#/", "o 8"];
pub const CUSTOMERS: [&str; 5] = ["ann", "bob", "eve", "zoë", "c#1"];
const PRODUCTS: [&str; 5] = ["Tea", "Mug", "Jam", "é", "👟"];
/// 2025-02-01T00:00:00Z, in microseconds.
pub const FIRST_DAY: i64 = 1_738_368_000_000_000;
pub const DAY_MICROS: i64 = 86_400_000_000;

pub fn push(dice: &mut Dice) -> Push {
    let count = 1 + dice.below(4);
    Push { orders: (0..count).map(|_| order(dice)).collect() }
}

fn order(dice: &mut Dice) -> SentOrder {
    let lines = 1 + dice.below(3);
    SentOrder {
        id: dice.pick(&ORDERS),
        customer: (!dice.one_in(4)).then(|| dice.pick(&CUSTOMERS)),
        day: (!dice.one_in(3)).then(|| dice.below(20) as u8),
        lines: (0..lines).map(|_| line(dice)).collect(),
    }
}

fn line(dice: &mut Dice) -> SentLine {
    SentLine {
        product: dice.pick(&PRODUCTS),
        quantity: dice.pick(&[0, 1_000, 1_000, 2_000, -1_000, 1_500]),
        price: dice.pick(&[None, Some(4_500_000), Some(1), Some(0), Some(-2_000_000), Some(9_990_000)]),
    }
}

impl Push {
    /// The body of `POST /data/orders`.
    pub fn body(&self, dataset_id: &str) -> String {
        let orders: Vec<String> = self.orders.iter().map(order_json).collect();
        format!(r#"{{"dataset_id": {}, "orders": [{}]}}"#, quoted(dataset_id), orders.join(", "))
    }
}

fn order_json(order: &SentOrder) -> String {
    let mut json = format!(r#"{{"order_id": {}"#, quoted(order.id));
    if let Some(customer) = order.customer {
        write!(json, r#", "customer_id": {}"#, quoted(customer)).expect("a string takes all");
    }
    if let Some(day) = order.day {
        write!(json, r#", "order_date": "2025-02-{:02}T00:00:00Z""#, day + 1).expect("a string takes all");
    }
    let lines: Vec<String> = order.lines.iter().map(line_json).collect();
    format!(r#"{json}, "line_items": [{}]}}"#, lines.join(", "))
}

fn line_json(line: &SentLine) -> String {
    let price = line.price.map(|price| format!(r#", "unit_price": {}"#, decimal(price, 6))).unwrap_or_default();
    format!(r#"{{"product_name": {}, "quantity": {}{price}}}"#, quoted(line.product), decimal(line.quantity, 3))
}

fn quoted(text: &str) -> String {
    serde_json::to_string(text).expect("a string is JSON")
}

/// A whole number of parts of one, as a decimal number.
fn decimal(parts: i64, places: u32) -> String {
    let one = 10i64.pow(places);
    let sign = if parts < 0 { "-" } else { "" };
    format!("{sign}{}.{:0width$}", parts.abs() / one, parts.abs() % one, width = places as usize)
}
