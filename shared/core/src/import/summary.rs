//! What reading a file came to: counts, and the sentences that a caller should hear.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Field, Findings, Kind, Plan};

/// Counts of one reading, so far.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Summary {
    /// Rows of data, blank lines left out.
    pub rows: u64,
    /// Order lines handed over.
    pub lines: u64,
    pub rejected: u64,
    /// Orders that never were, by their state: cancelled, voided, refunded …
    pub orders_left_out: BTreeMap<String, u64>,
    pub partly_refunded_orders: u64,
    /// Rows that belong to an order but name no item.
    pub rows_without_item: u64,
    pub dates_without_offset: u64,
}

impl Summary {
    /// What a caller should know of a file that was read; rejects are told apart.
    pub fn warnings(&self, plan: &Plan, findings: &Findings) -> Vec<String> {
        let mut said = Vec::new();
        for (state, count) in &self.orders_left_out {
            said.push(format!("{} left out: {state}", counted(*count, "order was", "orders were")));
        }
        if self.partly_refunded_orders > 0 {
            let orders = counted(self.partly_refunded_orders, "order was", "orders were");
            said.push(format!("{orders} refunded in part; the file does not say which lines, so all of them count"));
        }
        if self.rows_without_item > 0 {
            said.push(format!("{} no item and said nothing", counted(self.rows_without_item, "row has", "rows have")));
        }
        if self.dates_without_offset > 0 && plan.settings.time_zone.is_none() {
            let (one, many) = ("date names no offset and was", "dates name no offset and were");
            let dates = counted(self.dates_without_offset, one, many);
            said.push(format!("{dates} read as UTC; time_zone says where the shop's clock hangs"));
        }
        if plan.kind == Kind::WoocommerceAnalytics {
            said.push(
                "WooCommerce Analytics exports neither prices nor customer ids: good for baskets, not for RFM"
                    .to_owned(),
            );
        } else if !plan.has(Field::Customer) && plan.kind != Kind::Orders {
            said.push(
                "the file has no customer column: all orders are guests', good for baskets, not for RFM".to_owned(),
            );
        }
        if plan.has(Field::Currency) && plan.settings.currency.is_none() {
            let currency = findings.currency.as_ref();
            said.extend(currency.map(|code| format!("the file's currency is {code}; rows in another are rejected")));
        }
        said
    }
}

fn counted(count: u64, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}
