//! A small shop full of corner cases: ties, refunds, guests, midnight, free samples, ids that differ in case.

use crate::support::{Item, Report, order, report};
use affinsy_core::history::{History, HistoryBuilder};
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

const ORDERS: &str = include_str!("../../../../tests/golden/rfm/edge_orders.json");
const EXPECTED: &str = include_str!("../../../../tests/golden/rfm/edge_expected.json");

#[derive(Deserialize)]
struct Push {
    orders: Vec<PushedOrder>,
}

#[derive(Deserialize)]
struct PushedOrder {
    order_id: String,
    customer_id: Option<String>,
    order_date: String,
    line_items: Vec<PushedItem>,
}

#[derive(Deserialize)]
struct PushedItem {
    product_name: String,
    unit_price: Box<RawValue>,
    quantity: Box<RawValue>,
}

#[test]
fn scores_every_customer_as_expected() {
    let settings: Vec<Value> = serde_json::from_str(EXPECTED).expect("golden answers");
    assert_eq!(settings.len(), 3);
    for setting in &settings {
        check(setting, "rfm10", "segment");
        check(setting, "rf10", "segment_rf");
    }
}

fn check(setting: &Value, model: &str, segment: &str) {
    let params = format!(
        r#""params": {{"as_of": {}, "time_zone": {}, "segment_model": "{model}"}}"#,
        setting["as_of"], setting["time_zone"]
    );
    let report = report(&shop(), &params);
    let mut rows = report.customers.clone();
    rows.sort_by(|a, b| a["customer_id"].as_str().cmp(&b["customer_id"].as_str()));
    let expected = setting["rows"].as_array().expect("rows");
    assert_eq!(rows.len(), expected.len());
    for (row, wanted) in rows.iter().zip(expected) {
        for field in ["customer_id", "last_order", "recency_days", "frequency", "r", "f", "m", "fm"] {
            assert_eq!(row[field], wanted[field], "{field} of {row}");
        }
        assert_eq!(row["segment"], wanted[segment], "segment of {row}");
        assert_eq!(row["monetary"].as_f64(), wanted["monetary"].as_str().map(|m| m.parse().expect("money")));
    }
    check_totals(&report, setting);
}

fn check_totals(report: &Report, setting: &Value) {
    let not_scored = setting["not_scored"].as_array().expect("a list").len();
    assert_eq!(*report.at("/summary/customers_scored"), setting["customers"]);
    assert_eq!(*report.at("/data/exclusions/customers_not_scored"), not_scored);
    assert_eq!(*report.at("/data/exclusions/guest_orders"), setting["guest_orders"]);
    let guest_revenue: f64 = setting["guest_revenue"].as_str().expect("money").parse().expect("money");
    assert_eq!(report.number("/data/exclusions/guest_revenue"), guest_revenue);
}

pub fn shop() -> History {
    let push: Push = serde_json::from_str(ORDERS).expect("golden orders");
    let mut builder = HistoryBuilder::default();
    for pushed in &push.orders {
        let items: Vec<Item<'_>> =
            pushed.line_items.iter().map(|i| (i.product_name.as_str(), i.unit_price.get(), i.quantity.get())).collect();
        let customer = pushed.customer_id.as_deref().unwrap_or_default();
        order(&mut builder, &pushed.order_id, customer, &pushed.order_date, &items);
    }
    builder.build()
}
