//! Taking data out for good: the dataset's head goes at once, the rest by a job that is due until it has ended.

use super::{DatasetRecord, LogId, PortResult};
use affinsy_core::ids::Tenant;
use affinsy_core::time::{self, Instant};
use async_trait::async_trait;
use serde::{Deserialize, Serialize};

/// What is to be taken out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Erased {
    /// The whole incarnation.
    Dataset,
    Order {
        order_id: String,
    },
    Customer {
        customer_id: String,
    },
    /// One report, its record and its result; of its dataset nothing.
    Report {
        report_id: String,
    },
}

/// Work that an erasure leaves behind. Safe to do twice; it goes when it is done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PurgeRecord {
    pub purge_id: String,
    pub dataset_id: String,
    pub incarnation: String,
    pub erased: Erased,
    /// Of an order or customer: the sequence of the segment that erases it. Of a dataset: its last. Of a report: its
    /// snapshot's.
    pub sequence: u64,
    #[serde(with = "time::micros")]
    pub requested_at: Instant,
}

impl PurgeRecord {
    pub fn log(&self, tenant: &Tenant) -> LogId {
        LogId { tenant: tenant.clone(), dataset_id: self.dataset_id.clone(), incarnation: self.incarnation.clone() }
    }
}

#[async_trait]
pub trait Erasures: Send + Sync {
    /// In one transaction: removes the head if its incarnation is still that of `head`, and stores the purge, due at
    /// `due_at`. False where the dataset is gone or another one; true again where this very purge did it before.
    async fn delete_dataset(
        &self,
        tenant: &Tenant,
        head: &DatasetRecord,
        purge: &PurgeRecord,
        due_at: Instant,
    ) -> PortResult<bool>;
    /// Removes every manifest item of an incarnation; again is safe.
    async fn drop_log(&self, log: &LogId) -> PortResult<()>;
    async fn purge(&self, tenant: &Tenant, purge_id: &str) -> PortResult<Option<PurgeRecord>>;
    /// All that have not ended, read consistently.
    async fn purges(&self, tenant: &Tenant) -> PortResult<Vec<PurgeRecord>>;
    /// When the purge is to be gone on with.
    async fn put_off_purge(&self, tenant: &Tenant, purge_id: &str, due_at: Instant) -> PortResult<()>;
    /// Takes the warnings out of an import's record, which may name orders and products; again is safe.
    async fn redact_import(&self, tenant: &Tenant, import_id: &str) -> PortResult<()>;
    /// Removes the purge; again is safe.
    async fn finish_purge(&self, tenant: &Tenant, purge_id: &str) -> PortResult<()>;
}
