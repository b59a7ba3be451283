//! The document in itself: it has the routes and nothing else, its references lead somewhere, its examples fit.

use super::contract::Contract;
use crate::http::ROUTES;
use crate::http::openapi::document;
use crate::manage_keys::issue::KeyRequest;
use affinsy_core::order::push;
use affinsy_core::report::spec::{ReportSpec, ScheduleSpec};
use affinsy_core::time::Instant;
use serde_json::Value;
use std::collections::BTreeSet;

#[test]
fn it_has_the_routes_and_nothing_else() {
    let expected: BTreeSet<String> =
        ROUTES.iter().map(|route| format!("{} {} {}", route.method, route.path, route.operation)).collect();
    let paths = document()["paths"].as_object().expect("paths");
    let described = paths.iter().flat_map(|(path, item)| {
        let operations = item.as_object().expect("a path item").iter();
        operations.map(move |(method, operation)| {
            format!("{} {path} {}", method.to_uppercase(), operation["operationId"].as_str().expect("an id"))
        })
    });
    assert_eq!(described.collect::<BTreeSet<String>>(), expected);
}

#[test]
fn every_reference_leads_somewhere_and_every_component_is_used() {
    let (mut references, mut components) = (BTreeSet::new(), BTreeSet::new());
    collect_references(document(), &mut references);
    for (kind, named) in document()["components"].as_object().expect("components") {
        let names = named.as_object().expect("names").keys().filter(|_| kind != "securitySchemes");
        components.extend(names.map(|name| format!("#/components/{kind}/{name}")));
    }
    assert_eq!(references, components);
}

fn collect_references(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(fields) => {
            found.extend(fields.get("$ref").and_then(Value::as_str).map(str::to_owned));
            fields.values().for_each(|field| collect_references(field, found));
        }
        Value::Array(items) => items.iter().for_each(|item| collect_references(item, found)),
        _ => {}
    }
}

#[test]
fn path_parameters_are_those_of_the_path() {
    for route in ROUTES {
        let in_path: BTreeSet<&str> =
            route.path.split('/').filter_map(|s| s.strip_prefix('{')?.strip_suffix('}')).collect();
        let parameters = Contract::new().parameters(route.path, route.method, "path");
        assert_eq!(parameters.iter().map(String::as_str).collect::<BTreeSet<_>>(), in_path, "{}", route.path);
    }
}

#[test]
fn the_examples_fit_their_schemas_and_the_parsers() {
    let contract = Contract::new();
    let now = Instant::from_unix_ms(1_750_000_000_000);
    let bodies = |path: &str| contract.request_examples(path);
    for body in bodies("/api/v1/data/orders") {
        contract.check("PushOrders", &body);
        let push = push::parse(body.to_string().as_bytes(), now).expect("a valid push");
        assert!(push.warnings.is_empty(), "{:?}", push.warnings);
    }
    for body in bodies("/api/v1/reports") {
        contract.check("SubmitReport", &body);
        let spec = ReportSpec::parse(body.to_string().as_bytes()).expect("a valid report");
        assert!(spec.warnings.is_empty(), "{:?}", spec.warnings);
    }
    for body in bodies("/api/v1/schedules") {
        contract.check("CreateSchedule", &body);
        let spec = ScheduleSpec::parse(body.to_string().as_bytes()).expect("a valid schedule");
        assert!(spec.warnings.is_empty(), "{:?}", spec.warnings);
    }
    for body in bodies("/api/v1/data/uploads") {
        contract.check("OpenUpload", &body);
    }
    for body in bodies("/api/v1/keys") {
        contract.check("CreateKey", &body);
        KeyRequest::parse(body.to_string().as_bytes(), now).expect("a valid request");
    }
    contract.check_answer_examples();
}

#[test]
fn requests_that_the_parsers_refuse_do_not_fit() {
    let contract = Contract::new();
    let check = |schema: &str, body: Value, fits: bool| {
        assert_eq!(contract.fits(schema, &body), fits, "{body}");
        let bytes = body.to_string().into_bytes();
        let parsed = match schema {
            "PushOrders" => push::parse(&bytes, Instant::from_unix_ms(1_750_000_000_000)).is_ok(),
            "CreateSchedule" => ScheduleSpec::parse(&bytes).is_ok(),
            _ => ReportSpec::parse(&bytes).is_ok(),
        };
        assert_eq!(parsed, fits, "{body}");
    };
    let line = |line: Value| serde_json::json!({"orders": [{"order_id": "1", "line_items": [line]}]});
    check("PushOrders", line(serde_json::json!({"product_name": "a", "quantity": null, "unit_price": -0.5})), true);
    check("PushOrders", line(serde_json::json!({"product_name": " "})), false);
    check("PushOrders", line(serde_json::json!({"product_name": "a", "quantity": "1"})), false);
    check("PushOrders", line(serde_json::json!({"product_name": "a", "unit_price": 1e12})), false);
    check("PushOrders", serde_json::json!({"orders": []}), false);
    let report = |params: Value| serde_json::json!({"report_type": "MBA", "params": params});
    check("SubmitReport", report(serde_json::json!({"max_rules": null, "min_support": 1e-3})), true);
    check("SubmitReport", report(serde_json::json!({"min_support": 0})), false);
    check("SubmitReport", report(serde_json::json!({"min_support": 0.1, "min_support_count": 3})), false);
    check("SubmitReport", report(serde_json::json!({"sort_by": "luck"})), false);
    check("SubmitReport", serde_json::json!({"template": null, "dataset_id": "a"}), false);
    let schedule = |every: &str, time: &str| serde_json::json!({"every": every, "time": time, "report": {"template": "standard_rfm"}});
    check("CreateSchedule", schedule("day", "23:59"), true);
    check("CreateSchedule", schedule("day", "24:00"), false);
    check("CreateSchedule", schedule("hour", "06:00"), false);
    check("CreateSchedule", serde_json::json!({"every": "day", "report": {}}), false);
    let range = serde_json::json!({"dateRange": {"start": "2025-01-01", "end": "2025-03-31 12:00"}});
    check("SubmitReport", serde_json::json!({"template": "standard_rfm", "filters": range}), true);
    check("SubmitReport", serde_json::json!({"report_type": "RFM", "filters": {"dateRange": {"end": "soon"}}}), false);
}

/// `cargo run --release -- openapi > infra/openapi.json` brings it up to date.
#[test]
fn the_committed_document_is_this_one() {
    let committed = concat!(env!("CARGO_MANIFEST_DIR"), "/../../infra/openapi.json");
    let committed = std::fs::read_to_string(committed).expect("infra/openapi.json");
    let generated = serde_json::to_string_pretty(document()).expect("a document") + "\n";
    assert!(committed == generated, "out of date: cargo run --release -- openapi > infra/openapi.json");
}
