//! A file's rows gathered into whole orders, each line already in the API's JSON. Knows no request and no server.

use affinsy_core::decimal::{Price, Quantity};
use affinsy_core::import::Line;
use rustc_hash::FxHashMap;

/// One order: what its rows say together.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Order {
    pub id: String,
    /// The order's own fields after `order_id`, as JSON members with a comma before each.
    pub header: String,
    /// The line items' JSON objects, separated by commas.
    pub line_items: String,
    pub line_count: usize,
}

/// All orders of a file, in the order of their first rows.
#[derive(Debug, Default)]
pub struct Orders {
    orders: Vec<Order>,
    by_id: FxHashMap<String, usize>,
    /// Rows of one order stand together in most files.
    last: Option<usize>,
    has: Vec<HeaderSeen>,
}

/// The header's fields that an order's rows have named so far: the first value stands.
#[derive(Debug, Default, Clone, Copy)]
struct HeaderSeen {
    customer: bool,
    date: bool,
}

impl Orders {
    pub fn add_line(&mut self, line: &Line<'_>) {
        let at = self.at(line.order_id);
        self.fill_header(at, line);
        let order = &mut self.orders[at];
        let items = &mut order.line_items;
        items.push_str(if order.line_count == 0 { "{\"product_name\":" } else { ",{\"product_name\":" });
        push_json_string(items, line.product_name);
        if let Some(price) = line.unit_price {
            items.push_str(",\"unit_price\":");
            push_decimal(items, price.millionths(), Price::DECIMALS);
        }
        // One piece is what the API takes a line without a quantity for.
        if line.quantity != Quantity::ONE {
            items.push_str(",\"quantity\":");
            push_decimal(items, line.quantity.thousandths(), Quantity::DECIMALS);
        }
        items.push('}');
        order.line_count += 1;
    }

    /// Adds an order that is JSON already; of one that came before, the header stands and the lines join it.
    pub fn add_order(&mut self, order: Order) {
        let at = self.at(&order.id);
        let known = &mut self.orders[at];
        if known.line_count > 0 && order.line_count > 0 {
            known.line_items.push(',');
        }
        if known.header.is_empty() {
            known.header = order.header;
        }
        known.line_items.push_str(&order.line_items);
        known.line_count += order.line_count;
    }

    pub fn into_vec(self) -> Vec<Order> {
        self.orders
    }

    fn at(&mut self, id: &str) -> usize {
        if let Some(last) = self.last.filter(|&at| self.orders[at].id == id) {
            return last;
        }
        let at = match self.by_id.get(id) {
            Some(&at) => at,
            None => {
                self.orders.push(Order { id: id.to_owned(), ..Order::default() });
                self.has.push(HeaderSeen::default());
                self.by_id.insert(id.to_owned(), self.orders.len() - 1);
                self.orders.len() - 1
            }
        };
        self.last = Some(at);
        at
    }

    fn fill_header(&mut self, at: usize, line: &Line<'_>) {
        let (header, has) = (&mut self.orders[at].header, &mut self.has[at]);
        if let Some(customer) = line.customer_id.filter(|_| !has.customer) {
            has.customer = true;
            header.push_str(",\"customer_id\":");
            push_json_string(header, customer);
        }
        if let Some(date) = line.order_date.filter(|_| !has.date) {
            has.date = true;
            header.push_str(",\"order_date\":");
            push_json_string(header, &date.to_rfc3339());
        }
    }
}

/// So many parts of a whole, as a JSON number without zeros at its end.
fn push_decimal(out: &mut String, parts: i64, decimals: u32) {
    let (size, whole) = (parts.unsigned_abs(), 10u64.pow(decimals));
    if parts < 0 {
        out.push('-');
    }
    push_digits(out, size / whole, 1);
    let (mut rest, mut digits) = (size % whole, decimals as usize);
    if rest > 0 {
        while rest.is_multiple_of(10) {
            (rest, digits) = (rest / 10, digits - 1);
        }
        out.push('.');
        push_digits(out, rest, digits);
    }
}

fn push_digits(out: &mut String, mut value: u64, least: usize) {
    let (mut digits, mut at) = ([b'0'; 20], 20);
    while value > 0 || 20 - at < least {
        at -= 1;
        digits[at] = b'0' + (value % 10) as u8;
        value /= 10;
    }
    out.extend(digits[at..].iter().map(|&digit| char::from(digit)));
}

pub fn push_json_string(out: &mut String, text: &str) {
    if text.bytes().any(|byte| byte < 0x20 || byte == b'"' || byte == b'\\') {
        out.push_str(&serde_json::Value::from(text).to_string());
        return;
    }
    out.push('"');
    out.push_str(text);
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;
    use affinsy_core::time::parse_instant;

    fn line<'a>(order_id: &'a str, product_name: &'a str) -> Line<'a> {
        Line {
            number: 1,
            order_id,
            customer_id: None,
            order_date: None,
            product_name,
            unit_price: None,
            quantity: Quantity::ONE,
        }
    }

    #[test]
    fn rows_of_an_order_come_together_wherever_they_stand() {
        let mut orders = Orders::default();
        orders.add_line(&line("A", "tea"));
        orders.add_line(&line("B", "jam"));
        let (unit_price, quantity) = (Price::parse("0.50").ok(), Quantity::parse("-2").expect("valid"));
        orders.add_line(&Line { quantity, unit_price, ..line("A", "a \"mug\"") });
        let orders = orders.into_vec();
        assert_eq!(orders.len(), 2);
        assert_eq!(
            orders[0].line_items,
            r#"{"product_name":"tea"},{"product_name":"a \"mug\"","unit_price":0.5,"quantity":-2}"#
        );
    }

    #[test]
    fn the_first_value_of_the_header_stands() {
        let mut orders = Orders::default();
        let date = parse_instant;
        orders.add_line(&Line { order_date: date("2025-01-01"), ..line("A", "tea") });
        orders.add_line(&Line { order_date: date("2025-01-02"), customer_id: Some("C"), ..line("A", "jam") });
        assert_eq!(orders.into_vec()[0].header, r#","order_date":"2025-01-01T00:00:00Z","customer_id":"C""#);
    }

    #[test]
    fn decimals_are_written_exactly() {
        let check = |parts, decimals, expected: &str| {
            let mut text = String::new();
            push_decimal(&mut text, parts, decimals);
            assert_eq!(text, expected);
        };
        check(0, 3, "0");
        check(-2_000, 3, "-2");
        check(1_050, 3, "1.05");
        check(-1, 6, "-0.000001");
        check(999_999_999_999_999_999, 6, "999999999999.999999");
    }
}
