//! Taking data out at its owner's word. An erasure of an order or a customer is a segment like a push: once it is
//! committed, no later snapshot holds what it erases. Deleting a dataset removes its head: the name is free at once.
//! Either way the same transaction leaves a purge behind, which takes out what is stored (see [`crate::purge`]).

use crate::ports::{
    Clock, Commit, DatasetRecord, Erased, Erasures, LogId, NewSegments, Objects, OrderLog, PortError, PortResult,
    PurgeRecord, Random, SegmentRecord,
};
use affinsy_core::ids::Tenant;
use affinsy_core::segment::{self, EncodedSegment};
use affinsy_core::time::Instant;

/// What erasing needs of the world.
#[derive(Clone, Copy)]
pub struct ErasePorts<'a> {
    pub log: &'a dyn OrderLog,
    pub erasures: &'a dyn Erasures,
    pub objects: &'a dyn Objects,
    pub clock: &'a dyn Clock,
    pub random: &'a dyn Random,
}

impl std::fmt::Debug for ErasePorts<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ErasePorts")
    }
}

/// An erasure that no later report sees past.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Erasure {
    pub dataset_id: String,
    pub erased: Erased,
    /// When nothing of it is stored any more.
    pub purged_by: Instant,
}

/// Attempts while pushes to the same dataset take the sequence away.
const ATTEMPTS: u32 = 40;
/// Compaction follows within minutes, what it replaced is kept for a day for running reports, and objects that nobody
/// names for two.
const PURGED_AFTER_MS: i64 = 3 * 24 * 3_600_000;

/// Erases an order, a customer or a dataset; `None` without the dataset. Whether there was such an order or customer is not
/// looked up: afterwards there is none.
pub async fn erase(
    tenant: &Tenant,
    dataset_id: &str,
    erased: Erased,
    ports: ErasePorts<'_>,
) -> PortResult<Option<Erasure>> {
    let now = ports.clock.now();
    let purge_id = ports.random.id("prg_", now);
    let Some(encoded) = tombstones(&erased, now) else { return delete(tenant, dataset_id, ports).await };
    let mut stored: Option<LogId> = None;
    for attempt in 0..ATTEMPTS {
        let Some(head) = ports.log.head(tenant, dataset_id).await? else { return Ok(None) };
        let log = head.log(tenant);
        // The object lies among those of its incarnation; should the dataset be another one by now, it goes there too.
        if stored.as_ref() != Some(&log) {
            ports.objects.create(&log.push_key(&purge_id), encoded.bytes.clone().into()).await?;
            stored = Some(log.clone());
        }
        // As of this attempt: an upload that was asked for before it stands brings nothing back.
        let now = ports.clock.now();
        let (head, segment) = next(head, &log, &purge_id, &encoded, now);
        let purge = purge_record(&purge_id, &head, erased.clone(), now);
        let new = NewSegments { head: &head, segments: &[segment], import: None, purge: Some(&purge), due_at: now };
        match ports.log.commit(tenant, &new).await? {
            Commit::Done => return Ok(Some(done(dataset_id, purge))),
            Commit::Conflict => crate::push_orders::back_off(attempt, ports.clock, ports.random).await,
            Commit::Void => return Err(PortError::Damaged("an erasure has no import that could be void".to_owned())),
        }
    }
    Err(PortError::Unavailable(format!("{ATTEMPTS} pushes to this dataset came first")))
}

/// Deletes a dataset; `None` where there is none.
async fn delete(tenant: &Tenant, dataset_id: &str, ports: ErasePorts<'_>) -> PortResult<Option<Erasure>> {
    let now = ports.clock.now();
    let purge_id = ports.random.id("prg_", now);
    for attempt in 0..ATTEMPTS {
        let Some(head) = ports.log.head(tenant, dataset_id).await? else { return Ok(None) };
        let now = ports.clock.now();
        let purge = purge_record(&purge_id, &head, Erased::Dataset, now);
        if ports.erasures.delete_dataset(tenant, &head, &purge, now).await? {
            return Ok(Some(done(dataset_id, purge)));
        }
        crate::push_orders::back_off(attempt, ports.clock, ports.random).await;
    }
    Err(PortError::Unavailable(format!("{ATTEMPTS} others deleted and pushed this dataset meanwhile")))
}

/// The segment that erases; `None` for a whole dataset, which needs none.
fn tombstones(erased: &Erased, now: Instant) -> Option<EncodedSegment> {
    match erased {
        Erased::Dataset | Erased::Report { .. } => None,
        Erased::Order { order_id } => Some(segment::encode_erasure([order_id.as_str()], now)),
        Erased::Customer { customer_id } => Some(segment::encode_customer_erasure([customer_id.as_str()], now)),
    }
}

/// The head with one more segment, which adds no line.
fn next(
    mut head: DatasetRecord,
    log: &LogId,
    purge_id: &str,
    encoded: &EncodedSegment,
    now: Instant,
) -> (DatasetRecord, SegmentRecord) {
    head.sequence += 1;
    head.bytes += encoded.meta.bytes;
    head.updated_at = now;
    head.erased_at = Some(now);
    let segment = SegmentRecord::new(head.sequence, log.push_key(purge_id), &encoded.meta, now);
    let segment = SegmentRecord { erases: true, ..segment };
    (head, segment)
}

fn purge_record(purge_id: &str, head: &DatasetRecord, erased: Erased, now: Instant) -> PurgeRecord {
    PurgeRecord {
        purge_id: purge_id.to_owned(),
        dataset_id: head.dataset_id.clone(),
        incarnation: head.incarnation.clone(),
        erased,
        sequence: head.sequence,
        requested_at: now,
    }
}

fn done(dataset_id: &str, purge: PurgeRecord) -> Erasure {
    // The log says what kind, and no more: it outlives what was erased.
    let kind = match purge.erased {
        Erased::Dataset => "dataset",
        Erased::Order { .. } => "order",
        Erased::Customer { .. } => "customer",
        Erased::Report { .. } => "report",
    };
    tracing::info!(purge.id = purge.purge_id, kind, sequence = purge.sequence, "erased");
    let purged_by = purge.requested_at.plus_ms(PURGED_AFTER_MS);
    Erasure { dataset_id: dataset_id.to_owned(), erased: purge.erased, purged_by }
}
