//! A report that its owner wants no more. One that runs is cancelled: it ends, and everyone who waits is told. One that
//! has ended is gone at once for all who look, and what is stored of it is purged; its event, where it is still to be
//! told, is told.

use crate::ports::{
    Clock, Erased, PortError, PortResult, PurgeRecord, Queue, Random, ReportBook, ReportRecord, ReportStatus,
    StoredFailure,
};
use affinsy_core::ids::Tenant;

/// What deleting needs of the world.
#[derive(Clone, Copy)]
pub struct BookPorts<'a> {
    pub reports: &'a dyn ReportBook,
    pub queue: &'a dyn Queue,
    pub clock: &'a dyn Clock,
    pub random: &'a dyn Random,
}

impl std::fmt::Debug for BookPorts<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("BookPorts")
    }
}

/// What became of the report.
#[derive(Debug, Clone, PartialEq)]
pub enum Deleted {
    /// It was running, and has ended now: as it is since.
    Cancelled(Box<ReportRecord>),
    Gone,
}

/// Cancels `report` where it is still running, else deletes it.
pub async fn delete_report(tenant: &Tenant, report: &ReportRecord, ports: BookPorts<'_>) -> PortResult<Deleted> {
    let now = ports.clock.now();
    let report_id = &report.report_id;
    // One that was running when its caller looked is cancelled and no more, however it ended meanwhile: whoever stops
    // a report does not mean to lose a result.
    if report.status == ReportStatus::Processing {
        if ports.reports.cancel(tenant, report, &cancelled(), now).await? {
            tracing::info!(report.id = report_id, "report cancelled");
            let job = crate::dispatch_webhook::event_job(tenant, report_id);
            if let Err(error) = ports.queue.send(&job, 0).await {
                tracing::warn!(report.id = report_id, error = %error, "event not queued; the sweeper will");
            }
        }
        let stored = ports.reports.get(tenant, report_id).await?;
        let stored = stored.filter(|stored| stored.deleted_at.is_none());
        return Ok(stored.map_or(Deleted::Gone, |stored| Deleted::Cancelled(Box::new(stored))));
    }
    let purge = PurgeRecord {
        purge_id: ports.random.id("prg_", now),
        dataset_id: report.dataset_id.clone(),
        incarnation: report.incarnation.clone(),
        erased: Erased::Report { report_id: report_id.clone() },
        sequence: report.sequence,
        requested_at: now,
    };
    if ports.reports.delete_report(tenant, report, &purge, now).await? {
        tracing::info!(report.id = report_id, purge.id = purge.purge_id, "report deleted");
        return Ok(Deleted::Gone);
    }
    // An ended report does not run again: somebody else deleted it in the same moment.
    match ports.reports.get(tenant, report_id).await?.is_none_or(|stored| stored.deleted_at.is_some()) {
        true => Ok(Deleted::Gone),
        false => Err(PortError::Unavailable(format!("report {report_id} could not be deleted now"))),
    }
}

fn cancelled() -> StoredFailure {
    let message = "The report was cancelled before it was done. Submit it again if it is wanted after all.".to_owned();
    StoredFailure { code: "cancelled".to_owned(), message }
}
