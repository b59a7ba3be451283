//! What attempts make of a URL: disabled when it asked for no more or failed for days, and well again by a test.

use crate::ports::{EndpointRecord, Endpoints, PortError, PortResult};
use affinsy_core::ids::Tenant;
use affinsy_core::time::Instant;
use affinsy_core::webhook::health::{Disabled, Health, Outcome};

/// How often a write is tried that others come before.
const TRIES: usize = 10;

/// Since when and why a URL takes no webhooks; `None` where it does.
pub async fn disabled(tenant: &Tenant, url: &str, endpoints: &dyn Endpoints) -> PortResult<Option<Disabled>> {
    Ok(endpoints.endpoint(tenant, url).await?.and_then(|endpoint| endpoint.health.disabled))
}

/// Keeps what an attempt says of its URL; the health after it.
pub async fn note(
    tenant: &Tenant,
    url: &str,
    outcome: Outcome,
    now: Instant,
    endpoints: &dyn Endpoints,
) -> PortResult<Health> {
    let (before, after) = change(tenant, url, now, endpoints, |health| health.after(outcome, now)).await?;
    if let (None, Some(disabled)) = (before.disabled, after.disabled) {
        tracing::warn!(tenant = tenant.as_str(), "a webhook URL is disabled: {}", disabled.reason.sentence());
    }
    Ok(after)
}

/// A test succeeded: all is forgotten. Whether the URL was disabled.
pub async fn revive(tenant: &Tenant, url: &str, now: Instant, endpoints: &dyn Endpoints) -> PortResult<bool> {
    let (before, _) = change(tenant, url, now, endpoints, |_| Health::default()).await?;
    Ok(before.disabled.is_some())
}

/// The health before and after. Nothing is written where nothing changes: most attempts cost no write.
async fn change(
    tenant: &Tenant,
    url: &str,
    now: Instant,
    endpoints: &dyn Endpoints,
    change: impl Fn(Health) -> Health,
) -> PortResult<(Health, Health)> {
    for _ in 0..TRIES {
        let stored = endpoints.endpoint(tenant, url).await?;
        let (before, version) = stored.map_or((Health::default(), 0), |stored| (stored.health, stored.version));
        let after = change(before);
        let record = EndpointRecord { url: url.to_owned(), health: after, version: version + 1 };
        if after == before || endpoints.put_endpoint(tenant, &record, now).await? {
            return Ok((before, after));
        }
    }
    Err(PortError::Unavailable("others changed this URL's health at the same time".to_owned()))
}

/// What the owner of a disabled URL reads.
pub fn disabled_words(disabled: Disabled) -> String {
    format!(
        "this URL is disabled since {}, because {}; POST /webhooks/test enables it again when it answers 2xx",
        disabled.at.to_rfc3339_seconds(),
        disabled.reason.sentence()
    )
}

/// For whoever asks for a webhook to a URL that takes none.
pub async fn warning(tenant: &Tenant, url: Option<&str>, endpoints: &dyn Endpoints) -> PortResult<Option<String>> {
    let Some(url) = url else { return Ok(None) };
    let disabled = disabled(tenant, url, endpoints).await?;
    Ok(disabled.map(|disabled| format!("/webhook_url: {}", disabled_words(disabled))))
}
