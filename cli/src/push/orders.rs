//! A file's rows gathered into whole orders, each line already in the API's JSON. Numbers stay the file's text.
//! Knows no request and no server.

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

/// One line of an order, numbers as valid JSON text.
#[derive(Debug, Clone, Copy, Default)]
pub struct Line<'a> {
    pub order_id: &'a str,
    pub customer_id: Option<&'a str>,
    pub order_date: Option<&'a str>,
    pub product_name: &'a str,
    pub unit_price: Option<&'a str>,
    pub quantity: Option<&'a str>,
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
        for (name, value) in [(",\"unit_price\":", line.unit_price), (",\"quantity\":", line.quantity)] {
            if let Some(value) = value {
                items.push_str(name);
                items.push_str(value);
            }
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
        let fields = [
            (&mut has.customer, ",\"customer_id\":", line.customer_id),
            (&mut has.date, ",\"order_date\":", line.order_date),
        ];
        for (seen, name, value) in fields {
            if let Some(value) = value.filter(|_| !*seen) {
                *seen = true;
                header.push_str(name);
                push_json_string(header, value);
            }
        }
    }
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

    fn line<'a>(order_id: &'a str, product_name: &'a str) -> Line<'a> {
        Line { order_id, product_name, ..Line::default() }
    }

    #[test]
    fn rows_of_an_order_come_together_wherever_they_stand() {
        let mut orders = Orders::default();
        orders.add_line(&line("A", "tea"));
        orders.add_line(&line("B", "jam"));
        orders.add_line(&Line { quantity: Some("-2"), unit_price: Some("0.50"), ..line("A", "a \"mug\"") });
        let orders = orders.into_vec();
        assert_eq!(orders.len(), 2);
        assert_eq!(
            orders[0].line_items,
            r#"{"product_name":"tea"},{"product_name":"a \"mug\"","unit_price":0.50,"quantity":-2}"#
        );
    }

    #[test]
    fn the_first_value_of_the_header_stands() {
        let mut orders = Orders::default();
        orders.add_line(&Line { order_date: Some("2025-01-01"), ..line("A", "tea") });
        orders.add_line(&Line { order_date: Some("2025-01-02"), customer_id: Some("C"), ..line("A", "jam") });
        assert_eq!(orders.into_vec()[0].header, r#","order_date":"2025-01-01","customer_id":"C""#);
    }
}
