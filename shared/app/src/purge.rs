//! Taking out what is stored of something that was erased. Every step is safe to do twice, and a purge stays due
//! until it has ended.
//!
//! Of an order or a customer the segments are the compactor's, which begins at once and drops what it replaced when
//! the last snapshot that may need it is over. What is left is done here: results that name a customer, files that
//! an upload brought or left, and words about orders. Of a dataset everything is done here.

use crate::ports::{
    Clock, Erased, Erasures, ImportStatus, LogId, Objects, OrderLog, PortResult, PurgeRecord, ReportBook, StoredObject,
    dataset_place,
};
use crate::purge_results::{self, Left};
use affinsy_core::ids::{Tenant, is_id, new_id};
use affinsy_core::time::Instant;
use std::sync::Arc;

/// What purging needs of the world.
#[derive(Clone)]
pub struct PurgePorts {
    pub log: Arc<dyn OrderLog>,
    pub erasures: Arc<dyn Erasures>,
    pub reports: Arc<dyn ReportBook>,
    pub objects: Arc<dyn Objects>,
    pub clock: Arc<dyn Clock>,
}

impl std::fmt::Debug for PurgePorts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PurgePorts")
    }
}

/// Whoever read the head before the erasure has written what it had to write by then: a function runs for 15 minutes
/// at most. So a purge is gone through once more after that, and only then ends.
const SETTLES_AFTER_MS: i64 = 3_600_000;
/// When to look again for reports or imports that run.
const AGAIN_MS: i64 = 300_000;

/// Goes through a purge. It ends when nothing is left and nobody can bring something back.
pub async fn purge(tenant: &Tenant, purge_id: &str, ports: &PurgePorts) -> PortResult<()> {
    let Some(purge) = ports.erasures.purge(tenant, purge_id).await? else { return Ok(()) };
    // As of now: what this pass does not see may still come until then.
    let now = ports.clock.now();
    let is_last = now >= settles_at(&purge);
    let left = match &purge.erased {
        Erased::Dataset => whole_dataset(tenant, &purge, is_last, ports).await?,
        Erased::Order { .. } | Erased::Customer { .. } => part_of_dataset(tenant, &purge, ports).await?,
        Erased::Report { report_id } => purge_results::deleted(tenant, report_id, is_last, ports).await?,
    };
    if !is_last {
        return ports.erasures.put_off_purge(tenant, purge_id, settles_at(&purge)).await;
    }
    if left == Left::Something {
        return ports.erasures.put_off_purge(tenant, purge_id, now.plus_ms(AGAIN_MS)).await;
    }
    tracing::info!(purge.id = purge_id, "purge ended");
    ports.erasures.finish_purge(tenant, purge_id).await
}

/// Everything of an incarnation: reports first, so that none is left that cannot be read any more.
async fn whole_dataset(tenant: &Tenant, purge: &PurgeRecord, is_last: bool, ports: &PurgePorts) -> PortResult<Left> {
    purge_results::end_reports(tenant, purge, ports).await?;
    let log = purge.log(tenant);
    ports.erasures.drop_log(&log).await?;
    delete_below(&log.segments_prefix(), &*ports.objects).await?;
    delete_below(&log.table_prefix(), &*ports.objects).await?;
    let imports = imports(tenant, purge, ports).await?;
    Ok(if is_last { imports.and(unborn(tenant, purge, ports).await?) } else { imports })
}

/// Segments of first pushes that died or came second, whose incarnation never was. Where the name stands for a dataset
/// again, its compactor finds them.
async fn unborn(tenant: &Tenant, purge: &PurgeRecord, ports: &PurgePorts) -> PortResult<Left> {
    if ports.log.head(tenant, &purge.dataset_id).await?.is_some() {
        return Ok(Left::Nothing);
    }
    let prefix = format!("segments/{}/", dataset_place(tenant, &purge.dataset_id));
    delete_files(tenant, purge, &prefix, ports).await
}

async fn part_of_dataset(tenant: &Tenant, purge: &PurgeRecord, ports: &PurgePorts) -> PortResult<Left> {
    let reports = match &purge.erased {
        Erased::Customer { customer_id } => purge_results::strip(tenant, purge, customer_id, ports).await?,
        // No result names an order.
        Erased::Dataset | Erased::Order { .. } | Erased::Report { .. } => Left::Nothing,
    };
    let imports = imports(tenant, purge, ports).await?;
    Ok(reports.and(imports))
}

pub(crate) async fn delete_below(prefix: &str, objects: &dyn Objects) -> PortResult<()> {
    for object in objects_below(prefix, objects).await? {
        objects.delete(&object.key).await?;
    }
    Ok(())
}

