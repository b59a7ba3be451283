//! What is fetched besides a report: its lists as files, behind links to the store; products that go together; and what
//! of both is left of a customer who was erased.

use super::uploads::{ended, open, send};
use super::{Client, Stack};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

/// A thousand orders of forty customers.
fn file(from: usize) -> String {
    let mut file = "order_id,customer_id,order_date,product_name,quantity,unit_price\n".to_owned();
    for order in from..from + 1_000 {
        let day = format!("2025-{:02}-{:02}", 1 + order % 12, 1 + order % 28);
        file += &format!("{order},zed-{},{day},tea,1,2.5\n{order},,,{},2,4\n", order % 40, ["mug", "pot"][order % 2]);
    }
    file
}

async fn uploaded(client: &Client, from: usize) -> Value {
    let opened = open(client, r#"{"dataset_id": "my-store"}"#).await;
    assert_eq!(send(&opened, file(from)).await, 200);
    let import = ended(client, &opened).await;
    assert_eq!(import["status"], "Completed", "{import}");
    import
}

/// The whole of a file, by way of the link that the answer leads to.
async fn downloaded(client: &Client, path: &str) -> String {
    let reply = client.get(path).await;
    assert_eq!(reply.status, StatusCode::OK, "{path}: {reply:?}");
    assert!(reply.header("content-disposition").is_some_and(|name| name.starts_with("attachment; ")), "{reply:?}");
    reply.text
}

#[tokio::test]
async fn a_second_file_is_told_from_the_first_and_both_are_in_every_list() {
    let stack = Stack::shared();
    let client = stack.tenant("lists").await;
    let first = uploaded(&client, 0).await;
    assert_eq!((&first["inserted"], &first["updated"]), (&json!(2_000), &json!(0)), "{first}");
    // Read from the segments of the first, which the importer did not have to read before.
    let second = uploaded(&client, 500).await;
    assert_eq!((&second["inserted"], &second["updated"]), (&json!(1_000), &json!(1_000)), "{second}");
    let body = r#"{"report_type": "MBA", "dataset_id": "my-store", "params": {"min_support_count": 1, "min_lift": 0,
        "max_q_value": 1, "include_redundant": true}}"#;
    let mba = client.submit(body).await;
    let rfm = client.submit(r#"{"template": "standard_rfm", "dataset_id": "my-store"}"#).await;
    assert_eq!(client.ended(&mba).await["data"]["orders"], 1_500);
    client.ended(&rfm).await;
    let rules = downloaded(&client, &format!("/reports/{mba}/export")).await;
    assert!(rules.starts_with("antecedents,consequents,") && rules.contains("\r\nmug,tea,0.5,750,1.0,"), "{rules}");
    let customers = downloaded(&client, &format!("/reports/{rfm}/export?format=ndjson")).await;
    assert_eq!(customers.lines().count(), 40);
    let parquet = client.get(&format!("/reports/{rfm}/export?format=parquet&part=segments")).await;
    assert!(parquet.text.starts_with("PAR1"), "{parquet:?}");
    let found = client.get("/recommendations?dataset_id=my-store&product=tea").await.json();
    assert_eq!(found["data"][0]["confidence"], 0.5, "{found}");
    gone_from_all(&client, &rfm).await;
}

/// Who is erased is gone from what was made before, file by file.
async fn gone_from_all(client: &Client, rfm: &str) {
    let export = format!("/reports/{rfm}/export");
    assert!(downloaded(client, &export).await.contains("\r\nzed-7,"));
    let authorization = format!("Bearer {}", client.key);
    let headers = [("authorization", &*authorization)];
    let path = "/datasets/my-store/customers/zed-7";
    assert_eq!(client.send(Method::DELETE, path, &headers, None).await.status, StatusCode::ACCEPTED);
    let is_named =
        |page: &Value| page["data"].as_array().is_some_and(|rows| rows.iter().any(|row| row["customer_id"] == "zed-7"));
    client.until(&format!("/reports/{rfm}/customers?limit=100"), |page| !is_named(page)).await;
    let customers = downloaded(client, &export).await;
    assert!(!customers.contains("zed-7,") && customers.contains("\r\nzed-8,"), "{customers}");
}
