//! Random histories of webhooks: receivers that answer anything, messages lost and doubled, dispatchers that die. A seed
//! decides all of it, and every failure names it.

use super::{HOOK, answer, due_at, record, shop};
use crate::kit::Shop;
use affinsy_app::http::Caller;
use affinsy_app::memory::SeededRandom;
use affinsy_app::ports::{Answer, Clock, DeliveryBook, DeliveryState, Job, Random, SendError};
use affinsy_core::webhook::schedule::STEPS_S;
use std::collections::BTreeMap;

const HISTORIES: u64 = 300;
const HOUR_MS: i64 = 3_600_000;
const URLS: [&str; 2] = [HOOK, "https://example.com/b"];

struct Dice(SeededRandom);

impl Dice {
    fn below(&self, most: usize) -> usize {
        ((self.0.unit() * most as f64) as usize).min(most - 1)
    }

    fn outcome(&self) -> Result<Answer, SendError> {
        match self.below(12) {
            0..4 => answer(204),
            4..7 => answer(500),
            7 => answer(429),
            8 => Err(SendError::Timeout),
            9 => Err(SendError::BlockedAddress("a".to_owned())),
            10 => Ok(Answer { retry_after: Some("90".to_owned()), ..answer(503).expect("an answer") }),
            _ if self.below(4) == 0 => answer(410),
            _ => answer(302),
        }
    }
}

/// A dispatcher takes a delivery and is never heard of again.
async fn dies(shop: &Shop, ann: &Caller, id: &str) {
    let now = shop.clock.now();
    DeliveryBook::claim(&*shop.book, &ann.tenant, id, now, now.plus_ms(45_000)).await.expect("answers");
}

/// One thing happens.
async fn happen(shop: &Shop, ann: &Caller, ids: &[String], dice: &Dice) {
    match dice.below(5) {
        0 => shop.clock.advance_ms(dice.below(400_000) as i64),
        1 => drop(shop.sweep().await),
        2 => dies(shop, ann, &ids[dice.below(ids.len())]).await,
        _ => {
            for (job, _) in shop.queue.take() {
                // Lost, handled, or handled twice.
                for _ in 0..dice.below(3) {
                    handle(shop, &job, dice).await;
                }
            }
        }
    }
}

async fn handle(shop: &Shop, job: &Job, dice: &Dice) {
    if let Job::Delivery { .. } = job {
        shop.sender.will_answer([dice.outcome()]);
        shop.handle(job).await;
    }
}

async fn play(seed: u64) {
    let (shop, ann) = shop().await;
    let dice = Dice(SeededRandom::new(seed));
    let mut ids = Vec::new();
    for _ in 0..3 {
        ids.push(due_at(&shop, &ann, URLS[dice.below(2)]).await);
        for _ in 0..dice.below(12) {
            happen(&shop, &ann, &ids, &dice).await;
        }
    }
    // Nobody dies any more, and four days go by.
    for _ in 0..4 * 24 * 2 {
        shop.clock.advance_ms(HOUR_MS / 2);
        shop.sweep().await;
        for (job, _) in shop.queue.take() {
            handle(&shop, &job, &dice).await;
        }
    }
    check(&shop, &ann, &ids, seed).await;
}

async fn check(shop: &Shop, ann: &Caller, ids: &[String], seed: u64) {
    let mut sent: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for received in shop.sender.received() {
        sent.entry(received.headers[1].1.clone()).or_default().push(received.body);
    }
    for id in ids {
        let delivery = record(shop, ann, id).await;
        let bodies = sent.remove(id).unwrap_or_default();
        assert_ne!(delivery.state, DeliveryState::Pending, "SEED={seed}: every event ends: {delivery:?}");
        assert!(!bodies.is_empty() || delivery.state != DeliveryState::Delivered, "SEED={seed}: {delivery:?}");
        assert!(bodies.iter().all(|body| *body == delivery.body), "SEED={seed}: the same bytes each time");
        assert!(bodies.len() <= STEPS_S.len(), "SEED={seed}: {} attempts of {id}", bodies.len());
        assert!(delivery.attempts.len() >= bodies.len(), "SEED={seed}: every attempt stands in the log: {delivery:?}");
        let is_told = !delivery.attempts.is_empty() || delivery.state == DeliveryState::Disabled;
        assert!(is_told, "SEED={seed}: an attempt at least, unless the URL is disabled: {delivery:?}");
    }
    assert_eq!(sent.into_keys().collect::<Vec<_>>(), [""; 0], "SEED={seed}: nothing else was sent");
}

#[tokio::test]
async fn every_event_ends_with_the_same_bytes_whatever_dies_meanwhile() {
    for seed in 0..HISTORIES {
        play(seed).await;
    }
}
