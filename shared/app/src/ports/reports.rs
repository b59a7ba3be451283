//! Reports: submitted, claimed, finished. The report's own record is also the outbox of its webhook.

use super::{LogId, Page, PortResult, PurgeRecord};
use affinsy_core::ids::Tenant;
use affinsy_core::report::ReportType;
use affinsy_core::time::{self, Instant};
use async_trait::async_trait;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum ReportStatus {
    Processing,
    Completed,
    Failed,
}

impl ReportStatus {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Processing => "Processing",
            Self::Completed => "Completed",
            Self::Failed => "Failed",
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredFailure {
    pub code: String,
    pub message: String,
}

/// One of a result's long lists, as an object of its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredPart {
    pub name: String,
    pub key: String,
    pub rows: u64,
    pub bytes: u64,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ReportRecord {
    pub report_id: String,
    pub report_type: ReportType,
    pub dataset_id: String,
    #[serde(default)]
    pub template: Option<String>,
    #[serde(default)]
    pub name: Option<String>,
    #[serde(default)]
    pub webhook_url: Option<String>,
    /// The request's body as it came; the worker parses it again, so that both see the same.
    pub request: String,
    /// The snapshot: every push of this incarnation of the dataset up to this sequence.
    pub incarnation: String,
    pub sequence: u64,
    /// The dataset's, when the report was asked for.
    #[serde(default)]
    pub currency: Option<String>,
    pub status: ReportStatus,
    #[serde(with = "time::micros")]
    pub created_at: Instant,
    #[serde(with = "time::micros::option", default)]
    pub started_at: Option<Instant>,
    #[serde(with = "time::micros::option", default)]
    pub completed_at: Option<Instant>,
    /// How often a worker took it, and the newest worker's fencing token.
    #[serde(default)]
    pub claims: u32,
    /// How many of them ended neither with a result nor by giving the report back.
    #[serde(default)]
    pub expired_leases: u32,
    #[serde(with = "time::micros::option", default)]
    pub lease_until: Option<Instant>,
    #[serde(default)]
    pub stage: Option<String>,
    /// Thousandths done.
    #[serde(default)]
    pub done_permille: u32,
    #[serde(default)]
    pub result_key: Option<String>,
    /// Strong tag of the result's bytes.
    #[serde(default)]
    pub result_sha256: Option<String>,
    #[serde(default)]
    pub parts: Vec<StoredPart>,
    #[serde(default)]
    pub failure: Option<StoredFailure>,
    /// When its owner deleted it. Nobody is shown it from then on; it goes when all were told that it ended.
    #[serde(with = "time::micros::option", default)]
    pub deleted_at: Option<Instant>,
}

impl ReportRecord {
    /// Where its orders stand.
    pub fn log(&self, tenant: &Tenant) -> LogId {
        LogId { tenant: tenant.clone(), dataset_id: self.dataset_id.clone(), incarnation: self.incarnation.clone() }
    }
}

/// What a worker holds while it computes; a later claim makes it void.
#[derive(Debug, Clone, PartialEq)]
pub struct Claim {
    pub report: ReportRecord,
}

impl Claim {
    /// The fencing token: every claim has a higher one.
    pub fn token(&self) -> u32 {
        self.report.claims
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClaimRefused {
    /// Unknown, or ended: nothing to do.
    Ended,
    /// Another worker's lease runs until then.
    Held { until: Instant },
}

/// How a report ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finish {
    Completed { result_key: String, result_sha256: String, parts: Vec<StoredPart> },
    Failed(StoredFailure),
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct ReportFilter {
    pub dataset_id: Option<String>,
    pub report_type: Option<String>,
    pub status: Option<String>,
}

impl ReportFilter {
    pub fn admits(&self, report: &ReportRecord) -> bool {
        let fits = |wanted: &Option<String>, is: &str| wanted.as_deref().is_none_or(|wanted| wanted == is);
        report.deleted_at.is_none()
            && fits(&self.dataset_id, &report.dataset_id)
            && fits(&self.report_type, report.report_type.name())
            && fits(&self.status, report.status.name())
    }
}

#[async_trait]
pub trait ReportBook: Send + Sync {
    /// Stores a new report; it is due for the sweeper at `due_at` should its message be lost. One that is there stays as it is.
    async fn submit(&self, tenant: &Tenant, report: &ReportRecord, due_at: Instant) -> PortResult<()>;
    async fn get(&self, tenant: &Tenant, report_id: &str) -> PortResult<Option<ReportRecord>>;
    /// Newest first.
    async fn list(
        &self,
        tenant: &Tenant,
        filter: &ReportFilter,
        after: Option<&str>,
        limit: usize,
    ) -> PortResult<Page<ReportRecord>>;
    /// Takes a report that is processing and not leased to anyone: counts the claim and, where an old lease ran
    /// out, that too; sets the lease, and makes the report due again when the lease ends.
    async fn claim(
        &self,
        tenant: &Tenant,
        report_id: &str,
        now: Instant,
        lease_until: Instant,
    ) -> PortResult<Result<Claim, ClaimRefused>>;
    /// False when the claim is void: nobody waits for what it computes.
    async fn progress(&self, tenant: &Tenant, claim: &Claim, stage: &str, done_permille: u32) -> PortResult<bool>;
    /// Gives the lease back so that another worker can take the report at once. `spent`: the worker's time ran
    /// out, which counts like a lease that did.
    async fn release(&self, tenant: &Tenant, claim: &Claim, due_at: Instant, spent: bool) -> PortResult<()>;
    /// The one commit: ends the report and, where it has a webhook URL, makes the webhook due at `now`. False
    /// when the claim is void.
    async fn finish(&self, tenant: &Tenant, claim: &Claim, finish: &Finish, now: Instant) -> PortResult<bool>;
    /// Ends a report that is processing as `failure`: a claim of it is void from now on, and its event is due at `now`.
    /// False where it had ended.
    async fn cancel(
        &self,
        tenant: &Tenant,
        report: &ReportRecord,
        failure: &StoredFailure,
        now: Instant,
    ) -> PortResult<bool>;
    /// Ends a report as `failure` whatever it came to: a claim of it is void from now on, and its result and request
    /// are forgotten. One that was still processing gets its webhook due at `now`. Again is safe.
    async fn erase(
        &self,
        tenant: &Tenant,
        report: &ReportRecord,
        failure: &StoredFailure,
        now: Instant,
    ) -> PortResult<()>;
    /// Puts another result in the place of the one that `report` names. False where it names another by now.
    async fn restate(&self, tenant: &Tenant, report: &ReportRecord, finish: &Finish) -> PortResult<bool>;
    /// Deletes a report that has ended: its result and request are forgotten, and in the same commit the purge is left
    /// behind that takes out what is stored. False where it is still processing, or was deleted before.
    async fn delete_report(
        &self,
        tenant: &Tenant,
        report: &ReportRecord,
        purge: &PurgeRecord,
        now: Instant,
    ) -> PortResult<bool>;
    /// Takes the record of a deleted report out, unless its event is still due. True when it is gone.
    async fn remove(&self, tenant: &Tenant, report_id: &str) -> PortResult<bool>;
}

/// The request of a report that was erased.
pub const FORGOTTEN_REQUEST: &str = "{}";
