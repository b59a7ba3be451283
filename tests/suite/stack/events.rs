//! The sample events, replayed through the Invoke API, get their documented results.

use super::Stack;
use crate::kit::{Receiver, read};
use serde_json::{Value, json};
use std::path::Path;

fn event(name: &str) -> String {
    read(&format!("infra/events/{name}.json"))
}

/// The answer of a function behind the HTTP API: its status and body.
fn http(answer: &Value) -> (u64, Value) {
    let body = serde_json::from_str(answer["body"].as_str().unwrap_or_default()).unwrap_or(Value::Null);
    (answer["statusCode"].as_u64().unwrap_or_default(), body)
}

/// The events of one tenant's dataset that are in the log of the local bus.
fn on_the_bus(data: &Path, dataset_id: &str) -> Vec<Value> {
    let log = std::fs::read_to_string(data.join("events/events.jsonl")).unwrap_or_default();
    let events = log.lines().map(|line| serde_json::from_str::<Value>(line).expect("whole lines of JSON"));
    events.filter(|event| event["detail"]["dataset_id"] == dataset_id).collect()
}

#[tokio::test]
async fn a_report_without_a_webhook_is_on_the_event_bus() {
    let stack = Stack::shared();
    let client = stack.tenant("listens").await;
    let orders = super::quickstart::ORDERS.replace("my-store", "heard-store");
    assert_eq!(client.post("/data/orders", &orders).await.status, 202);
    let report_id = client.submit(r#"{"template": "standard_rfm", "dataset_id": "heard-store"}"#).await;
    let ended = client.ended(&report_id).await;
    let event = loop {
        match &on_the_bus(&stack.data, "heard-store")[..] {
            [] => tokio::time::sleep(std::time::Duration::from_millis(50)).await,
            events => break events[0].clone(),
        }
    };
    assert_eq!((&event["source"], &event["detail-type"]), (&json!("affinsy"), &json!("report.completed")), "{event}");
    let detail = &event["detail"];
    assert_eq!((&detail["report_id"], &detail["status"]), (&json!(report_id), &ended["status"]), "{event}");
    assert_eq!(detail["id"], report_id.replace("rpt_", "evt_"));
    assert_eq!(event["time"].as_str().map(str::len), Some("2025-03-15T10:32:00Z".len()), "{event}");
}

#[tokio::test]
async fn sample_events_get_their_documented_results() {
    let stack = Stack::shared();
    let verdict = stack.invoke("AuthFunction", event("auth")).await;
    assert_eq!(verdict, json!({"isAuthorized": true, "context": {"verdict": "deny"}}));
    let (status, body) = http(&stack.invoke("IngestFunction", event("ingest")).await);
    assert_eq!((status, &body["orders"], &body["line_items"]), (202, &1.into(), &2.into()), "{body}");
    // But for the receiver: nobody vouches for that server.
    let mut receiver = Receiver::answering([]).await;
    let submission = event("reports").replace("https://your-server.com/hooks/affinsy", &receiver.url);
    let (status, body) = http(&stack.invoke("ReportsFunction", submission).await);
    assert_eq!((status, &body["status"]), (202, &"Processing".into()), "{body}");
    let delivery = receiver.next().await;
    let told: Value = serde_json::from_slice(&delivery.body).expect("JSON");
    assert_eq!((&told["report_id"], &told["status"]), (&body["report_id"], &"Completed".into()));
    let done = json!({"batchItemFailures": []});
    assert_eq!(stack.invoke("WorkerFunction", event("worker")).await, done, "there is no such report");
    assert_eq!(stack.invoke("CompactorFunction", event("compactor")).await, done, "there is no such dataset");
    assert_eq!(stack.invoke("ImporterFunction", event("importer")).await, done, "a file of nobody's");
    assert_eq!(stack.invoke("WebhooksFunction", event("webhooks")).await, done, "there is no such delivery");
    assert!(stack.invoke("SweeperFunction", event("sweeper")).await["sent"].is_u64());
}

#[tokio::test]
async fn messages_that_are_no_jobs_come_back_alone() {
    let stack = Stack::shared();
    let record =
        |id: &str, body: &str| json!({"messageId": id, "receiptHandle": "x", "body": body, "eventSource": "aws:sqs"});
    let fine = r#"{"v":1,"kind":"delivery","tenant":"my-shop","delivery_id":"msg_01jpd9w7m4example000000000"}"#;
    let records = [
        record("1", fine),
        record("2", "nonsense"),
        record("3", &fine.replace("\"v\":1", "\"v\":2")),
        record("4", fine),
    ];
    let answer = stack.invoke("WebhooksFunction", json!({"Records": records}).to_string()).await;
    assert_eq!(answer, json!({"batchItemFailures": [{"itemIdentifier": "2"}, {"itemIdentifier": "3"}]}));
    let none = stack.invoke("WorkerFunction", json!({"Records": []}).to_string()).await;
    assert_eq!(none, json!({"batchItemFailures": []}), "an empty list is success");
}
