//! The log's filters, and events that are sent anew.

use super::{HOOK, answer, deliveries, due_at, posted, record, shop, wake};
use crate::kit::Shop;
use affinsy_app::http::Caller;
use affinsy_app::ports::{Clock, DeliveryState};
use affinsy_core::webhook::schedule::STEPS_S;

/// A delivery of which every attempt failed.
async fn exhausted(shop: &Shop, ann: &Caller, url: &str) -> String {
    let id = due_at(shop, ann, url).await;
    shop.sender.will_answer(STEPS_S.map(|_| answer(500)));
    for _ in STEPS_S {
        let now = wake(shop, ann, &id).await;
        if let Some(at) = now.next_attempt_at {
            shop.clock.advance_ms(at.unix_ms() - shop.clock.now().unix_ms());
        }
    }
    assert_eq!(record(shop, ann, &id).await.state, DeliveryState::Exhausted);
    shop.queue.take();
    id
}

#[tokio::test]
async fn what_is_sent_anew_has_the_same_id_and_bytes_and_all_its_attempts() {
    let (shop, ann) = shop().await;
    let id = exhausted(&shop, &ann, HOOK).await;
    let target = format!("/webhooks/deliveries/{id}/redeliver");
    let again = posted(&shop, &ann, &target, "", 202).await;
    assert_eq!((&again["delivery_id"], &again["state"]), (&id.as_str().into(), &"pending".into()));
    assert_eq!(posted(&shop, &ann, &target, "", 409).await["code"], "delivery_under_way");
    shop.sender.will_answer([answer(500), answer(500), answer(500)]);
    for made in 1..=4 {
        let now = wake(&shop, &ann, &id).await;
        assert_eq!((now.attempts_made(), now.attempts.len()), (made, STEPS_S.len() + made), "counted anew, and kept");
        let Some(at) = now.next_attempt_at else { continue };
        shop.clock.advance_ms(at.unix_ms() - shop.clock.now().unix_ms());
    }
    assert_eq!(record(&shop, &ann, &id).await.state, DeliveryState::Delivered);
    posted(&shop, &ann, &target, "", 202).await;
    let third = wake(&shop, &ann, &id).await;
    assert_eq!(
        (third.state, third.attempts.len()),
        (DeliveryState::Delivered, STEPS_S.len() + 1),
        "the log has bounds"
    );
    let received = shop.sender.received();
    assert_eq!(received.len(), STEPS_S.len() + 5);
    assert!(received.iter().all(|one| one.body == received[0].body && one.headers[1] == received[0].headers[1]));
}

#[tokio::test]
async fn a_dispatcher_that_dies_after_a_redelivery_counts_one_attempt() {
    let (shop, ann) = shop().await;
    let id = exhausted(&shop, &ann, HOOK).await;
    posted(&shop, &ann, &format!("/webhooks/deliveries/{id}/redeliver"), "", 202).await;
    let now = shop.clock.now();
    let book = &*shop.book;
    let claimed = affinsy_app::ports::DeliveryBook::claim(book, &ann.tenant, &id, now, now.plus_ms(45_000)).await;
    assert!(claimed.expect("answers").is_some());
    shop.clock.advance_ms(45_000);
    let after = wake(&shop, &ann, &id).await;
    assert_eq!((after.attempts_made(), after.state), (2, DeliveryState::Delivered));
}

#[tokio::test]
async fn a_range_is_what_did_not_arrive_in_a_stretch_of_time() {
    let (shop, ann) = shop().await;
    let early = exhausted(&shop, &ann, HOOK).await;
    let since = shop.clock.now().to_rfc3339_seconds();
    shop.clock.advance_ms(1_000);
    let fine = due_at(&shop, &ann, HOOK).await;
    wake(&shop, &ann, &fine).await;
    let (late, elsewhere) = (exhausted(&shop, &ann, HOOK).await, exhausted(&shop, &ann, "https://example.com/b").await);
    let body = format!(r#"{{"since": "{since}", "url": "{HOOK}"}}"#);
    let done = posted(&shop, &ann, "/webhooks/redeliver", &body, 202).await;
    assert_eq!((&done["redelivered"], &done["next_cursor"]), (&1.into(), &serde_json::Value::Null));
    assert_eq!(posted(&shop, &ann, "/webhooks/redeliver", &body, 202).await["redelivered"], 0, "those under way stay");
    shop.settle().await;
    let mut states = Vec::new();
    for id in [&early, &fine, &late, &elsewhere] {
        states.push(record(&shop, &ann, id).await.state);
    }
    use DeliveryState::{Delivered, Exhausted};
    assert_eq!(states, [Exhausted, Delivered, Delivered, Exhausted]);
    for wrong in [r#"{}"#, r#"{"since": "soon"}"#, r#"{"since": "2025-03-01T00:00:00Z", "state": "pending"}"#] {
        posted(&shop, &ann, "/webhooks/redeliver", wrong, 422).await;
    }
}

#[tokio::test]
async fn a_large_range_goes_on_by_its_cursor() {
    let (shop, ann) = shop().await;
    let most = affinsy_app::redeliver::MOST_AT_ONCE;
    for _ in 0..most + 3 {
        posted(&shop, &ann, "/webhooks/test", &format!(r#"{{"url": "{HOOK}"}}"#), 200).await;
    }
    let since = r#""since": "2025-03-01T00:00:00Z", "state": "delivered""#;
    let first = posted(&shop, &ann, "/webhooks/redeliver", &format!("{{{since}}}"), 202).await;
    assert_eq!(first["redelivered"], most);
    let cursor = first["next_cursor"].as_str().expect("there is more");
    let rest = posted(&shop, &ann, "/webhooks/redeliver", &format!(r#"{{{since}, "cursor": "{cursor}"}}"#), 202).await;
    assert_eq!((&rest["redelivered"], &rest["next_cursor"]), (&3.into(), &serde_json::Value::Null));
    posted(
        &shop,
        &ann,
        "/webhooks/redeliver",
        &format!(r#"{{{since}, "event": "webhook.test", "cursor": "{cursor}"}}"#),
        422,
    )
    .await;
}

#[tokio::test]
async fn the_log_shows_what_is_asked_for() {
    let (shop, ann) = shop().await;
    let fine = due_at(&shop, &ann, "https://example.com/b?x=1").await;
    wake(&shop, &ann, &fine).await;
    let waits = due_at(&shop, &ann, HOOK).await;
    shop.sender.will_answer([answer(503)]);
    wake(&shop, &ann, &waits).await;
    let check = async |query: &str, expected: &[&String]| {
        let log = deliveries(&shop, &ann, query).await;
        let found: Vec<&str> =
            log["data"].as_array().expect("a list").iter().filter_map(|d| d["delivery_id"].as_str()).collect();
        assert_eq!(found, expected.iter().map(|id| id.as_str()).collect::<Vec<_>>(), "{query}");
    };
    check("?state=delivered", &[&fine]).await;
    check("?state=pending&event=report.completed", &[&waits]).await;
    check("?event=import.completed", &[]).await;
    check(&format!("?report_id={}", waits.replace("msg_", "rpt_")), &[&waits]).await;
    check(&format!("?url={HOOK}"), &[&waits]).await;
    let attempt = deliveries(&shop, &ann, "?state=pending").await["data"][0]["attempts"][0].clone();
    assert_eq!((&attempt["status"], &attempt["answer"]), (&503.into(), &"no".into()));
    assert_eq!(shop.get(&ann, "/webhooks/deliveries?state=lost").await.status, 422);
    assert_eq!(shop.get(&ann, "/webhooks/deliveries?event=order.made").await.status, 422);
}
