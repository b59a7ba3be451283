//! Webhooks where others are weak. The weaknesses of a good open webhook server, read in its source and in what its
//! users complain of, each have a test here that shows its absence:
//!
//! - an event is committed and then queued in a second write that nothing sweeps up: [`outbox`];
//! - an answer's body is read without bound and outside the time-out; redirects, proxies: [`sender`];
//! - Teredo, `::a.b.c.d` and `fec0::/10` are not blocked, http and any port are: [`sender`];
//! - a worker loops on a message of something deleted, a retry queue dies with its store: [`outbox`];
//! - endpoints are disabled without anyone being told: [`health`];
//! - no property or fault-injection tests: [`histories`].

mod certificates;
mod fairness;
mod health;
mod histories;
mod log;
mod outbox;
mod secrets;
mod sender;

use crate::kit::{Shop, caller, json};
use affinsy_app::http::Caller;
use affinsy_app::ports::{Answer, DeliveryBook, DeliveryRecord, SendError};
use serde_json::Value;

const HOOK: &str = "https://example.com/hooks/affinsy";
const ORDERS: &str = r#"{"dataset_id": "my-store", "orders": [{"order_id": "o1", "order_date": "2025-03-01",
    "line_items": [{"product_name": "Tea"}, {"product_name": "Mug"}]}]}"#;

async fn shop() -> (Shop, Caller) {
    let (shop, ann) = (Shop::new(), caller("shop"));
    shop.push(&ann, ORDERS).await;
    shop.queue.take();
    (shop, ann)
}

/// Submits a report to be told of at `url`, and computes it: its event is due. The delivery's id.
async fn due_at(shop: &Shop, ann: &Caller, url: &str) -> String {
    let body = format!(r#"{{"template": "standard_mba", "dataset_id": "my-store", "webhook_url": "{url}"}}"#);
    let report_id = shop.submit(ann, &body).await;
    shop.run(&ann.tenant, &report_id).await;
    shop.queue.take();
    affinsy_app::dispatch_webhook::delivery_id(&report_id)
}

fn answer(status: u16) -> Result<Answer, SendError> {
    Ok(Answer { status, retry_after: None, disable: false, body: "no".to_owned() })
}

/// One message of a delivery, handled; what was queued by it is left to the sweeper.
async fn wake(shop: &Shop, ann: &Caller, delivery_id: &str) -> DeliveryRecord {
    let job = affinsy_app::ports::Job::Delivery { tenant: ann.tenant.clone(), delivery_id: delivery_id.to_owned() };
    shop.handle(&job).await;
    record(shop, ann, delivery_id).await
}

async fn record(shop: &Shop, ann: &Caller, delivery_id: &str) -> DeliveryRecord {
    DeliveryBook::get(&*shop.book, &ann.tenant, delivery_id).await.expect("reads").expect("is there")
}

async fn posted(shop: &Shop, ann: &Caller, target: &str, body: &str, status: u16) -> Value {
    let answer = shop.post(ann, target, body.to_owned()).await;
    assert_eq!(answer.status, status, "{target}: {}", String::from_utf8_lossy(&answer.body));
    json(&answer)
}

async fn deliveries(shop: &Shop, ann: &Caller, query: &str) -> Value {
    json(&shop.get(ann, &format!("/webhooks/deliveries{query}")).await)
}
