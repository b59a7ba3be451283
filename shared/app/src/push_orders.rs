//! Taking orders in without losing one: the segment first, then the one transaction that makes it visible,
//! then the answer. Never the other way.

use crate::ports::{
    Clock, Commit, DatasetRecord, ImportRecord, ImportStatus, Objects, OrderLog, PortError, PortResult, Put, Random,
    SegmentRecord, dataset_key_hash,
};
use affinsy_core::ids::{Tenant, name_hash};
use affinsy_core::order::push::Push;
use affinsy_core::segment::{self, EncodedSegment};
use affinsy_core::time::Instant;

/// What pushing needs of the world.
#[derive(Clone, Copy)]
pub struct PushPorts<'a> {
    pub log: &'a dyn OrderLog,
    pub objects: &'a dyn Objects,
    pub clock: &'a dyn Clock,
    pub random: &'a dyn Random,
}

impl std::fmt::Debug for PushPorts<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PushPorts")
    }
}

/// Why a push was not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PushRefused {
    /// The dataset's currency is another.
    #[error("the dataset's currency is {dataset}, this push says {push}")]
    OtherCurrency { dataset: String, push: String },
    #[error(transparent)]
    Port(#[from] PortError),
}

/// Attempts to get a sequence while other pushes to the same dataset take it away.
const COMMIT_ATTEMPTS: u32 = 40;
/// The sweeper's next run sends the dataset to be counted.
const COUNT_AFTER_MS: i64 = 0;

/// Stores a push. When it returns the import, every line is durable and in every later snapshot.
pub async fn push_orders(tenant: &Tenant, push: &Push, ports: PushPorts<'_>) -> Result<ImportRecord, PushRefused> {
    let now = ports.clock.now();
    let import_id = ports.random.id("imp_", now);
    let encoded = segment::encode(push, now);
    let key = segment_key(tenant, &push.dataset_id, &import_id);
    if ports.objects.create(&key, encoded.bytes.clone().into()).await? == Put::AlreadyThere {
        // Identifiers have 80 random bits; a taken key is an earlier try of this very call by the SDK.
        tracing::warn!(key, "segment was already there");
    }
    let import = import_record(push, &import_id, now);
    commit(tenant, push, &key, &encoded, &import, ports).await?;
    tracing::info!(import.id = import_id, orders = import.orders, line_items = import.line_items, "push acknowledged");
    Ok(import)
}

fn segment_key(tenant: &Tenant, dataset_id: &str, import_id: &str) -> String {
    format!("segments/{}/{}/{import_id}.parquet", name_hash(tenant.as_str()), dataset_key_hash(dataset_id))
}

fn import_record(push: &Push, import_id: &str, now: Instant) -> ImportRecord {
    ImportRecord {
        import_id: import_id.to_owned(),
        dataset_id: push.dataset_id.to_string(),
        source: "push".to_owned(),
        status: ImportStatus::Completed,
        orders: push.order_count as u64,
        line_items: push.received_line_items as u64,
        rejected: 0,
        warnings: push.warnings.clone(),
        created_at: now,
        completed_at: Some(now),
    }
}

async fn commit(
    tenant: &Tenant,
    push: &Push,
    key: &str,
    encoded: &EncodedSegment,
    import: &ImportRecord,
    ports: PushPorts<'_>,
) -> Result<(), PushRefused> {
    for attempt in 0..COMMIT_ATTEMPTS {
        let stored = ports.log.head(tenant, &push.dataset_id).await?;
        let head = next_head(stored, push, encoded, ports.clock.now())?;
        let segment = segment_record(head.sequence, key, encoded);
        let count_at = head.updated_at.plus_ms(COUNT_AFTER_MS);
        match ports.log.commit(tenant, &head, &segment, import, count_at).await? {
            Commit::Done => return Ok(()),
            Commit::Conflict => back_off(attempt, ports.random).await,
        }
    }
    Err(PortError::Unavailable(format!("{COMMIT_ATTEMPTS} other pushes to this dataset came first")).into())
}

/// The head as it will be with this push.
fn next_head(
    stored: Option<DatasetRecord>,
    push: &Push,
    encoded: &EncodedSegment,
    now: Instant,
) -> Result<DatasetRecord, PushRefused> {
    let mut head = stored.unwrap_or_else(|| DatasetRecord {
        dataset_id: push.dataset_id.to_string(),
        sequence: 0,
        generation: 0,
        currency: None,
        bytes: 0,
        rows_pushed: 0,
        created_at: now,
        updated_at: now,
        counts: None,
        count_attempts: 0,
    });
    match (&head.currency, &push.currency) {
        (Some(dataset), Some(pushed)) if dataset.as_str() != pushed.code() => {
            return Err(PushRefused::OtherCurrency { dataset: dataset.clone(), push: pushed.code().to_owned() });
        }
        (None, Some(pushed)) => head.currency = Some(pushed.code().to_owned()),
        _ => {}
    }
    head.sequence += 1;
    head.bytes += encoded.meta.bytes;
    head.rows_pushed += encoded.meta.rows;
    head.updated_at = now;
    Ok(head)
}

fn segment_record(sequence: u64, key: &str, encoded: &EncodedSegment) -> SegmentRecord {
    let meta = &encoded.meta;
    SegmentRecord {
        sequence,
        key: key.to_owned(),
        rows: meta.rows,
        bytes: meta.bytes,
        sha256: meta.sha256.clone(),
        schema_version: meta.schema_version,
        min_date: meta.min_date.map(Instant),
        max_date: meta.max_date.map(Instant),
        min_hash: meta.min_hash,
        max_hash: meta.max_hash,
    }
}

/// Waits a random while that grows with the number of conflicts, so that pushes to one dataset spread out.
async fn back_off(attempt: u32, random: &dyn Random) {
    let most_ms = 10.0 * f64::from(2u32.pow(attempt.min(5)));
    tokio::time::sleep(std::time::Duration::from_millis((random.unit() * most_ms) as u64)).await;
}

/// The snapshot a report pins: the sequence of the newest acknowledged push; `None` without the dataset.
pub async fn snapshot_sequence(tenant: &Tenant, dataset_id: &str, log: &dyn OrderLog) -> PortResult<Option<u64>> {
    Ok(log.head(tenant, dataset_id).await?.map(|head| head.sequence))
}
