//! Importing a file: survey it, read it apart by partition, make a segment of each partition, commit all of them at
//! once. Every step is saved in the import's record, so that whoever takes over from a killed importer goes on there.
//!
//! The import is *Completed* by the very transaction that makes its segments visible. Bad files end it as *Failed*;
//! only trouble with the world around it is tried again.

mod capped;
mod commit;
mod erased;
mod fail;
mod open;
mod parquet;
mod read;
mod run;
mod segments;
mod source;
mod staging;
mod survey;
#[cfg(test)]
mod tests;

pub use open::{MAX_FILE_BYTES, MAX_REQUEST_BYTES, OpenPorts, OpenRefused, Opened, REJECTS_LINK_S, open_upload};

use crate::dispatch_webhook::event_job;
use crate::ports::{
    Clock, Erasures, ImportRecord, Objects, OrderLog, PortError, PortResult, Queue, Random, UploadRefused, Uploads,
};
use crate::ports::{StoredFailure, dataset_place};
use crate::run_report::Ran;
use affinsy_core::ids::{Tenant, is_id};
use affinsy_core::import::ImportProblem;
use affinsy_core::time::Instant;
use run::Run;
use std::sync::Arc;

/// What importing needs of the world.
#[derive(Clone)]
pub struct ImportPorts {
    pub uploads: Arc<dyn Uploads>,
    pub log: Arc<dyn OrderLog>,
    pub erasures: Arc<dyn Erasures>,
    pub objects: Arc<dyn Objects>,
    pub queue: Arc<dyn Queue>,
    pub clock: Arc<dyn Clock>,
    pub random: Arc<dyn Random>,
    pub limits: Limits,
}

impl std::fmt::Debug for ImportPorts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ImportPorts")
    }
}

/// What bounds an importer's memory.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// The bytes of one fetch.
    pub range_bytes: u64,
    /// Unpacked bytes handed on at once.
    pub chunk_bytes: usize,
    /// Lines held before they are staged.
    pub staged_bytes: usize,
    /// Rows of one partition, as far as there are enough partitions.
    pub partition_rows: u64,
    /// Lines of one partition, which are put together in memory.
    pub partition_bytes: usize,
    /// The list of rejects; more are counted alone.
    pub rejects_bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            range_bytes: 8 << 20,
            chunk_bytes: 256 << 10,
            staged_bytes: 128 << 20,
            partition_rows: 500_000,
            partition_bytes: 512 << 20,
            rejects_bytes: 32 << 20,
        }
    }
}

/// Why a run ends before its import does, or ends it.
#[derive(Debug)]
enum Interrupted {
    /// The file is at fault, or too large.
    Bad(StoredFailure),
    OutOfTime,
    /// Somebody else has taken over, or the import has ended.
    Void,
    /// The file is still to come.
    Waiting,
    Port(PortError),
}

impl From<PortError> for Interrupted {
    fn from(error: PortError) -> Self {
        Self::Port(error)
    }
}

impl From<ImportProblem> for Interrupted {
    fn from(problem: ImportProblem) -> Self {
        let message = fail::sentence(&problem.to_string());
        Self::Bad(StoredFailure { code: problem.code().to_owned(), message })
    }
}

/// A lease outlives the deadline by this, so that two importers never meet.
const LEASE_SLACK_MS: i64 = 10_000;

/// Goes on with an import until `deadline` at the latest. Safe to call for any import at any time.
pub async fn import_upload(
    tenant: &Tenant,
    import_id: &str,
    deadline: Instant,
    ports: &ImportPorts,
) -> PortResult<Ran> {
    let now = ports.clock.now();
    let import = match ports.uploads.take(tenant, import_id, now, deadline.plus_ms(LEASE_SLACK_MS)).await? {
        Ok(import) => import,
        Err(UploadRefused::Unknown) => return Ok(Ran::Ended),
        // Should that importer die, the import is due when its lease ends, and the sweeper sends it again.
        Err(UploadRefused::Held { .. }) => return Ok(Ran::Ended),
        Err(UploadRefused::Ended(import)) => {
            // The importer that ended it may have died before it told anybody.
            tell(tenant, &import, &*ports.queue).await;
            tidy(tenant, &import, &*ports.objects).await?;
            return Ok(Ran::Ended);
        }
    };
    let mut run = Run::new(tenant.clone(), import, deadline, ports.clone());
    let ran = run.finish().await;
    fail::settle(run, ran).await
}

/// Wakes the dispatcher, which tells of the import's end. The import's record is the outbox: should
/// the message be lost, the sweeper finds the import due, and sends it here again.
async fn tell(tenant: &Tenant, import: &ImportRecord, queue: &dyn Queue) {
    if import.outbox_due_at().is_none() {
        return;
    }
    let job = event_job(tenant, &import.import_id);
    if let Err(error) = queue.send(&job, 0).await {
        tracing::warn!(import.id = import.import_id, error = %error, "event not queued; the sweeper will");
    }
}

/// Where the file of an import is sent to. The key tells no names; [`place_of`] reads it back.
fn object_key(tenant: &Tenant, dataset_id: &str, import_id: &str) -> String {
    format!("uploads/{}/{import_id}", dataset_place(tenant, dataset_id))
}

/// What was read of a file and is no segment yet.
fn staging_prefix(tenant: &Tenant, import: &ImportRecord) -> String {
    format!("staging/{}/{}/", dataset_place(tenant, &import.dataset_id), import.import_id)
}

fn rejects_key(tenant: &Tenant, import: &ImportRecord) -> String {
    format!("rejects/{}/{}.csv", dataset_place(tenant, &import.dataset_id), import.import_id)
}

/// The tenant's hash and the import's id in the key of an object that was sent; `None` where it is no upload's.
pub fn place_of(object_key: &str) -> Option<(&str, &str)> {
    let mut parts = object_key.strip_prefix("uploads/")?.split('/');
    let (tenant_hash, _, import_id) = (parts.next()?, parts.next()?, parts.next()?);
    (parts.next().is_none() && is_id(import_id, "imp_")).then_some((tenant_hash, import_id))
}

/// Removes what an import that has ended leaves behind: the file as it came, and what was staged.
async fn tidy(tenant: &Tenant, import: &ImportRecord, objects: &dyn Objects) -> PortResult<()> {
    objects.delete(&object_key(tenant, &import.dataset_id, &import.import_id)).await?;
    let prefix = staging_prefix(tenant, import);
    loop {
        // What was on the page is gone when the next is asked for.
        let page = objects.list(&prefix, None).await?;
        for object in &page.items {
            objects.delete(&object.key).await?;
        }
        if page.items.is_empty() || page.next_after.is_none() {
            return Ok(());
        }
    }
}
