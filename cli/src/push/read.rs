//! A file of order lines read into orders, row by row; what cannot be used is listed with its line and the reason.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io::BufRead;
use std::path::Path;

use serde_json::value::RawValue;

use super::orders::{Line, Order, Orders};
use super::values::{self, DateForm};
use crate::failure::Failure;
use crate::input::columns::{Columns, Mapping};
use crate::input::table::Table;
use crate::input::{self, Form, Opened};

/// How to understand the file's cells.
#[derive(Debug, Clone)]
pub struct ReadOptions {
    pub mapping: Mapping,
    pub dates: DateForm,
    pub decimal_comma: bool,
}

/// A row that was left out.
#[derive(Debug, PartialEq, Eq)]
pub struct Reject {
    pub line: u64,
    pub column: &'static str,
    pub value: String,
    pub reason: String,
}

impl Reject {
    /// `line 7: price "one" is not a number`.
    pub fn said(&self) -> String {
        format!("line {}: {} {:?} {}", self.line, self.column, self.value, self.reason)
    }
}

/// What a file holds.
#[derive(Debug, Default)]
pub struct ReadOrders {
    pub orders: Vec<Order>,
    pub rows: u64,
    /// The first of them; `rejected` counts all.
    pub rejects: Vec<Reject>,
    pub rejected: u64,
    pub dates_without_zone: u64,
    /// How the columns were understood.
    pub taken_for: String,
}

/// Rejects kept to be shown or written; a file that is wrong throughout must not fill the memory.
const MAX_REJECTS_KEPT: usize = 100_000;
const SHOWN_VALUE_CHARS: usize = 60;

pub fn read(path: &Path, options: &ReadOptions) -> Result<ReadOrders, Failure> {
    match input::open(path)? {
        Opened::Text(Form::Ndjson, source) => read_ndjson(path, source.into_lines()),
        Opened::Text(Form::Fimi, _) => {
            Err(Failure::input(format!("{} holds baskets without orders; `affinsy mine` reads those", path.display())))
        }
        opened => match Table::of(path, opened)? {
            Some(table) => read_table(table, options),
            None => Err(Failure::input(format!("{} holds no table", path.display()))),
        },
    }
}

fn read_table(table: Table, options: &ReadOptions) -> Result<ReadOrders, Failure> {
    let columns = Columns::find(table.columns(), &options.mapping)?;
    let mut read = ReadOrders { taken_for: columns.described(table.columns()), ..ReadOrders::default() };
    let mut orders = Orders::default();
    let optional = [columns.customer, columns.date, columns.price, columns.quantity];
    let wanted: Vec<usize> =
        [columns.order, columns.product].into_iter().chain(optional.into_iter().flatten()).collect();
    table.read(&wanted, &mut |line, cells| {
        read.rows += 1;
        let mut rest = cells[2..].iter().copied();
        let [customer, date, price, quantity] = optional.map(|column| column.and_then(|_| rest.next().flatten()));
        let row = Row { order: cells[0], product: cells[1], customer, date, price, quantity };
        match row.add_to(&mut orders, options) {
            Ok(()) => read.dates_without_zone += u64::from(date.is_some_and(|date| !values::has_offset(date))),
            Err((column, value, reason)) => read.reject(line, column, value, reason),
        }
        Ok(())
    })?;
    read.orders = orders.into_vec();
    Ok(read)
}

struct Row<'a> {
    order: Option<&'a str>,
    product: Option<&'a str>,
    customer: Option<&'a str>,
    date: Option<&'a str>,
    price: Option<&'a str>,
    quantity: Option<&'a str>,
}

type Refusal<'a> = (&'static str, &'a str, String);

impl<'a> Row<'a> {
    fn add_to(&self, orders: &mut Orders, options: &ReadOptions) -> Result<(), Refusal<'a>> {
        let needed = |cell: Option<&'a str>, column| {
            cell.map(str::trim).filter(|text| !text.is_empty()).ok_or((column, "", "is empty".to_owned()))
        };
        let number = |cell: Option<&'a str>, column, parse: fn(&str, bool) -> Result<Cow<'_, str>, _>| {
            let Some(cell) = cell.filter(|cell| !cell.trim().is_empty()) else { return Ok(None) };
            parse(cell, options.decimal_comma)
                .map(Some)
                .map_err(|problem: affinsy_core::decimal::DecimalProblem| (column, cell, problem.to_string()))
        };
        let price = number(self.price, "price", values::price)?;
        let quantity = number(self.quantity, "quantity", values::quantity)?;
        let date = match self.date.filter(|cell| !cell.trim().is_empty()) {
            Some(cell) => Some(values::date(cell, &options.dates).ok_or_else(|| ("date", cell, date_hint()))?),
            None => None,
        };
        orders.add_line(&Line {
            order_id: needed(self.order, "order")?,
            customer_id: self.customer.map(str::trim).filter(|text| !text.is_empty()),
            order_date: date.as_deref(),
            product_name: needed(self.product, "product")?,
            unit_price: price.as_deref(),
            quantity: quantity.as_deref(),
        });
        Ok(())
    }
}

