//! The order log: which segments make up a dataset, in which sequence, and the imports that brought them.

use super::{Page, PortResult};
use affinsy_core::ids::{Tenant, name_hash};
use affinsy_core::time::{self, Instant};
use async_trait::async_trait;
use serde::{Deserialize, Serialize};

/// A dataset's head. `sequence` is that of its newest acknowledged push.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DatasetRecord {
    pub dataset_id: String,
    pub sequence: u64,
    /// Compacted segments are published by raising it.
    #[serde(default)]
    pub generation: u64,
    /// Fixed by the first push that names one.
    #[serde(default)]
    pub currency: Option<String>,
    /// Bytes of all segments, and rows ever acknowledged (updates count again).
    pub bytes: u64,
    pub rows_pushed: u64,
    #[serde(with = "time::micros")]
    pub created_at: Instant,
    #[serde(with = "time::micros")]
    pub updated_at: Instant,
    #[serde(default)]
    pub counts: Option<CountsRecord>,
    /// How often counting was begun since it last succeeded.
    #[serde(default)]
    pub count_attempts: u32,
}

/// Exact counts at a sequence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CountsRecord {
    pub sequence: u64,
    pub rows_pushed: u64,
    #[serde(with = "time::micros")]
    pub counted_at: Instant,
    pub orders: u64,
    pub line_items: u64,
    pub customers: u64,
    pub products: u64,
    pub guest_orders: u64,
    #[serde(with = "time::micros::option", default)]
    pub first_order_date: Option<Instant>,
    #[serde(with = "time::micros::option", default)]
    pub last_order_date: Option<Instant>,
}

/// One immutable segment of orders and what a reader can tell without opening it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SegmentRecord {
    pub sequence: u64,
    pub key: String,
    pub rows: u64,
    pub bytes: u64,
    pub sha256: String,
    pub schema_version: u32,
    #[serde(with = "time::micros::option", default)]
    pub min_date: Option<Instant>,
    #[serde(with = "time::micros::option", default)]
    pub max_date: Option<Instant>,
    pub min_hash: u64,
    pub max_hash: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum ImportStatus {
    Processing,
    Completed,
    Failed,
}

/// One push, as `GET /data/imports/{id}` shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportRecord {
    pub import_id: String,
    pub dataset_id: String,
    pub source: String,
    pub status: ImportStatus,
    pub orders: u64,
    pub line_items: u64,
    pub rejected: u64,
    #[serde(default)]
    pub warnings: Vec<String>,
    #[serde(with = "time::micros")]
    pub created_at: Instant,
    #[serde(with = "time::micros::option", default)]
    pub completed_at: Option<Instant>,
}

/// What became of an attempt to give a push its sequence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Commit {
    Done,
    /// Another push took the sequence: read the head and try again.
    Conflict,
}

/// The part of a table key that stands for a dataset's name, which may hold any character.
pub fn dataset_key_hash(dataset_id: &str) -> String {
    name_hash(dataset_id)
}

#[async_trait]
pub trait OrderLog: Send + Sync {
    /// The head, read consistently.
    async fn head(&self, tenant: &Tenant, dataset_id: &str) -> PortResult<Option<DatasetRecord>>;
    /// In one transaction: replaces the head if its sequence is still `head.sequence - 1` (or it does not
    /// exist and `head.sequence` is 1), adds the segment and the import. What belongs to counting is left as stored. The
    /// head becomes due for counting at `count_at`, unless it already is.
    async fn commit(
        &self,
        tenant: &Tenant,
        head: &DatasetRecord,
        segment: &SegmentRecord,
        import: &ImportRecord,
        count_at: Instant,
    ) -> PortResult<Commit>;
    /// All segments up to and with a sequence, in order.
    async fn segments(&self, tenant: &Tenant, dataset_id: &str, up_to: u64) -> PortResult<Vec<SegmentRecord>>;
    async fn datasets(&self, tenant: &Tenant, after: Option<&str>, limit: usize) -> PortResult<Page<DatasetRecord>>;
    /// Takes the dataset for counting until `until`, when it is due again; false while somebody else has it.
    async fn claim_count(&self, tenant: &Tenant, dataset_id: &str, now: Instant, until: Instant) -> PortResult<bool>;
    /// Stores counts and ends the claim: the dataset is off the due list when they are up to date with its head,
    /// else due at once. Where newer counts are there, nothing changes.
    async fn save_counts(&self, tenant: &Tenant, dataset_id: &str, counts: &CountsRecord) -> PortResult<()>;
    async fn import(&self, tenant: &Tenant, import_id: &str) -> PortResult<Option<ImportRecord>>;
    /// Newest first.
    async fn imports(&self, tenant: &Tenant, after: Option<&str>, limit: usize) -> PortResult<Page<ImportRecord>>;
}
