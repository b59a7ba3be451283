//! Results of reports when something they name is erased. Results are immutable objects: one that names a customer is
//! written again without her under another key, the report's record is turned to it, and whatever the record does not
//! name goes: also what workers left that died.

use crate::ports::{Finish, Objects, PortResult, PurgeRecord, ReportFilter, ReportRecord, ReportStatus, StoredFailure};
use crate::ports::{LogId, PortError, StoredPart};
use crate::purge::{PurgePorts, keys_below};
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
            ReportStatus::Failed => sweep(tenant, &report, &*ports.objects).await?,
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
    let now = ports.reports.get(tenant, &report.report_id).await?;
    match now {
        Some(now) => sweep(tenant, &now, &*ports.objects).await,
        None => Ok(()),
    }
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
    if let Some(finish) = stripped(tenant, report, customer_id, &*ports.objects).await?
        && !ports.reports.restate(tenant, report, &finish).await?
    {
        return Ok(Left::Something);
    }
    match ports.reports.get(tenant, &report.report_id).await? {
        Some(now) => sweep(tenant, &now, &*ports.objects).await.map(|()| Left::Nothing),
        None => Ok(Left::Nothing),
    }
}

/// The result as it is without the customer, stored; `None` where it does not name her.
async fn stripped(
    tenant: &Tenant,
    report: &ReportRecord,
    customer_id: &str,
    objects: &dyn Objects,
) -> PortResult<Option<Finish>> {
    let Some(old_key) = &report.result_key else { return Ok(None) };
    let Some(result) = objects.read(old_key).await? else { return Ok(None) };
    let (mut result_key, mut changed) = (old_key.clone(), false);
    let mut result_sha256 = report.result_sha256.clone().unwrap_or_default();
    if let Some(bytes) = redact::without_customer(&result, customer_id).map_err(|error| unreadable(old_key, &error))? {
        changed = true;
        result_sha256 = sha256(&bytes);
        result_key = create(tenant, report, "report.json", bytes, objects).await?;
    }
    let mut parts = report.parts.clone();
    for part in &mut parts {
        let Some(rows) = objects.read(&part.key).await? else { continue };
        let kept = redact::rows_without_customer(&rows, customer_id);
        let Some((bytes, rows)) = kept.map_err(|error| unreadable(&part.key, &error))? else { continue };
        changed = true;
        let (name, size) = (part.name.clone(), bytes.len() as u64);
        let key = create(tenant, report, &format!("{name}.ndjson"), bytes, objects).await?;
        *part = StoredPart { name, key, rows, bytes: size };
    }
    Ok(changed.then_some(Finish::Completed { result_key, result_sha256, parts }))
}

fn unreadable(key: &str, error: &dyn std::fmt::Display) -> PortError {
    PortError::Damaged(format!("{key} is not what a worker writes: {error}"))
}

/// Under a key that its bytes give: whoever writes it writes the same.
async fn create(
    tenant: &Tenant,
    report: &ReportRecord,
    name: &str,
    bytes: Vec<u8>,
    objects: &dyn Objects,
) -> PortResult<String> {
    let key = format!("{}{}/{name}", prefix(tenant, report), &sha256(&bytes)[..16]);
    objects.create(&key, Bytes::from(bytes)).await?;
    Ok(key)
}

fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn prefix(tenant: &Tenant, report: &ReportRecord) -> String {
    format!("results/{}/{}/", name_hash(tenant.as_str()), report.report_id)
}

/// Deletes the objects of an ended report that its record does not name.
async fn sweep(tenant: &Tenant, report: &ReportRecord, objects: &dyn Objects) -> PortResult<()> {
    let named =
        |key: &String| report.result_key.as_ref() == Some(key) || report.parts.iter().any(|part| part.key == *key);
    for key in keys_below(&prefix(tenant, report), objects).await? {
        if report.status != ReportStatus::Processing && !named(&key) {
            objects.delete(&key).await?;
        }
    }
    Ok(())
}
