//! Results of reports when something they name is erased. Results are immutable objects: one that names a customer is
//! written again without her under another key, the report's record is turned to it, and whatever the record does not
//! name goes: also what workers left that died.

use crate::export_report::is_export_of;
use crate::ports::{Finish, Objects, PortResult, PurgeRecord, ReportFilter, ReportRecord, ReportStatus, StoredFailure};
use crate::ports::{LogId, PortError, StoredPart};
use crate::purge::{PurgePorts, delete_below, objects_below};
use affinsy_core::ids::{Tenant, name_hash};
use affinsy_core::report::{ReportType, redact};
use bytes::Bytes;
use sha2::{Digest, Sha256};

/// Whether there is something that this purge must come back for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Left {
    Nothing,
    Something,
}

/// Deletes what is stored of a report that its owner deleted, and in the end its record: once nobody can be waiting to
/// hear that it ended.
pub async fn deleted(tenant: &Tenant, report_id: &str, is_last: bool, ports: &PurgePorts) -> PortResult<Left> {
    delete_below(&prefix(tenant, report_id), &*ports.objects).await?;
    let gone = !is_last || ports.reports.remove(tenant, report_id).await?;
    Ok(if gone { Left::Nothing } else { Left::Something })
}

/// A part beyond this is not written again, as it would stand in memory twice: its report ends as erased.
const MOST_BYTES: u64 = 512 << 20;

/// Ends all reports of a deleted dataset as erased, and deletes their results.
pub async fn end_reports(tenant: &Tenant, purge: &PurgeRecord, ports: &PurgePorts) -> PortResult<()> {
    for report in seen_by(tenant, purge, ports).await? {
        end(tenant, &report, ports).await?;
    }
    Ok(())
}

/// Takes a customer out of all results whose snapshot may hold her. Reports that still run are left for later.
pub async fn strip(tenant: &Tenant, purge: &PurgeRecord, customer_id: &str, ports: &PurgePorts) -> PortResult<Left> {
    let mut left = Left::Nothing;
    for report in seen_by(tenant, purge, ports).await? {
        // Baskets and rules name products, no customer.
        if report.report_type != ReportType::Rfm {
            continue;
        }
        match report.status {
            ReportStatus::Processing => left = Left::Something,
            ReportStatus::Completed => left = left.and(strip_one(tenant, &report, customer_id, ports).await?),
            ReportStatus::Failed => left = left.and(sweep(tenant, &report, ports).await?),
        }
    }
    Ok(left)
}

impl Left {
    pub fn and(self, other: Self) -> Self {
        if self == Self::Nothing { other } else { self }
    }
}

/// The reports whose snapshot may hold what was erased.
async fn seen_by(tenant: &Tenant, purge: &PurgeRecord, ports: &PurgePorts) -> PortResult<Vec<ReportRecord>> {
    let filter = ReportFilter { dataset_id: Some(purge.dataset_id.clone()), ..ReportFilter::default() };
    let (mut found, mut after) = (Vec::new(), None);
    loop {
        let page = ports.reports.list(tenant, &filter, after.as_deref(), 100).await?;
        found.extend(page.items.into_iter().filter(|report| {
            let log = LogId {
                tenant: tenant.clone(),
                dataset_id: report.dataset_id.clone(),
                incarnation: report.incarnation.clone(),
            };
            purge.is_seen_by(&log, report.sequence)
        }));
        match page.next_after {
            Some(next) => after = Some(next),
            None => return Ok(found),
        }
    }
}

async fn end(tenant: &Tenant, report: &ReportRecord, ports: &PurgePorts) -> PortResult<()> {
    ports.reports.erase(tenant, report, &erased(), ports.clock.now()).await?;
    sweep(tenant, report, ports).await.map(drop)
}

fn erased() -> StoredFailure {
    StoredFailure {
        code: "erased".to_owned(),
        message: "The orders that this report was computed from were erased. Submit it again for those there are now."
            .to_owned(),
    }
}

/// A result without the customer. Should somebody else have turned the record to another result meanwhile, this purge
/// comes back.
async fn strip_one(tenant: &Tenant, report: &ReportRecord, customer_id: &str, ports: &PurgePorts) -> PortResult<Left> {
    if report.parts.iter().any(|part| part.bytes > MOST_BYTES) {
        return end(tenant, report, ports).await.map(|()| Left::Nothing);
    }
    if let Some(finish) = stripped(tenant, report, customer_id, ports).await? {
        if !ports.reports.restate(tenant, report, &finish).await? {
            return Ok(Left::Something);
        }
        forget(report, &finish, &*ports.objects).await?;
    }
    sweep(tenant, report, ports).await
}

