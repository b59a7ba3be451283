//! Telling of what ended: its webhook and the event bus, neither of which waits for the other. The record of what
//! ended is the outbox: it is due until both have it.

use super::event::{Ended, ended};
use super::{DispatchPorts, attempt_delivery};
use crate::ports::{DeliveryRecord, Due, PortError, PortResult};
use affinsy_core::ids::Tenant;
use affinsy_core::time::Instant;

const MINUTE_MS: i64 = 60_000;
const HOUR_MS: i64 = 60 * MINUTE_MS;
/// A bus that takes nothing for so long is not there: the event is given up, and a log line says so.
const GIVE_UP_MS: i64 = 7 * 24 * HOUR_MS;

pub(super) async fn announce(tenant: &Tenant, id: &str, ports: &DispatchPorts) -> PortResult<()> {
    let Some(Ended { outbox, at, event, delivery }) = ended(tenant, id, ports).await? else {
        tracing::warn!(delivery.id = id, "nothing ended of this name; message dropped");
        return Ok(());
    };
    let Some(bus) = &ports.bus else {
        return match &delivery {
            // Its own place in the due list takes over from the outbox's.
            Some(delivery) => open_and_attempt(tenant, delivery, Some(&outbox), ports).await,
            None => ports.due.done(&outbox).await,
        };
    };
    let to_webhook = async {
        match &delivery {
            Some(delivery) => open_and_attempt(tenant, delivery, None, ports).await,
            None => Ok(()),
        }
    };
    let (put, attempted) = futures::join!(bus.put(&event), to_webhook);
    match put {
        // What opens the delivery failed: it is told once more, on the bus too.
        Ok(()) if attempted.is_err() => {}
        Ok(()) => ports.due.done(&outbox).await?,
        Err(error) => put_off(&outbox, at, &error, ports).await?,
    }
    attempted
}

async fn open_and_attempt(
    tenant: &Tenant,
    delivery: &DeliveryRecord,
    outbox: Option<&Due>,
    ports: &DispatchPorts,
) -> PortResult<()> {
    ports.deliveries.open(tenant, delivery, outbox).await?;
    attempt_delivery(tenant, &delivery.delivery_id, ports).await
}

/// The longer it failed, the longer it waits: a quarter of the time since the end, an hour at most.
async fn put_off(outbox: &Due, ended_at: Instant, error: &PortError, ports: &DispatchPorts) -> PortResult<()> {
    let now = ports.clock.now();
    let age_ms = now.unix_ms() - ended_at.unix_ms();
    if age_ms > GIVE_UP_MS {
        tracing::error!(source.id = outbox.id, error = %error, "the event bus took this event for a week not; given up");
        return ports.due.done(outbox).await;
    }
    let wait_ms = (age_ms / 4).clamp(MINUTE_MS, HOUR_MS);
    tracing::error!(source.id = outbox.id, error = %error, wait_ms, "event not on the bus; it will be tried again");
    ports.due.postpone(outbox, now, now.plus_ms(wait_ms)).await.map(drop)
}
