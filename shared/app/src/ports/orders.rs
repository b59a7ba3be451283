//! The order log: which segments make up a dataset, in which sequence, and the imports that brought them.

use super::{Page, PortResult, PurgeRecord, StoredFailure, UploadRecord};
use affinsy_core::ids::{Tenant, name_hash};
use affinsy_core::runs::{Retired, Run, RunId};
use affinsy_core::segment::SegmentMeta;
use affinsy_core::time::{self, Instant};
use async_trait::async_trait;
use serde::{Deserialize, Serialize};

/// A dataset's head. `sequence` is that of its newest acknowledged segment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DatasetRecord {
    pub dataset_id: String,
    /// `inc_…`, drawn by the first push: a dataset that was deleted and one that took its name never meet.
    pub incarnation: String,
    pub sequence: u64,
    /// Raised by each publication of a run.
    #[serde(default)]
    pub generation: u64,
    /// Oldest first, one behind the other from sequence 1 on.
    #[serde(default)]
    pub runs: Vec<Run>,
    /// What runs replaced, until its grace is over.
    #[serde(default)]
    pub retired: Vec<Retired>,
    /// Fixed by the first push that names one.
    #[serde(default)]
    pub currency: Option<String>,
    /// Bytes of all segments that the newest snapshot needs, and rows ever acknowledged (updates count again).
    pub bytes: u64,
    pub rows_pushed: u64,
    #[serde(with = "time::micros")]
    pub created_at: Instant,
    /// When the newest segment was acknowledged.
    #[serde(with = "time::micros")]
    pub updated_at: Instant,
    /// When an order or a customer was last erased: who lists the purges knows by it that none is missing yet.
    #[serde(with = "time::micros::option", default, skip_serializing_if = "Option::is_none")]
    pub erased_at: Option<Instant>,
    #[serde(default)]
    pub counts: Option<CountsRecord>,
    /// Where the tending of the dataset stands; pushes leave it as it is.
    #[serde(default)]
    pub tending: TendingRecord,
}

/// What the compactor keeps in the head beside runs and counts. What is not there is left out: conditions ask for it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TendingRecord {
    /// The fencing token of the newest claim.
    #[serde(default)]
    pub token: u64,
    /// How many claims in a row did not come to their end.
    #[serde(default)]
    pub attempts: u32,
    #[serde(with = "time::micros::option", default, skip_serializing_if = "Option::is_none")]
    pub lease_until: Option<Instant>,
    /// When the last compaction of everything was published.
    #[serde(with = "time::micros::option", default, skip_serializing_if = "Option::is_none")]
    pub settled_at: Option<Instant>,
    /// When objects that no manifest item names were last looked for.
    #[serde(with = "time::micros::option", default, skip_serializing_if = "Option::is_none")]
    pub swept_at: Option<Instant>,
    /// The open table's newest version, and the run it shows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub table: Option<TableVersion>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableVersion {
    pub version: u64,
    pub run: RunId,
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
    /// Of a push: its place in the log. Of a run's segment: the run's last; its rows carry their own.
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
    /// Rows in it erase orders or customers of lower sequences.
    #[serde(default)]
    pub erases: bool,
    /// Of a settled run: rows that are no lines, and tell when an order was whose lines do not.
    #[serde(default)]
    pub gone: bool,
    #[serde(with = "time::micros")]
    pub stored_at: Instant,
}

impl SegmentRecord {
    pub fn new(sequence: u64, key: String, meta: &SegmentMeta, stored_at: Instant) -> Self {
        Self {
            sequence,
            key,
            rows: meta.rows,
            bytes: meta.bytes,
            sha256: meta.sha256.clone(),
            schema_version: meta.schema_version,
            min_date: meta.min_date.map(Instant),
            max_date: meta.max_date.map(Instant),
            min_hash: meta.min_hash,
            max_hash: meta.max_hash,
            erases: meta.erases,
            gone: false,
            stored_at,
        }
    }

