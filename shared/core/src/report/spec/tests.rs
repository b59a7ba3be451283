//! What a body of `POST /reports` means, and what is refused.

use super::*;
use crate::problem::FieldProblem;
use affinsy_mining::{Ratio, RuleSort};

fn parse(body: &str) -> ReportSpec {
    ReportSpec::parse(body.as_bytes()).unwrap_or_else(|problem| panic!("{body}: {problem}"))
}

fn check_refused(body: &str, pointers: &[&str]) {
    match ReportSpec::parse(body.as_bytes()) {
        Err(BodyProblem::Invalid { errors }) => {
            let got: Vec<&str> = errors.iter().map(|FieldProblem { pointer, .. }| pointer.as_str()).collect();
            assert_eq!(got, pointers, "{body}: {errors:?}");
        }
        other => panic!("{body}: {other:?}"),
    }
}

fn check_params(params: &str, pointers: &[&str]) {
    check_refused(&format!(r#"{{"report_type":"MBA","params":{params}}}"#), pointers);
}

#[test]
fn reads_the_quick_start() {
    let spec = parse(
        r#"{"report_type": "MBA", "name": "Q1 2025 Bundle Analysis", "dataset_id": "my-store",
            "webhook_url": "https://your-server.com/hooks/affinsy",
            "filters": {"dateRange": {"start": "2025-01-01", "end": "2025-03-31"}},
            "params": {"min_support": 0.02, "min_confidence": 0.15, "scope": "order", "customer_scope": "high_value"}}"#,
    );
    assert_eq!(spec.name.as_deref(), Some("Q1 2025 Bundle Analysis"));
    assert_eq!(spec.mba.support, Support::Share(Ratio::new(2, 100)));
    assert_eq!(spec.mba.min_confidence, Ratio::new(15, 100));
    assert_eq!(spec.customer_scope, CustomerScope::HighValue);
    assert_eq!(spec.start.map(Instant::to_rfc3339).as_deref(), Some("2025-01-01T00:00:00Z"));
    assert_eq!(spec.end.map(Instant::to_rfc3339).as_deref(), Some("2025-04-01T00:00:00Z"));
    assert_eq!(spec.range_end_day.map(|day| day.to_string()).as_deref(), Some("2025-03-31"));
    assert_eq!(spec.warnings, Vec::<String>::new());
    let spec = parse(r#"{"template": "high_value_baskets", "dataset_id": "my-store"}"#);
    assert_eq!((spec.report_type, spec.customer_scope), (ReportType::Mba, CustomerScope::HighValue));
}

#[test]
fn everything_can_be_switched_off() {
    let spec = parse(
        r#"{"template": "standard_mba", "params": {"max_itemset_size": null, "max_consequent_size": null,
            "min_lift": 0, "max_q_value": 1, "include_redundant": true, "max_rules": null, "sort_by": "p_value"}}"#,
    );
    let none = (spec.mba.max_itemset_size, spec.mba.max_consequent_size, spec.mba.max_rules);
    assert_eq!(none, (None, None, None));
    assert_eq!((spec.mba.min_lift, spec.mba.max_q_value), (Ratio::new(0, 1), Ratio::new(1, 1)));
    assert!(spec.mba.include_redundant && spec.mba.sort_by == RuleSort::PValue);
}

