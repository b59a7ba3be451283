//! Basket analyses of one segment: whose orders they count is what the segmentation says.

use crate::golden_edges::shop;
use crate::support::{Report, report};
use affinsy_core::history::History;
use affinsy_core::report::scope::{Selection, select};
use affinsy_core::report::spec::ReportSpec;
use affinsy_core::report::window::Window;
use affinsy_core::report::{Budget, run};
use serde_json::{Value, json};
use std::collections::BTreeSet;

fn selection(history: &History, params: &Value, filters: &Value) -> Selection {
    let body = json!({"report_type": "MBA", "params": params, "filters": filters}).to_string();
    let spec = ReportSpec::parse(body.as_bytes()).expect("a valid request");
    select(history, &Window::resolve(&spec, history), &spec).expect("a segment model that makes sense")
}

fn with_scope(params: &Value, segment: &str) -> Value {
    let mut params = params.clone();
    params["customer_scope"] = json!(format!("segment:{segment}"));
    params
}

/// Every segment's scope holds the customers whom an RFM report of the same parameters puts into it.
fn check(history: &History, params: &Value) {
    let report = report(history, &format!(r#""params": {params}"#));
    for segment in report.at("/segments").as_array().expect("segments") {
        let id = segment["id"].as_str().expect("an id");
        let chosen = selection(history, &with_scope(params, id), &json!({}));
        let members: BTreeSet<&str> = chosen.customers.iter().map(|code| history.customer(*code)).collect();
        assert_eq!(members, rows_of(&report, id), "{id} by {params}");
        let theirs = |order: &u32| history.orders()[*order as usize].customer;
        assert!(chosen.orders.iter().all(|order| theirs(order).is_some_and(|code| chosen.customers.contains(&code))));
        let Selection { orders, exclusions: out, .. } = &chosen;
        let left_out = out.guest_orders_out_of_scope + out.orders_out_of_scope + out.orders_after_as_of;
        assert_eq!(orders.len() + left_out as usize, history.orders().len(), "{id} by {params}");
    }
}

fn rows_of<'r>(report: &'r Report, segment: &str) -> BTreeSet<&'r str> {
    let rows = report.customers.iter().filter(|row| row["segment"] == segment);
    rows.map(|row| row["customer_id"].as_str().expect("an id")).collect()
}

#[test]
fn a_scope_holds_the_customers_of_its_segment() {
    check(&shop(), &json!({}));
    check(&shop(), &json!({"segment_model": "rf10", "time_zone": "America/New_York"}));
    check(&shop(), &json!({"bins": 3, "as_of": "2025-03-01"}));
    check(&shop(), &json!({"thresholds": {"recency_days": [10, 20, 30, 40]}}));
    let segments = json!([{"id": "recent: \u{e9}", "r": 2}, {"id": "rest", "r": 1}]);
    check(&shop(), &json!({"bins": 2, "segment_model": "custom", "segments": segments}));
}

#[test]
fn the_date_range_thins_out_orders_and_not_segments() {
    let history = shop();
    let report = report(&history, "");
    let customer = report.customers.iter().find(|row| row["first_order"] != row["last_order"]).expect("two dates");
    let segment = customer["segment"].as_str().expect("a segment");
    let params = json!({"as_of": report.at("/meta/as_of"), "customer_scope": format!("segment:{segment}")});
    let all = selection(&history, &params, &json!({}));
    let range = json!({"dateRange": {"start": customer["last_order"]}});
    let late = selection(&history, &params, &range);
    assert_eq!(late.customers, all.customers);
    assert!(late.orders.len() < all.orders.len() && late.orders.iter().all(|order| all.orders.contains(order)));
    assert_eq!(late.exclusions.orders_outside_date_range as usize, all.orders.len() - late.orders.len());
}

#[test]
fn a_report_states_its_segment_in_words_that_can_be_asked_again() {
    let history = shop();
    let params = json!({"segment_model": "rf10", "bins": 3, "thresholds": {"monetary": [5, 20.5]}});
    let report = |params: &Value| -> Value {
        let body = json!({"report_type": "MBA", "params": params}).to_string();
        let spec = ReportSpec::parse(body.as_bytes()).expect("a valid request");
        assert_eq!(spec.warnings, Vec::<String>::new());
        let budget = Budget { threads: 1, memory_bytes: None, stop: &|| false, progress: &|_, _| {} };
        let output = run(&history, &spec, &budget).expect("a finished report");
        serde_json::from_str(output.result.get()).expect("JSON")
    };
    let first = report(&with_scope(&params, "champions"));
    let used = &first["parameters"];
    assert_eq!(used["customer_scope"], "segment:champions");
    for name in ["segment_model", "bins"] {
        assert_eq!(used[name], params[name], "{name}");
    }
    let names = ["customer_scope", "segment_model", "bins", "thresholds"];
    let again: serde_json::Map<String, Value> =
        names.map(|name| (name.to_owned(), used[name].clone())).into_iter().collect();
    assert_eq!(report(&Value::Object(again))["data"], first["data"]);
    let out = &first["data"]["exclusions"];
    assert!(out["guest_orders_out_of_scope"].as_u64().is_some_and(|orders| orders > 0), "{out}");
    assert_eq!(report(&json!({"customer_scope": "all"}))["parameters"].get("bins"), None);
}
