//! The rules of `POST /data/orders`, one line each.

use super::*;
use crate::decimal::Amount;
use crate::order::MAX_LINE_ITEMS;
use crate::problem::MAX_FIELD_PROBLEMS;

const NOW: &str = "2025-03-15T12:00:00Z";

fn read(body: &[u8]) -> Result<Push, BodyProblem> {
    parse(body, crate::time::parse_instant(NOW).expect("valid"))
}

fn accepted(body: &str) -> Push {
    read(body.as_bytes()).unwrap_or_else(|problem| panic!("{problem}: {body}"))
}

/// The pointers of the problems of a body.
fn check_invalid(body: &str, pointers: &[&str]) {
    match read(body.as_bytes()) {
        Err(BodyProblem::Invalid { errors }) => {
            let got: Vec<&str> = errors.iter().map(|error| error.pointer.as_str()).collect();
            assert_eq!(got, pointers, "{body}");
        }
        other => panic!("{other:?}: {body}"),
    }
}

fn check_malformed(body: &[u8], line: usize, column: usize) {
    match read(body) {
        Err(BodyProblem::Malformed { line: l, column: c, .. }) => {
            assert_eq!((l, c), (line, column), "{}", String::from_utf8_lossy(body));
        }
        other => panic!("{other:?}: {}", String::from_utf8_lossy(body)),
    }
}

/// A body of one order with these fields beside its id.
fn order(fields: &str) -> String {
    format!(r#"{{"orders":[{{"order_id":"o",{fields}}}]}}"#)
}

/// A body of one line item with these fields beside its name.
fn line(fields: &str) -> String {
    order(&format!(r#""order_date":"2025-01-01","line_items":[{{"product_name":"p"{fields}}}]"#))
}

#[test]
fn reads_the_example_of_the_contract() {
    let push = accepted(
        r#"{"dataset_id": "my-store",
 "orders": [{"order_id": "ORD-1001", "customer_id": "CUST-42", "order_date": "2025-03-15T10:30:00Z",
             "line_items": [{"product_name": "Running Shoes", "unit_price": 129.99, "quantity": 2}]}]}"#,
    );
    let order = push.batch.orders().next().expect("one order");
    assert_eq!((push.dataset_id.as_str(), push.order_count, push.line_count), ("my-store", 1, 1));
    assert_eq!((order.id, order.customer.map(|code| push.batch.customer(code))), ("ORD-1001", Some("CUST-42")));
    assert_eq!(order.date.map(Instant::to_rfc3339).as_deref(), Some("2025-03-15T10:30:00Z"));
    assert_eq!(push.batch.product(order.lines[0].product), "Running Shoes");
    assert_eq!(order.lines[0].amount.map(Amount::to_text).as_deref(), Some("259.98"));
    assert_eq!(push.warnings, Vec::<String>::new());
}

#[test]
fn what_is_left_out_has_its_default() {
    let push = accepted(r#"{"orders":[{"order_id":"o","line_items":[{"product_name":"p"}]}]}"#);
    let order = push.batch.orders().next().expect("one order");
    assert_eq!((push.dataset_id.as_str(), push.currency, order.customer, order.date), ("default", None, None, None));
    assert_eq!((order.lines[0].quantity.thousandths(), order.lines[0].amount), (1_000, None));
    assert_eq!(push.warnings.len(), 1, "{:?}", push.warnings);
    let nulls = r#"{"dataset_id":null,"currency":null,"orders":[{"customer_id":null,"order_date":null,"order_id":"o",
        "line_items":[{"unit_price":null,"quantity":null,"product_name":"p"}]}]}"#;
    assert_eq!(accepted(nulls).warnings, push.warnings);
}

