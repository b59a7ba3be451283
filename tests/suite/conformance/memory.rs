//! The twins in memory.

use affinsy_app::conformance;
use affinsy_app::memory::{MemoryBook, MemoryIdempotency, MemoryKeys, MemoryObjects, MemoryRates, SeededRandom};

fn random() -> SeededRandom {
    SeededRandom::new(7)
}

#[tokio::test]
async fn objects() {
    conformance::objects(&MemoryObjects::default(), &random()).await;
}

#[tokio::test]
async fn orders() {
    conformance::orders(&MemoryBook::default(), &random()).await;
}

#[tokio::test]
async fn tending() {
    conformance::tending(&MemoryBook::default(), &random()).await;
}

#[tokio::test]
async fn erasures() {
    conformance::erasures(&MemoryBook::default(), &random()).await;
}

#[tokio::test]
async fn reports() {
    conformance::reports(&MemoryBook::default(), &random()).await;
}

#[tokio::test]
async fn uploads() {
    conformance::uploads(&MemoryBook::default(), &random()).await;
}

#[tokio::test]
async fn schedules() {
    conformance::schedules(&MemoryBook::default(), &random()).await;
}

#[tokio::test]
async fn deliveries() {
    conformance::deliveries(&MemoryBook::default(), &random()).await;
}

#[tokio::test]
async fn endpoints() {
    conformance::endpoints(&MemoryBook::default(), &random()).await;
}

#[tokio::test]
async fn keys() {
    conformance::keys(&MemoryKeys::default(), &random()).await;
}

#[tokio::test]
async fn idempotency() {
    conformance::idempotency(&MemoryIdempotency::default(), &random()).await;
}

#[tokio::test]
async fn rates() {
    conformance::rates(&MemoryRates::default(), &random()).await;
}
