//! Order lines into baskets: the distinct products of an order with positive net quantity (refunds take back).

use std::io::BufRead;
use std::path::Path;

use affinsy_core::decimal::Quantity;
use affinsy_mining::Baskets;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::items::{Codes, Names};
use crate::failure::Failure;
use crate::input::columns::{Columns, Mapping};
use crate::input::table::Table;

/// Baskets, their products' names, and what the file had beside them.
#[derive(Debug)]
pub struct OrderBaskets {
    pub baskets: Baskets,
    pub names: Names,
    /// Orders whose every product was taken back, or had no quantity: no baskets.
    pub orders_left_out: usize,
    /// Rows without an order or a product.
    pub rows_left_out: u64,
}

#[derive(Debug, Default)]
struct Gathered {
    orders: Codes,
    products: Codes,
    lines: Vec<GatheredLine>,
    rows_left_out: u64,
}

#[derive(Debug, Clone, Copy, Default)]
struct GatheredLine {
    order: u32,
    product: u32,
    quantity: Quantity,
}

/// Reads a table of order lines; says on stderr which column it took for what.
pub fn read_table(path: &Path, table: Table, mapping: &Mapping) -> Result<OrderBaskets, Failure> {
    let columns = Columns::find(table.columns(), mapping)?;
    let name = |at: usize| table.columns()[at].clone();
    let quantity = columns.quantity.map_or("no quantity column: every line counts".to_owned(), name);
    eprintln!(
        "{}: order = {}, product = {}, quantity = {quantity}",
        path.display(),
        name(columns.order),
        name(columns.product)
    );
    let wanted: Vec<usize> = [columns.order, columns.product].into_iter().chain(columns.quantity).collect();
    let mut gathered = Gathered::default();
    table.read(&wanted, &mut |line, cells| {
        gathered
            .add(cells[0], cells[1], cells.get(2).copied().flatten())
            .map_err(|value| Failure::input(format!("{}, line {line}: {value:?} is not a quantity", path.display())))
    })?;
    gathered.into_baskets(path)
}

#[derive(Debug, Deserialize)]
struct JsonOrder<'a> {
    order_id: String,
    #[serde(borrow)]
    line_items: Vec<JsonLine<'a>>,
}

#[derive(Debug, Deserialize)]
struct JsonLine<'a> {
    product_name: String,
    #[serde(borrow)]
    quantity: Option<&'a RawValue>,
}

/// Reads orders in the API's form, one a line.
pub fn read_ndjson(path: &Path, mut reader: Box<dyn BufRead>) -> Result<OrderBaskets, Failure> {
    let (mut gathered, mut text, mut line) = (Gathered::default(), String::new(), 0u64);
    loop {
        text.clear();
        line += 1;
        let refuse = |reason: String| Failure::input(format!("{}, line {line}: {reason}", path.display()));
        if reader.read_line(&mut text).map_err(|error| refuse(error.to_string()))? == 0 {
            return gathered.into_baskets(path);
        }
        if text.trim().is_empty() {
            continue;
        }
        let order: JsonOrder<'_> =
            serde_json::from_str(&text).map_err(|error| refuse(format!("is no order: {error}")))?;
        for item in &order.line_items {
            let quantity = item.quantity.map(RawValue::get).filter(|quantity| *quantity != "null");
            gathered
                .add(Some(&order.order_id), Some(&item.product_name), quantity)
                .map_err(|value| refuse(format!("{value} is not a quantity")))?;
        }
    }
}

impl Gathered {
    /// One row; an error is the quantity that is none.
    fn add(&mut self, order: Option<&str>, product: Option<&str>, quantity: Option<&str>) -> Result<(), String> {
        fn named(cell: Option<&str>) -> Option<&str> {
            cell.map(str::trim).filter(|text| !text.is_empty())
        }
        let (Some(order), Some(product)) = (named(order), named(product)) else {
            self.rows_left_out += 1;
            return Ok(());
        };
        let quantity = match quantity.map(str::trim).filter(|text| !text.is_empty()) {
            Some(text) => Quantity::parse(text.strip_prefix('+').unwrap_or(text)).map_err(|_| text.to_owned())?,
            None => Quantity::ONE,
        };
        let (order, product) = (self.orders.code_of(order), self.products.code_of(product));
        self.lines.push(GatheredLine { order, product, quantity });
        Ok(())
    }