    /// The import that brought it, by [`LogId::push_key`] and [`LogId::upload_key`]; none for erasures and runs.
    pub fn import_id(&self) -> Option<&str> {
        let name = self.key.rsplit('/').next()?.strip_suffix(".parquet")?;
        let id = name.split_once('-').map_or(name, |(id, _)| id);
        id.starts_with("imp_").then_some(id)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum ImportStatus {
    Processing,
    Completed,
    Failed,
}

/// The source of an import that reads a file.
pub const UPLOAD: &str = "upload";

/// One push or upload, as `GET /data/imports/{id}` shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportRecord {
    pub import_id: String,
    pub dataset_id: String,
    pub source: String,
    pub status: ImportStatus,
    pub orders: u64,
    pub line_items: u64,
    /// Known where the import had to look.
    #[serde(default)]
    pub inserted: Option<u64>,
    #[serde(default)]
    pub updated: Option<u64>,
    pub rejected: u64,
    /// The object that lists what was rejected.
    #[serde(default)]
    pub rejects_key: Option<String>,
    #[serde(default)]
    pub warnings: Vec<String>,
    #[serde(with = "time::micros")]
    pub created_at: Instant,
    #[serde(with = "time::micros::option", default)]
    pub completed_at: Option<Instant>,
    #[serde(default)]
    pub failure: Option<StoredFailure>,
    /// Who wants to hear of its end.
    #[serde(default)]
    pub webhook_url: Option<String>,
    /// The fencing token of whoever works on it; 0 for a push, which nobody takes over.
    #[serde(default)]
    pub claims: u32,
    /// Raised by every save: two writers that read the same record cannot both replace it.
    #[serde(default)]
    pub saves: u64,
    /// Of a file, until it has ended.
    #[serde(default)]
    pub upload: Option<Box<UploadRecord>>,
}

impl ImportRecord {
    /// When its end is to be told: at once. `None` while it goes on, and for a push, whose caller knows by its answer.
    pub fn outbox_due_at(&self) -> Option<Instant> {
        self.completed_at.filter(|_| self.source == UPLOAD)
    }
}

/// What became of an attempt to give segments their sequences.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Commit {
    Done,
    /// Another push took the sequence, or the dataset was deleted: read the head and try again.
    Conflict,
    /// The import has ended, or somebody else has taken it over: nothing was stored, and nothing is left to do.
    Void,
}

/// What one commit makes visible, all of it or nothing.
#[derive(Debug, Clone, Copy)]
pub struct NewSegments<'a> {
    /// The head as it will be.
    pub head: &'a DatasetRecord,
    /// 1 to [`MAX_SEGMENTS_A_COMMIT`], with the sequences up to `head.sequence`.
    pub segments: &'a [SegmentRecord],
    pub import: Option<&'a ImportRecord>,
    /// Work that these segments make necessary; due at `due_at` too.
    pub purge: Option<&'a PurgeRecord>,
    /// When the dataset is to be tended.
    pub due_at: Instant,
}

/// A transaction has 100 actions; head, import and purge take three.
pub const MAX_SEGMENTS_A_COMMIT: usize = 90;

/// One incarnation of a dataset: what manifest items and objects stand below.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct LogId {
    pub tenant: Tenant,
    pub dataset_id: String,
    pub incarnation: String,
}

