//! Known orders through the API give the known answers.

use super::{Client, Stack};
use crate::kit::read;
use serde_json::Value;

/// Every customer of an RFM report over the edge cases.
async fn customers(client: &Client, setting: &Value, model: &str) -> Vec<Value> {
    let body = serde_json::json!({"report_type": "RFM", "dataset_id": "edge", "params":
        {"as_of": setting["as_of"], "time_zone": setting["time_zone"], "segment_model": model}});
    let report_id = client.submit(&body.to_string()).await;
    let report = client.ended(&report_id).await;
    assert_eq!(report["status"], "Completed", "{report}");
    let path = format!("/reports/{report_id}/customers?limit=100&sort=customer_id");
    client.get(&path).await.json()["data"].as_array().expect("a list").clone()
}

fn check(rows: &[Value], expected: &[Value], segment: &str) {
    assert_eq!(rows.len(), expected.len());
    for (row, wanted) in rows.iter().zip(expected) {
        for field in ["customer_id", "last_order", "recency_days", "frequency", "r", "f", "m", "fm"] {
            assert_eq!(row[field], wanted[field], "{field} of {row}");
        }
        assert_eq!(row["segment"], wanted[segment], "segment of {row}");
        assert_eq!(row["monetary"].as_f64(), wanted["monetary"].as_str().and_then(|money| money.parse().ok()), "{row}");
    }
}

#[tokio::test]
async fn the_edge_cases_of_rfm() {
    let stack = Stack::shared();
    let client = stack.tenant("golden").await;
    let pushed = client.post("/data/orders", &read("tests/golden/rfm/edge_orders.json")).await;
    assert_eq!(pushed.status, 202, "{pushed:?}");
    let settings: Vec<Value> = serde_json::from_str(&read("tests/golden/rfm/edge_expected.json")).expect("JSON");
    for setting in &settings {
        let expected = setting["rows"].as_array().expect("rows");
        check(&customers(&client, setting, "rfm10").await, expected, "segment");
        check(&customers(&client, setting, "rf10").await, expected, "segment_rf");
    }
}