fn date_hint() -> String {
    "is not a date like 2025-03-15 or 2025-03-15T10:30:00Z (--date-format describes others)".to_owned()
}

impl ReadOrders {
    fn reject(&mut self, line: u64, column: &'static str, value: &str, reason: String) {
        self.rejected += 1;
        if self.rejects.len() < MAX_REJECTS_KEPT {
            let value = value.chars().take(SHOWN_VALUE_CHARS).collect();
            self.rejects.push(Reject { line, column, value, reason });
        }
    }

    pub fn line_count(&self) -> usize {
        self.orders.iter().map(|order| order.line_count).sum()
    }
}

fn read_ndjson(path: &Path, mut reader: impl BufRead) -> Result<ReadOrders, Failure> {
    let mut read =
        ReadOrders { taken_for: "one order a line, as the API takes it".to_owned(), ..ReadOrders::default() };
    let (mut orders, mut text, mut line) = (Orders::default(), String::new(), 0);
    loop {
        text.clear();
        line += 1;
        let refuse = |error| Failure::input(format!("{}, line {line}: {error}", path.display()));
        if reader.read_line(&mut text).map_err(refuse)? == 0 {
            break;
        }
        if text.trim().is_empty() {
            continue;
        }
        match order_of_json(&text) {
            Ok(order) => {
                read.rows += order.line_count as u64;
                orders.add_order(order);
            }
            Err(reason) => {
                read.rows += 1;
                read.reject(line, "order", text.trim(), reason);
            }
        }
    }
    read.orders = orders.into_vec();
    Ok(read)
}

/// An order's JSON taken apart no further than needed: numbers and unknown fields go on as they are.
fn order_of_json(text: &str) -> Result<Order, String> {
    let mut fields: BTreeMap<Cow<'_, str>, &RawValue> =
        serde_json::from_str(text).map_err(|error| format!("is not a JSON object: {error}"))?;
    let id = fields.remove("order_id").ok_or("has no order_id")?;
    let id: String = serde_json::from_str(id.get()).map_err(|_| "has an order_id that is not a text")?;
    let items = fields.remove("line_items").ok_or("has no line_items")?;
    let items: Vec<&RawValue> = serde_json::from_str(items.get()).map_err(|_| "has line_items that are not a list")?;
    let mut header = String::new();
    for (name, value) in fields {
        header.push(',');
        super::orders::push_json_string(&mut header, &name);
        header.push(':');
        header.push_str(value.get());
    }
    let line_items: Vec<&str> = items.iter().map(|item| item.get()).collect();
    Ok(Order { id, header, line_items: line_items.join(","), line_count: items.len() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::tz::TimeZone;

    fn read_text(name: &str, text: &str) -> ReadOrders {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join(name);
        std::fs::write(&path, text).expect("written");
        let dates = DateForm { format: None, zone: TimeZone::UTC };
        read(&path, &ReadOptions { mapping: Mapping::default(), dates, decimal_comma: false }).expect("reads")
    }

    #[test]
    fn a_table_becomes_orders() {
        let read = read_text("o.csv", "InvoiceNo,Description,Quantity,UnitPrice\n1,tea,2,2.50\n1,jam,,\n");
        assert_eq!(read.rejected, 0);
        assert_eq!(
            read.orders[0].line_items,
            r#"{"product_name":"tea","unit_price":2.50,"quantity":2},{"product_name":"jam"}"#
        );
    }

    #[test]
    fn rows_that_cannot_be_used_are_named() {
        let read =
            read_text("o.csv", "order_id,product,price,order_date\n,tea,1,\n1,tea,one,\n2,tea,1,yesterday\n3,,1,\n");
        let said: Vec<(u64, &str)> = read.rejects.iter().map(|reject| (reject.line, reject.column)).collect();
        assert_eq!(said, [(2, "order"), (3, "price"), (4, "date"), (5, "product")]);
        assert!(read.orders.is_empty());
    }

    #[test]
    fn ndjson_goes_on_as_it_is() {
        let one =
            r#"{"order_id": "1", "customer_id": "c", "line_items": [{"product_name": "tea", "unit_price": 1.10}]}"#;
        let two = r#"{"order_id": "1", "line_items": [{"product_name": "jam"}]}"#;
        let read = read_text("o.ndjson", &format!("{one}\n\n{two}\n{{\"order_id\": 7}}\n"));
        assert_eq!(read.orders.len(), 1);
        assert_eq!(read.orders[0].header, r#","customer_id":"c""#);
        assert_eq!(read.orders[0].line_items, r#"{"product_name": "tea", "unit_price": 1.10},{"product_name": "jam"}"#);
        assert_eq!((read.rejected, read.rejects[0].line), (1, 4));
    }
}
