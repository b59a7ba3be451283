//! Reports that come again. Each is due at its next run; the sweeper finds it there.

use super::{Page, PortResult, StoredFailure};
use affinsy_core::ids::Tenant;
use affinsy_core::time::{self, Instant};
use async_trait::async_trait;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScheduleRecord {
    pub schedule_id: String,
    #[serde(default)]
    pub name: Option<String>,
    /// The request's body, which was checked when it was taken.
    pub body: String,
    #[serde(with = "time::micros")]
    pub created_at: Instant,
    #[serde(with = "time::micros")]
    pub next_run_at: Instant,
    #[serde(default)]
    pub runs: u64,
    #[serde(with = "time::micros::option", default)]
    pub last_run_at: Option<Instant>,
    /// The report of the last run; `None` where it could not be submitted.
    #[serde(default)]
    pub last_report_id: Option<String>,
    /// Why the last run submitted none.
    #[serde(default)]
    pub last_failure: Option<StoredFailure>,
}

#[async_trait]
pub trait ScheduleBook: Send + Sync {
    /// Stores a new one, due at its next run; one of this id that is there stays as it is.
    async fn create(&self, tenant: &Tenant, schedule: &ScheduleRecord) -> PortResult<()>;
    async fn get(&self, tenant: &Tenant, schedule_id: &str) -> PortResult<Option<ScheduleRecord>>;
    /// Newest first.
    async fn list(&self, tenant: &Tenant, after: Option<&str>, limit: usize) -> PortResult<Page<ScheduleRecord>>;
    /// False where there is none.
    async fn delete(&self, tenant: &Tenant, schedule_id: &str) -> PortResult<bool>;
    /// Puts a schedule after a run in the place of the one that still waits for that run, and makes it due at its
    /// next. False where another sweeper did so, or it was deleted.
    async fn ran(&self, tenant: &Tenant, run_at: Instant, after: &ScheduleRecord) -> PortResult<bool>;
}
