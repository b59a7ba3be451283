//! What has ended is told of, whatever is lost on the way: the write that ends it makes its event due.

use super::{HOOK, answer, due_at, record, shop, wake};
use crate::kit::{Shop, json};
use affinsy_app::http::Caller;
use affinsy_app::ports::{Clock, DeliveryState, Job, Objects};
use serde_json::Value;

const HOUR_MS: i64 = 3_600_000;
const FILE: &str = "order_id,order_date,product_name\n1,2025-03-01,Tea\n";

/// Opens an upload that is to be told of, and stores its file where one is given; the import's id.
async fn opened(shop: &Shop, ann: &Caller, file: Option<&str>) -> String {
    let body = format!(r#"{{"dataset_id": "a \"b\" ü", "webhook_url": "{HOOK}"}}"#);
    let answer = shop.post(ann, "/data/uploads", body).await;
    assert_eq!(answer.status, 201, "{answer:?}");
    let import_id = json(&answer)["import_id"].as_str().expect("an id").to_owned();
    let stored = affinsy_app::ports::OrderLog::import(&*shop.book, &ann.tenant, &import_id).await.expect("reads");
    let key = stored.and_then(|import| import.upload).expect("waits for its file").object_key;
    if let Some(file) = file {
        shop.objects.create(&key, file.to_owned().into()).await.expect("writes");
    }
    import_id
}

async fn imported(shop: &Shop, ann: &Caller, import_id: &str) {
    shop.handle(&Job::Import { tenant: ann.tenant.clone(), import_id: import_id.to_owned() }).await;
}

fn told(shop: &Shop, import_id: &str) -> Vec<Value> {
    let events = shop.sender.received().into_iter().map(|one| serde_json::from_str(&one.body).expect("JSON"));
    events.filter(|event: &Value| event["import_id"] == import_id).collect()
}

#[tokio::test]
async fn the_end_of_an_import_is_told_of() {
    let (shop, ann) = shop().await;
    let fine = opened(&shop, &ann, Some(FILE)).await;
    imported(&shop, &ann, &fine).await;
    let bad = opened(&shop, &ann, Some("a,b\n1,2\n")).await;
    imported(&shop, &ann, &bad).await;
    shop.settle().await;
    for (import_id, event, status) in [(fine, "import.completed", "Completed"), (bad, "import.failed", "Failed")] {
        let body = format!(
            r#"{{"event": "{event}", "import_id": "{import_id}", "dataset_id": "a \"b\" ü", "status": "{status}", "timestamp": "2025-03-20T12:00:00Z"}}"#
        );
        let received = shop.sender.received();
        assert_eq!(received.iter().filter(|one| one.body == body && one.url == HOOK).count(), 1, "{received:?}");
        let log = super::deliveries(&shop, &ann, &format!("?import_id={import_id}")).await;
        assert_eq!((&log["data"][0]["event"], &log["data"][0]["state"]), (&event.into(), &"delivered".into()));
    }
}

/// The names and ids of the events that the bus took.
fn announced(shop: &Shop) -> Vec<(&'static str, String)> {
    let id = |detail: &str| serde_json::from_str::<Value>(detail).expect("JSON")["id"].as_str().map(str::to_owned);
    shop.bus.taken().iter().map(|event| (event.name, id(&event.detail).expect("an id"))).collect()
}

/// Whether a sweep sends an event or a delivery on.
async fn is_told_again(shop: &Shop) -> bool {
    shop.sweep().await;
    shop.queue.take().iter().any(|(job, _)| matches!(job, Job::Delivery { .. }))
}

#[tokio::test]
async fn what_ends_is_on_the_bus_with_or_without_a_webhook() {
    let (shop, ann) = shop().await;
    let import_id = opened(&shop, &ann, Some(FILE)).await;
    imported(&shop, &ann, &import_id).await;
    let quiet = shop.post(&ann, "/reports", r#"{"template": "standard_rfm", "dataset_id": "a \"b\" ü"}"#).await;
    let report_id = json(&quiet)["report_id"].as_str().expect("an id").to_owned();
    shop.settle().await;
    let id = |source: &str| format!("evt_{}", &source[4..]);
    assert_eq!(
        announced(&shop),
        [("import.completed", id(&import_id)), ("report.completed", id(&report_id))],
        "{:?}",
        shop.bus.taken()
    );
    let detail = format!(
        r#"{{"id": "{}", "tenant": "{}", "dataset_id": "a \"b\" ü", "event": "report.completed", "report_id": "{report_id}", "report_type": "RFM", "status": "Completed", "timestamp": "2025-03-20T12:00:00Z"}}"#,
        id(&report_id),
        ann.tenant.as_str()
    );
    assert_eq!(shop.bus.taken()[1].detail, detail);
    assert_eq!(shop.sender.received().len(), 1, "the report has no webhook");
    shop.clock.advance_ms(HOUR_MS);
    assert!(!is_told_again(&shop).await, "it was told of, and is not due any more");
}

#[tokio::test]
async fn a_bus_that_is_down_gets_its_events_later_and_holds_no_webhook_back() {
    let (shop, ann) = shop().await;
    shop.bus.set_down(true);
    let import_id = opened(&shop, &ann, Some(FILE)).await;
    imported(&shop, &ann, &import_id).await;
    shop.settle().await;
    assert_eq!((told(&shop, &import_id).len(), announced(&shop).len()), (1, 0));
    for _ in 0..3 {
        shop.clock.advance_ms(HOUR_MS);
        shop.sweep().await;
        shop.settle().await;
    }
    shop.bus.set_down(false);
    shop.clock.advance_ms(HOUR_MS);
    shop.sweep().await;
    shop.settle().await;
    assert_eq!((told(&shop, &import_id).len(), announced(&shop).len()), (1, 1), "each once");
}

#[tokio::test]
async fn a_receiver_that_is_down_holds_no_event_back() {
    let (shop, ann) = shop().await;
    shop.sender.will_answer([answer(500)]);
    let import_id = opened(&shop, &ann, Some(FILE)).await;
    imported(&shop, &ann, &import_id).await;
    for (job, _) in shop.queue.take() {
        shop.handle(&job).await;
    }
    assert_eq!((shop.sender.received().len(), announced(&shop).len()), (1, 1));
    shop.settle().await;
    assert_eq!((shop.sender.received().len(), announced(&shop).len()), (2, 1), "tried again; told once on the bus");
}

#[tokio::test]
async fn an_event_that_no_bus_takes_for_a_week_is_given_up() {
    let (shop, ann) = shop().await;
    shop.bus.set_down(true);
    let import_id = opened(&shop, &ann, Some(FILE)).await;
    imported(&shop, &ann, &import_id).await;
    for _ in 0..8 * 24 {
        shop.settle().await;
        shop.clock.advance_ms(HOUR_MS);
        shop.sweep().await;
    }
    shop.bus.set_down(false);
    shop.settle().await;
    shop.clock.advance_ms(HOUR_MS);
    assert!(!is_told_again(&shop).await && announced(&shop).is_empty());
}

#[tokio::test]
async fn a_file_that_never_came_is_told_of() {
    let (shop, ann) = shop().await;
    let import_id = opened(&shop, &ann, None).await;
    shop.clock.advance_ms(48 * HOUR_MS);
    shop.sweep().await;
    shop.settle().await;
    let told = told(&shop, &import_id);
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!(told[0]["event"], "import.failed");
}

#[tokio::test]
async fn an_importer_that_dies_after_its_commit_does_not_keep_the_webhook() {
    let (shop, ann) = shop().await;
    let import_id = opened(&shop, &ann, Some(FILE)).await;
    imported(&shop, &ann, &import_id).await;
    let lost = shop.queue.take();
    assert!(lost.iter().any(|(job, _)| matches!(job, Job::Delivery { .. })), "{lost:?}");
    shop.sweep().await;
    shop.settle().await;
    assert_eq!(told(&shop, &import_id).len(), 1);
    shop.clock.advance_ms(HOUR_MS);
    shop.sweep().await;
    imported(&shop, &ann, &import_id).await;
    shop.settle().await;
    assert_eq!(told(&shop, &import_id).len(), 1, "told once, however often the file's message comes");
}

#[tokio::test]
async fn a_retry_queue_that_dies_takes_no_event_with_it() {
    let (shop, ann) = shop().await;
    let id = due_at(&shop, &ann, HOOK).await;
    shop.sender.will_answer([answer(500), answer(500)]);
    wake(&shop, &ann, &id).await;
    while record(&shop, &ann, &id).await.state == DeliveryState::Pending {
        // Nothing that was ever queued arrives: the table alone knows of it.
        shop.queue.take();
        let due_at = record(&shop, &ann, &id).await.next_attempt_at.expect("another attempt");
        shop.clock.advance_ms(due_at.unix_ms() - shop.clock.now().unix_ms());
        shop.sweep().await;
        for (job, _) in shop.queue.take() {
            shop.handle(&job).await;
        }
    }
    assert_eq!((record(&shop, &ann, &id).await.state, shop.sender.received().len()), (DeliveryState::Delivered, 3));
}

#[tokio::test]
async fn a_message_of_something_that_is_gone_ends_and_does_not_come_back() {
    let (shop, ann) = shop().await;
    for id in ["msg_01jpd9w7m4example000000000", "msg_", "", "rpt_x"] {
        shop.handle(&Job::Delivery { tenant: ann.tenant.clone(), delivery_id: id.to_owned() }).await;
    }
    assert_eq!((shop.queue.take(), shop.sender.received()), (vec![], vec![]));
}
