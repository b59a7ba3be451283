//! Picking up what a crash, a lost message or a long wait left behind. Runs every minute; safe to run twice.

use crate::dispatch_webhook::delivery_id;
use crate::ports::{Clock, Due, DueIndex, DueKind, Job, PortResult, Queue, ReportBook, ReportStatus};

#[derive(Clone, Copy)]
pub struct SweepPorts<'a> {
    pub due: &'a dyn DueIndex,
    pub reports: &'a dyn ReportBook,
    pub queue: &'a dyn Queue,
    pub clock: &'a dyn Clock,
}

impl std::fmt::Debug for SweepPorts<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SweepPorts")
    }
}

/// The most sent on in one run; what is left comes with the next.
const MOST: usize = 1_000;
/// When to look again at what was sent on, if nobody took it.
const fn look_again_ms(kind: DueKind) -> i64 {
    match kind {
        DueKind::Report | DueKind::Delivery => 120_000,
        // Pushes may go on while it is counted.
        DueKind::Dataset => 30_000,
    }
}

/// Sends a message for everything that is due, and says how many it sent.
pub async fn sweep(ports: SweepPorts<'_>) -> PortResult<usize> {
    let now = ports.clock.now();
    let mut sent = 0;
    for due in ports.due.due(now, MOST).await? {
        let Some(job) = job(&due, ports).await? else { continue };
        // The message first: were the due time moved first, a crash here would hide it for two minutes more.
        ports.queue.send(&job, 0).await?;
        ports.due.postpone(&due, now, now.plus_ms(look_again_ms(due.kind))).await?;
        sent += 1;
    }
    Ok(sent)
}

/// What wakes the function that can go on with it.
async fn job(due: &Due, ports: SweepPorts<'_>) -> PortResult<Option<Job>> {
    let (tenant, id) = (due.tenant.clone(), due.id.clone());
    Ok(match due.kind {
        DueKind::Delivery => Some(Job::Delivery { tenant, delivery_id: id }),
        DueKind::Dataset => Some(Job::Count { tenant, dataset_id: id }),
        DueKind::Report => match ports.reports.get(&tenant, &id).await? {
            None => None,
            Some(report) if report.status == ReportStatus::Processing => Some(Job::Report { tenant, report_id: id }),
            Some(report) => Some(Job::Delivery { tenant, delivery_id: delivery_id(&report.report_id) }),
        },
    })
}
