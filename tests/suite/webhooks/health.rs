//! URLs that are disabled: when, what becomes of their events, who is told, and how they come back.

use super::{HOOK, answer, deliveries, due_at, posted, record, shop, wake};
use crate::kit::{Shop, caller, json};
use affinsy_app::http::Caller;
use affinsy_app::ports::{Answer, Clock, DeliveryState};

const HOUR_MS: i64 = 3_600_000;

async fn until_due(shop: &Shop, ann: &Caller, id: &str) {
    let due_at = record(shop, ann, id).await.next_attempt_at.expect("another attempt");
    shop.clock.advance_ms(due_at.unix_ms() - shop.clock.now().unix_ms());
}

#[tokio::test]
async fn a_receiver_that_asks_for_no_more_gets_no_more() {
    for asked in [answer(410), Ok(Answer { disable: true, ..answer(500).expect("an answer") })] {
        let (shop, ann) = shop().await;
        shop.sender.will_answer([asked]);
        let first = due_at(&shop, &ann, HOOK).await;
        assert_eq!(wake(&shop, &ann, &first).await.state, DeliveryState::Disabled);
        let second = due_at(&shop, &ann, HOOK).await;
        let second = wake(&shop, &ann, &second).await;
        assert_eq!((second.state, second.attempts.len()), (DeliveryState::Disabled, 0), "recorded without an attempt");
        let elsewhere = due_at(&shop, &ann, "https://example.com/other").await;
        assert_eq!(wake(&shop, &ann, &elsewhere).await.state, DeliveryState::Delivered, "another URL is another");
        let other = caller("other-shop");
        shop.push(&other, super::ORDERS).await;
        let others = due_at(&shop, &other, HOOK).await;
        assert_eq!(wake(&shop, &other, &others).await.state, DeliveryState::Delivered, "and so is another tenant's");
        shop.clock.advance_ms(HOUR_MS);
        shop.sweep().await;
        shop.settle().await;
        assert_eq!(shop.sender.received().len(), 3, "the sweeper leaves what is disabled alone");
    }
}

#[tokio::test]
async fn nothing_but_failures_for_120_hours_disables_and_a_success_in_between_does_not() {
    for recovers in [false, true] {
        let (shop, ann) = shop().await;
        shop.sender.will_answer([answer(500)]);
        let first = due_at(&shop, &ann, HOOK).await;
        wake(&shop, &ann, &first).await;
        if recovers {
            let fine = due_at(&shop, &ann, HOOK).await;
            assert_eq!(wake(&shop, &ann, &fine).await.state, DeliveryState::Delivered);
        }
        shop.clock.advance_ms(120 * HOUR_MS);
        shop.sender.will_answer([answer(500)]);
        let later = due_at(&shop, &ann, HOOK).await;
        let expected = if recovers { DeliveryState::Pending } else { DeliveryState::Disabled };
        assert_eq!(wake(&shop, &ann, &later).await.state, expected);
        let told = deliveries(&shop, &ann, "").await["disabled_urls"].clone();
        assert_eq!(told.as_array().map(Vec::len), Some(usize::from(!recovers)), "{told}");
    }
}

#[tokio::test]
async fn a_retry_meets_a_url_that_another_event_disabled() {
    let (shop, ann) = shop().await;
    shop.sender.will_answer([answer(500), answer(410)]);
    let (waits, gone) = (due_at(&shop, &ann, HOOK).await, due_at(&shop, &ann, HOOK).await);
    assert_eq!(wake(&shop, &ann, &waits).await.state, DeliveryState::Pending);
    assert_eq!(wake(&shop, &ann, &gone).await.state, DeliveryState::Disabled);
    until_due(&shop, &ann, &waits).await;
    let ended = wake(&shop, &ann, &waits).await;
    assert_eq!((ended.state, ended.attempts.len()), (DeliveryState::Disabled, 1), "no second attempt");
}

