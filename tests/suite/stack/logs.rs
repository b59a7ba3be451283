//! What functions log: enough to follow a request by its id, and nothing that must not be read there.

use super::Stack;
use crate::kit::Receiver;
use std::path::Path;

/// All that the functions and services of a stack have logged so far.
fn logged(data: &Path) -> String {
    let files =
        std::fs::read_dir(data.join("logs")).expect("a folder of logs").map(|file| file.expect("a file").path());
    files.map(|file| String::from_utf8_lossy(&std::fs::read(&file).expect("reads")).into_owned()).collect()
}

#[tokio::test]
async fn logs_name_requests_and_no_keys_secrets_customers_or_products() {
    let stack = Stack::shared();
    let client = stack.tenant("unlogged").await;
    let mut receiver = Receiver::answering([]).await;
    let orders = super::quickstart::ORDERS.replace("my-store", "quiet-store").replace("CUST-", "SECRETIVE-");
    let pushed = client.post("/data/orders", &orders).await;
    assert_eq!(pushed.status, 202, "{pushed:?}");
    let refused = client.post("/data/orders", &orders.replace("\"quantity\"", "\"quantity\": \"hush-7\", \"q\"")).await;
    assert_eq!(refused.status, 422, "{refused:?}");
    let opened = client.post("/data/uploads", r#"{"dataset_id": "quiet-store"}"#).await.json();
    let report = format!(
        r#"{{"template": "standard_rfm", "dataset_id": "quiet-store", "webhook_url": "{}?token=hush-8"}}"#,
        receiver.url
    );
    let report_id = client.submit(&report).await;
    client.ended(&report_id).await;
    receiver.next().await;
    let authorization = format!("Bearer {}", client.key);
    let headers = [("authorization", &*authorization)];
    let customer = "/datasets/quiet-store/customers/SECRETIVE-42";
    assert_eq!(client.send(reqwest::Method::DELETE, customer, &headers, None).await.status, 202);
    let secret = client.get("/webhooks/secret").await.json()["secret"].as_str().expect("a secret").to_owned();
    let made = client.post("/keys", r#"{"scopes": ["data:read"]}"#).await.json();
    let key = made["key"].as_str().expect("a key");
    let signature =
        opened["upload"]["url"].as_str().and_then(|url| url.split("X-Amz-Signature=").nth(1)).expect("signed");
    let unknown = client.get("/reports/rpt_hush").await;
    let request_id = unknown.header("x-request-id").expect("an id").to_owned();
    let text = logged(&stack.data);
    assert!(text.contains(&report_id), "the test can see what is logged");
    assert!(text.contains(&request_id), "a request is found by the id that its caller was told");
    let hidden = [
        &client.key,
        key,
        &secret,
        &secret["whsec_".len()..],
        signature,
        "SECRETIVE",
        "Running Shoes",
        "hush-7",
        "hush-8",
    ];
    for secret in hidden {
        let line = text.lines().find(|line| line.contains(secret));
        assert_eq!(line, None, "a log line with what must not be read there");
    }
    // Of the other tests that share this stack too.
    for sign in ["whsec_", "X-Amz-Signature=", "Bearer afn_"] {
        let line = text.lines().find(|line| line.contains(sign));
        assert_eq!(line, None, "a log line with a secret's sign");
    }
}
