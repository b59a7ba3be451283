//! One tenant's dead endpoint does not slow down another tenant's webhooks.

use super::{HOOK, answer, due_at, record, shop, wake};
use crate::kit::{Aws, Shop, caller};
use affinsy_app::dispatch_webhook::{MOST_AT_ONCE, MOST_AT_ONCE_FAILING};
use affinsy_app::http::Caller;
use affinsy_app::ports::{Clock, DeliveryState, Endpoints, Job, Pool, Queue};
use aws_sdk_sqs::types::MessageSystemAttributeName::MessageGroupId;

/// As many attempts of the tenant as this are under way.
async fn busy(shop: &Shop, ann: &Caller, places: u32) {
    let now = shop.clock.now();
    for at in 0..places {
        let holder = format!("msg_{at}");
        let until = now.plus_ms(15_000);
        let place = shop.book.enter(&ann.tenant, Pool::Attempts, &holder, places, now, until).await.expect("answers");
        assert_eq!(place, Some(at));
    }
}

#[tokio::test]
async fn a_tenant_with_many_events_under_way_waits_and_others_do_not() {
    let (shop, ann) = shop().await;
    let id = due_at(&shop, &ann, HOOK).await;
    busy(&shop, &ann, MOST_AT_ONCE).await;
    let waits = wake(&shop, &ann, &id).await;
    assert_eq!((waits.state, waits.claims, waits.attempts.len()), (DeliveryState::Pending, 0, 0), "nothing is counted");
    let queued = shop.queue.take();
    let [(Job::Delivery { delivery_id, .. }, delay_s)] = &queued[..] else { panic!("{queued:?}") };
    assert!(*delivery_id == id && (10..=30).contains(delay_s), "{queued:?}");
    shop.clock.advance_ms(14_000);
    shop.sweep().await;
    let swept = shop.queue.take();
    assert!(!swept.iter().any(|(job, _)| matches!(job, Job::Delivery { .. })), "one message is enough: {swept:?}");
    let other = caller("other-shop");
    shop.push(&other, super::ORDERS).await;
    let others = due_at(&shop, &other, HOOK).await;
    assert_eq!(wake(&shop, &other, &others).await.state, DeliveryState::Delivered);
    shop.clock.advance_ms(1_000);
    assert_eq!(wake(&shop, &ann, &id).await.state, DeliveryState::Delivered, "dead dispatchers hold no place for long");
}

#[tokio::test]
async fn a_failing_url_gets_few_places_and_gives_them_back() {
    let (shop, ann) = shop().await;
    shop.sender.will_answer([answer(500)]);
    let failed = due_at(&shop, &ann, HOOK).await;
    wake(&shop, &ann, &failed).await;
    let next = due_at(&shop, &ann, HOOK).await;
    let (well, now) = ("https://example.com/well", shop.clock.now());
    busy(&shop, &ann, MOST_AT_ONCE_FAILING).await;
    assert_eq!(wake(&shop, &ann, &next).await.state, DeliveryState::Pending, "four attempts at dead URLs are enough");
    let fine = due_at(&shop, &ann, well).await;
    assert_eq!(wake(&shop, &ann, &fine).await.state, DeliveryState::Delivered, "URLs that answer have the others");
    shop.book.leave(&ann.tenant, Pool::Attempts, "msg_0", 0).await.expect("leaves");
    assert_eq!(wake(&shop, &ann, &next).await.state, DeliveryState::Delivered);
    let place = shop.book.enter(&ann.tenant, Pool::Attempts, "msg_x", MOST_AT_ONCE_FAILING, now, now.plus_ms(1)).await;
    assert_eq!(place, Ok(Some(0)), "an attempt that ended holds no place");
    assert_eq!(record(&shop, &ann, &failed).await.attempts.len(), 1);
}

#[tokio::test]
async fn a_message_names_its_tenant_so_that_sqs_shares_the_queue_fairly() {
    let aws = Aws::start().await;
    let queue = aws.queue().await;
    let job = Job::Delivery { tenant: caller("a-shop").tenant, delivery_id: "msg_1".to_owned() };
    queue.send(&job, 0).await.expect("sends");
    let receive = queue.client.receive_message().queue_url(&queue.webhooks_url);
    let received = receive.message_system_attribute_names(MessageGroupId).send().await.expect("receives");
    let group = received.messages()[0].attributes().and_then(|attributes| attributes.get(&MessageGroupId));
    assert_eq!(group.map(String::as_str), Some("a-shop"));
}
