//! Reports that come again: taking a schedule, and running what is due. A run that a crash cut short is made once all
//! the same, because its report's id follows from the schedule and the time.

use crate::ports::{Job, PortError, PortResult, ScheduleBook, ScheduleRecord, StoredFailure};
use crate::submit_report::{SubmitPorts, SubmitRefused, check_webhook_url, submit_as};
use affinsy_core::ids::{Tenant, new_id};
use affinsy_core::problem::BodyProblem;
use affinsy_core::report::spec::ScheduleSpec;
use affinsy_core::time::Instant;
use sha2::{Digest, Sha256};

/// The most schedules of a tenant.
pub const MAX_SCHEDULES: usize = 100;

#[derive(Debug, thiserror::Error)]
pub enum ScheduleRefused {
    #[error(transparent)]
    Body(#[from] BodyProblem),
    #[error("unknown dataset {0:?}")]
    UnknownDataset(String),
    #[error("the tenant has {MAX_SCHEDULES} schedules")]
    TooMany,
    #[error(transparent)]
    Port(#[from] PortError),
}

/// Stores a schedule. What the caller can mend is refused here, not at its first run.
pub async fn create_schedule(
    tenant: &Tenant,
    body: &[u8],
    schedules: &dyn ScheduleBook,
    ports: SubmitPorts<'_>,
) -> Result<(ScheduleRecord, Vec<String>), ScheduleRefused> {
    let spec = ScheduleSpec::parse(body)?;
    check_webhook_url(&spec.report, "/report/webhook_url", ports.url_policy)?;
    if ports.log.head(tenant, &spec.report.dataset_id).await?.is_none() {
        return Err(ScheduleRefused::UnknownDataset(spec.report.dataset_id));
    }
    if schedules.list(tenant, None, MAX_SCHEDULES).await?.items.len() >= MAX_SCHEDULES {
        return Err(ScheduleRefused::TooMany);
    }
    let now = ports.clock.now();
    let schedule = ScheduleRecord {
        schedule_id: ports.random.id("sch_", now),
        name: spec.name,
        body: String::from_utf8_lossy(body).into_owned(),
        created_at: now,
        next_run_at: spec.calendar.next_after(now),
        runs: 0,
        last_run_at: None,
        last_report_id: None,
        last_failure: None,
    };
    schedules.create(tenant, &schedule).await?;
    tracing::info!(schedule.id = schedule.schedule_id, "schedule created");
    Ok((schedule, spec.warnings))
}

/// Makes the run that is due; the report's job where one was submitted. Runs that were missed are not made up for: one
/// report says all that they would have said.
pub async fn run_schedule(
    tenant: &Tenant,
    schedule_id: &str,
    schedules: &dyn ScheduleBook,
    ports: SubmitPorts<'_>,
) -> PortResult<Option<Job>> {
    let now = ports.clock.now();
    let Some(schedule) = schedules.get(tenant, schedule_id).await? else { return Ok(None) };
    if schedule.next_run_at > now {
        return Ok(None);
    }
    let spec = ScheduleSpec::parse(schedule.body.as_bytes())
        .map_err(|problem| PortError::Damaged(format!("schedule {schedule_id} is not accepted any more: {problem}")))?;
    let run_at = schedule.next_run_at;
    let report_id = report_id(schedule_id, run_at);
    let submitted = submit_as(&report_id, tenant, spec.body_at(now).as_bytes(), ports).await;
    let failure = match submitted {
        Ok(_) => None,
        Err(SubmitRefused::Port(error)) => return Err(error),
        Err(refused) => Some(failure(refused)),
    };
    let job = failure.is_none().then(|| Job::Report { tenant: tenant.clone(), report_id: report_id.clone() });
    let after = ScheduleRecord {
        next_run_at: spec.calendar.next_after(now),
        runs: schedule.runs + 1,
        last_run_at: Some(now),
        last_report_id: failure.is_none().then_some(report_id),
        last_failure: failure,
        ..schedule
    };
    if !schedules.ran(tenant, run_at, &after).await? {
        tracing::info!(schedule.id = schedule_id, "another sweeper made this run, or the schedule was deleted");
    }
    Ok(job)
}

fn failure(refused: SubmitRefused) -> StoredFailure {
    match refused {
        SubmitRefused::UnknownDataset(dataset_id) => StoredFailure {
            code: "unknown_dataset".to_owned(),
            message: format!(
                "There is no dataset {dataset_id:?} any more. Push orders to it, or delete this schedule."
            ),
        },
        other => StoredFailure {
            code: "invalid_request".to_owned(),
            message: format!(
                "This version does not accept the report any more: {other}. Delete this schedule and make it anew."
            ),
        },
    }
}

/// One id for one run, however often it is begun.
fn report_id(schedule_id: &str, run_at: Instant) -> String {
    let digest = Sha256::digest(format!("{schedule_id} {}", run_at.0).as_bytes());
    let mut bytes = [0; 10];
    bytes.copy_from_slice(&digest[..10]);
    new_id("rpt_", run_at, bytes)
}
