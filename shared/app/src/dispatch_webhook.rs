//! Telling the caller: the delivery's record is the truth, a message only wakes the dispatcher.

use crate::ports::{
    Answer, AttemptRecord, Clock, DeliveryBook, DeliveryRecord, DeliveryState, Job, PortResult, Queue, Random,
    ReportBook, ReportRecord, ReportStatus, SendError, Sender, TenantSecrets,
};
use affinsy_core::ids::Tenant;
use affinsy_core::time::Instant;
use affinsy_core::webhook::body::{Ending, report_body};
use affinsy_core::webhook::schedule;
use affinsy_core::webhook::signature::SigningSecret;
use std::sync::Arc;

/// What dispatching needs of the world.
#[derive(Clone)]
pub struct DispatchPorts {
    pub deliveries: Arc<dyn DeliveryBook>,
    pub reports: Arc<dyn ReportBook>,
    pub queue: Arc<dyn Queue>,
    pub sender: Arc<dyn Sender>,
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
const GONE: u16 = 410;
const TOO_MANY: u16 = 429;

const REPORT_PREFIX: &str = "rpt_";
const DELIVERY_PREFIX: &str = "msg_";

/// The delivery of a report's event. One follows from the other, so that a message sent twice, or made again
/// by the sweeper, never makes a second event.
pub fn delivery_id(report_id: &str) -> String {
    format!("{DELIVERY_PREFIX}{}", report_id.trim_start_matches(REPORT_PREFIX))
}

/// Makes the attempt of a delivery that is due now; nothing where none is.
pub async fn dispatch_webhook(tenant: &Tenant, delivery_id: &str, ports: &DispatchPorts) -> PortResult<()> {
    if ports.deliveries.get(tenant, delivery_id).await?.is_none() && !open(tenant, delivery_id, ports).await? {
        tracing::warn!(delivery.id = delivery_id, "no such delivery; message dropped");
        return Ok(());
    }
    let now = ports.clock.now();
    let claimed = ports.deliveries.claim(tenant, delivery_id, now, now.plus_ms(LEASE_MS)).await?;
    let Some(mut delivery) = claimed else { return Ok(()) };
    add_lost_attempts(&mut delivery, now);
    if delivery.attempts.len() >= schedule::STEPS_S.len() {
        delivery.state = DeliveryState::Exhausted;
        delivery.next_attempt_at = None;
        return ports.deliveries.record(tenant, &delivery).await.map(|_| ());
    }
    let secret = secrets(tenant, &*ports.deliveries, &*ports.random).await?;
    let (attempt, sent) = attempt(&delivery, &secret.webhook, ports).await;
    let delivery = after_attempt(delivery, attempt, &sent, ports);
    let made = delivery.attempts.len();
    tracing::info!(delivery.id = delivery_id, attempt = made, state = ?delivery.state, "delivery attempted");
    if !ports.deliveries.record(tenant, &delivery).await? {
        tracing::warn!(delivery.id = delivery_id, "another dispatcher took this delivery; attempt not recorded");
        return Ok(());
    }
    wake_later(tenant, &delivery, ports).await;
    Ok(())
}

/// Makes the delivery of a report that ended; false when there is no such report, or it has no URL.
async fn open(tenant: &Tenant, delivery_id: &str, ports: &DispatchPorts) -> PortResult<bool> {
    let report_id = format!("{REPORT_PREFIX}{}", delivery_id.trim_start_matches(DELIVERY_PREFIX));
    let Some(report) = ports.reports.get(tenant, &report_id).await? else { return Ok(false) };
    let Some(delivery) = delivery_of(&report) else { return Ok(false) };
    ports.deliveries.open(tenant, &delivery, &report).await?;
    Ok(true)
}

fn delivery_of(report: &ReportRecord) -> Option<DeliveryRecord> {
    let ending = match report.status {
        ReportStatus::Processing => return None,
        ReportStatus::Completed => Ending::Completed,
        ReportStatus::Failed => Ending::Failed,
    };
    let ended_at = report.completed_at?;
    Some(DeliveryRecord {
        delivery_id: delivery_id(&report.report_id),
        event: ending.event().to_owned(),
        report_id: report.report_id.clone(),
        url: report.webhook_url.clone()?,
        body: report_body(ending, &report.report_id, report.report_type, ended_at),
        state: DeliveryState::Pending,
        created_at: ended_at,
        next_attempt_at: Some(ended_at),
        lease_until: None,
        claims: 0,
        attempts: Vec::new(),
    })
}

/// The tenant's secrets, made now if this is their first use.
pub async fn secrets(tenant: &Tenant, book: &dyn DeliveryBook, random: &dyn Random) -> PortResult<TenantSecrets> {
    let (mut webhook, mut cursor) = ([0; 32], [0; 32]);
    random.fill(&mut webhook);
    random.fill(&mut cursor);
    let fresh = TenantSecrets {
        webhook: SigningSecret::from_random(webhook).reveal(),
        cursor: cursor.iter().map(|byte| format!("{byte:02x}")).collect(),
    };
    book.secrets(tenant, &fresh).await
}

/// A dispatcher that died in an attempt left a claim without a record. It counts as a failed attempt, so that a
/// delivery ends even when every attempt takes its dispatcher down.
fn add_lost_attempts(delivery: &mut DeliveryRecord, now: Instant) {
    while delivery.attempts.len() + 1 < delivery.claims as usize {
        let error = Some("the attempt was cut off before its outcome was recorded".to_owned());
        delivery.attempts.push(AttemptRecord { at: now, duration_ms: 0, status: None, error, answer: None });
    }
}

type Sent = Result<Answer, SendError>;

async fn attempt(delivery: &DeliveryRecord, secret: &str, ports: &DispatchPorts) -> (AttemptRecord, Sent) {
    let started = ports.clock.now();
    let timestamp_s = started.unix_s();
    let Some(secret) = SigningSecret::parse(secret) else {
        let error = SendError::Failed("the tenant's signing secret is damaged".to_owned());
        return (attempt_record(started, started, &Err(error.clone())), Err(error));
    };
    let headers = [
        ("content-type", "application/json".to_owned()),
        ("webhook-id", delivery.delivery_id.clone()),
        ("webhook-timestamp", timestamp_s.to_string()),
        ("webhook-signature", secret.sign(&delivery.delivery_id, timestamp_s, &delivery.body)),
    ];
    let sent = ports.sender.post(&delivery.url, &headers, &delivery.body).await;
    (attempt_record(started, ports.clock.now(), &sent), sent)
}

fn attempt_record(started: Instant, ended: Instant, sent: &Sent) -> AttemptRecord {
    AttemptRecord {
        at: started,
        duration_ms: u64::try_from(ended.unix_ms() - started.unix_ms()).unwrap_or(0),
        status: sent.as_ref().ok().map(|answer| answer.status),
        error: sent.as_ref().err().map(ToString::to_string),
        answer: sent.as_ref().ok().map(|answer| answer.body.clone()),
    }
}

fn after_attempt(
    mut delivery: DeliveryRecord,
    attempt: AttemptRecord,
    sent: &Sent,
    ports: &DispatchPorts,
) -> DeliveryRecord {
    delivery.attempts.push(attempt);
    delivery.lease_until = None;
    delivery.next_attempt_at = None;
    delivery.state = match sent {
        Ok(answer) if (200..300).contains(&answer.status) => DeliveryState::Delivered,
        Ok(answer) if answer.status == GONE || answer.disable => DeliveryState::Disabled,
        sent => match next_wait_ms(delivery.attempts.len(), sent, &*ports.random) {
            None => DeliveryState::Exhausted,
            Some(wait_ms) => {
                delivery.next_attempt_at = Some(ports.clock.now().plus_ms(wait_ms as i64));
                DeliveryState::Pending
            }
        },
    };
    delivery
}

fn next_wait_ms(attempts_made: usize, sent: &Sent, random: &dyn Random) -> Option<u64> {
    let (retry_after_s, patient) = match sent {
        Ok(answer) => {
            let retry_after_s = answer.retry_after.as_deref().and_then(|text| text.trim().parse().ok());
            (retry_after_s, answer.status == TOO_MANY)
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
