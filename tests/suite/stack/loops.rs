//! What goes round again: a webhook that failed, and work whose message was lost.

use super::Stack;
use super::quickstart::{ORDERS, verify};
use crate::kit::{Receiver, caller};
use affinsy_app::memory::{MemoryClock, MemoryQueue};
use affinsy_app::ports::Clock;
use affinsy_app::submit_report::{SubmitPorts, submit_report};
use affinsy_aws::world::{OsRandom, SystemClock};
use affinsy_core::webhook::url::UrlPolicy;

#[tokio::test]
async fn a_failed_webhook_comes_again_with_the_same_id_and_bytes() {
    let stack = Stack::shared();
    let client = stack.tenant("again").await;
    let mut receiver = Receiver::answering([500, 200]).await;
    assert_eq!(client.post("/data/orders", ORDERS).await.status, 202);
    let body =
        format!(r#"{{"template": "standard_mba", "dataset_id": "my-store", "webhook_url": "{}"}}"#, receiver.url);
    let report_id = client.submit(&body).await;
    let (first, second) = (receiver.next().await, receiver.next().await);
    assert_eq!((first.header("webhook-id"), &first.body), (second.header("webhook-id"), &second.body));
    let report = client.ended(&report_id).await;
    let secret = client.get("/webhooks/secret").await.json()["secret"].as_str().expect("a secret").to_owned();
    verify(&second, &secret, &report);
    let log = client.until("/webhooks/deliveries", |log| log["data"][0]["state"] == "delivered").await;
    let statuses: Vec<_> =
        log["data"][0]["attempts"].as_array().expect("a list").iter().map(|a| &a["status"]).collect();
    assert_eq!(statuses, [500, 200], "{log}");
}

#[tokio::test]
async fn the_sweeper_sends_on_what_was_lost() {
    let stack = Stack::shared();
    let client = stack.tenant("lost").await;
    assert_eq!(client.post("/data/orders", ORDERS).await.status, 202);
    // A submission two minutes ago whose message never reached the queue.
    let book = stack.book().await;
    let then = MemoryClock::at(SystemClock.now().plus_ms(-120_000));
    let lost = MemoryQueue::default();
    let ports = SubmitPorts {
        log: &book,
        reports: &book,
        endpoints: &book,
        queue: &lost,
        clock: &then,
        random: &OsRandom,
        url_policy: UrlPolicy::AllowPrivate,
    };
    let body = br#"{"template": "standard_mba", "dataset_id": "my-store"}"#;
    let (report, _) = submit_report(&caller("lost").tenant, body, ports).await.expect("is taken");
    assert_eq!(lost.take().len(), 1);
    stack.invoke("SweeperFunction", "{}".to_owned()).await;
    assert_eq!(client.ended(&report.report_id).await["status"], "Completed");
    let counted = client.until("/datasets/my-store", |dataset| dataset["pending_line_items"] == 0).await;
    assert_eq!((&counted["orders"], &counted["line_items"]), (&1.into(), &2.into()), "{counted}");
}