/// Deletes what the record named before: nobody can name it again.
async fn forget(before: &ReportRecord, now: &Finish, objects: &dyn Objects) -> PortResult<()> {
    let Finish::Completed { result_key, parts, .. } = now else { return Ok(()) };
    for key in keys_of(before.result_key.as_ref(), &before.parts) {
        if !keys_of(Some(result_key), parts).any(|named| named == key) {
            objects.delete(key).await?;
        }
    }
    Ok(())
}

/// The objects that a record names.
fn keys_of<'a>(result_key: Option<&'a String>, parts: &'a [StoredPart]) -> impl Iterator<Item = &'a String> {
    result_key.into_iter().chain(parts.iter().map(|part| &part.key))
}

/// The result as it is without the customer, stored; `None` where it does not name her.
async fn stripped(
    tenant: &Tenant,
    report: &ReportRecord,
    customer_id: &str,
    ports: &PurgePorts,
) -> PortResult<Option<Finish>> {
    let objects = &*ports.objects;
    let Some(old_key) = &report.result_key else { return Ok(None) };
    let Some(result) = objects.read(old_key).await? else { return Ok(None) };
    let (mut result_key, mut changed) = (old_key.clone(), false);
    let mut result_sha256 = report.result_sha256.clone().unwrap_or_default();
    if let Some(bytes) = redact::without_customer(&result, customer_id).map_err(|error| unreadable(old_key, &error))? {
        changed = true;
        result_sha256 = sha256(&bytes);
        result_key = create(tenant, report, "report.json", bytes, ports).await?;
    }
    let mut parts = report.parts.clone();
    for part in &mut parts {
        let Some(rows) = objects.read(&part.key).await? else { continue };
        let kept = redact::rows_without_customer(&rows, customer_id);
        let Some((bytes, rows)) = kept.map_err(|error| unreadable(&part.key, &error))? else { continue };
        changed = true;
        let (name, size) = (part.name.clone(), bytes.len() as u64);
        let key = create(tenant, report, &format!("{name}.ndjson"), bytes, ports).await?;
        *part = StoredPart { name, key, rows, bytes: size };
    }
    Ok(changed.then_some(Finish::Completed { result_key, result_sha256, parts }))
}

fn unreadable(key: &str, error: &dyn std::fmt::Display) -> PortError {
    PortError::Damaged(format!("{key} is not what a worker writes: {error}"))
}

/// Under a key that nobody used before: an object that another purge has left, and that is about to go, must not
/// stand in for this one.
async fn create(
    tenant: &Tenant,
    report: &ReportRecord,
    name: &str,
    bytes: Vec<u8>,
    ports: &PurgePorts,
) -> PortResult<String> {
    let (at, hash) = (ports.clock.now().0, sha256(&bytes));
    let key = format!("{}{}-{at}/{name}", prefix(tenant, &report.report_id), &hash[..16]);
    ports.objects.create(&key, Bytes::from(bytes)).await?;
    Ok(key)
}

fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn prefix(tenant: &Tenant, report_id: &str) -> String {
    format!("results/{}/{report_id}/", name_hash(tenant.as_str()))
}

/// What is not named at this age never will be: whoever wrote it, a function of at most 15 minutes, is gone.
const ORPHAN_MS: i64 = 20 * 60_000;

/// Deletes the objects of an ended report that its record does not name. The record is read after the list: what a
/// worker wrote is named by then, or nobody waits for it. What another purge wrote may be about to be named, and is
/// left for later.
async fn sweep(tenant: &Tenant, report: &ReportRecord, ports: &PurgePorts) -> PortResult<Left> {
    let objects = objects_below(&prefix(tenant, &report.report_id), &*ports.objects).await?;
    let Some(report) = ports.reports.get(tenant, &report.report_id).await? else { return Ok(Left::Nothing) };
    let old = ports.clock.now().plus_ms(-ORPHAN_MS);
    let mut left = Left::Nothing;
    for object in objects {
        let is_named = keys_of(report.result_key.as_ref(), &report.parts).any(|named| *named == object.key);
        if is_named || is_export_of(tenant, &report, &object.key) {
            continue;
        }
        match report.status {
            ReportStatus::Processing => {}
            ReportStatus::Completed if object.modified_at > old => left = Left::Something,
            ReportStatus::Completed | ReportStatus::Failed => ports.objects.delete(&object.key).await?,
        }
    }
    Ok(left)
}