#[tokio::test]
async fn nobody_is_disabled_without_being_told() {
    let (shop, ann) = shop().await;
    shop.sender.will_answer([answer(410)]);
    let id = due_at(&shop, &ann, HOOK).await;
    wake(&shop, &ann, &id).await;
    let log = deliveries(&shop, &ann, "").await;
    let told = &log["disabled_urls"][0];
    assert_eq!((&told["url"], &told["reason"]), (&HOOK.into(), &"gone".into()));
    assert!(told["detail"].as_str().is_some_and(|detail| detail.contains("POST /webhooks/test")), "{told}");
    let body = format!(r#"{{"template": "standard_mba", "dataset_id": "my-store", "webhook_url": "{HOOK}"}}"#);
    let submitted = posted(&shop, &ann, "/reports", &body, 202).await;
    assert!(submitted["warnings"][0].as_str().is_some_and(|w| w.starts_with("/webhook_url: ")), "{submitted}");
    let opened = posted(&shop, &ann, "/data/uploads", &format!(r#"{{"webhook_url": "{HOOK}"}}"#), 201).await;
    assert!(opened["warnings"][0].as_str().is_some_and(|w| w.contains("is disabled")), "{opened}");
    let report_id = submitted["report_id"].as_str().expect("an id");
    let report = json(&shop.get(&ann, &format!("/reports/{report_id}")).await);
    let link = report["links"]["deliveries"].as_str().expect("a link").strip_prefix("/api/v1").expect("a path");
    shop.run(&ann.tenant, report_id).await;
    shop.settle().await;
    let log = json(&shop.get(&ann, link).await);
    assert_eq!((&log["data"][0]["report_id"], &log["data"][0]["state"]), (&report_id.into(), &"disabled".into()));
}

#[tokio::test]
async fn a_test_that_is_taken_enables_a_url_again() {
    let (shop, ann) = shop().await;
    shop.sender.will_answer([answer(410), answer(500)]);
    let id = due_at(&shop, &ann, HOOK).await;
    wake(&shop, &ann, &id).await;
    let redeliver = format!("/webhooks/deliveries/{id}/redeliver");
    assert_eq!(posted(&shop, &ann, &redeliver, "", 409).await["code"], "url_disabled");
    let test = format!(r#"{{"url": "{HOOK}"}}"#);
    let tested = posted(&shop, &ann, "/webhooks/test", &test, 200).await;
    assert_eq!((&tested["accepted"], &tested["attempt"]["status"]), (&false.into(), &500.into()));
    assert_eq!(tested["attempt"]["answer"], "no", "what the endpoint said");
    assert_eq!(posted(&shop, &ann, &redeliver, "", 409).await["code"], "url_disabled", "a failed test enables nothing");
    let tested = posted(&shop, &ann, "/webhooks/test", &test, 200).await;
    assert_eq!((&tested["accepted"], &tested["reenabled"]), (&true.into(), &true.into()));
    posted(&shop, &ann, &redeliver, "", 202).await;
    shop.settle().await;
    assert_eq!(record(&shop, &ann, &id).await.state, DeliveryState::Delivered);
    let log = deliveries(&shop, &ann, "?event=webhook.test").await;
    let states: Vec<&str> =
        log["data"].as_array().expect("a list").iter().filter_map(|d| d["state"].as_str()).collect();
    assert_eq!((states.len(), &log["disabled_urls"]), (2, &serde_json::json!([])), "tests stand in the log");
}

#[tokio::test]
async fn a_test_goes_nowhere_that_an_event_may_not() {
    let (shop, ann) = shop().await;
    for url in
        ["http://example.com/", "https://169.254.169.254/", "https://[::ffff:10.0.0.1]/", "https://example.com:22/"]
    {
        let refused = posted(&shop, &ann, "/webhooks/test", &format!(r#"{{"url": "{url}"}}"#), 422).await;
        assert_eq!(refused["errors"][0]["pointer"], "/url");
    }
    for body in ["{}", r#"{"url": 5}"#, r#"{"url": "https://example.com/", "uri": "x"}"#] {
        posted(&shop, &ann, "/webhooks/test", body, 422).await;
    }
    assert_eq!(shop.sender.received(), []);
}