#[test]
fn params_win_over_the_template() {
    let spec = parse(r#"{"template": "first_order", "params": {"customer_scope": "repeat", "scope": "customer"}}"#);
    assert_eq!((spec.customer_scope, spec.mba.scope), (CustomerScope::Repeat, BasketScope::Customer));
    assert_eq!(parse(r#"{"template":"first_order","params":{"min_support":null}}"#).mba.support, Support::Auto);
}

#[test]
fn each_problem_has_its_pointer() {
    check_refused("{}", &["/report_type"]);
    check_refused(r#"{"report_type":"mba"}"#, &["/report_type"]);
    check_refused(r#"{"template":"nope","report_type":"MBA"}"#, &["/template"]);
    check_refused(r#"{"template":"standard_rfm","report_type":"MBA"}"#, &["/report_type"]);
    check_refused(r#"{"report_type":"MBA","params":[],"filters":3}"#, &["/params", "/filters"]);
    check_refused(r#"{"report_type":"MBA","dataset_id":" ","name":7}"#, &["/dataset_id", "/name"]);
    check_refused(&format!(r#"{{"report_type":"MBA","name":"{}"}}"#, "x".repeat(257)), &["/name"]);
    check_params(r#"{"min_support":0}"#, &["/params/min_support"]);
    check_params(r#"{"min_support":-0.1}"#, &["/params/min_support"]);
    check_params(r#"{"min_support":1.0001}"#, &["/params/min_support"]);
    check_params(r#"{"min_support":"0.1"}"#, &["/params/min_support"]);
    check_params(r#"{"min_support":1e400}"#, &["/params/min_support"]);
    check_params(r#"{"min_support":0.1,"min_support_count":5}"#, &["/params/min_support_count"]);
    check_params(r#"{"min_support_count":1.5,"max_rules":0}"#, &["/params/min_support_count", "/params/max_rules"]);
    check_params(r#"{"min_lift":-1,"max_q_value":2}"#, &["/params/min_lift", "/params/max_q_value"]);
    check_params(r#"{"sort_by":"money","scope":"shop"}"#, &["/params/sort_by", "/params/scope"]);
    check_params(r#"{"time_zone":"Mars/Olympus"}"#, &["/params/time_zone"]);
    check_params(r#"{"time_zone":"Factory","as_of":"9999-12-31"}"#, &["/params/time_zone", "/params/as_of"]);
    let products = vec![r#""a""#; 1_001].join(",");
    let filters = format!(r#"{{"report_type":"MBA","filters":{{"products":{{"include":[{products}]}}}}}}"#);
    check_refused(&filters, &["/filters/products/include"]);
    check_params(r#"{"as_of":"2025-02-30","churn_days":0}"#, &["/params/as_of", "/params/churn_days"]);
}

#[test]
fn ranges_end_with_their_last_day_or_instant() {
    let check = |params: &str, range: &str, start: Option<&str>, end: Option<&str>| {
        let body = format!(r#"{{"report_type":"MBA","params":{params},"filters":{{"dateRange":{range}}}}}"#);
        let spec = parse(&body);
        let text = |instant: Option<Instant>| instant.map(Instant::to_rfc3339);
        assert_eq!((text(spec.start).as_deref(), text(spec.end).as_deref()), (start, end), "{body}");
    };
    let berlin = r#"{"time_zone":"Europe/Berlin"}"#;
    let spring = r#"{"start":"2025-03-30","end":"2025-03-30"}"#;
    check(berlin, spring, Some("2025-03-29T23:00:00Z"), Some("2025-03-30T22:00:00Z"));
    check("{}", r#"{"end":"2025-03-30T12:00:00+02:00"}"#, None, Some("2025-03-30T10:00:00.000001Z"));
    check("{}", r#"{"start":null,"end":null}"#, None, None);
    let apia = r#"{"time_zone":"Pacific/Apia"}"#;
    let skipped = r#"{"start":"2011-12-30","end":"2011-12-30"}"#;
    check(apia, skipped, Some("2011-12-30T10:00:00Z"), Some("2011-12-30T10:00:00Z"));
    check("{}", r#"{"start":"1900-01-01"}"#, Some("1900-01-01T00:00:00Z"), None);
    let reversed = r#"{"report_type":"RFM","filters":{"dateRange":{"start":"2025-04-01","end":"2025-03-31"}}}"#;
    check_refused(reversed, &["/filters/dateRange"]);
    check_refused(
        r#"{"report_type":"RFM","filters":{"dateRange":{"start":"31.03.2025","end":5},"min_basket_size":3,"max_basket_size":2}}"#,
        &["/filters/dateRange/start", "/filters/dateRange/end", "/filters/min_basket_size"],
    );
}

#[test]
fn open_ends_may_be_written_as_far_dates() {
    let check = |zone: &str, end: &str, day: &str| {
        let spec = parse(&format!(
            r#"{{"report_type":"RFM","params":{{"time_zone":"{zone}"}},
                "filters":{{"dateRange":{{"start":"0001-01-01","end":"{end}"}}}}}}"#
        ));
        let (late, early) = ("9999-12-30T00:00:00Z", "0002-01-01T00:00:00Z");
        let [late, early] = [late, early].map(|text| crate::time::parse_instant(text).expect("valid"));
        assert!(spec.end.is_some_and(|end| end > late) && spec.start.is_some_and(|start| start < early), "{end}");
        assert_eq!(spec.range_end_day.map(|day| day.to_string()).as_deref(), Some(day), "{zone} {end}");
    };
    for zone in ["UTC", "Asia/Tokyo", "America/New_York"] {
        check(zone, "9999-12-31", "9999-12-31");
    }
    check("Asia/Tokyo", "9999-12-31T23:59:59Z", "9999-12-31");
}

#[test]
fn names_what_it_does_not_know_or_use() {
    let spec = parse(r#"{"report_type":"MBA","colour":1,"params":{"bins":5,"min_sup/port":1},"filters":{"x":{}}}"#);
    assert_eq!(
        spec.warnings,
        [
            "/filters/x is not a known field and was ignored",
            "/params/bins is ignored: it is a parameter of RFM reports",
            "/params/min_sup~1port is not a known field and was ignored",
            "/colour is not a known field and was ignored",
        ]
    );
    let spec = parse(r#"{"report_type":"RFM","params":{"min_support":7}}"#);
    assert_eq!(spec.warnings, ["/params/min_support is ignored: it is a parameter of MBA reports"]);
}

#[test]
fn custom_segments_cover_every_cell_once() {
    let model = |segments: &str| {
        format!(r#"{{"report_type":"RFM","params":{{"bins":2,"segment_model":"custom","segments":{segments}}}}}"#)
    };
    let spec = parse(&model(r#"[{"id":"a","r":1},{"id":"b","label":"Bs","r":[2,2],"f":[1,2]}]"#));
    let segment =
        |id: &str, label: &str, r| CustomSegment { id: id.into(), label: label.into(), r, f: [1, 2], m: [1, 2] };
    let expected = SegmentModel::Custom(vec![segment("a", "a", [1, 1]), segment("b", "Bs", [2, 2])]);
    assert_eq!(spec.rfm.segment_model, expected);
    check_refused(&model(r#"[{"id":"a","r":1}]"#), &["/params/segments"]);
    check_refused(&model(r#"[{"id":"a"},{"id":"a","r":1}]"#), &["/params/segments/1/id", "/params/segments"]);
    check_refused(&model(r#"[{"id":"a","r":[2,1]},{}]"#), &["/params/segments/0/r", "/params/segments/1/id"]);
    check_refused(&model("null"), &["/params/segments"]);
    let Err(BodyProblem::Invalid { errors }) = ReportSpec::parse(model(r#"[{"id":"a","r":1,"f":1}]"#).as_bytes())
    else {
        panic!("refused");
    };
    assert_eq!(errors[0].detail, "cells (R-F-M) left out: 1-2-1, 1-2-2, 2-1-1, 2-1-2, 2-2-1, 2-2-2");
}

#[test]
fn thresholds_stand_between_scores() {
    let body = |thresholds: &str| format!(r#"{{"report_type":"RFM","params":{{"bins":3,"thresholds":{thresholds}}}}}"#);
    let spec = parse(&body(r#"{"frequency":[2,3.0],"recency_days":[3e1,90]}"#));
    let thresholds = spec.rfm.thresholds.expect("given");
    assert_eq!((thresholds.recency_days, thresholds.frequency), (Some(vec![30, 90]), Some(vec![2, 3])));
    let spec = parse(&body(r#"{"recency_days":[30,90],"monetary":[0.1,99.95]}"#));
    let thresholds = spec.rfm.thresholds.expect("given");
    assert_eq!((thresholds.recency_days, thresholds.frequency), (Some(vec![30, 90]), None));
    assert_eq!(thresholds.monetary.map(|m| m[1].to_text()).as_deref(), Some("99.95"));
    let refused = body(r#"{"recency_days":[30],"frequency":[3,3],"monetary":["1",2]}"#);
    check_refused(
        &refused,
        &["recency_days", "frequency", "monetary"]
            .map(|d| format!("/params/thresholds/{d}"))
            .each_ref()
            .map(|p| p.as_str()),
    );
}

#[test]
fn what_is_no_object_is_malformed() {
    let check = |body: &str| {
        assert!(matches!(ReportSpec::parse(body.as_bytes()), Err(BodyProblem::Malformed { line: 1, .. })), "{body}")
    };
    for body in ["", "[]", "null", "{} x", r#"{"template":"a","template":"a"}"#] {
        check(body);
    }
}

#[test]
fn a_segment_is_a_scope_of_basket_analyses() {
    let check = |params: &str, id: &str, ignored: usize| {
        let spec = parse(&format!(r#"{{"report_type":"MBA","params":{params}}}"#));
        assert!(matches!(spec.customer_scope, CustomerScope::Segment(_)), "{params}");
        assert_eq!((spec.scope_name().as_str(), spec.warnings.len()), (id, ignored), "{:?}", spec.warnings);
    };
    check(r#"{"customer_scope":"segment:at_risk"}"#, "segment:at_risk", 0);
    check(r#"{"customer_scope":"segment:champions","segment_model":"rf10","bins":4}"#, "segment:champions", 0);
    check(r#"{"customer_scope":"segment:champions","compare_to":"2025-01-01"}"#, "segment:champions", 1);
    let own = r#""segment_model":"custom","bins":2,"segments":[{"id":"Best","r":2},{"id":"rest: all","r":1}]"#;
    check(&format!(r#"{{"customer_scope":"segment:rest: all",{own}}}"#), "segment:rest: all", 0);
    check_params(&format!(r#"{{"customer_scope":"segment:champions",{own}}}"#), &["/params/customer_scope"]);
    check_params(r#"{"customer_scope":"segment:"}"#, &["/params/customer_scope"]);
    check_params(r#"{"customer_scope":"segment:Champions"}"#, &["/params/customer_scope"]);
    check_params(r#"{"customer_scope":7}"#, &["/params/customer_scope"]);
    check_params(r#"{"customer_scope":"champions"}"#, &["/params/customer_scope"]);
    check_refused(
        r#"{"report_type":"RFM","params":{"customer_scope":"segment:champions"}}"#,
        &["/params/customer_scope"],
    );
    let plain = parse(r#"{"report_type":"MBA","params":{"bins":4,"segment_model":"rf10"}}"#);
    assert_eq!((plain.customer_scope, plain.warnings.len()), (CustomerScope::All, 2));
}

#[test]
fn cut_offs_are_stated_with_all_their_decimals() {
    let body = r#"{"report_type":"RFM","params":{"bins":3,"thresholds":{"monetary":[0.00001,100]}}}"#;
    let spec = ReportSpec::parse(body.as_bytes()).expect("valid");
    let stated = serde_json::to_string(&spec.parameters_used(None, &spec.rfm)).expect("serializes");
    assert!(stated.contains(r#""monetary":[0.00001,100]"#), "{stated}");
}
