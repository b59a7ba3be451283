//! Picking up what a crash, a lost message or a long wait left behind. Runs every minute; safe to run twice.

use crate::dispatch_webhook::event_job;
use crate::ports::{
    Clock, Due, DueIndex, DueKind, Endpoints, Job, OrderLog, PortError, PortResult, Queue, Random, ReportBook,
    ReportStatus, ScheduleBook,
};
use crate::schedule::run_schedule;
use crate::submit_report::SubmitPorts;
use affinsy_core::time::Instant;
use affinsy_core::webhook::url::UrlPolicy;

#[derive(Clone, Copy)]
pub struct SweepPorts<'a> {
    pub due: &'a dyn DueIndex,
    pub log: &'a dyn OrderLog,
    pub reports: &'a dyn ReportBook,
    pub schedules: &'a dyn ScheduleBook,
    pub endpoints: &'a dyn Endpoints,
    pub queue: &'a dyn Queue,
    pub clock: &'a dyn Clock,
    pub random: &'a dyn Random,
    pub url_policy: UrlPolicy,
}

impl std::fmt::Debug for SweepPorts<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SweepPorts")
    }
}

impl<'a> SweepPorts<'a> {
    fn to_submit(self) -> SubmitPorts<'a> {
        SubmitPorts {
            log: self.log,
            reports: self.reports,
            endpoints: self.endpoints,
            queue: self.queue,
            clock: self.clock,
            random: self.random,
            url_policy: self.url_policy,
        }
    }
}

/// The most sent on in one run; what is left comes with the next.
const MOST: usize = 1_000;
/// When to look again at a record that cannot be read: it must not stand in front of the others.
const BROKEN_AGAIN_MS: i64 = 3_600_000;
/// When to look again at what was sent on, if nobody took it.
const fn look_again_ms(kind: DueKind) -> i64 {
    match kind {
        DueKind::Report | DueKind::Delivery | DueKind::Purge | DueKind::Import | DueKind::Schedule => 120_000,
        // Pushes may go on while it is tended.
        DueKind::Dataset => 30_000,
    }
}

/// Sends a message for everything that is due, and says how many it sent.
pub async fn sweep(ports: SweepPorts<'_>) -> PortResult<usize> {
    let now = ports.clock.now();
    let mut sent = 0;
    for due in ports.due.due(now, MOST).await? {
        // Each on its own: one damaged or busy record must not hold up what stands behind it.
        match send_on(&due, now, ports).await {
            Ok(true) => sent += 1,
            Ok(false) => {}
            Err(error) => tracing::error!(due = ?due, error = %error, "due work not sent on"),
        }
    }
    Ok(sent)
}

async fn send_on(due: &Due, now: Instant, ports: SweepPorts<'_>) -> PortResult<bool> {
    let job = job(due, ports).await;
    // The message first: were the due time moved first, a crash here would hide it for two minutes more.
    if let Ok(Some(job)) = &job {
        ports.queue.send(job, 0).await?;
    }
    // A schedule that ran is due again at its next run.
    let has_run = due.kind == DueKind::Schedule && job.is_ok();
    if let Some(wait_ms) = postponed_by_ms(due.kind, &job).filter(|_| !has_run) {
        ports.due.postpone(due, now, now.plus_ms(wait_ms)).await?;
    }
    Ok(job?.is_some())
}

/// How long due work is left alone; `None` where the next run shall look again.
fn postponed_by_ms(kind: DueKind, job: &PortResult<Option<Job>>) -> Option<i64> {
    match job {
        Ok(Some(_)) => Some(look_again_ms(kind)),
        Ok(None) | Err(PortError::Damaged(_)) => Some(BROKEN_AGAIN_MS),
        Err(PortError::Unavailable(_)) => None,
    }
}

/// What wakes the function that can go on with it.
async fn job(due: &Due, ports: SweepPorts<'_>) -> PortResult<Option<Job>> {
    let (tenant, id) = (due.tenant.clone(), due.id.clone());
    Ok(match due.kind {
        DueKind::Delivery => Some(Job::Delivery { tenant, delivery_id: id }),
        DueKind::Dataset => Some(Job::Tend { tenant, dataset_id: id }),
        DueKind::Purge => Some(Job::Purge { tenant, purge_id: id }),
        DueKind::Import => Some(Job::Import { tenant, import_id: id }),
        DueKind::Schedule => run_schedule(&tenant, &id, ports.schedules, ports.to_submit()).await?,
        DueKind::Report => match ports.reports.get(&tenant, &id).await? {
            None => None,
            Some(report) if report.status == ReportStatus::Processing => Some(Job::Report { tenant, report_id: id }),
            Some(report) => Some(event_job(&tenant, &report.report_id)),
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_broken_is_left_alone_for_long() {
        let job = Job::Report { tenant: "shop".parse().expect("a plain name"), report_id: "rpt_1".to_owned() };
        let check = |job, expected| assert_eq!(postponed_by_ms(DueKind::Report, &job), expected, "{job:?}");
        check(Ok(Some(job)), Some(120_000));
        check(Ok(None), Some(BROKEN_AGAIN_MS));
        check(Err(PortError::Damaged("odd".to_owned())), Some(BROKEN_AGAIN_MS));
        check(Err(PortError::Unavailable("throttled".to_owned())), None);
    }
}