    fn into_baskets(self, path: &Path) -> Result<OrderBaskets, Failure> {
        if self.lines.is_empty() {
            return Err(Failure::input(format!("{} holds no order lines", path.display())));
        }
        let (order_count, line_count) = (self.orders.len(), self.lines.len());
        let (names, places) = self.products.ordered();
        let mut baskets = Baskets::with_capacity(order_count, line_count);
        let mut items = Vec::new();
        for order in by_order(self.lines, order_count).chunk_by_mut(|a, b| a.order == b.order) {
            net_positive(order, &places, &mut items);
            if !items.is_empty() {
                baskets.push(&items);
            }
        }
        let orders_left_out = order_count - baskets.len();
        Ok(OrderBaskets { baskets, names: Names::Products(names), orders_left_out, rows_left_out: self.rows_left_out })
    }
}

/// The lines of each order together, the orders as first seen: a counting sort.
fn by_order(lines: Vec<GatheredLine>, order_count: usize) -> Vec<GatheredLine> {
    if lines.is_sorted_by_key(|line| line.order) {
        return lines;
    }
    let mut next = vec![0; order_count + 1];
    for line in &lines {
        next[line.order as usize + 1] += 1;
    }
    for order in 0..order_count {
        next[order + 1] += next[order];
    }
    let mut sorted = vec![GatheredLine::default(); lines.len()];
    for line in lines {
        let at = &mut next[line.order as usize];
        sorted[*at] = line;
        *at += 1;
    }
    sorted
}

/// The products whose quantities in the order add up to more than nothing.
fn net_positive(order: &mut [GatheredLine], places: &[u32], items: &mut Vec<u32>) {
    items.clear();
    order.sort_unstable_by_key(|line| line.product);
    for lines in order.chunk_by(|a, b| a.product == b.product) {
        let net = lines.iter().fold(Quantity::ZERO, |net, line| net.plus(line.quantity));
        if net.is_positive() {
            items.push(places[lines[0].product as usize]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Cursor;

    fn check(lines: &[(&str, &str, Option<&str>)], expected: &[&str]) {
        let mut gathered = Gathered::default();
        for (order, product, quantity) in lines {
            gathered.add(Some(order), Some(product), *quantity).expect("valid");
        }
        let read = gathered.into_baskets(Path::new("f")).expect("some lines");
        let baskets: Vec<String> = read.baskets.iter().map(|items| read.names.joined(items, " ")).collect();
        assert_eq!(baskets, expected);
    }

    #[test]
    fn a_basket_is_what_was_bought_and_kept() {
        check(&[("1", "tea", None), ("2", "jam", None), ("1", "jam", None)], &["jam tea", "jam"]);
        check(&[("1", "tea", Some("2")), ("1", "tea", Some("-2")), ("1", "jam", Some("0.5"))], &["jam"]);
        check(&[("C1", "tea", Some("-1")), ("2", "tea", Some("1"))], &["tea"]);
    }

    #[test]
    fn ndjson_is_read_and_bad_lines_are_named() {
        let read = |text: &str| read_ndjson(Path::new("f"), Box::new(Cursor::new(text.to_owned().into_bytes())));
        let good = r#"{"order_id":"1","line_items":[{"product_name":"tea","quantity":2},{"product_name":"jam"}]}"#;
        assert_eq!(read(good).expect("good").baskets.get(0).len(), 2);
        let failure = read(&format!("{good}\n{{\"order_id\":1}}")).expect_err("bad");
        assert!(failure.message.contains("line 2"), "{failure}");
    }
}
