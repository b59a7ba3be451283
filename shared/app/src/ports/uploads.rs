//! Imports that come as a file: who works on one, and how far it is. The import's own record holds both, so that one
//! conditional write moves them together.

use super::{ImportRecord, ImportStatus, PortResult, SegmentRecord};
use affinsy_core::ids::Tenant;
use affinsy_core::order::Notes;
use affinsy_core::time::{self, Instant};
use async_trait::async_trait;
use serde::{Deserialize, Serialize};

/// What an import that comes as a file needs until it has ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UploadRecord {
    /// What the caller said of the file, as it came; the importer parses it again, so that both see the same.
    pub request: String,
    pub object_key: String,
    /// The most live lines that the dataset may hold by the caller's plan.
    #[serde(default)]
    pub max_rows: Option<u64>,
    /// Until then the file may be sent.
    #[serde(with = "time::micros")]
    pub expires_at: Instant,
    #[serde(with = "time::micros::option", default)]
    pub lease_until: Option<Instant>,
    /// How many leases ended neither with a result nor by giving the import back.
    #[serde(default)]
    pub expired_leases: u32,
    /// The file's size, once it has come.
    #[serde(default)]
    pub bytes: Option<u64>,
    #[serde(default)]
    pub work: UploadWork,
}

/// What is done already. Each step begins where this says the last one ended.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct UploadWork {
    /// What the whole file was found to be.
    #[serde(default)]
    pub survey: Option<Surveyed>,
    /// Where reading goes on; `None` at the beginning.
    #[serde(default)]
    pub checkpoint: Option<String>,
    /// Unpacked bytes up to there; of a Parquet file its rows.
    #[serde(default)]
    pub read_bytes: u64,
    /// What was read so far, apart by partition.
    #[serde(default)]
    pub staged: Vec<StagedObject>,
    #[serde(default)]
    pub line_items: u64,
    #[serde(default)]
    pub rejected: u64,
    #[serde(default)]
    pub first_reject: Option<String>,
    /// Bytes of the list of rejects so far.
    #[serde(default)]
    pub rejects_bytes: u64,
    /// Everything is read.
    #[serde(default)]
    pub is_read: bool,
    #[serde(default)]
    pub warnings: Vec<String>,
    #[serde(default)]
    pub rejects_key: Option<String>,
    /// Of the dataset for which segments are made.
    #[serde(default)]
    pub incarnation: Option<String>,
    /// Drawn by this import, because there was no dataset.
    #[serde(default)]
    pub is_new_incarnation: bool,
    /// How often segments had to be made anew: each time under other keys.
    #[serde(default)]
    pub remakes: u32,
    /// The partition that comes next.
    #[serde(default)]
    pub next_partition: u32,
    /// Their sequences come with the commit.
    #[serde(default)]
    pub segments: Vec<SegmentRecord>,
    #[serde(default)]
    pub orders: u64,
    #[serde(default)]
    pub notes: Notes,
    /// Lines of orders and customers that were erased since the upload was opened.
    #[serde(default)]
    pub left_out: u64,
    /// Where it is looked at what is there already.
    #[serde(default)]
    pub capped: Option<CappedWork>,
}

/// What the dataset, and the plan's cap, made of the partitions so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CappedWork {
    /// Lines that may still come in; less than none where the dataset holds more than the plan admits.
    pub room: i64,
    pub inserted: u64,
    pub updated: u64,
    pub refused: u64,
    /// No cap is near: it is looked only to tell new lines from others.
    #[serde(default)]
    pub only_tells: bool,
}

/// What the first pass over a file found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Surveyed {
    /// How to read the file, as JSON of the reader's own.
    pub plan: String,
    /// Of a Parquet file its rows.
    pub unpacked_bytes: u64,
    pub partitions: u32,
    #[serde(default)]
    pub currency: Option<String>,
}

/// Lines that were read, in one object, a block for each partition.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StagedObject {
    pub key: String,
    pub bytes: u64,
}

/// Why an import cannot be taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UploadRefused {
    /// Nobody knows of it.
    Unknown,
    /// Nothing is left to do but to tidy up.
    Ended(Box<ImportRecord>),
    /// Somebody else's lease runs until then.
    Held { until: Instant },
}

impl ImportRecord {
    /// The record with a new claim, if it can be taken; adapters store it only in place of the one they read.
    pub fn taken(self, now: Instant, lease_until: Instant) -> Result<Self, UploadRefused> {
        if self.status != ImportStatus::Processing {
            return Err(UploadRefused::Ended(Box::new(self)));
        }
        let Some(mut upload) = self.upload else { return Err(UploadRefused::Unknown) };
        match upload.lease_until {
            Some(until) if until > now => return Err(UploadRefused::Held { until }),
            Some(_) => upload.expired_leases += 1,
            None => {}
        }
        upload.lease_until = Some(lease_until);
        Ok(Self { claims: self.claims + 1, saves: self.saves + 1, upload: Some(upload), ..self })
    }
}

#[async_trait]
pub trait Uploads: Send + Sync {
    /// Stores a new import that waits for its file, due at `due_at`; one of this id that is there stays as it is.
    async fn open(&self, tenant: &Tenant, import: &ImportRecord, due_at: Instant) -> PortResult<()>;
    /// Whose uploads lie under this hash: an object's key tells no more. Known since the tenant's first upload.
    async fn tenant_of(&self, tenant_hash: &str) -> PortResult<Option<Tenant>>;
    /// Takes an import that is processing and that nobody holds until `lease_until`, when it is due again: raises the
    /// token and, where an old lease ran out, counts that too.
    async fn take(
        &self,
        tenant: &Tenant,
        import_id: &str,
        now: Instant,
        lease_until: Instant,
    ) -> PortResult<Result<ImportRecord, UploadRefused>>;
    /// Stores the import as it is now, if its claim is the newest, nothing was saved since, and it has not ended.
    /// Raises `saves`. Due at `due_at`, or never. False where it is void: nothing changed.
    async fn save(&self, tenant: &Tenant, import: &mut ImportRecord, due_at: Option<Instant>) -> PortResult<bool>;
}

/// Addresses at which somebody without a key of ours may read or write one object for a while.
#[async_trait]
pub trait Links: Send + Sync {
    /// Where the object may be written once, and the headers that must come with it.
    async fn put(&self, key: &str, seconds: u32) -> PortResult<PutLink>;
    /// Where the object may be read, as a file of this name and media type.
    async fn get(&self, key: &str, file: FileName<'_>, seconds: u32) -> PortResult<String>;
}

/// How a file shows itself to who downloads it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FileName<'a> {
    pub name: &'a str,
    pub media_type: &'a str,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PutLink {
    pub url: String,
    pub headers: Vec<(String, String)>,
}
