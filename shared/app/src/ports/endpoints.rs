//! How much of a tenant's is under way at once, and the URLs that webhooks go to: whether they still take any.

use super::PortResult;
use affinsy_core::ids::Tenant;
use affinsy_core::time::Instant;
use affinsy_core::webhook::health::Health;
use async_trait::async_trait;
use serde::{Deserialize, Serialize};

/// What is known of one URL.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EndpointRecord {
    pub url: String,
    pub health: Health,
    /// Raised by every change.
    pub version: u32,
}

/// What places are for: each has its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Pool {
    /// Attempts of deliveries.
    Attempts,
    /// Reports that are computed.
    Reports,
}

#[async_trait]
pub trait Endpoints: Send + Sync {
    /// `None` of a URL that never failed.
    async fn endpoint(&self, tenant: &Tenant, url: &str) -> PortResult<Option<EndpointRecord>>;
    /// Stores what is known of a URL if the version before it is the one that is stored: 1 where nothing is. False
    /// where it is not: nothing changed.
    async fn put_endpoint(&self, tenant: &Tenant, record: &EndpointRecord, now: Instant) -> PortResult<bool>;
    /// The tenant's URLs that are disabled.
    async fn disabled_endpoints(&self, tenant: &Tenant) -> PortResult<Vec<EndpointRecord>>;
    /// Takes a place among the first `places` of the tenant's in a pool until `until`; `None` while all are taken.
    async fn enter(
        &self,
        tenant: &Tenant,
        pool: Pool,
        holder: &str,
        places: u32,
        now: Instant,
        until: Instant,
    ) -> PortResult<Option<u32>>;
    /// Gives a place back, if it is still this holder's.
    async fn leave(&self, tenant: &Tenant, pool: Pool, holder: &str, place: u32) -> PortResult<()>;
}
