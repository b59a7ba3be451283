//! `/schedules`: reports that come again.

use super::body;
use super::cursor::{Cursors, limit, only_known};
use super::refusal::Kind;
use super::reports::{ReportPorts, refused as report_refused, submit_ports};
use super::views::List;
use super::{Answer, Caller, Refusal, Request};
use crate::dispatch_webhook::secrets;
use crate::ports::{ScheduleRecord, StoredFailure};
use crate::schedule::{MAX_SCHEDULES, ScheduleRefused, create_schedule};
use crate::submit_report::{MAX_REQUEST_BYTES, SubmitRefused};
use affinsy_core::ids::is_id;
use affinsy_core::time::Instant;
use serde::Serialize;
use serde_json::value::RawValue;

#[derive(Debug, Serialize)]
struct ScheduleView<'a> {
    schedule_id: &'a str,
    name: Option<&'a str>,
    /// The request's body, as it was sent.
    request: &'a RawValue,
    created_at: Instant,
    next_run_at: Instant,
    runs: u64,
    last_run_at: Option<Instant>,
    last_report_id: Option<&'a str>,
    last_failure: Option<&'a StoredFailure>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    warnings: &'a [String],
}

fn view<'a>(schedule: &'a ScheduleRecord, warnings: &'a [String]) -> Result<ScheduleView<'a>, Refusal> {
    let request = serde_json::from_str(&schedule.body)
        .map_err(|error| Refusal::internal(format!("schedule {}: {error}", schedule.schedule_id)))?;
    Ok(ScheduleView {
        schedule_id: &schedule.schedule_id,
        name: schedule.name.as_deref(),
        request,
        created_at: schedule.created_at,
        next_run_at: schedule.next_run_at,
        runs: schedule.runs,
        last_run_at: schedule.last_run_at,
        last_report_id: schedule.last_report_id.as_deref(),
        last_failure: schedule.last_failure.as_ref(),
        warnings,
    })
}

pub async fn create(request: &Request, caller: &Caller, ports: &ReportPorts) -> Result<Answer, Refusal> {
    let bytes = body::json_bytes(request, MAX_REQUEST_BYTES)?;
    let created = create_schedule(&caller.tenant, &bytes, &*ports.schedules, submit_ports(ports)).await;
    let (schedule, warnings) = created.map_err(refused)?;
    let location = format!("/api/v1/schedules/{}", schedule.schedule_id);
    Ok(Answer::json(201, &view(&schedule, &warnings)?)?.with_header("location", location))
}

fn refused(refused: ScheduleRefused) -> Refusal {
    match refused {
        ScheduleRefused::Body(problem) => problem.into(),
        ScheduleRefused::Port(error) => error.into(),
        ScheduleRefused::UnknownDataset(dataset_id) => report_refused(SubmitRefused::UnknownDataset(dataset_id)),
        ScheduleRefused::TooMany => {
            let message = format!("There are {MAX_SCHEDULES} schedules, the most there may be. Delete one first.");
            Refusal::new(Kind::Conflict, "too_many_schedules", message)
        }
    }
}

fn unknown() -> Refusal {
    Refusal::not_found("schedule")
}

pub async fn one(schedule_id: &str, caller: &Caller, ports: &ReportPorts) -> Result<Answer, Refusal> {
    if !is_id(schedule_id, "sch_") {
        return Err(unknown());
    }
    let schedule = ports.schedules.get(&caller.tenant, schedule_id).await?.ok_or_else(unknown)?;
    Answer::json(200, &view(&schedule, &[])?)
}

pub async fn delete(schedule_id: &str, caller: &Caller, ports: &ReportPorts) -> Result<Answer, Refusal> {
    if !is_id(schedule_id, "sch_") || !ports.schedules.delete(&caller.tenant, schedule_id).await? {
        return Err(unknown());
    }
    Ok(Answer::empty(204))
}

pub async fn list(request: &Request, caller: &Caller, ports: &ReportPorts) -> Result<Answer, Refusal> {
    only_known(request, &["limit", "cursor"])?;
    let limit = limit(request)?;
    let secrets = secrets(&caller.tenant, &*ports.deliveries, &*ports.random).await?;
    let cursors = Cursors { secret: &secrets.cursor, context: format!("{} schedules", caller.tenant) };
    let after = request.query("cursor").map(|cursor| cursors.decode(cursor)).transpose()?;
    let page = ports.schedules.list(&caller.tenant, after.as_deref(), limit).await?;
    let data: Vec<_> = page.items.iter().map(|schedule| view(schedule, &[])).collect::<Result<_, _>>()?;
    Answer::json(200, &List { data, next_cursor: page.next_after.map(|next| cursors.encode(&next)) })
}
