//! Order lines into baskets: the distinct products of an order with positive net quantity (refunds take back).

use std::borrow::Cow;
use std::path::Path;

use affinsy_core::decimal::Quantity;
use affinsy_mining::Baskets;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::items::{Codes, Names};
use super::watch::Reading;
use crate::failure::Failure;
use crate::input::blocks::{Block, Blocks, Ends, lines_in};
use crate::input::columns::{Columns, Mapping};
use crate::input::open::Source;
use crate::input::rows::Row;
use crate::input::table::Table;
use crate::terminal;

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
pub fn read_table(
    path: &Path,
    table: Table,
    mapping: &Mapping,
    reading: &Reading<'_>,
) -> Result<OrderBaskets, Failure> {
    let columns = Columns::find(table.columns(), mapping)?;
    let name = |at: usize| table.columns()[at].clone();
    let quantity = columns.quantity.map_or("no quantity column: every line counts".to_owned(), name);
    let (order, product) = (name(columns.order), name(columns.product));
    terminal::say(&format!("{}: order = {order}, product = {product}, quantity = {quantity}", path.display()));
    let wanted: Vec<usize> = [columns.order, columns.product].into_iter().chain(columns.quantity).collect();
    let mut gathered = Gathered::default();
    let refuse = |what: &str, at: u64, value: &[u8]| {
        let value = String::from_utf8_lossy(value);
        Failure::input(format!("{}, {what} {at}: {value:?} is not a quantity", path.display()))
    };
    let keep = |part| gathered.merge(part);
    match table {
        Table::Csv(table) => {
            let put = |part: &mut Gathered, row: &Row<'_>| {
                let [order, product, quantity, ..] = row.cells;
                part.add(order, product, quantity).map_err(|value| refuse("line", row.line, value))
            };
            table.read_parts(&wanted, (reading.threads, reading.watch), put, keep)?;
        }
        Table::Parquet(table) => {
            let put = |part: &mut Gathered, row: u64, cells: &[Option<&str>]| {
                let cell = |nth: usize| cells.get(nth).copied().flatten().map(str::as_bytes);
                part.add(cell(0), cell(1), cell(2)).map_err(|value| refuse("row", row, value))
            };
            table.read_parts(&wanted, (reading.threads, reading.watch), put, keep)?;
        }
    }
    gathered.into_baskets(path)
}

#[derive(Debug, Deserialize)]
struct JsonOrder<'a> {
    #[serde(borrow)]
    order_id: Cow<'a, str>,
    #[serde(borrow)]
    line_items: Vec<JsonLine<'a>>,
}

#[derive(Debug, Deserialize)]
struct JsonLine<'a> {
    #[serde(borrow)]
    product_name: Cow<'a, str>,
    #[serde(borrow)]
    quantity: Option<&'a RawValue>,
}

/// Reads orders in the API's form, one a line.
pub fn read_ndjson(path: &Path, source: Source, reading: &Reading<'_>) -> Result<OrderBaskets, Failure> {
    let mut gathered = Gathered::default();
    let keep = |part| gathered.merge(part);
    let blocks = Blocks::new(path, source, Ends::Lines);
    blocks.each(reading.threads, reading.watch, |part, block| put_orders(path, part, block), keep)?;
    gathered.into_baskets(path)
}

fn put_orders(path: &Path, part: &mut Gathered, block: &Block) -> Result<(), Failure> {
    let refuse = |line: u64, reason: &str| Failure::input(format!("{}, line {line}: {reason}", path.display()));
    let text = std::str::from_utf8(block.bytes()).map_err(|error| {
        let before = &block.bytes()[..error.valid_up_to()];
        refuse(block.first_line + lines_in(before), "is not UTF-8, which JSON must be")
    })?;
    for (line, order) in (block.first_line..).zip(text.split('\n')) {
        if !order.trim_ascii().is_empty() {
            part.add_json(order).map_err(|reason| refuse(line, &reason))?;
        }
    }
    Ok(())
}