impl LogId {
    /// `segments/…/`: pushes, uploads, and what of runs is not the open table.
    pub fn segments_prefix(&self) -> String {
        format!("segments/{}/", self.place())
    }
    /// `tables/…/`: the lines of settled runs, which are the open table, and its log.
    pub fn table_prefix(&self) -> String {
        format!("tables/{}/", self.place())
    }
    fn place(&self) -> String {
        format!("{}/{}", dataset_place(&self.tenant, &self.dataset_id), self.incarnation)
    }
    /// The segment of a push.
    pub fn push_key(&self, import_id: &str) -> String {
        format!("{}{import_id}.parquet", self.segments_prefix())
    }
    /// One of the segments of an upload.
    pub fn upload_key(&self, import_id: &str, at: usize) -> String {
        format!("{}{import_id}-{at:03}.parquet", self.segments_prefix())
    }
    /// A segment of a run. Only the lines of settled runs are the open table.
    pub fn run_key(&self, run: RunId, bucket: usize, kind: RunSegment) -> String {
        match kind {
            RunSegment::Lines => format!("{}{run}-{bucket:04}.parquet", self.table_prefix()),
            RunSegment::Gone => format!("{}gone-{run}-{bucket:04}.parquet", self.segments_prefix()),
            RunSegment::Unsettled => format!("{}run-{run}-{bucket:04}.parquet", self.segments_prefix()),
        }
    }
}

/// What a segment of a run holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RunSegment {
    /// Of a settled run: nothing but lines that are there.
    Lines,
    /// Of a settled run: rows that only tell dates.
    Gone,
    /// Lines, removals and erasures.
    Unsettled,
}

/// The part of object keys that stands for a dataset, whatever its incarnation.
pub fn dataset_place(tenant: &Tenant, dataset_id: &str) -> String {
    format!("{}/{}", name_hash(tenant.as_str()), dataset_key_hash(dataset_id))
}

/// The part of a table key that stands for a dataset's name, which may hold any character.
pub fn dataset_key_hash(dataset_id: &str) -> String {
    name_hash(dataset_id)
}

impl DatasetRecord {
    /// A dataset that has nothing yet; its first commit stores it.
    pub fn new(dataset_id: &str, incarnation: String, now: Instant) -> Self {
        Self {
            dataset_id: dataset_id.to_owned(),
            incarnation,
            sequence: 0,
            generation: 0,
            runs: Vec::new(),
            retired: Vec::new(),
            currency: None,
            bytes: 0,
            rows_pushed: 0,
            created_at: now,
            updated_at: now,
            erased_at: None,
            counts: None,
            tending: TendingRecord::default(),
        }
    }
    pub fn log(&self, tenant: &Tenant) -> LogId {
        LogId { tenant: tenant.clone(), dataset_id: self.dataset_id.clone(), incarnation: self.incarnation.clone() }
    }
    /// The last sequence that a run holds; the pushes after it are level 0.
    pub fn compacted_to(&self) -> u64 {
        self.runs.last().map_or(0, |run| run.last)
    }
}

#[async_trait]
pub trait OrderLog: Send + Sync {
    /// The head, read consistently.
    async fn head(&self, tenant: &Tenant, dataset_id: &str) -> PortResult<Option<DatasetRecord>>;
    /// In one transaction: moves the head on by these segments if its incarnation and sequence are still those
    /// before them (or it does not exist and the first of them is 1), adds the segments and the purge, and the import
    /// unless it has ended or its claim is void. Runs, counts and tending stay as stored. Makes the dataset due.
    async fn commit(&self, tenant: &Tenant, new: &NewSegments<'_>) -> PortResult<Commit>;
    /// The pushes `from..=to`, in order, as far as they are there.
    async fn segments(&self, log: &LogId, from: u64, to: u64) -> PortResult<Vec<SegmentRecord>>;
    /// The segments of a run, as far as they are there, in the order in which they were stored.
    async fn run_segments(&self, log: &LogId, run: RunId) -> PortResult<Vec<SegmentRecord>>;
    async fn datasets(&self, tenant: &Tenant, after: Option<&str>, limit: usize) -> PortResult<Page<DatasetRecord>>;
    async fn import(&self, tenant: &Tenant, import_id: &str) -> PortResult<Option<ImportRecord>>;
    /// Newest first.
    async fn imports(&self, tenant: &Tenant, after: Option<&str>, limit: usize) -> PortResult<Page<ImportRecord>>;
}
