//! Telling the caller: the delivery's record is the truth, a message only wakes the dispatcher.

mod announce;
mod attempt;
mod event;
mod secrets;

pub use attempt::signed_post;
pub use event::{delivery, delivery_id, event_job};
pub use secrets::{rotate_secret, secrets, signing};

use crate::endpoint_health::{disabled, disabled_words, note};
use crate::ports::{
    AttemptRecord, Clock, DeliveryBook, DeliveryRecord, DeliveryState, Due, DueIndex, DueKind, Endpoints, EventBus,
    Job, OrderLog, Pool, PortResult, Queue, Random, ReportBook, SendError, Sender,
};
use affinsy_core::ids::Tenant;
use affinsy_core::time::Instant;
use affinsy_core::webhook::health::Outcome;
use affinsy_core::webhook::schedule;
use announce::announce;
use attempt::{Sent, attempt, lost_attempt};
use event::is_event;
use std::sync::Arc;

/// What dispatching needs of the world.
#[derive(Clone)]
pub struct DispatchPorts {
    pub deliveries: Arc<dyn DeliveryBook>,
    pub endpoints: Arc<dyn Endpoints>,
    pub due: Arc<dyn DueIndex>,
    pub reports: Arc<dyn ReportBook>,
    pub log: Arc<dyn OrderLog>,
    pub queue: Arc<dyn Queue>,
    pub sender: Arc<dyn Sender>,
    /// Where everything that ends is told of; none where the operator wants none.
    pub bus: Option<Arc<dyn EventBus>>,
    pub clock: Arc<dyn Clock>,
    pub random: Arc<dyn Random>,
}

impl std::fmt::Debug for DispatchPorts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("DispatchPorts")
    }
}

/// An attempt ends within 15 s; the lease leaves room for the writes around it.
const LEASE_MS: i64 = 45_000;
/// The longest wait a queue message can hold; beyond it the sweeper wakes the dispatcher.
const MAX_QUEUE_DELAY_MS: u64 = 900_000;
/// How many attempts of one tenant run at once, in all dispatchers.
pub const MOST_AT_ONCE: u32 = 20;
/// The same for URLs that failed the last time: a dead one takes the full deadline of each attempt.
pub const MOST_AT_ONCE_FAILING: u32 = 4;
/// How long a delivery waits for a place, at least; up to three times as long, by lot.
const CROWDED_MS: f64 = 10_000.0;
/// By how much the sweeper comes after the message of a delivery that waits for a place.
const SWEEPER_AFTER_MS: i64 = 120_000;

/// Makes the attempt of a delivery that is due now; nothing where none is. Where the delivery is still to be made, or
/// the id is an event's, tells of what ended.
pub async fn dispatch_webhook(tenant: &Tenant, delivery_id: &str, ports: &DispatchPorts) -> PortResult<()> {
    let stored = if is_event(delivery_id) { None } else { ports.deliveries.get(tenant, delivery_id).await? };
    match stored {
        Some(stored) => attempt_stored(tenant, stored, ports).await,
        None => announce(tenant, delivery_id, ports).await,
    }
}

/// Makes the attempt of a delivery that was stored.
async fn attempt_delivery(tenant: &Tenant, delivery_id: &str, ports: &DispatchPorts) -> PortResult<()> {
    match DeliveryBook::get(&*ports.deliveries, tenant, delivery_id).await? {
        Some(stored) => attempt_stored(tenant, stored, ports).await,
        None => Ok(()),
    }
}

async fn attempt_stored(tenant: &Tenant, stored: DeliveryRecord, ports: &DispatchPorts) -> PortResult<()> {
    let delivery_id = &*stored.delivery_id;
    let now = ports.clock.now();
    if stored.state != DeliveryState::Pending || stored.next_attempt_at.is_none_or(|at| at > now) {
        return Ok(());
    }
    let endpoint = ports.endpoints.endpoint(tenant, &stored.url).await?;
    let failing = endpoint.is_some_and(|endpoint| endpoint.health.failing_since.is_some());
    let places = if failing { MOST_AT_ONCE_FAILING } else { MOST_AT_ONCE };
    let until = now.plus_ms(LEASE_MS);
    let Some(place) = ports.endpoints.enter(tenant, Pool::Attempts, delivery_id, places, now, until).await? else {
        return wait_for_a_place(tenant, &stored, ports).await;
    };
    let attempted = claim_and_attempt(tenant, delivery_id, now, ports).await;
    if let Err(error) = ports.endpoints.leave(tenant, Pool::Attempts, delivery_id, place).await {
        tracing::warn!(delivery.id = delivery_id, error = %error, "a place is given back when its lease ends");
    }
    attempted
}