#[test]
fn bodies_that_are_not_strict_json() {
    check_malformed(b"", 1, 1);
    check_malformed(b"hello", 1, 1);
    check_malformed(b"\xEF\xBB\xBF{}", 1, 1);
    check_malformed(b"{\"orders\":[\n{\"order_id\":\"\xff\"}]}", 2, 14);
    check_malformed(br#"{"orders":[]} x"#, 1, 15);
    check_malformed(br#"{"orders":[],"orders":[]}"#, 1, 21);
    check_malformed(br#"{"x":1,"x":1}"#, 1, 10);
    check_malformed(br#"{"orders":[{"order_id":"a","order_id":"b"}]}"#, 1, 37);
    check_malformed(br#"{"orders":[{"line_items":[{"quantity":NaN}]}]}"#, 1, 39);
    check_malformed(br#"{"orders":[{"order_id":"\ud800"}]}"#, 1, 31);
    check_malformed(br#"{"x":{"a":1,"a":2}}"#, 1, 15);
    check_malformed(format!(r#"{{"x":{}"#, "[".repeat(200)).as_bytes(), 1, 132);
}

#[test]
fn other_kinds_of_values_where_containers_stand() {
    check_malformed(b"[]", 1, 1);
    check_malformed(b"null", 1, 4);
    check_malformed(br#"{"orders":{}}"#, 1, 12);
    check_malformed(br#"{"orders":[[]]}"#, 1, 11);
    check_malformed(br#"{"orders":[{"order_id":"o","line_items":{}}]}"#, 1, 42);
    check_malformed(br#"{"orders":[{"order_id":"o","line_items":[["p",1]]}]}"#, 1, 41);
}

#[test]
fn what_has_to_be_there() {
    check_invalid("{}", &["/orders"]);
    check_invalid(r#"{"orders":[]}"#, &["/orders"]);
    check_invalid(r#"{"orders":null}"#, &["/orders"]);
    check_invalid(r#"{"orders":[{}]}"#, &["/orders/0/order_id", "/orders/0/line_items"]);
    check_invalid(&order(r#""line_items":[]"#), &["/orders/0/line_items"]);
    check_invalid(&order(r#""line_items":null"#), &["/orders/0/line_items"]);
    check_invalid(&order(r#""line_items":[{}]"#), &["/orders/0/line_items/0/product_name"]);
}

#[test]
fn ids_and_names() {
    let name = |name: &str| order(&format!(r#""line_items":[{{"product_name":{name}}}]"#));
    for wrong in [r#""""#, r#"" \t ""#, r#""a\u0000b""#, r#""a\nb""#, "5", "null", "[\"p\"]"] {
        check_invalid(&name(wrong), &["/orders/0/line_items/0/product_name"]);
    }
    check_invalid(&name(&format!("{:?}", "x".repeat(513))), &["/orders/0/line_items/0/product_name"]);
    let push = accepted(&name(r#"" \u202e\ud83d\udc5f e\u0301 ""#));
    assert_eq!(push.batch.product(0), " \u{202e}👟 e\u{301} ", "kept byte for byte");
    let id = |id: &str| format!(r#"{{"orders":[{{"order_id":{id},"line_items":[{{"product_name":"p"}}]}}]}}"#);
    accepted(&id(r#""a#/..\u0020""#));
    check_invalid(&id(r#""""#), &["/orders/0/order_id"]);
    check_invalid(&id("7"), &["/orders/0/order_id"]);
    check_invalid(&id(&format!("{:?}", "x".repeat(257))), &["/orders/0/order_id"]);
    let customer = |id: &str| order(&format!(r#""customer_id":{id},"line_items":[{{"product_name":"p"}}]"#));
    check_invalid(&customer("42"), &["/orders/0/customer_id"]);
    let push = accepted(&customer(r#"" C 1 ""#));
    assert_eq!(push.batch.customer(0), "C 1");
    assert_eq!(accepted(&customer(r#"" ""#)).batch.orders().next().and_then(|order| order.customer), None);
}

#[test]
fn numbers_are_numbers_and_exact() {
    for wrong in ["\"1\"", "true", "[1]", "{}", "1099511627776", "1.23456", "1e400", "1e-4"] {
        check_invalid(&line(&format!(r#","quantity":{wrong}"#)), &["/orders/0/line_items/0/quantity"]);
    }
    for wrong in ["\"1\"", "1e400", "1e308", "1000000000000", "0.0000001"] {
        check_invalid(&line(&format!(r#","unit_price":{wrong}"#)), &["/orders/0/line_items/0/unit_price"]);
    }
    let amount = |fields: &str| {
        let push = accepted(&line(fields));
        push.batch.orders().next().and_then(|order| order.lines[0].amount).map(Amount::to_text)
    };
    assert_eq!(amount(r#","unit_price":-0,"quantity":1.5"#).as_deref(), Some("0"));
    assert_eq!(amount(r#","unit_price":0.1,"quantity":-3"#).as_deref(), Some("-0.3"));
    assert_eq!(amount(r#","unit_price":999999999999.99,"quantity":1e9"#).as_deref(), Some("999999999999990000000"));
    assert_eq!(amount(r#","quantity":3"#), None);
}

#[test]
fn dates_lie_between_1970_and_two_days_ahead() {
    let dated = |date: &str| order(&format!(r#""order_date":{date},"line_items":[{{"product_name":"p"}}]"#));
    for fine in [
        "1970-01-01",
        "2025-03-17T12:00:00Z",
        "2025-03-15 10:30",
        "2025-10-07T09:50:26.5+0200".replace("10-07", "01-07").as_str(),
    ] {
        assert_eq!(accepted(&dated(&format!("{fine:?}"))).warnings, Vec::<String>::new());
    }
    for wrong in [
        "\"1969-12-31\"",
        "\"2025-03-17T12:00:01Z\"",
        "\"2025-02-30\"",
        "\"0000-01-01\"",
        "\"9999-01-01\"",
        "\"\"",
        "5",
    ] {
        check_invalid(&dated(wrong), &["/orders/0/order_date"]);
    }
}

#[test]
fn the_dataset_and_its_currency() {
    let body =
        |fields: &str| format!(r#"{{{fields},"orders":[{{"order_id":"o","line_items":[{{"product_name":"p"}}]}}]}}"#);
    assert_eq!(accepted(&body(r#""currency":"EUR""#)).currency.map(Currency::code), Some("EUR"));
    assert_eq!(accepted(&body(r#""dataset_id":"../x""#)).dataset_id, "../x");
    for wrong in ["\"eur\"", "\"XYZ\"", "\"\"", "978"] {
        check_invalid(&body(&format!(r#""currency":{wrong}"#)), &["/currency"]);
    }
    for wrong in ["\"\"", "\"a\\u0000\"", "1", &format!("{:?}", "x".repeat(257))] {
        check_invalid(&body(&format!(r#""dataset_id":{wrong}"#)), &["/dataset_id"]);
    }
}

/// A body of orders with these numbers of line items.
fn lines(counts: &[usize]) -> String {
    let order = |(at, count): (usize, &usize)| {
        let lines: Vec<String> = (0..*count).map(|line| format!(r#"{{"product_name":"p{line}"}}"#)).collect();
        format!(r#"{{"order_id":"o{at}","order_date":"2025-01-01","line_items":[{}]}}"#, lines.join(","))
    };
    format!(r#"{{"orders":[{}]}}"#, counts.iter().enumerate().map(order).collect::<Vec<_>>().join(","))
}

#[test]
fn at_most_ten_thousand_line_items() {
    assert_eq!(accepted(&lines(&[MAX_LINE_ITEMS - 1, 1])).received_line_items, MAX_LINE_ITEMS);
    let refused = read(lines(&[MAX_LINE_ITEMS, 1]).as_bytes());
    assert!(matches!(refused, Err(BodyProblem::TooLarge { .. })), "{refused:?}");
}

#[test]
fn every_problem_is_told_up_to_a_bound() {
    let body = r#"{"orders":[{"order_id":"a","line_items":[{"product_name":"p"},{"product_name":"","quantity":"2"}]},
        {"order_id":"","order_date":"soon","line_items":[{"product_name":"p","unit_price":"3"}]}]}"#;
    let lines = ["/orders/0/line_items/1/product_name", "/orders/0/line_items/1/quantity"];
    let rest = ["/orders/1/line_items/0/unit_price", "/orders/1/order_id", "/orders/1/order_date"];
    check_invalid(body, &[&lines[..], &rest[..]].concat());
    let many = format!(r#"{{"orders":[{}{{}}]}}"#, "{},".repeat(5_000));
    match read(many.as_bytes()) {
        Err(BodyProblem::Invalid { errors }) => assert_eq!(errors.len(), MAX_FIELD_PROBLEMS),
        other => panic!("{other:?}"),
    }
}

#[test]
fn unknown_fields_are_ignored_and_named_once() {
    let body = r#"{"x":[{}],"orders":[{"order_id":"o","order_date":"2025-01-01","tags":{"a":1},"line_items":[
        {"product_name":"p","sku":"1"},{"product_name":"q","sku":null,"x":2}]}]}"#;
    let push = accepted(body);
    let named = ["x", "orders[].tags", "orders[].line_items[].sku", "orders[].line_items[].x"];
    let expected: Vec<String> = named.iter().map(|name| format!("the unknown field {name:?} was ignored")).collect();
    assert_eq!(push.warnings, expected);
    let many: Vec<String> = (0..500).map(|at| format!(r#""f{at}":0"#)).collect();
    assert!(accepted(&line(&format!(",{}", many.join(",")))).warnings.len() < 30);
    let twice = format!(r#",{},"f400":0"#, many.join(","));
    assert!(matches!(read(line(&twice).as_bytes()), Err(BodyProblem::Malformed { .. })));
}

#[test]
fn the_fields_of_an_order_may_stand_in_any_order() {
    let push = accepted(
        r#"{"orders":[{"line_items":[{"quantity":2,"product_name":"p","unit_price":1}],"customer_id":"c","order_id":"o"}],
        "dataset_id":"d"}"#,
    );
    let order = push.batch.orders().next().expect("one order");
    assert_eq!((push.dataset_id.as_str(), order.id, order.lines[0].quantity.thousandths()), ("d", "o", 2_000));
}

#[test]
fn no_damage_to_a_body_panics() {
    let body = r#"{"dataset_id":"d","currency":"EUR","x":[1,{"y":null}],"orders":[{"order_id":"\u00e9","customer_id":" c",
        "order_date":"2025-01-01T00:00:00.5+01:00","line_items":[{"product_name":"p","unit_price":1.5e-1,"quantity":-2}]}]}"#;
    accepted(body);
    for at in 0..body.len() {
        drop(read(&body.as_bytes()[..at]));
        for byte in [b'"', b'{', b']', b',', b'-', b'0', b'e', b'\\', 0, 0xff] {
            let mut damaged = body.as_bytes().to_vec();
            damaged[at] = byte;
            drop(read(&damaged));
        }
    }
}
