//! A few of the histories over the AWS adapters, against services that speak the AWS protocol.

use super::sabotage::Sabotage;
use super::stage::Stage;
use super::{play, seeds};
use crate::kit::{Aws, NOW};
use affinsy_app::memory::{MemoryClock, SeededRandom};
use std::sync::Arc;

/// Fewer and shorter than over memory: each call goes over a socket.
const HISTORIES: u64 = 4;
const STEPS: usize = 20;

#[tokio::test]
async fn what_is_read_is_what_was_acknowledged() {
    let aws = Aws::start().await;
    let (book, objects) = (Arc::new(aws.book().await), Arc::new(aws.objects().await));
    for seed in seeds(HISTORIES) {
        let stage = Stage {
            book: book.clone(),
            reports: book.clone(),
            due: book.clone(),
            objects: objects.clone(),
            clock: Arc::new(MemoryClock::at(NOW)),
            random: Arc::new(SeededRandom::new(seed)),
            // They carry the time of the service, which no test moves.
            objects_age: false,
            sabotage: Sabotage::Nothing,
        };
        play(seed, STEPS, stage).await;
    }
}
