//! A receiver that does not take its webhook.

use super::{shop, told};
use crate::kit::{NOW, Shop, json};
use affinsy_app::dispatch_webhook::delivery_id;
use affinsy_app::http::Caller;
use affinsy_app::ports::{Answer, Clock, DeliveryBook, DeliveryRecord, DeliveryState, SendError};
use affinsy_core::webhook::schedule::STEPS_S;
use serde_json::Value;

fn answer(status: u16) -> Result<Answer, SendError> {
    Ok(Answer { status, retry_after: None, disable: false, body: "no".to_owned() })
}

/// Submits a report, handles all that follows at once, and shows its delivery.
async fn told_once(shop: &Shop, ann: &Caller) -> DeliveryRecord {
    let report_id = shop.submit(ann, &told("standard_mba")).await;
    for _ in 0..2 {
        for (job, _) in shop.queue.take() {
            shop.handle(&job).await;
        }
    }
    delivery(shop, ann, &delivery_id(&report_id)).await
}

async fn delivery(shop: &Shop, ann: &Caller, delivery_id: &str) -> DeliveryRecord {
    DeliveryBook::get(&*shop.book, &ann.tenant, delivery_id).await.expect("reads").expect("is there")
}

#[tokio::test]
async fn ten_attempts_by_schedule_with_one_id_and_one_body() {
    let (shop, ann) = shop().await;
    shop.sender.will_answer((0..20).map(|_| answer(500)));
    let mut now = told_once(&shop, &ann).await;
    for (made, step_s) in STEPS_S.into_iter().enumerate().skip(1) {
        assert_eq!((now.state, now.attempts.len()), (DeliveryState::Pending, made));
        let due_at = now.next_attempt_at.expect("another attempt");
        let wait_s = (due_at.unix_ms() - shop.clock.now().unix_ms()) as f64 / 1_000.0;
        let step_s = step_s as f64;
        assert!((0.8 * step_s..=1.2 * step_s).contains(&wait_s), "attempt {made}: {wait_s} s for {step_s} s");
        let queued: Vec<u32> = shop.queue.take().into_iter().map(|(_, delay_s)| delay_s).collect();
        assert_eq!(queued, if wait_s <= 900.0 { vec![wait_s.ceil() as u32] } else { vec![] }, "short waits are queued");
        // The message is lost, or there was none: the sweeper sends it all the same.
        shop.clock.advance_ms(due_at.unix_ms() - shop.clock.now().unix_ms());
        shop.sweep().await;
        for (job, _) in shop.queue.take() {
            shop.handle(&job).await;
        }
        now = delivery(&shop, &ann, &now.delivery_id).await;
    }
    assert_eq!((now.state, now.attempts.len(), now.next_attempt_at), (DeliveryState::Exhausted, 10, None));
    shop.clock.advance_ms(86_400_000);
    shop.sweep().await;
    shop.settle().await;
    let received = shop.sender.received();
    assert_eq!(received.len(), 10, "after the last attempt there is none");
    assert!(received.iter().all(|one| one.body == received[0].body && one.headers[1] == received[0].headers[1]));
    let times: Vec<&str> = received.iter().map(|one| one.headers[2].1.as_str()).collect();
    assert!(times.is_sorted() && times[0] != times[9], "each attempt has its own timestamp: {times:?}");
}

#[tokio::test]
async fn a_receiver_that_recovers_is_told() {
    let (shop, ann) = shop().await;
    shop.sender.will_answer([Err(SendError::Failed("connection refused".to_owned())), answer(302), answer(200)]);
    let first = told_once(&shop, &ann).await;
    shop.settle().await;
    let now = delivery(&shop, &ann, &first.delivery_id).await;
    let outcomes: Vec<(Option<u16>, Option<&str>)> =
        now.attempts.iter().map(|attempt| (attempt.status, attempt.error.as_deref())).collect();
    assert_eq!(outcomes, [(None, Some("connection refused")), (Some(302), None), (Some(200), None)]);
    assert_eq!(now.state, DeliveryState::Delivered);
}

#[tokio::test]
async fn a_blocked_address_is_an_attempt_that_the_log_shows() {
    let (shop, ann) = shop().await;
    shop.sender.will_answer([Err(SendError::BlockedAddress("hooks.example.com".to_owned()))]);
    let now = told_once(&shop, &ann).await;
    assert_eq!(now.state, DeliveryState::Pending, "the name may resolve otherwise later");
    let log = json(&shop.get(&ann, "/webhooks/deliveries").await);
    let attempt = &log["data"][0]["attempts"][0];
    assert_eq!((&attempt["status"], &attempt["error"]), (&Value::Null, &"blocked_address: hooks.example.com".into()));
}

/// What the first answer makes of a delivery: its state, and the wait in seconds at the least.
async fn check_first(first: Result<Answer, SendError>, state: DeliveryState, waits_s: Option<i64>) {
    let (shop, ann) = shop().await;
    shop.sender.will_answer([first.clone()]);
    let now = told_once(&shop, &ann).await;
    assert_eq!(now.state, state, "{first:?}");
    let waits = now.next_attempt_at.map(|at| (at.unix_ms() - NOW.unix_ms()) / 1_000);
    match waits_s {
        Some(least_s) => {
            assert!(waits.is_some_and(|waits| (least_s..=2 * least_s).contains(&waits)), "{first:?}: {waits:?}")
        }
        None => assert_eq!(waits, None, "{first:?}"),
    }
}

#[tokio::test]
async fn what_answers_mean() {
    let with = |status, retry_after: Option<&str>, disable| {
        Ok(Answer { status, retry_after: retry_after.map(str::to_owned), disable, body: String::new() })
    };
    check_first(answer(200), DeliveryState::Delivered, None).await;
    check_first(answer(299), DeliveryState::Delivered, None).await;
    check_first(answer(410), DeliveryState::Disabled, None).await;
    check_first(with(500, None, true), DeliveryState::Disabled, None).await;
    check_first(answer(301), DeliveryState::Pending, Some(4)).await;
    check_first(answer(404), DeliveryState::Pending, Some(4)).await;
    check_first(with(503, Some("8"), false), DeliveryState::Pending, Some(8)).await;
    check_first(with(503, Some("999999999"), false), DeliveryState::Pending, Some(10)).await;
    check_first(with(503, Some("tomorrow"), false), DeliveryState::Pending, Some(4)).await;
    check_first(answer(429), DeliveryState::Pending, Some(60)).await;
    check_first(Err(SendError::Timeout), DeliveryState::Pending, Some(60)).await;
    check_first(Err(SendError::BlockedAddress("x".to_owned())), DeliveryState::Pending, Some(4)).await;
}
