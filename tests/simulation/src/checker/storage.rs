//! What was erased is stored nowhere once its purge has ended: no segment of a deleted dataset, no result that names a
//! customer, no file that came before, nothing that was staged or rejected of one, whoever died while it was written.
//!
//! Purges rely on that no function runs for longer than 15 minutes; where the weather let one stand still for longer,
//! nothing is looked for.

use super::is_purged;
use crate::sim::{MOST_SKEW_MS, lock};
use crate::world::{FILES, World};
use affinsy_app::memory::MemoryBook;
use affinsy_app::ports::{LogId, OrderLog, ReportBook, ReportFilter, ReportRecord, dataset_place};
use affinsy_core::ids::name_hash;
use affinsy_core::report::ReportType;
use std::sync::Arc;

pub async fn check(world: &Arc<World>, tenant: usize) {
    if lock(&world.sim.state).weather.counts.contains_key("freezes") || !is_purged(world, tenant).await {
        return;
    }
    let stored = world.stored();
    for (_, dataset, incarnation) in world.ledger().deleted().into_iter().filter(|(of, ..)| *of == tenant) {
        let log = LogId { tenant: world.tenant(tenant), dataset_id: dataset.to_owned(), incarnation };
        for prefix in [log.segments_prefix(), log.table_prefix()] {
            none_below(world, &stored, &prefix, "a deleted dataset");
        }
    }
    files(world, tenant, &stored).await;
    let book: &MemoryBook = &world.book;
    let reports = ReportBook::list(book, &world.tenant(tenant), &ReportFilter::default(), None, usize::MAX).await;
    for report in reports.map(|page| page.items).unwrap_or_default() {
        result(world, tenant, &report, &stored).await;
    }
    let dismissed: Vec<String> = {
        let ledger = world.ledger();
        let own = ledger.asks.iter().filter(|ask| ask.tenant == tenant && ask.dismissed);
        own.filter_map(|ask| ask.report_id.clone()).collect()
    };
    for id in dismissed {
        match ReportBook::get(book, &world.tenant(tenant), &id).await {
            Ok(None) => {
                let prefix = format!("results/{}/{id}/", name_hash(world.tenant(tenant).as_str()));
                none_below(world, &stored, &prefix, "a deleted report");
            }
            Ok(Some(report)) if report.deleted_at.is_some() => {
                world.ledger().violation(format!("erasure: the record of the deleted report {id} is still stored"));
            }
            _ => {}
        }
    }
}

fn none_below(world: &World, stored: &[String], prefix: &str, what: &str) {
    if let Some(key) = stored.iter().find(|key| key.starts_with(prefix)) {
        world.ledger().violation(format!("erasure: {key} of {what} is still stored"));
    }
}

/// What imports left that were asked for before an erasure. A file that was sent once more after its import had ended
/// is the bucket's to remove.
async fn files(world: &World, tenant: usize, stored: &[String]) {
    let name = world.tenant(tenant);
    let purges: Vec<_> = world.ledger().purges.iter().filter(|purge| purge.tenant == name.as_str()).cloned().collect();
    let imports = world.book.imports(&name, None, usize::MAX).await.map(|page| page.items).unwrap_or_default();
    for import in imports {
        let place = dataset_place(&name, &import.dataset_id);
        if !purges.iter().any(|purge| purge.concerns(&name, &import)) {
            continue;
        }
        for key in stored.iter().filter(|key| key.contains(&place) && key.contains(&import.import_id)) {
            let is_file = FILES.iter().any(|kind| key.starts_with(kind));
            let came_late = world.stored_at(key).await > import.completed_at.map(|at| at.plus_ms(2 * MOST_SKEW_MS));
            if is_file && !(came_late && key.starts_with("uploads/")) {
                world.ledger().violation(format!("erasure: {key} of {} is still stored", import.dataset_id));
            }
        }
    }
}

async fn result(world: &World, tenant: usize, report: &ReportRecord, stored: &[String]) {
    let prefix = format!("results/{}/{}/", name_hash(world.tenant(tenant).as_str()), report.report_id);
    if world.ledger().is_deleted(tenant, &report.dataset_id, &report.incarnation) {
        return none_below(world, stored, &prefix, "a deleted dataset's report");
    }
    if report.report_type != ReportType::Rfm {
        return;
    }
    let snapshot = (report.incarnation.as_str(), report.sequence);
    let erased = world.ledger().erased_after(tenant, &report.dataset_id, snapshot);
    for key in stored.iter().filter(|key| key.starts_with(&prefix)) {
        let text = String::from_utf8_lossy(&world.stored_bytes(key).await).into_owned();
        if let Some(customer) = erased.iter().find(|customer| text.contains(&format!("\"{customer}\""))) {
            world.ledger().violation(format!("erasure: {key} still names customer {customer}"));
        }
    }
}
