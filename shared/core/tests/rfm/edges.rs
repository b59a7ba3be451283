//! Reports over next to nothing, and texts whose every number stands in the report.

use crate::golden_edges::shop;
use crate::support::{Item, Report, history, output, report};
use crate::traced::every_number_in_a_text_is_a_fact;
use affinsy_core::report::spec::ReportSpec;
use affinsy_core::report::{Budget, RunEnd, rfm};
use serde_json::Value;

const TEA: &[Item<'static>] = &[("Tea", "10.10", "1")];
const REFUND: &[Item<'static>] = &[("Tea", "10.10", "-1")];
const UNPRICED: &[Item<'static>] = &[("Tea", "", "1")];

/// Complete, finite, and with this many customers and these words among the warnings.
fn check(report: &Report, customers: u64, warning: &str) {
    assert_eq!(*report.at("/summary/customers_scored"), customers);
    assert!(report.warns(warning), "{}", report.at("/warnings"));
    assert_eq!(report.at("/segments").as_array().expect("segments").len(), 10);
    assert_eq!(report.at("/cells").as_array().expect("cells").len(), 125);
    assert!(report.at("/lifetime_value/model").is_null() && report.at("/lifetime_value/reason").is_string());
    assert!(!report.at("/insights/items").as_array().expect("insights").is_empty());
    every_number_in_a_text_is_a_fact(report);
}

#[test]
fn next_to_nothing_is_a_complete_report_with_reasons() {
    check(&report(&history(&[]), ""), 0, "the dataset has no orders");
    check(&report(&history(&[("1", "", "2025-01-01", TEA)]), ""), 0, "no order carries a customer_id");
    check(&report(&history(&[("1", "ann", "2025-01-01", REFUND)]), ""), 0, "refunds or free of charge");
    let late = r#""params": {"as_of": "2024-12-31"}"#;
    check(&report(&history(&[("1", "ann", "2025-01-01", TEA)]), late), 0, "later than as_of");
    let empty_range = r#""filters": {"dateRange": {"start": "2025-02-01", "end": "2025-02-28"}}"#;
    check(&report(&history(&[("1", "ann", "2025-01-01", TEA)]), empty_range), 0, "inside the date range");
    let old = history(&[("1", "ann", "2024-01-01", TEA), ("2", "", "2025-01-01", TEA)]);
    check(&report(&old, r#""template": "new_customer_cohort""#), 0, "customer scope");
    check(&report(&history(&[("1", "ann", "2025-01-01", TEA)]), ""), 1, "Only 1 customer was scored");
    check(&report(&shop(), ""), 10, "Only 10 customers were scored");
}

#[test]
fn an_empty_report_has_no_anchor_but_says_so() {
    let report = report(&history(&[]), "");
    assert_eq!((report.at("/meta/as_of"), report.at("/meta/as_of_source")), (&Value::Null, &Value::from("no_orders")));
    assert_eq!((report.at("/migration"), report.at("/summary/aov")), (&Value::Null, &Value::Null));
}

#[test]
fn money_is_exact_and_may_be_negative() {
    let orders = history(&[
        ("1", "ann", "2025-01-01", &[("Tea", "0.1", "3"), ("Mug", "999999999999.99", "1000")]),
        ("2", "bob", "2025-01-01", TEA),
        ("3", "bob", "2025-01-02", &[("Tea", "10.10", "-2")]),
    ]);
    let output = output(&orders, "");
    let rows = String::from_utf8(output.parts[0].ndjson.clone()).expect("UTF-8");
    assert!(rows.contains(r#""monetary":999999999999990.3,"#), "{rows}");
    assert!(rows.contains(r#""monetary":-10.1,"#), "{rows}");
    assert!(output.result.get().contains(r#""revenue":999999999999980.2,"#));
}

#[test]
fn a_purchase_without_a_price_counts_but_brings_nothing() {
    let report = report(&history(&[("1", "ann", "2025-01-01", UNPRICED)]), "");
    check(&report, 1, "1 line items have no price");
    assert_eq!(report.customers[0]["frequency"], 1);
    assert_eq!(report.customers[0]["monetary"], 0);
    assert_eq!(*report.at("/segments/0/revenue_share"), Value::Null);
}

#[test]
fn only_orders_inside_a_date_range_are_scored() {
    let orders = history(&[
        ("1", "ann", "2025-01-01", TEA),
        ("2", "ann", "2025-02-01", TEA),
        ("3", "ann", "2025-03-01", TEA),
        ("4", "bob", "2025-01-01", TEA),
    ]);
    let range = r#""filters": {"dateRange": {"start": "2025-01-15", "end": "2025-02-10"}}"#;
    let report = report(&orders, range);
    assert_eq!(report.customers.len(), 1);
    assert_eq!((&report.customers[0]["frequency"], &report.customers[0]["recency_days"]), (&1.into(), &9.into()));
    assert_eq!(*report.at("/data/exclusions/orders_outside_date_range"), 2);
    assert_eq!(*report.at("/data/exclusions/orders_after_as_of"), 1);
}

#[test]
fn own_segments_and_cut_offs_take_the_place_of_the_tables() {
    let params = r#""params": {"bins": 2, "segment_model": "custom",
        "segments": [{"id": "here", "r": 2}, {"id": "gone", "label": "Long gone", "r": 1}],
        "thresholds": {"recency_days": [30]}}"#;
    let report = report(&shop(), params);
    assert_eq!(report.at("/cells").as_array().expect("cells").len(), 8);
    assert_eq!((report.at("/segments/0/id"), report.at("/segments/0/customers")), (&"here".into(), &4.into()));
    assert_eq!((report.at("/segments/1/label"), report.at("/segments/1/customers")), (&"Long gone".into(), &6.into()));
    every_number_in_a_text_is_a_fact(&report);
}

#[test]
fn a_far_anchor_adds_no_months_without_orders() {
    let orders = history(&[("1", "ann", "2024-11-01", TEA), ("2", "ann", "2025-01-01", TEA)]);
    let far = [r#""params": {"as_of": "2999-12-31"}"#, r#""filters": {"dateRange": {"end": "9999-12-31"}}"#];
    for params in far {
        let report = report(&orders, params);
        assert_eq!(report.at("/cohorts/0/periods").as_array().expect("periods").len(), 3, "{params}");
        assert!(report.warns("days before as_of"), "{params}");
    }
}

#[test]
fn cohorts_are_bounded_in_number_and_age() {
    let month = |at: usize| format!("{:04}-{:02}-15", 1990 + at / 12, at % 12 + 1);
    let names: Vec<String> = (0..240).map(|at| format!("c{at}")).collect();
    let dates: Vec<String> = (0..240).map(month).collect();
    let mut orders: Vec<_> = names.iter().zip(&dates).map(|(n, d)| (n.as_str(), n.as_str(), d.as_str(), TEA)).collect();
    orders.push(("last", "c239", "2024-01-01", TEA));
    let report = report(&history(&orders), "");
    let cohorts = report.at("/cohorts").as_array().expect("cohorts");
    let longest = cohorts.iter().map(|cohort| cohort["periods"].as_array().expect("periods").len()).max();
    assert_eq!((cohorts.len(), longest, &cohorts[0]["cohort"]), (120, Some(121), &"2000-01".into()));
    assert!(report.at("/cohorts").to_string().len() < 2_000_000);
    assert!(report.warns("The 120 oldest cohorts are left out") && report.warns("the first 120 months"));
}

#[test]
fn refunds_leave_no_shares_that_make_no_sense() {
    let orders = history(&[
        ("1", "ann", "2025-01-01", &[("Tea", "500", "1")]),
        ("2", "bob", "2025-01-01", TEA),
        ("3", "bob", "2025-01-02", &[("Tea", "410.10", "-1")]),
    ]);
    let report = report(&orders, "");
    let shares = report.at("/segments").as_array().expect("segments").iter().map(|segment| &segment["revenue_share"]);
    let top = report.at("/concentration/top").as_array().expect("top").iter().map(|top| &top["revenue_share"]);
    assert!(shares.chain(top).all(|share| share.as_f64().is_none_or(|share| (0.0..=1.0).contains(&share))));
    let titles =
        report.at("/insights/items").as_array().expect("insights").iter().map(|item| item["title"].to_string());
    assert!(titles.clone().all(|title| !title.contains("customers' revenue")), "{:?}", titles.collect::<Vec<_>>());
    let gone = history(&[
        ("1", "ann", "2025-01-01", TEA),
        ("2", "ann", "2025-01-01", TEA),
        ("3", "ann", "2025-01-01", &[("Tea", "99", "-1")]),
    ]);
    let report = super::support::report(&gone, "");
    assert_eq!(*report.at("/insights/items/0/kind"), "refunds_prevail");
    every_number_in_a_text_is_a_fact(&report);
}

#[test]
fn insights_can_be_switched_off() {
    let report = report(&shop(), r#""params": {"insights": false}"#);
    assert_eq!(*report.at("/insights"), Value::Null);
}

#[test]
fn stops_when_told() {
    let spec = ReportSpec::parse(br#"{"report_type": "RFM"}"#).expect("a valid request");
    let budget = Budget { threads: 1, memory_bytes: None, stop: &|| true, progress: &|_, _| {} };
    assert!(matches!(rfm::run(&shop(), &spec, &budget), Err(RunEnd::Stopped { .. })));
}

#[test]
fn the_order_of_the_input_does_not_matter() {
    let forwards = [("1", "ann", "2025-01-01", TEA), ("2", "bob", "2025-01-01", TEA), ("3", "cat", "2025-02-01", TEA)];
    let mut backwards = forwards;
    backwards.reverse();
    let [one, other] = [forwards, backwards].map(|orders| output(&history(&orders), ""));
    assert_eq!(one.result.get(), other.result.get());
    assert_eq!(one.parts[0].ndjson, other.parts[0].ndjson);
}
