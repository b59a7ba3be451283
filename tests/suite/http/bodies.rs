//! Bodies of `POST /data/orders`: what is malformed, what is invalid and where, and what is taken as it is.

use super::{check, check_taken};

const LINE: &str = "/orders/0/line_items/0";

/// A push of one order with these fields.
fn order(fields: &str) -> String {
    format!(r#"{{"orders": [{{{fields}}}]}}"#)
}

/// A push of one line with these fields.
fn line(fields: &str) -> String {
    order(&format!(r#""order_id": "o", "order_date": "2025-03-01", "line_items": [{{{fields}}}]"#))
}

fn dated(date: &str) -> String {
    order(&format!(r#""order_id": "o", "order_date": {date}, "line_items": [{{"product_name": "Tea"}}]"#))
}

fn text(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

#[tokio::test]
async fn what_is_not_json() {
    let malformed = async |body: &[u8]| check(body, 400, "malformed_json", "").await;
    malformed(b"").await;
    malformed(b" ").await;
    malformed(b"hello").await;
    malformed(b"\xEF\xBB\xBF{}").await;
    malformed(b"[]").await;
    malformed(b"null").await;
    malformed(b"\"orders\"").await;
    malformed(br#"{"orders": []} x"#).await;
    malformed(br#"{"orders": [],}"#).await;
    malformed(br#"{"orders": [], "orders": []}"#).await;
    malformed(br#"{"orders": [[]]}"#).await;
    malformed(br#"{"orders": {}}"#).await;
    malformed(br#"{'orders': []}"#).await;
    malformed(order(r#""order_id": "o", "order_id": "p""#).as_bytes()).await;
    malformed(order(r#""order_id": "\ud800""#).as_bytes()).await;
    malformed(b"{\"orders\": [{\"order_id\": \"\xff\"}]}").await;
    malformed(line(r#""product_name": "Tea", "quantity": NaN"#).as_bytes()).await;
    malformed(line(r#""product_name": "Tea", "quantity": Infinity"#).as_bytes()).await;
    malformed(line(r#""product_name": "Tea", "unit_price": NaN"#).as_bytes()).await;
    malformed(line(r#""product_name": "Tea", "unit_price": -Infinity"#).as_bytes()).await;
    malformed(line(r#""product_name": "Tea", "quantity": +1"#).as_bytes()).await;
    malformed(line(r#""product_name": "Tea", "quantity": 01"#).as_bytes()).await;
    malformed(format!(r#"{{"x": {}{}}}"#, "[".repeat(128), "]".repeat(128)).as_bytes()).await;
    malformed("[".repeat(100_000).as_bytes()).await;
}

#[tokio::test]
async fn what_has_to_be_there() {
    let invalid = async |body: &str, pointer: &str| check(body, 422, "invalid_request", pointer).await;
    invalid("{}", "/orders").await;
    invalid(r#"{"orders": []}"#, "/orders").await;
    invalid(r#"{"orders": null}"#, "/orders").await;
    invalid(r#"{"orders": [{}]}"#, "/orders/0/order_id").await;
    invalid(&order(r#""order_id": "o""#), "/orders/0/line_items").await;
    invalid(&order(r#""order_id": "o", "line_items": []"#), "/orders/0/line_items").await;
    invalid(&line(""), &format!("{LINE}/product_name")).await;
}

#[tokio::test]
async fn names_and_ids() {
    let name = async |name: &str| {
        check(line(&format!(r#""product_name": {name}"#)), 422, "invalid_request", &format!("{LINE}/product_name"))
            .await
    };
    for refused in ["", " ", "\t", "\u{3000}", "a\0b", "a\nb", "a\u{85}b", &"x".repeat(513), &"x".repeat(10_000)] {
        name(&text(refused)).await;
    }
    for refused in ["5", "null", "true", "[]", "{}"] {
        name(refused).await;
    }
    for kept in ["\u{202e}gnp.exe", "a\u{200b}b", "👟", "é", "e\u{301}", &"é".repeat(512), "=1+1", "a#b/../c"] {
        check_taken(line(&format!(r#""product_name": {}"#, text(kept))), 0).await;
    }
    let id = |id: &str| {
        order(&format!(r#""order_id": {id}, "order_date": "2025-03-01", "line_items": [{{"product_name": "Tea"}}]"#))
    };
    for refused in ["", " ", "a\0", "a\nb", &"x".repeat(257), &"é".repeat(129), &"x".repeat(2_048)] {
        check(id(&text(refused)), 422, "invalid_request", "/orders/0/order_id").await;
    }
    for kept in ["a#b", "a/b", "..", "../x", "T#other", &"x".repeat(256)] {
        check_taken(id(&text(kept)), 0).await;
    }
    let dataset = |id: &str| {
        format!(
            r#"{{"dataset_id": {id}, "orders": [{{"order_id": "o", "order_date": "2025-03-01", "line_items": [{{"product_name": "Tea"}}]}}]}}"#
        )
    };
    for refused in [text(""), text(" "), text("a\0"), text(&"x".repeat(257)), "7".to_owned(), "[]".to_owned()] {
        check(dataset(&refused), 422, "invalid_request", "/dataset_id").await;
    }
    for kept in ["../x", "a#b", "other-shop/data", "ä"] {
        check_taken(dataset(&text(kept)), 0).await;
    }
}

#[tokio::test]
async fn numbers_are_exact_or_refused() {
    let number = |field: &str, value: &str| line(&format!(r#""product_name": "Tea", "{field}": {value}"#));
    for refused in ["\"1\"", "true", "[1]", "1099511627776", "1000000001", "1.23456", "1e400", "1e-4", "0.0001"] {
        check(number("quantity", refused), 422, "invalid_request", &format!("{LINE}/quantity")).await;
    }
    for refused in ["\"1\"", "1e400", "1e308", "1000000000000", "-1000000000000", "0.0000001", "{}"] {
        check(number("unit_price", refused), 422, "invalid_request", &format!("{LINE}/unit_price")).await;
    }
    for taken in ["0", "-0", "1.5", "-3", "1e9", "1e0", "0.001", "1000000000", "null"] {
        check_taken(number("quantity", taken), 0).await;
    }
    for taken in ["0", "-0", "-9.99", "999999999999.999999", "1e-6", "null"] {
        check_taken(number("unit_price", taken), 0).await;
    }
}

#[tokio::test]
async fn dates() {
    for refused in [
        "\"2025-02-30\"",
        "\"0000-01-01\"",
        "\"9999-12-31\"",
        "\"1969-12-31T23:59:59Z\"",
        "\"2025-03-22T12:00:01Z\"",
        "\"soon\"",
        "\"\"",
        "1742472000",
        "[]",
        "\"2025-13-01\"",
        "\"2025-03-01T25:00:00Z\"",
        "\"2016-12-31T23:59:60Z\"",
    ] {
        check(dated(refused), 422, "invalid_request", "/orders/0/order_date").await;
    }
    for taken in [
        "\"1970-01-01\"",
        "\"2025-03-22T12:00:00Z\"",
        "\"2025-03-01T10:00:00\"",
        "\"2025-03-01T10:00:00+05:30\"",
        "\"2024-02-29\"",
    ] {
        check_taken(dated(taken), 0).await;
    }
    check_taken(dated("null"), 1).await;
}

#[tokio::test]
async fn ten_thousand_line_items_and_no_more() {
    let lines = |count: usize| {
        let lines: Vec<String> = (0..count).map(|at| format!(r#"{{"product_name": "p{at}"}}"#)).collect();
        order(&format!(r#""order_id": "o", "order_date": "2025-03-01", "line_items": [{}]"#, lines.join(",")))
    };
    check_taken(lines(10_000), 0).await;
    check(lines(10_001), 413, "too_large", "").await;
}

#[tokio::test]
async fn every_problem_is_named_and_unknown_fields_only_warn() {
    let (shop, ann) = (crate::kit::Shop::new(), crate::kit::caller("shop"));
    let two = r#"{"orders": [{"order_id": "", "line_items": [{"product_name": "Tea", "quantity": "1"}]}]}"#;
    let refused = crate::kit::json(&shop.post(&ann, "/data/orders", two).await);
    let pointers: Vec<&str> =
        refused["errors"].as_array().expect("a list").iter().map(|e| e["pointer"].as_str().unwrap()).collect();
    assert_eq!(pointers, ["/orders/0/line_items/0/quantity", "/orders/0/order_id"], "{refused}");
    check_taken(line(r#""product_name": "Tea", "colour": "green""#), 1).await;
    check_taken(line(r#""product_name": "Tea"}, {"product_name": "Tea""#), 1).await;
}

#[tokio::test]
async fn the_quick_start_is_taken_as_written() {
    check_taken(
        r#"{"dataset_id": "my-store",
 "orders": [{"order_id": "ORD-1001", "customer_id": "CUST-42", "order_date": "2025-03-15T10:30:00Z",
   "line_items": [{"product_name": "Running Shoes", "unit_price": 129.99, "quantity": 1},
                  {"product_name": "Sport Socks 3-Pack", "unit_price": 14.99, "quantity": 2}]}]}"#,
        0,
    )
    .await;
}
