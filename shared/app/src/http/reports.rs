//! What the `reports` function answers: reports, templates, webhook log, and the open routes.

use super::body;
use super::cursor::{Cursors, limit, only_known};
use super::once::{OncePorts, once};
use super::routes::{Route, Serves};
use super::serve::{self, Served, served_nowhere};
use super::views::{self, List};
use super::{Answer, Caller, Refusal, Request, export, openapi, parts, recommendations, schedules, webhooks};
use crate::admit::admit;
use crate::delete_report::{BookPorts, Deleted, delete_report};
use crate::dispatch_webhook::secrets;
use crate::ports::{
    Clock, DeliveryBook, Endpoints, Idempotency, Links, Objects, OrderLog, Queue, Random, RateWindows, ReportBook,
    ReportFilter, ReportRecord, ReportStatus, ScheduleBook, Sender,
};
use crate::recommend::Shelf;
use crate::submit_report::{MAX_REQUEST_BYTES, SubmitPorts, SubmitRefused, submit_report};
use affinsy_core::ids::is_id;
use affinsy_core::report::template;
use affinsy_core::webhook::url::UrlPolicy;
use serde::Serialize;
use std::sync::Arc;

#[derive(Clone)]
pub struct ReportPorts {
    pub windows: Arc<dyn RateWindows>,
    pub log: Arc<dyn OrderLog>,
    pub objects: Arc<dyn Objects>,
    pub links: Arc<dyn Links>,
    pub reports: Arc<dyn ReportBook>,
    pub schedules: Arc<dyn ScheduleBook>,
    pub deliveries: Arc<dyn DeliveryBook>,
    pub endpoints: Arc<dyn Endpoints>,
    pub sender: Arc<dyn Sender>,
    pub queue: Arc<dyn Queue>,
    pub calls: Arc<dyn Idempotency>,
    pub clock: Arc<dyn Clock>,
    pub random: Arc<dyn Random>,
    pub url_policy: UrlPolicy,
    /// Lives as long as the instance.
    pub shelf: Arc<Shelf>,
}

impl std::fmt::Debug for ReportPorts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ReportPorts")
    }
}

/// Answers a request to the `reports` function.
pub async fn reports(request: &Request, ports: &ReportPorts) -> Answer {
    let served = match serve::route(request, Serves::Reports) {
        Ok((route, parameters)) => served(route, parameters.first(), request, ports).await,
        Err(unrouted) => served_nowhere(unrouted, request, &*ports.windows, &*ports.clock).await,
    };
    serve::render(request, served)
}

async fn served(route: &Route, parameter: &str, request: &Request, ports: &ReportPorts) -> Served {
    if route.scope.is_none() {
        return Served { outcome: open(route), admission: None };
    }
    let admission = admit(&request.verdict, route.scope, &*ports.windows, &*ports.clock).await;
    let outcome = match &admission.outcome {
        Ok(caller) => {
            let around = OncePorts { calls: &*ports.calls, clock: &*ports.clock, random: &ports.random };
            let handle = |random| async move {
                let ports = ReportPorts { random, ..ports.clone() };
                answer(route.operation, parameter, request, caller, &ports).await
            };
            once(request, caller, around, handle).await
        }
        Err(refusal) => Err(refusal.clone()),
    };
    Served { outcome, admission: Some(admission) }
}

fn open(route: &Route) -> Result<Answer, Refusal> {
    match route.operation {
        "GetHealth" => Answer::json(200, &serde_json::json!({"status": "ok"})),
        "GetOpenApi" => Answer::json(200, &openapi::document()),
        other => Err(Refusal::internal(format!("operation {other} is not served here"))),
    }
}

