//! Deliveries, the secrets that sign them, and the list of what is due.

use super::{Page, PortResult, ReportRecord};
use affinsy_core::ids::Tenant;
use affinsy_core::time::{self, Instant};
use async_trait::async_trait;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryState {
    /// An attempt is due at `next_attempt_at`.
    Pending,
    Delivered,
    /// Every attempt failed.
    Exhausted,
    /// The receiver asked for no more.
    Disabled,
}

/// One attempt, as the log shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AttemptRecord {
    #[serde(with = "time::micros")]
    pub at: Instant,
    pub duration_ms: u64,
    #[serde(default)]
    pub status: Option<u16>,
    #[serde(default)]
    pub error: Option<String>,
    /// The first KiB of the answer.
    #[serde(default)]
    pub answer: Option<String>,
}

/// One event on its way to one URL. Its id is the `webhook-id` of every attempt, its body their bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeliveryRecord {
    pub delivery_id: String,
    pub event: String,
    pub report_id: String,
    pub url: String,
    pub body: String,
    pub state: DeliveryState,
    #[serde(with = "time::micros")]
    pub created_at: Instant,
    #[serde(with = "time::micros::option", default)]
    pub next_attempt_at: Option<Instant>,
    #[serde(with = "time::micros::option", default)]
    pub lease_until: Option<Instant>,
    /// The fencing token of the newest claim.
    #[serde(default)]
    pub claims: u32,
    #[serde(default)]
    pub attempts: Vec<AttemptRecord>,
}

/// The secrets of a tenant, made on first use.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TenantSecrets {
    /// `whsec_…`
    pub webhook: String,
    /// Signs cursors; hex.
    pub cursor: String,
}

#[async_trait]
pub trait DeliveryBook: Send + Sync {
    /// The tenant's secrets, or `fresh` stored as such when there are none; at any concurrency all see the same.
    async fn secrets(&self, tenant: &Tenant, fresh: &TenantSecrets) -> PortResult<TenantSecrets>;
    async fn get(&self, tenant: &Tenant, delivery_id: &str) -> PortResult<Option<DeliveryRecord>>;
    /// Stores a delivery unless it is there, then takes its report off the due list.
    async fn open(&self, tenant: &Tenant, delivery: &DeliveryRecord, report: &ReportRecord) -> PortResult<()>;
    /// Takes a pending delivery whose attempt is due and that nobody holds; `None` when there is nothing to do.
    async fn claim(
        &self,
        tenant: &Tenant,
        delivery_id: &str,
        now: Instant,
        lease_until: Instant,
    ) -> PortResult<Option<DeliveryRecord>>;
    /// Stores what an attempt led to: `delivery` as it is now, if its claim is still the newest. False if void.
    async fn record(&self, tenant: &Tenant, delivery: &DeliveryRecord) -> PortResult<bool>;
    /// Newest first.
    async fn list(&self, tenant: &Tenant, after: Option<&str>, limit: usize) -> PortResult<Page<DeliveryRecord>>;
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum DueKind {
    Report,
    Delivery,
    Dataset,
    Purge,
    Import,
    Schedule,
}

/// Something that waits for the sweeper.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Due {
    pub kind: DueKind,
    pub tenant: Tenant,
    /// A report's, delivery's, dataset's, purge's, import's or schedule's id.
    pub id: String,
}

#[async_trait]
pub trait DueIndex: Send + Sync {
    /// What is due by `now`, at most `limit`; it may miss what became due a moment ago.
    async fn due(&self, now: Instant, limit: usize) -> PortResult<Vec<Due>>;
    /// Moves something that is still due by `now` to a later time. False when it no longer is.
    async fn postpone(&self, due: &Due, now: Instant, until: Instant) -> PortResult<bool>;
}
