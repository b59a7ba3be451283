//! Whole orders packed into requests: as many as the API takes at once, never an order in two. Knows no network.

use std::ops::Range;

use bytes::Bytes;

use super::orders::{Order, push_json_string};

/// The most line items of one request, by the contract.
pub const MAX_REQUEST_LINES: usize = 10_000;
/// The API takes 4 MiB; requests are filled to a little less.
const MAX_REQUEST_BYTES: usize = 7 << 19;
/// What an order adds beside its own text: braces, names, commas.
const ORDER_FRAME_BYTES: usize = 64;

/// One request's body and the orders in it.
#[derive(Debug, PartialEq, Eq)]
pub struct Batch {
    pub body: Bytes,
    pub lines: usize,
    /// Where its orders stand in the packed list.
    pub orders: Range<usize>,
}

/// Packs orders one request at a time, so that no more than what is in flight is held twice.
#[derive(Debug)]
pub struct Packer<'a> {
    orders: &'a [Order],
    head: String,
    next: usize,
}

impl<'a> Packer<'a> {
    /// Every order must fit; see [`misfit`].
    pub fn new(orders: &'a [Order], dataset_id: &str, currency: Option<&str>) -> Self {
        let mut head = String::from("{\"dataset_id\":");
        push_json_string(&mut head, dataset_id);
        if let Some(currency) = currency {
            head.push_str(",\"currency\":");
            push_json_string(&mut head, currency);
        }
        head.push_str(",\"orders\":[");
        Self { orders, head, next: 0 }
    }
}

impl Iterator for Packer<'_> {
    type Item = Batch;

    fn next(&mut self) -> Option<Batch> {
        let start = self.next;
        let mut lines = self.orders.get(start)?.line_count;
        let mut bytes = self.head.len() + order_bytes(&self.orders[start]);
        let mut end = start + 1;
        while let Some(order) = self.orders.get(end) {
            lines += order.line_count;
            bytes += order_bytes(order);
            if lines > MAX_REQUEST_LINES || bytes > MAX_REQUEST_BYTES {
                lines -= order.line_count;
                break;
            }
            end += 1;
        }
        self.next = end;
        Some(Batch { body: self.body(start..end, bytes), lines, orders: start..end })
    }
}

impl Packer<'_> {
    fn body(&self, orders: Range<usize>, capacity: usize) -> Bytes {
        let mut body = String::with_capacity(capacity + 2);
        body.push_str(&self.head);
        for (nth, order) in self.orders[orders].iter().enumerate() {
            body.push_str(if nth == 0 { "{\"order_id\":" } else { ",{\"order_id\":" });
            push_json_string(&mut body, &order.id);
            body.push_str(&order.header);
            body.push_str(",\"line_items\":[");
            body.push_str(&order.line_items);
            body.push_str("]}");
        }
        body.push_str("]}");
        Bytes::from(body)
    }
}

/// Why an order cannot be sent at all; `None` when it can.
pub fn misfit(order: &Order) -> Option<String> {
    if order.line_count > MAX_REQUEST_LINES {
        return Some(format!(
            "order {}: {} line items, and an order's lines belong in one request, which takes {MAX_REQUEST_LINES}",
            order.id, order.line_count
        ));
    }
    let bytes = order_bytes(order);
    (bytes > MAX_REQUEST_BYTES).then(|| format!("order {}: {bytes} bytes, more than one request takes", order.id))
}

fn order_bytes(order: &Order) -> usize {
    order.id.len() + order.header.len() + order.line_items.len() + ORDER_FRAME_BYTES
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(id: &str, line_count: usize) -> Order {
        Order {
            id: id.to_owned(),
            header: String::new(),
            line_items: vec![r#"{"product_name":"p"}"#; line_count].join(","),
            line_count,
        }
    }

    #[test]
    fn requests_are_full_of_whole_orders() {
        let check = |sizes: &[usize], expected: &[usize]| {
            let orders: Vec<Order> = sizes.iter().map(|&lines| order("o", lines)).collect();
            let lines: Vec<usize> = Packer::new(&orders, "d", None).map(|batch| batch.lines).collect();
            assert_eq!(lines, expected, "{sizes:?}");
        };
        check(&[], &[]);
        check(&[10_000, 1], &[10_000, 1]);
        check(&[6_000, 4_000, 1], &[10_000, 1]);
        check(&[6_000, 4_001], &[6_000, 4_001]);
    }

    #[test]
    fn a_body_is_the_apis_json() {
        let orders = [order("A", 1), order("B\"", 2)];
        let batch = Packer::new(&orders, "my-store", Some("GBP")).next().expect("one batch");
        let body: serde_json::Value = serde_json::from_slice(&batch.body).expect("JSON");
        assert_eq!(body["currency"], "GBP");
        assert_eq!(body["orders"][1]["order_id"], "B\"");
        assert_eq!(body["orders"][1]["line_items"][1]["product_name"], "p");
    }

    #[test]
    fn an_order_over_the_bound_is_named() {
        assert!(misfit(&order("big", 10_001)).expect("too many").contains("big"));
        assert_eq!(misfit(&order("ok", 10_000)), None);
    }
}