impl Gathered {
    /// One row; an error is the quantity that is none.
    fn add<'a>(
        &mut self,
        order: Option<&[u8]>,
        product: Option<&[u8]>,
        quantity: Option<&'a [u8]>,
    ) -> Result<(), &'a [u8]> {
        let (Some(order), Some(product)) = (named(order), named(product)) else {
            self.rows_left_out += 1;
            return Ok(());
        };
        let quantity = match quantity.map(<[u8]>::trim_ascii).filter(|text| !text.is_empty()) {
            Some(text) => quantity_of(text).ok_or(text)?,
            None => Quantity::ONE,
        };
        let (order, product) = (self.orders.code_of(order), self.products.code_of(product));
        self.lines.push(GatheredLine { order, product, quantity });
        Ok(())
    }

    fn add_json(&mut self, text: &str) -> Result<(), String> {
        let order: JsonOrder<'_> =
            serde_json::from_str(text).map_err(|error| format!("is no order: {}", in_a_line(&error)))?;
        for item in &order.line_items {
            let quantity = item.quantity.map(RawValue::get).filter(|quantity| *quantity != "null");
            self.add(Some(order.order_id.as_bytes()), Some(item.product_name.as_bytes()), quantity.map(str::as_bytes))
                .map_err(|value| format!("{} is not a quantity", String::from_utf8_lossy(value)))?;
        }
        Ok(())
    }

    /// Takes over what was read behind this.
    fn merge(&mut self, part: Self) {
        if self.lines.is_empty() && self.rows_left_out == 0 {
            *self = part;
            return;
        }
        let (orders, products) = (self.orders.merge(&part.orders), self.products.merge(&part.products));
        self.lines.extend(part.lines.iter().map(|line| GatheredLine {
            order: orders[line.order as usize],
            product: products[line.product as usize],
            quantity: line.quantity,
        }));
        self.rows_left_out += part.rows_left_out;
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

/// A cell that names something, without the white space around it.
fn named(cell: Option<&[u8]>) -> Option<&[u8]> {
    let text = cell?.trim_ascii();
    let plain = text.first()?.is_ascii() && text.last()?.is_ascii();
    // Spaces that are not ASCII (such as one that does not break a line) are white space too.
    let text = if plain { text } else { std::str::from_utf8(text).map_or(text, |text| text.trim().as_bytes()) };
    (!text.is_empty()).then_some(text)
}

/// Whole numbers, which most quantities are, without a detour.
fn quantity_of(text: &[u8]) -> Option<Quantity> {
    let (sign, digits) = match text {
        [b'-', digits @ ..] => (-1, digits),
        [b'+', digits @ ..] => (1, digits),
        digits => (1, digits),
    };
    if (1..=8).contains(&digits.len()) && digits.iter().all(u8::is_ascii_digit) {
        let whole = digits.iter().fold(0, |number, digit| number * 10 + i64::from(digit - b'0'));
        return Some(Quantity::from_thousandths(sign * whole * 1_000));
    }
    let text = std::str::from_utf8(text).ok()?;
    Quantity::parse(text.strip_prefix('+').unwrap_or(text)).ok()
}

/// A JSON problem with its column: the line is the file's, and said already.
fn in_a_line(error: &serde_json::Error) -> String {
    error.to_string().replace(" at line 1 column", " at column")
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
    // Without a refund there is nothing to add up.
    if order.iter().all(|line| line.quantity.is_positive()) {
        items.extend(order.iter().map(|line| places[line.product as usize]));
        return;
    }
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

    fn check(lines: &[(&str, &str, Option<&str>)], expected: &[&str]) {
        let mut gathered = Gathered::default();
        for (order, product, quantity) in lines {
            let mut part = Gathered::default();
            let [order, product] = [order, product].map(|text| Some(text.as_bytes()));
            part.add(order, product, quantity.map(str::as_bytes)).expect("valid");
            gathered.merge(part);
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
        check(&[("1", "tea", Some("1")), ("1", " tea\u{a0}", Some("+2"))], &["tea"]);
    }

    #[test]
    fn quantities_are_exact() {
        let check = |text: &str, thousandths: Option<i64>| {
            assert_eq!(quantity_of(text.as_bytes()).map(Quantity::thousandths), thousandths, "{text}");
        };
        check("12", Some(12_000));
        check("-7", Some(-7_000));
        check("+3", Some(3_000));
        check("0.125", Some(125));
        check("123456789", Some(123_456_789_000));
        check("many", None);
        check("-", None);
        check("1,5", None);
    }

    #[test]
    fn ndjson_is_read_and_bad_lines_are_named() {
        let read = |text: &str| read_ndjson(Path::new("f"), Source::of_text(text), &Reading::unwatched());
        let good = r#"{"order_id":"1","line_items":[{"product_name":"tea","quantity":2},{"product_name":"j\u0061m"}]}"#;
        assert_eq!(read(good).expect("good").names.joined(&[0, 1], "+"), "jam+tea");
        let failure = read(&format!("{good}\n{{\"order_id\":1}}")).expect_err("bad");
        assert!(failure.message.contains("line 2"), "{failure}");
    }
}
