//! One attempt: the headers that sign it, the POST, and what the log keeps of it.

use super::{DispatchPorts, signing};
use crate::ports::{Answer, AttemptRecord, Clock, DeliveryRecord, SendError, Sender, TenantSecrets};
use affinsy_core::time::Instant;

pub type Sent = Result<Answer, SendError>;

pub async fn attempt(
    delivery: &DeliveryRecord,
    secrets: &TenantSecrets,
    ports: &DispatchPorts,
) -> (AttemptRecord, Sent) {
    signed_post(delivery, secrets, &*ports.sender, &*ports.clock).await
}

/// Posts a delivery's bytes once, signed at this moment.
pub async fn signed_post(
    delivery: &DeliveryRecord,
    secrets: &TenantSecrets,
    sender: &dyn Sender,
    clock: &dyn Clock,
) -> (AttemptRecord, Sent) {
    let started = clock.now();
    let timestamp_s = started.unix_s();
    let signatures: Vec<String> = signing(secrets, started)
        .iter()
        .map(|secret| secret.sign(&delivery.delivery_id, timestamp_s, &delivery.body))
        .collect();
    if signatures.is_empty() {
        let error = SendError::Failed("the tenant's signing secret is damaged".to_owned());
        return (record(started, started, &Err(error.clone())), Err(error));
    }
    let headers = [
        ("content-type", "application/json".to_owned()),
        ("webhook-id", delivery.delivery_id.clone()),
        ("webhook-timestamp", timestamp_s.to_string()),
        ("webhook-signature", signatures.join(" ")),
    ];
    let sent = sender.post(&delivery.url, &headers, &delivery.body).await;
    (record(started, clock.now(), &sent), sent)
}

fn record(started: Instant, ended: Instant, sent: &Sent) -> AttemptRecord {
    AttemptRecord {
        at: started,
        duration_ms: u64::try_from(ended.unix_ms() - started.unix_ms()).unwrap_or(0),
        status: sent.as_ref().ok().map(|answer| answer.status),
        error: sent.as_ref().err().map(ToString::to_string),
        answer: sent.as_ref().ok().map(|answer| answer.body.clone()),
    }
}

/// An attempt of which nobody knows how it ended.
pub fn lost_attempt(now: Instant) -> AttemptRecord {
    let error = Some("the attempt was cut off before its outcome was recorded".to_owned());
    AttemptRecord { at: now, duration_ms: 0, status: None, error, answer: None }
}