async fn answer(
    operation: &str,
    parameter: &str,
    request: &Request,
    caller: &Caller,
    ports: &ReportPorts,
) -> Result<Answer, Refusal> {
    match operation {
        "SubmitReport" => submit(request, caller, ports).await,
        "ListReports" => list(request, caller, ports).await,
        "GetReport" => one(parameter, request, caller, ports).await,
        "DeleteReport" => delete(parameter, caller, ports).await,
        "ListRules" => parts::page("rules", parameter, request, caller, ports).await,
        "ListItemsets" => parts::page("itemsets", parameter, request, caller, ports).await,
        "ListCustomers" => parts::page("customers", parameter, request, caller, ports).await,
        "ExportReport" => export::link(parameter, request, caller, ports).await,
        "Recommend" => recommendations::recommend(request, caller, ports).await,
        "CreateSchedule" => schedules::create(request, caller, ports).await,
        "ListSchedules" => schedules::list(request, caller, ports).await,
        "GetSchedule" => schedules::one(parameter, caller, ports).await,
        "DeleteSchedule" => schedules::delete(parameter, caller, ports).await,
        "ListTemplates" => Answer::json(200, &serde_json::json!({"data": template::listings(), "next_cursor": null})),
        "GetWebhookSecret" => webhooks::secret(caller, ports).await,
        "RotateWebhookSecret" => webhooks::rotate(caller, ports).await,
        "TestWebhook" => webhooks::send_test(request, caller, ports).await,
        "ListDeliveries" => webhooks::list(request, caller, ports).await,
        "RedeliverEvent" => webhooks::redeliver_one(parameter, caller, ports).await,
        "RedeliverEvents" => webhooks::redeliver_some(request, caller, ports).await,
        other => Err(Refusal::internal(format!("operation {other} is not served here"))),
    }
}

async fn submit(request: &Request, caller: &Caller, ports: &ReportPorts) -> Result<Answer, Refusal> {
    #[derive(Serialize)]
    struct Submitted<'a> {
        report_id: &'a str,
        status: &'a str,
        #[serde(skip_serializing_if = "<[_]>::is_empty")]
        warnings: &'a [String],
    }
    let bytes = body::json_bytes(request, MAX_REQUEST_BYTES)?;
    let (report, warnings) = submit_report(&caller.tenant, &bytes, submit_ports(ports)).await.map_err(refused)?;
    let location = format!("/api/v1/reports/{}", report.report_id);
    let body = Submitted { report_id: &report.report_id, status: report.status.name(), warnings: &warnings };
    Ok(Answer::json(202, &body)?.with_header("location", location))
}

pub(super) fn submit_ports(ports: &ReportPorts) -> SubmitPorts<'_> {
    SubmitPorts {
        log: &*ports.log,
        reports: &*ports.reports,
        endpoints: &*ports.endpoints,
        queue: &*ports.queue,
        clock: &*ports.clock,
        random: &*ports.random,
        url_policy: ports.url_policy,
    }
}

pub(super) fn refused(refused: SubmitRefused) -> Refusal {
    match refused {
        SubmitRefused::Body(problem) => problem.into(),
        SubmitRefused::Port(error) => error.into(),
        SubmitRefused::UnknownDataset(dataset_id) => {
            let mut refusal = Refusal::not_found("dataset");
            refusal.code = "unknown_dataset";
            refusal.message =
                format!("There is no dataset {dataset_id:?}. Push orders to it first: POST /data/orders.");
            refusal
        }
    }
}

/// A tenant's report by the path's id; another tenant's is unknown like one that never was.
pub(super) async fn find(report_id: &str, caller: &Caller, ports: &ReportPorts) -> Result<ReportRecord, Refusal> {
    let unknown = || Refusal::not_found("report");
    if !is_id(report_id, "rpt_") {
        return Err(unknown());
    }
    let found = ports.reports.get(&caller.tenant, report_id).await?;
    found.filter(|report| report.deleted_at.is_none()).ok_or_else(unknown)
}

/// Cancels a report that runs, and shows it; deletes one that has ended.
async fn delete(report_id: &str, caller: &Caller, ports: &ReportPorts) -> Result<Answer, Refusal> {
    let report = find(report_id, caller, ports).await?;
    let book =
        BookPorts { reports: &*ports.reports, queue: &*ports.queue, clock: &*ports.clock, random: &*ports.random };
    match delete_report(&caller.tenant, &report, book).await? {
        Deleted::Cancelled(report) => Answer::json(200, &views::report(&report)),
        Deleted::Gone => Ok(Answer::empty(204)),
    }
}

