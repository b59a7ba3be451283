//! Sending events anew at their owner's wish: the same id and the same bytes, attempts counted from the beginning.

use crate::endpoint_health::disabled;
use crate::ports::{
    Clock, DeliveryBook, DeliveryFilter, DeliveryRecord, DeliveryState, Endpoints, Job, PortError, PortResult, Queue,
};
use affinsy_core::ids::Tenant;
use affinsy_core::webhook::health::Disabled;
use std::collections::BTreeSet;

#[derive(Clone, Copy)]
pub struct RedeliverPorts<'a> {
    pub deliveries: &'a dyn DeliveryBook,
    pub endpoints: &'a dyn Endpoints,
    pub queue: &'a dyn Queue,
    pub clock: &'a dyn Clock,
}

impl std::fmt::Debug for RedeliverPorts<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("RedeliverPorts")
    }
}

#[derive(Debug, thiserror::Error)]
pub enum RedeliverRefused {
    #[error("no such delivery")]
    Unknown,
    #[error("the delivery is under way")]
    UnderWay,
    #[error("the URL is disabled")]
    Disabled(Disabled),
    #[error(transparent)]
    Port(#[from] PortError),
}

/// Sends one delivery anew.
pub async fn redeliver(
    tenant: &Tenant,
    delivery_id: &str,
    ports: RedeliverPorts<'_>,
) -> Result<DeliveryRecord, RedeliverRefused> {
    let stored = ports.deliveries.get(tenant, delivery_id).await?.ok_or(RedeliverRefused::Unknown)?;
    if stored.state == DeliveryState::Pending {
        return Err(RedeliverRefused::UnderWay);
    }
    if let Some(disabled) = disabled(tenant, &stored.url, ports.endpoints).await? {
        return Err(RedeliverRefused::Disabled(disabled));
    }
    again(tenant, stored, ports).await?.ok_or(RedeliverRefused::UnderWay)
}

/// The most deliveries that one call sends anew.
pub const MOST_AT_ONCE: usize = 200;

/// What one call over a range did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Redelivered {
    pub redelivered: usize,
    /// Left alone, because their URL is disabled.
    pub disabled: usize,
    /// Where the next call goes on.
    pub next_after: Option<String>,
}

/// Sends those anew that pass the filter, newest first, up to a bound. Those under way are left alone.
pub async fn redeliver_range(
    tenant: &Tenant,
    filter: &DeliveryFilter,
    after: Option<&str>,
    ports: RedeliverPorts<'_>,
) -> PortResult<Redelivered> {
    let endpoints = ports.endpoints.disabled_endpoints(tenant).await?;
    let dead: BTreeSet<&str> = endpoints.iter().map(|endpoint| endpoint.url.as_str()).collect();
    let page = ports.deliveries.list(tenant, filter, after, MOST_AT_ONCE).await?;
    let mut done = Redelivered { redelivered: 0, disabled: 0, next_after: page.next_after };
    for delivery in page.items {
        if dead.contains(delivery.url.as_str()) {
            done.disabled += 1;
        } else if delivery.state != DeliveryState::Pending && again(tenant, delivery, ports).await?.is_some() {
            done.redelivered += 1;
        }
    }
    tracing::info!(redelivered = done.redelivered, disabled = done.disabled, "a range of events is sent anew");
    Ok(done)
}

/// Due first, then a message: should that be lost, the sweeper sends one. `None` where another call came first.
async fn again(
    tenant: &Tenant,
    stored: DeliveryRecord,
    ports: RedeliverPorts<'_>,
) -> PortResult<Option<DeliveryRecord>> {
    let delivery = stored.anew(ports.clock.now());
    if !ports.deliveries.record(tenant, &delivery).await? {
        return Ok(None);
    }
    let job = Job::Delivery { tenant: tenant.clone(), delivery_id: delivery.delivery_id.clone() };
    if let Err(error) = ports.queue.send(&job, 0).await {
        tracing::warn!(delivery.id = delivery.delivery_id, error = %error, "not queued; the sweeper will");
    }
    Ok(Some(delivery))
}
