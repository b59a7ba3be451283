//! Webhooks over the real stack: a test event, a rotated secret, an import that is told of, an event sent anew.

use super::{Client, Stack, uploads};
use crate::kit::{Delivery, Receiver};
use serde_json::{Value, json};
use standardwebhooks::Webhook;

async fn done(client: &Client, path: &str, body: Value, status: u16) -> Value {
    let answer = client.post(path, &body.to_string()).await;
    assert_eq!(answer.status, status, "{path}: {answer:?}");
    answer.json()
}

fn verify(delivery: &Delivery, secret: &Value) {
    let webhook = Webhook::new(secret["secret"].as_str().expect("a secret")).expect("a secret");
    webhook.verify(&delivery.body, &delivery.headers).expect("one of the signatures fits");
}

#[tokio::test]
async fn a_rotated_secret_a_test_an_import_and_a_redelivery() {
    let stack = Stack::shared();
    let client = stack.tenant("hooks").await;
    let mut receiver = Receiver::answering([410]).await;
    let old = client.get("/webhooks/secret").await.json();
    let new = done(&client, "/webhooks/secret/rotate", json!({}), 200).await;
    let url = json!({"url": receiver.url});
    let tested = done(&client, "/webhooks/test", url.clone(), 200).await;
    assert_eq!((&tested["accepted"], &tested["attempt"]["status"]), (&json!(false), &json!(410)), "{tested}");
    let tested = done(&client, "/webhooks/test", url, 200).await;
    assert_eq!(tested["accepted"], true, "a test that fails disables nothing: {tested}");
    for _ in 0..2 {
        let test = receiver.next().await;
        verify(&test, &old);
        verify(&test, &new);
    }
    let opened =
        uploads::open(&client, &json!({"dataset_id": "my-store", "webhook_url": receiver.url}).to_string()).await;
    assert_eq!(uploads::send(&opened, "order_id,order_date,product_name\n1,2025-03-01,tea\n").await, 200);
    let first = receiver.next().await;
    verify(&first, &new);
    let event: Value = serde_json::from_slice(&first.body).expect("JSON");
    assert_eq!((&event["event"], &event["import_id"]), (&json!("import.completed"), &opened["import_id"]), "{event}");
    let log = format!("/webhooks/deliveries?import_id={}", event["import_id"].as_str().expect("an id"));
    client.until(&log, |log| log["data"][0]["state"] == "delivered").await;
    let again = format!("/webhooks/deliveries/{}/redeliver", first.header("webhook-id"));
    done(&client, &again, json!({}), 202).await;
    let second = receiver.next().await;
    assert_eq!((second.header("webhook-id"), &second.body), (first.header("webhook-id"), &first.body));
    let log = client.until(&log, |log| log["data"][0]["state"] == "delivered").await;
    assert_eq!(log["data"][0]["attempts"].as_array().map(Vec::len), Some(2), "{log}");
}
