//! What a sender should know of a batch that was accepted: counts with one example each, never a line each.

use serde::{Deserialize, Serialize};
use std::fmt::Write;

/// What was noted while a batch was built; batches of one file add theirs up.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notes {
    pub(super) undated: usize,
    pub(super) repeated_orders: Tally,
    pub(super) repeated_products: Tally,
    /// A part that was bought has no price.
    pub(super) partly_priced: Tally,
    /// Only parts that were given back have none.
    pub(super) refunds_unpriced: Tally,
    pub(super) cancelled_out: Tally,
}

/// How often something was seen, and where first.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Tally {
    count: usize,
    first: String,
}

impl Tally {
    pub fn add(&mut self, example: impl FnOnce() -> String) {
        if self.count == 0 {
            self.first = example();
        }
        self.count += 1;
    }
    fn absorb(&mut self, other: Self) {
        if self.count == 0 {
            self.first = other.first;
        }
        self.count += other.count;
    }
}

impl Notes {
    /// Adds what was noted of another part of the same file.
    pub fn absorb(&mut self, other: Self) {
        self.undated += other.undated;
        self.repeated_orders.absorb(other.repeated_orders);
        self.repeated_products.absorb(other.repeated_products);
        self.partly_priced.absorb(other.partly_priced);
        self.refunds_unpriced.absorb(other.refunds_unpriced);
        self.cancelled_out.absorb(other.cancelled_out);
    }
    /// In words for the sender.
    pub fn into_warnings(self) -> Vec<String> {
        let mut warnings = Vec::new();
        if self.undated > 0 {
            let orders = counted(self.undated, "order has", "orders have");
            warnings.push(format!(
                "{orders} no order_date: the time of this push stands in for it, unless another push gave one"
            ));
        }
        let mut note = |tally: Tally, one: &str, many: &str, rest: &str| {
            if tally.count > 0 {
                let mut text = format!("{} {rest}", counted(tally.count, one, many));
                write!(text, " (first: {})", tally.first).expect("a string takes every text");
                warnings.push(text);
            }
        };
        let rest = "an order_id that came before: its lines were added, its customer and date hold";
        note(self.repeated_orders, "order repeats", "orders repeat", rest);
        let rest = "more than once in one order: quantities and amounts were added up";
        note(self.repeated_products, "product stands", "products stand", rest);
        let rest = "lines with and without unit_price in one order: the price of their sum is unknown";
        note(self.partly_priced, "product has", "products have", rest);
        let rest = "refunds without unit_price in one order: the amount is that of the priced lines";
        note(self.refunds_unpriced, "product has", "products have", rest);
        let rest = "quantities that add up to 0 in one order: the line was removed";
        note(self.cancelled_out, "product has", "products have", rest);
        warnings
    }
}

fn counted(count: usize, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}