async fn one(report_id: &str, request: &Request, caller: &Caller, ports: &ReportPorts) -> Result<Answer, Refusal> {
    let report = find(report_id, caller, ports).await?;
    let header = serde_json::to_string(&views::report(&report)).map_err(|e| Refusal::internal(e.to_string()))?;
    let (Some(key), Some(sha256)) = (&report.result_key, &report.result_sha256) else {
        let answer = Answer::json_bytes(200, header);
        let running = report.status == ReportStatus::Processing;
        return Ok(if running { answer.with_header("retry-after", "1") } else { answer });
    };
    let etag = format!("\"{VIEW_VERSION}-{sha256}\"");
    if request.header("if-none-match").is_some_and(|tags| matches_tag(tags, &etag)) {
        return Ok(Answer::empty(304).with_header("etag", etag).with_header("cache-control", CACHED));
    }
    let result = ports.objects.read(key).await?;
    let result = result.ok_or_else(|| Refusal::internal(format!("result {key} is missing")))?;
    let answer = Answer::json_bytes(200, joined(&header, &result)?);
    Ok(answer.with_header("etag", etag).with_header("cache-control", CACHED))
}

/// Raised when the header's form changes: the tag stands for all bytes of the answer.
const VIEW_VERSION: u32 = 3;
const CACHED: &str = "private, no-cache";

fn matches_tag(tags: &str, etag: &str) -> bool {
    tags.split(',').map(|tag| tag.trim().trim_start_matches("W/")).any(|tag| tag == "*" || tag == etag)
}

/// The header's and the result's fields in one object; both are ours and known to be objects.
fn joined(header: &str, result: &[u8]) -> Result<Vec<u8>, Refusal> {
    let (Some(head), Some(tail)) = (header.strip_suffix('}'), result.strip_prefix(b"{")) else {
        return Err(Refusal::internal("a stored result is not a JSON object"));
    };
    let comma: &[u8] = if tail == b"}" { b"" } else { b"," };
    Ok([head.as_bytes(), comma, tail].concat())
}

async fn list(request: &Request, caller: &Caller, ports: &ReportPorts) -> Result<Answer, Refusal> {
    only_known(request, &["limit", "cursor", "dataset_id", "report_type", "status"])?;
    let limit = limit(request)?;
    let filter = filter(request)?;
    let secrets = secrets(&caller.tenant, &*ports.deliveries, &*ports.random).await?;
    let context = format!("{} reports {}", caller.tenant, serde_json::json!(filter));
    let cursors = Cursors { secret: &secrets.cursor, context };
    let after = request.query("cursor").map(|cursor| cursors.decode(cursor)).transpose()?;
    let page = ports.reports.list(&caller.tenant, &filter, after.as_deref(), limit).await?;
    let data: Vec<_> = page.items.iter().map(views::report).collect();
    Answer::json(200, &List { data, next_cursor: page.next_after.map(|next| cursors.encode(&next)) })
}

fn filter(request: &Request) -> Result<ReportFilter, Refusal> {
    let one_of = |name: &str, values: &[&str]| match request.query(name) {
        Some(value) if !values.contains(&value) => {
            Err(Refusal::invalid(format!("/{name}"), format!("must be one of {}", values.join(", "))))
        }
        value => Ok(value.map(str::to_owned)),
    };
    Ok(ReportFilter {
        dataset_id: request.query("dataset_id").map(str::to_owned),
        report_type: one_of("report_type", &["MBA", "RFM"])?,
        status: one_of("status", &["Processing", "Completed", "Failed"])?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn header_and_result_become_one_object() {
        let check = |result: &[u8], expected: Option<&str>| {
            let bytes = joined(r#"{"a":1}"#, result).ok();
            assert_eq!(bytes.as_deref(), expected.map(str::as_bytes))
        };
        check(br#"{"b":2}"#, Some(r#"{"a":1,"b":2}"#));
        check(b"{}", Some(r#"{"a":1}"#));
        check(b"[]", None);
    }

    #[test]
    fn etags_match_as_http_says() {
        assert!(matches_tag(r#""x", W/"abc""#, r#""abc""#) && matches_tag("*", r#""abc""#));
        assert!(!matches_tag(r#""abcd""#, r#""abc""#));
    }
}
