//! Deliveries, the secrets that sign them, and the list of what is due.

use super::{Page, PortResult};
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
    /// The URL is disabled: there is no further attempt, or there was none.
    Disabled,
}

impl DeliveryState {
    pub const ALL: [Self; 4] = [Self::Pending, Self::Delivered, Self::Exhausted, Self::Disabled];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Delivered => "delivered",
            Self::Exhausted => "exhausted",
            Self::Disabled => "disabled",
        }
    }
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
    /// Of a report's event.
    #[serde(default)]
    pub report_id: Option<String>,
    /// Of an import's.
    #[serde(default)]
    pub import_id: Option<String>,
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
    /// When it was last sent anew at its owner's wish.
    #[serde(with = "time::micros::option", default)]
    pub redelivered_at: Option<Instant>,
    /// How many of the attempts and of the claims belong to the time before that.
    #[serde(default)]
    pub earlier: Earlier,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Earlier {
    pub attempts: u32,
    pub claims: u32,
}

/// Attempts of earlier rounds that stay in the log when a delivery is sent anew: the record has bounds.
const KEPT_ATTEMPTS: usize = 10;

impl DeliveryRecord {
    /// How many attempts were made since it was made, or sent anew.
    pub fn attempts_made(&self) -> usize {
        self.attempts.len().saturating_sub(self.earlier.attempts as usize)
    }

    /// Its attempts begin anew: same id, same bytes, due at `now`.
    #[must_use]
    pub fn anew(mut self, now: Instant) -> Self {
        let dropped = self.attempts.len().saturating_sub(KEPT_ATTEMPTS);
        self.attempts.drain(..dropped);
        self.earlier = Earlier { attempts: self.attempts.len() as u32, claims: self.claims };
        Self {
            state: DeliveryState::Pending,
            next_attempt_at: Some(now),
            lease_until: None,
            redelivered_at: Some(now),
            ..self
        }
    }
}

/// Which deliveries a list shows.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct DeliveryFilter {
    /// Any of these; none of them is any.
    pub states: Vec<DeliveryState>,
    pub event: Option<String>,
    pub report_id: Option<String>,
    pub import_id: Option<String>,
    pub url: Option<String>,
    /// Made at or after.
    pub since: Option<Instant>,
    /// Made before.
    pub until: Option<Instant>,
}

impl DeliveryFilter {
    pub fn admits(&self, delivery: &DeliveryRecord) -> bool {
        let fits = |wanted: &Option<String>, is: Option<&str>| wanted.is_none() || wanted.as_deref() == is;
        (self.states.is_empty() || self.states.contains(&delivery.state))
            && fits(&self.event, Some(&delivery.event))
            && fits(&self.report_id, delivery.report_id.as_deref())
            && fits(&self.import_id, delivery.import_id.as_deref())
            && fits(&self.url, Some(&delivery.url))
            && self.since.is_none_or(|since| delivery.created_at >= since)
            && self.until.is_none_or(|until| delivery.created_at < until)
    }
}

/// The secrets of a tenant, made on first use.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TenantSecrets {
    /// `whsec_…`
    pub webhook: String,
    /// Signs cursors; hex.
    pub cursor: String,
    /// Those before it, newest first, which sign beside it for a while.
    #[serde(default)]
    pub retired: Vec<RetiredSecret>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RetiredSecret {
    pub webhook: String,
    #[serde(with = "time::micros")]
    pub signs_until: Instant,
}

#[async_trait]
pub trait DeliveryBook: Send + Sync {
    /// The tenant's secrets, or `fresh` stored as such when there are none; at any concurrency all see the same.
    async fn secrets(&self, tenant: &Tenant, fresh: &TenantSecrets) -> PortResult<TenantSecrets>;
    /// Replaces the secrets if the webhooks' secret is still `before`. False where it is not: nothing changed.
    async fn rotate(&self, tenant: &Tenant, before: &str, after: &TenantSecrets) -> PortResult<bool>;
    async fn get(&self, tenant: &Tenant, delivery_id: &str) -> PortResult<Option<DeliveryRecord>>;
    /// Stores a delivery unless it is there, and takes what it tells of (its *outbox*) off the due list.
    async fn open(&self, tenant: &Tenant, delivery: &DeliveryRecord, outbox: Option<&Due>) -> PortResult<()>;
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
    /// Newest first; a page may be short where few pass the filter.
    async fn list(
        &self,
        tenant: &Tenant,
        filter: &DeliveryFilter,
        after: Option<&str>,
        limit: usize,
    ) -> PortResult<Page<DeliveryRecord>>;
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
    /// Takes something off the list that is done with; again is safe.
    async fn done(&self, due: &Due) -> PortResult<()>;
}
