//! NDJSON: one order of the API a line, taken whole or rejected whole.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::interpret::{Interpreter, Refusal};
use super::line::{Line, Sink};
use super::rows::cut;
use super::splitter::Record;
use crate::decimal::{DecimalProblem, Price, Quantity};
use crate::json::shortened;
use crate::order::{check_id, check_product_name, customer_id};

#[derive(Deserialize)]
struct OrderRow<'a> {
    #[serde(borrow)]
    order_id: Cow<'a, str>,
    #[serde(borrow, default)]
    customer_id: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    order_date: Option<Cow<'a, str>>,
    #[serde(borrow)]
    line_items: Vec<&'a RawValue>,
}

#[derive(Deserialize)]
struct ItemRow<'a> {
    #[serde(borrow)]
    product_name: Cow<'a, str>,
    #[serde(borrow, default)]
    unit_price: Option<&'a RawValue>,
    #[serde(borrow, default)]
    quantity: Option<&'a RawValue>,
}

/// Hands over the lines of an order, all or none.
pub(super) fn order(record: &Record<'_>, rows: &mut Interpreter, sink: &mut dyn Sink) -> Result<(), Refusal> {
    rows.summary.rows += 1;
    let text = record.text.trim();
    let refuse = |reason: String| Refusal { field: None, value: cut(text), reason };
    let order: OrderRow<'_> = object(text).map_err(|reason| refuse(format!("the row {reason}")))?;
    let named = |name: &str, reason: &str| refuse(format!("{name} {reason}"));
    check_id(&order.order_id).map_err(|reason| named("order_id", &reason))?;
    let customer = customer_id(order.customer_id.as_deref().unwrap_or_default());
    let customer = customer.map_err(|reason| named("customer_id", &reason))?;
    let date = match order.order_date.as_deref().map(str::trim) {
        Some(date) => Some(rows.order_date(date).map_err(|reason| named("order_date", &reason))?),
        None => None,
    };
    if order.line_items.is_empty() {
        return Err(named("line_items", "must have at least one line item"));
    }
    let items = order
        .line_items
        .iter()
        .enumerate()
        .map(|(nth, item)| Item::read(item.get()).map_err(|reason| refuse(format!("line_items/{nth}: {reason}"))));
    let items: Vec<Item<'_>> = items.collect::<Result<_, _>>()?;
    for item in &items {
        rows.summary.lines += 1;
        sink.line(&Line {
            number: record.line,
            order_id: &order.order_id,
            customer_id: customer,
            order_date: date,
            product_name: &item.product_name,
            unit_price: item.unit_price,
            quantity: item.quantity,
        });
    }
    Ok(())
}

struct Item<'a> {
    product_name: Cow<'a, str>,
    unit_price: Option<Price>,
    quantity: Quantity,
}

impl<'a> Item<'a> {
    fn read(text: &'a str) -> Result<Self, String> {
        let row: ItemRow<'a> = object(text)?;
        check_product_name(&row.product_name).map_err(|reason| format!("product_name {reason}"))?;
        Ok(Self {
            product_name: row.product_name,
            unit_price: number("unit_price", row.unit_price, Price::parse)?,
            quantity: number("quantity", row.quantity, Quantity::parse)?.unwrap_or(Quantity::ONE),
        })
    }
}

/// Serde would take a list where an object should stand.
fn object<'a, T: Deserialize<'a>>(text: &'a str) -> Result<T, String> {
    if !text.starts_with('{') {
        return Err("is no JSON object".to_owned());
    }
    serde_json::from_str(text).map_err(|error| words(&error))
}

/// The parser's words without its place, which is one within the row.
pub(super) fn words(error: &serde_json::Error) -> String {
    let said = error.to_string();
    shortened(said.rsplit_once(" at line ").map_or(said.as_str(), |(words, _)| words))
}

fn number<T>(
    name: &str,
    value: Option<&RawValue>,
    parse: fn(&str) -> Result<T, DecimalProblem>,
) -> Result<Option<T>, String> {
    let Some(text) = value.map(RawValue::get).filter(|text| *text != "null") else { return Ok(None) };
    parse(text).map(Some).map_err(|problem| format!("{name} {} {problem}", cut(text)))
}
