//! The calls of the quick start, as written; only the base URL, the key and the receiver differ.

use super::Stack;
use crate::kit::{Delivery, Receiver};
use serde_json::Value;
use standardwebhooks::Webhook;

pub const ORDERS: &str = r#"{"dataset_id": "my-store",
 "orders": [{"order_id": "ORD-1001", "customer_id": "CUST-42", "order_date": "2025-03-15T10:30:00Z",
   "line_items": [{"product_name": "Running Shoes", "unit_price": 129.99, "quantity": 1},
                  {"product_name": "Sport Socks 3-Pack", "unit_price": 14.99, "quantity": 2}]}]}"#;

const TEMPLATE: &str = r#"{"template": "high_value_baskets", "dataset_id": "my-store", "webhook_url": "https://your-server.com/hooks/affinsy"}"#;

const REPORT: &str = r#"{"report_type": "MBA", "name": "Q1 2025 Bundle Analysis", "dataset_id": "my-store",
 "webhook_url": "https://your-server.com/hooks/affinsy",
 "filters": {"dateRange": {"start": "2025-01-01", "end": "2025-03-31"}},
 "params": {"min_support": 0.02, "min_confidence": 0.15, "scope": "order", "customer_scope": "high_value"}}"#;

/// A submission of the quick start with the test's own server in it.
pub fn told(body: &str, receiver: &Receiver) -> String {
    assert!(body.contains("https://your-server.com/hooks/affinsy"));
    body.replace("https://your-server.com/hooks/affinsy", &receiver.url)
}

/// The webhook must be signed, and byte for byte what the contract prints.
pub fn verify(delivery: &Delivery, secret: &str, report: &Value) {
    let webhook = Webhook::new(secret).expect("a secret of the standard's form");
    webhook.verify(&delivery.body, &delivery.headers).expect("signed by the tenant's secret, just now");
    let completed_at = report["completed_at"].as_str().expect("a date");
    let seconds = completed_at.split(['.', 'Z']).next().expect("a text has a first part");
    let text = |name: &str| report[name].as_str().expect("a text");
    let expected = format!(
        r#"{{"event": "report.completed", "report_id": "{}", "report_type": "{}", "status": "Completed", "timestamp": "{seconds}Z"}}"#,
        text("report_id"),
        text("report_type"),
    );
    assert_eq!(delivery.body, expected);
    assert_eq!(delivery.header("content-type"), "application/json");
}

#[tokio::test]
async fn works_exactly_as_written() {
    let stack = Stack::shared();
    let client = stack.tenant("quickstart").await;
    let mut receiver = Receiver::answering([]).await;
    let datasets = client.get("/datasets").await;
    assert_eq!((datasets.status.as_u16(), &*datasets.text), (200, r#"{"data":[],"next_cursor":null}"#));
    assert_eq!(
        (datasets.header("x-ratelimit-limit"), datasets.header("x-ratelimit-remaining")),
        (Some("1000000"), Some("999999"))
    );
    let pushed = client.post("/data/orders", ORDERS).await;
    let body = pushed.json();
    assert_eq!(pushed.status, 202, "{pushed:?}");
    for (field, value) in [
        ("dataset_id", Value::from("my-store")),
        ("status", "Completed".into()),
        ("orders", 1.into()),
        ("line_items", 2.into()),
        ("warnings", Value::Array(vec![])),
    ] {
        assert_eq!(body[field], value, "{body}");
    }
    let secret = client.get("/webhooks/secret").await.json()["secret"].as_str().expect("a secret").to_owned();
    for (submission, name) in [(TEMPLATE, Value::Null), (REPORT, "Q1 2025 Bundle Analysis".into())] {
        let submitted = client.post("/reports", &told(submission, &receiver)).await;
        let report_id = submitted.json()["report_id"].as_str().expect("an id").to_owned();
        assert_eq!(submitted.status, 202);
        assert_eq!(submitted.text, format!(r#"{{"report_id":"{report_id}","status":"Processing"}}"#));
        let delivery = receiver.next().await;
        let fetched = client.get(&format!("/reports/{report_id}")).await;
        let report = fetched.json();
        assert_eq!((&report["report_id"], &report["name"]), (&report_id.as_str().into(), &name), "{report}");
        verify(&delivery, &secret, &report);
        assert!(fetched.header("etag").is_some() && fetched.header("x-ratelimit-remaining").is_some(), "{fetched:?}");
        assert!(report["association_rules"].is_array() && report["insights"]["items"].is_array(), "{report}");
        assert_eq!(report["data"]["orders"], 1, "{report}");
    }
}

#[tokio::test]
async fn every_template_is_computed_and_told() {
    let stack = Stack::shared();
    let client = stack.tenant("templates").await;
    let mut receiver = Receiver::answering([]).await;
    assert_eq!(client.post("/data/orders", ORDERS).await.status, 202);
    let secret = client.get("/webhooks/secret").await.json()["secret"].as_str().expect("a secret").to_owned();
    let templates = client.get("/templates").await.json();
    let ids: Vec<&str> =
        templates["data"].as_array().expect("a list").iter().map(|t| t["template"].as_str().unwrap()).collect();
    assert_eq!(
        ids,
        [
            "standard_mba",
            "first_order",
            "repeat_purchase",
            "high_value_baskets",
            "churning_analysis",
            "standard_rfm",
            "new_customer_cohort"
        ]
    );
    for id in &ids {
        client.submit(&told(&TEMPLATE.replace("high_value_baskets", id), &receiver)).await;
    }
    let mut told_of = Vec::new();
    for _ in &ids {
        let delivery = receiver.next().await;
        let event: Value = serde_json::from_slice(&delivery.body).expect("JSON");
        let report = client.get(&format!("/reports/{}", event["report_id"].as_str().expect("an id"))).await.json();
        verify(&delivery, &secret, &report);
        told_of.push(report["template"].as_str().expect("a template").to_owned());
    }
    told_of.sort_unstable();
    let mut expected = ids.clone();
    expected.sort_unstable();
    assert_eq!(told_of, expected);
    let all = client.get("/reports?status=Completed&limit=100").await.json();
    assert_eq!(all["data"].as_array().map(Vec::len), Some(7), "{all}");
}
