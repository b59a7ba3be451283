//! Trying out an endpoint: one signed event now, by the rules of every other, and what came of it.

use crate::dispatch_webhook::{delivery, secrets, signed_post};
use crate::endpoint_health::revive;
use crate::ports::{
    AttemptRecord, Clock, DeliveryBook, DeliveryRecord, DeliveryState, Endpoints, PortError, Random, Sender,
};
use affinsy_core::ids::Tenant;
use affinsy_core::problem::{BodyProblem, FieldProblem};
use affinsy_core::webhook::body::{TEST_EVENT, test_body};
use affinsy_core::webhook::url::{self, UrlPolicy};

#[derive(Clone, Copy)]
pub struct TestPorts<'a> {
    pub deliveries: &'a dyn DeliveryBook,
    pub endpoints: &'a dyn Endpoints,
    pub sender: &'a dyn Sender,
    pub clock: &'a dyn Clock,
    pub random: &'a dyn Random,
    pub url_policy: UrlPolicy,
}

impl std::fmt::Debug for TestPorts<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("TestPorts")
    }
}

#[derive(Debug, thiserror::Error)]
pub enum TestRefused {
    #[error(transparent)]
    Body(#[from] BodyProblem),
    #[error(transparent)]
    Port(#[from] PortError),
}

/// What came of a test.
#[derive(Debug)]
pub struct Tested {
    pub delivery: DeliveryRecord,
    /// The URL was disabled until now.
    pub reenabled: bool,
}

impl Tested {
    pub fn attempt(&self) -> Option<&AttemptRecord> {
        self.delivery.attempts.last()
    }
}

/// Sends a test event to a URL, disabled or not. A 2xx makes the URL well again; a failure changes nothing, as no
/// event was lost by it. Stands in the log like any other, after its one attempt.
pub async fn test_webhook(tenant: &Tenant, url: &str, ports: TestPorts<'_>) -> Result<Tested, TestRefused> {
    url::check(url, ports.url_policy).map_err(|detail| BodyProblem::from(FieldProblem::new("/url", detail)))?;
    let now = ports.clock.now();
    let id = ports.random.id("msg_", now);
    let new = delivery("", TEST_EVENT, url.to_owned(), test_body(now), now);
    let new = DeliveryRecord { delivery_id: id, next_attempt_at: None, claims: 1, ..new };
    let secrets = secrets(tenant, ports.deliveries, ports.random).await?;
    let (attempt, sent) = signed_post(&new, &secrets, ports.sender, ports.clock).await;
    let taken = sent.is_ok_and(|answer| (200..300).contains(&answer.status));
    let state = if taken { DeliveryState::Delivered } else { DeliveryState::Exhausted };
    let delivery = DeliveryRecord { state, attempts: vec![attempt], ..new };
    ports.deliveries.open(tenant, &delivery, None).await?;
    let reenabled = taken && revive(tenant, url, ports.clock.now(), ports.endpoints).await?;
    tracing::info!(delivery.id = delivery.delivery_id, taken, reenabled, "test event sent");
    Ok(Tested { delivery, reenabled })
}