/// All objects whose keys begin with a prefix.
pub(crate) async fn objects_below(prefix: &str, objects: &dyn Objects) -> PortResult<Vec<StoredObject>> {
    let (mut found, mut after) = (Vec::new(), None);
    loop {
        let page = objects.list(prefix, after.as_deref()).await?;
        found.extend(page.items);
        match page.next_after {
            Some(next) => after = Some(next),
            None => return Ok(found),
        }
    }
}

/// Raw uploads, reject files and warnings of what came before the erasure. An import that still runs keeps its files,
/// and is looked at again.
async fn imports(tenant: &Tenant, purge: &PurgeRecord, ports: &PurgePorts) -> PortResult<Left> {
    let mut left = Left::Nothing;
    let mut after: Option<String> = None;
    loop {
        let page = ports.log.imports(tenant, after.as_deref(), 100).await?;
        for import in page.items.iter().filter(|import| import.dataset_id == purge.dataset_id) {
            if import.created_at > purge.requested_at {
                continue;
            }
            if import.status == ImportStatus::Processing {
                left = Left::Something;
            } else if import.warnings.iter().any(|warning| purge.is_named_in(warning)) {
                ports.erasures.redact_import(tenant, &import.import_id).await?;
            }
        }
        match page.next_after {
            Some(next) => after = Some(next),
            None => break,
        }
    }
    let place = dataset_place(tenant, &purge.dataset_id);
    for kind in ["uploads", "staging", "rejects"] {
        let prefix = format!("{kind}/{place}/");
        left = left.and(delete_files(tenant, purge, &prefix, ports).await?);
    }
    Ok(left)
}

/// Deletes the objects that imports before the erasure wrote: they stand below the dataset's place, whatever its
/// incarnation, and their names begin with their import's id, which tells its time.
async fn delete_files(tenant: &Tenant, purge: &PurgeRecord, prefix: &str, ports: &PurgePorts) -> PortResult<Left> {
    let newest = new_id("imp_", purge.requested_at, [u8::MAX; 10]);
    let mut left = Left::Nothing;
    for StoredObject { key, .. } in objects_below(prefix, &*ports.objects).await? {
        let Some(import_id) = import_of(&key).filter(|id| *id <= newest.as_str()) else { continue };
        if runs(tenant, import_id, ports).await? {
            left = Left::Something;
        } else {
            ports.objects.delete(&key).await?;
        }
    }
    Ok(left)
}

/// The import that a key names.
fn import_of(key: &str) -> Option<&str> {
    let names = key.split(['/', '.']).map(|name| name.split('-').next().unwrap_or_default());
    names.into_iter().find(|name| is_id(name, "imp_"))
}

async fn runs(tenant: &Tenant, import_id: &str, ports: &PurgePorts) -> PortResult<bool> {
    let import = ports.log.import(tenant, import_id).await?;
    Ok(import.is_some_and(|import| import.status == ImportStatus::Processing))
}

impl PurgeRecord {
    /// Whether a sentence of ours may name what was erased.
    fn is_named_in(&self, sentence: &str) -> bool {
        match &self.erased {
            Erased::Dataset => true,
            Erased::Report { .. } => false,
            Erased::Order { order_id: id } | Erased::Customer { customer_id: id } => {
                sentence.contains(id.as_str()) || sentence.contains(&format!("{id:?}"))
            }
        }
    }
    /// Whether a snapshot of this log may hold it.
    pub fn is_seen_by(&self, log: &LogId, sequence: u64) -> bool {
        let same = self.dataset_id == log.dataset_id && self.incarnation == log.incarnation;
        match &self.erased {
            Erased::Dataset => same,
            Erased::Order { .. } | Erased::Customer { .. } => same && sequence < self.sequence,
            Erased::Report { .. } => false,
        }
    }
}

/// When nobody can bring something back any more.
fn settles_at(purge: &PurgeRecord) -> Instant {
    purge.requested_at.plus_ms(SETTLES_AFTER_MS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_names_its_import() {
        let id = new_id("imp_", Instant(0), [7; 10]);
        let check = |key: String, expected: Option<&str>| assert_eq!(import_of(&key), expected, "{key}");
        check(format!("rejects/a/b/{id}.csv"), Some(&id));
        check(format!("uploads/a/b/{id}"), Some(&id));
        check(format!("uploads/a/b/{id}/7"), Some(&id));
        check(format!("segments/a/b/inc_1/{id}-003.parquet"), Some(&id));
        check("segments/a/b/inc_1/gone-000001-000002-0000.parquet".to_owned(), None);
    }
}