async fn claim_and_attempt(tenant: &Tenant, delivery_id: &str, now: Instant, ports: &DispatchPorts) -> PortResult<()> {
    let claimed = ports.deliveries.claim(tenant, delivery_id, now, now.plus_ms(LEASE_MS)).await?;
    let Some(mut delivery) = claimed else { return Ok(()) };
    add_lost_attempts(&mut delivery, now);
    // Looked at after the claim: whoever disabled the URL before is heard.
    if let Some(disabled) = disabled(tenant, &delivery.url, &*ports.endpoints).await? {
        tracing::info!(delivery.id = delivery_id, "no attempt: {}", disabled_words(disabled));
        return end(tenant, delivery, DeliveryState::Disabled, ports).await;
    }
    if delivery.attempts_made() >= schedule::STEPS_S.len() {
        return end(tenant, delivery, DeliveryState::Exhausted, ports).await;
    }
    let secrets = secrets(tenant, &*ports.deliveries, &*ports.random).await?;
    let (attempt, sent) = attempt(&delivery, &secrets, ports).await;
    // The URL's health first: should the dispatcher die in between, the delivery's next claim meets it.
    let health = note(tenant, &delivery.url, outcome(&sent), ports.clock.now(), &*ports.endpoints).await?;
    let delivery = after_attempt(delivery, attempt, &sent, health.disabled.is_some(), ports);
    let made = delivery.attempts_made();
    tracing::info!(delivery.id = delivery_id, attempt = made, state = delivery.state.name(), "delivery attempted");
    if !ports.deliveries.record(tenant, &delivery).await? {
        tracing::warn!(delivery.id = delivery_id, "another dispatcher took this delivery; attempt not recorded");
        return Ok(());
    }
    wake_later(tenant, &delivery, ports).await;
    Ok(())
}

/// All of a tenant's places are taken: the delivery comes back, and no attempt is counted.
async fn wait_for_a_place(tenant: &Tenant, delivery: &DeliveryRecord, ports: &DispatchPorts) -> PortResult<()> {
    let wait_ms = (CROWDED_MS * (1.0 + 2.0 * ports.random.unit())) as u64;
    let (now, id) = (ports.clock.now(), delivery.delivery_id.clone());
    let due = Due { kind: DueKind::Delivery, tenant: tenant.clone(), id: id.clone() };
    // Else the sweeper would send a second message meanwhile.
    ports.due.postpone(&due, now, now.plus_ms(wait_ms as i64 + SWEEPER_AFTER_MS)).await?;
    let job = Job::Delivery { tenant: tenant.clone(), delivery_id: id };
    ports.queue.send(&job, wait_ms.div_ceil(1_000) as u32).await
}

/// Ends a delivery without another attempt.
async fn end(tenant: &Tenant, delivery: DeliveryRecord, state: DeliveryState, ports: &DispatchPorts) -> PortResult<()> {
    let ended = DeliveryRecord { state, next_attempt_at: None, lease_until: None, ..delivery };
    ports.deliveries.record(tenant, &ended).await.map(|_| ())
}

/// A dispatcher that died in an attempt left a claim without a record. It counts as a failed attempt, so that a
/// delivery ends even when every attempt takes its dispatcher down.
fn add_lost_attempts(delivery: &mut DeliveryRecord, now: Instant) {
    let claims = delivery.claims.saturating_sub(delivery.earlier.claims) as usize;
    while delivery.attempts_made() + 1 < claims {
        delivery.attempts.push(lost_attempt(now));
    }
}

fn is_success(status: u16) -> bool {
    (200..300).contains(&status)
}

const GONE: u16 = 410;
const TOO_MANY: u16 = 429;

fn outcome(sent: &Sent) -> Outcome {
    match sent {
        Ok(answer) if is_success(answer.status) => Outcome::Taken,
        Ok(answer) if answer.status == GONE => Outcome::Gone,
        Ok(answer) if answer.disable => Outcome::Refused,
        _ => Outcome::Failed,
    }
}

fn after_attempt(
    mut delivery: DeliveryRecord,
    attempt: AttemptRecord,
    sent: &Sent,
    url_is_disabled: bool,
    ports: &DispatchPorts,
) -> DeliveryRecord {
    delivery.attempts.push(attempt);
    delivery.lease_until = None;
    delivery.next_attempt_at = None;
    let wait_ms = next_wait_ms(delivery.attempts_made(), sent, ports.clock.now(), &*ports.random);
    delivery.state = match (outcome(sent), wait_ms) {
        (Outcome::Taken, _) => DeliveryState::Delivered,
        _ if url_is_disabled => DeliveryState::Disabled,
        (_, None) => DeliveryState::Exhausted,
        (_, Some(wait_ms)) => {
            delivery.next_attempt_at = Some(ports.clock.now().plus_ms(wait_ms as i64));
            DeliveryState::Pending
        }
    };
    delivery
}

fn next_wait_ms(attempts_made: usize, sent: &Sent, now: Instant, random: &dyn Random) -> Option<u64> {
    let (retry_after_s, patient) = match sent {
        Ok(answer) => {
            let asked_s = answer.retry_after.as_deref().and_then(|text| schedule::retry_after_s(text, now));
            (asked_s, answer.status == TOO_MANY)
        }
        Err(error) => (None, matches!(error, SendError::Timeout)),
    };
    schedule::next_attempt_ms(attempts_made, random.unit(), retry_after_s, patient)
}

/// Short waits are a delayed message; long ones are left to the sweeper.
async fn wake_later(tenant: &Tenant, delivery: &DeliveryRecord, ports: &DispatchPorts) {
    let Some(next_attempt_at) = delivery.next_attempt_at else { return };
    let wait_ms = u64::try_from(next_attempt_at.unix_ms() - ports.clock.now().unix_ms()).unwrap_or(0);
    if wait_ms > MAX_QUEUE_DELAY_MS {
        return;
    }
    let job = Job::Delivery { tenant: tenant.clone(), delivery_id: delivery.delivery_id.clone() };
    if let Err(error) = ports.queue.send(&job, wait_ms.div_ceil(1_000) as u32).await {
        tracing::warn!(delivery.id = delivery.delivery_id, error = %error, "retry not queued; the sweeper will");
    }
}
