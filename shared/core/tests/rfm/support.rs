//! Orders in a few words, and reports read back as JSON.

use affinsy_core::decimal::{Price, Quantity};
use affinsy_core::history::{History, HistoryBuilder, Line};
use affinsy_core::report::spec::ReportSpec;
use affinsy_core::report::{Budget, ReportOutput, rfm};
use affinsy_core::time::parse_instant;
use serde_json::Value;

/// Product, unit price (`""`: unknown), quantity.
pub type Item<'a> = (&'a str, &'a str, &'a str);

pub fn line(builder: &mut HistoryBuilder, (product, price, quantity): Item<'_>) -> Line {
    let quantity = Quantity::parse(quantity).expect("a quantity");
    let amount = (!price.is_empty()).then(|| Price::parse(price).expect("a price").times(quantity));
    Line { product: builder.product_code(product), quantity, amount }
}

pub fn order(builder: &mut HistoryBuilder, id: &str, customer: &str, date: &str, items: &[Item<'_>]) {
    let customer = Some(customer.trim()).filter(|id| !id.is_empty()).map(|id| builder.customer_code(id));
    let lines: Vec<Line> = items.iter().map(|item| line(builder, *item)).collect();
    builder.order(id, customer, parse_instant(date).expect("a date"), lines);
}

/// Order id, customer (`""`: guest), date, items.
pub fn history(orders: &[(&str, &str, &str, &[Item<'_>])]) -> History {
    let mut builder = HistoryBuilder::default();
    orders.iter().for_each(|(id, customer, date, items)| order(&mut builder, id, customer, date, items));
    builder.build()
}

/// A report's result and its customers.
pub struct Report {
    pub result: Value,
    pub customers: Vec<Value>,
}

pub fn output(history: &History, params: &str) -> ReportOutput {
    let comma = if params.is_empty() { "" } else { ", " };
    let body = format!(r#"{{{params}{comma}"report_type": "RFM"}}"#);
    let spec = ReportSpec::parse(body.as_bytes()).expect("a valid request");
    let budget = Budget { threads: 1, memory_bytes: None, stop: &|| false, progress: &|_, _| {} };
    rfm::run(history, &spec, &budget).expect("a finished report")
}

/// Runs an RFM report; `params` are the fields of the request beside the type.
pub fn report(history: &History, params: &str) -> Report {
    let output = output(history, params);
    let part = &output.parts[0];
    let text = std::str::from_utf8(&part.ndjson).expect("UTF-8");
    let customers: Vec<Value> = text.lines().map(|row| serde_json::from_str(row).expect("a JSON row")).collect();
    assert_eq!((part.name, part.rows), ("customers", customers.len() as u64));
    Report { result: serde_json::from_str(output.result.get()).expect("a JSON result"), customers }
}

impl Report {
    pub fn at(&self, pointer: &str) -> &Value {
        self.result.pointer(pointer).unwrap_or_else(|| panic!("nothing at {pointer}"))
    }
    pub fn number(&self, pointer: &str) -> f64 {
        self.at(pointer).as_f64().unwrap_or_else(|| panic!("no number at {pointer}"))
    }
    pub fn warns(&self, words: &str) -> bool {
        self.at("/warnings").as_array().expect("a list").iter().any(|w| w.as_str().expect("text").contains(words))
    }
}

/// A JSON number's exact text in `cents`, for comparison without floats.
pub fn cents(value: &Value) -> i64 {
    (value.as_f64().expect("money") * 100.0).round() as i64
}
