//! A report for which its tenant has no place: it comes back a little later, and no claim is counted. Which reports
//! have the places is not known here.

use super::{Ran, RunPorts};
use crate::ports::{Due, DueKind, Job, PortResult, ReportStatus};
use affinsy_core::ids::Tenant;
use affinsy_core::time::Instant;

/// How long a report waits for a place, at least; up to three times as long, by lot.
const CROWDED_MS: f64 = 10_000.0;
/// By how much the sweeper comes after the message of a report that waits.
const SWEEPER_AFTER_MS: i64 = 120_000;

/// How many of one tenant's reports run at once where there are so many workers: a fifth of them, and at least one, is
/// left to the others.
pub fn most_at_once(workers: u32) -> u32 {
    (workers - workers.div_ceil(5).min(workers)).max(1)
}

/// Sends the message of a report that is not running anew, to be seen after a while.
pub(super) async fn wait(tenant: &Tenant, report_id: &str, now: Instant, ports: &RunPorts) -> PortResult<Ran> {
    let report = ports.reports.get(tenant, report_id).await?;
    let waits = report.is_some_and(|report| {
        report.status == ReportStatus::Processing && report.lease_until.is_none_or(|until| until <= now)
    });
    if !waits {
        return Ok(Ran::Ended);
    }
    let wait_ms = (CROWDED_MS * (1.0 + 2.0 * ports.random.unit())) as u64;
    let until = now.plus_ms(wait_ms as i64 + SWEEPER_AFTER_MS);
    let due = Due { kind: DueKind::Report, tenant: tenant.clone(), id: report_id.to_owned() };
    // Also where it is not due yet: otherwise it may become due before this message is seen, the sweeper sends a second
    // one, and each of the two comes back for as long as the report waits.
    ports.due.postpone(&due, until, until).await?;
    let job = Job::Report { tenant: tenant.clone(), report_id: report_id.to_owned() };
    // A new message: one that only became visible again would use up the queue's tries.
    ports.queue.send(&job, wait_ms.div_ceil(1_000) as u32).await?;
    tracing::info!(report.id = report_id, wait_ms, "its tenant's other reports run: put off");
    Ok(Ran::Ended)
}

#[cfg(test)]
mod tests {
    use super::most_at_once;

    #[test]
    fn some_workers_are_left_to_others() {
        let expected = [(0, 1), (1, 1), (2, 1), (3, 2), (5, 4), (6, 4), (10, 8), (1_000, 800)];
        for (workers, most) in expected {
            assert_eq!(most_at_once(workers), most, "{workers} workers");
        }
    }
}
