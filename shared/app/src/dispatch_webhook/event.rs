//! What a report or an import that ended has to tell, on the bus and to its webhook, in bytes that stay.

use super::DispatchPorts;
use crate::ports::{
    BusEvent, DeliveryRecord, DeliveryState, Due, DueKind, Earlier, ImportRecord, ImportStatus, Job, PortResult,
    ReportRecord, ReportStatus,
};
use affinsy_core::ids::Tenant;
use affinsy_core::time::Instant;
use affinsy_core::webhook::body::{Ending, bus_detail, import_body, report_body};

const REPORT_PREFIX: &str = "rpt_";
const IMPORT_PREFIX: &str = "imp_";
const DELIVERY_PREFIX: &str = "msg_";
const EVENT_PREFIX: &str = "evt_";

/// The delivery of a report's or an import's event. One follows from the other, so that a message sent twice, or made
/// again by the sweeper, never makes a second event.
pub fn delivery_id(source_id: &str) -> String {
    format!("{DELIVERY_PREFIX}{}", bare(source_id))
}

/// Whether an id is that of an event, which [`event_job`] asks to tell, and not of a delivery.
pub(super) fn is_event(id: &str) -> bool {
    id.starts_with(EVENT_PREFIX)
}

/// The work of telling that a report or an import ended.
pub fn event_job(tenant: &Tenant, source_id: &str) -> Job {
    Job::Delivery { tenant: tenant.clone(), delivery_id: format!("{EVENT_PREFIX}{}", bare(source_id)) }
}

fn bare(id: &str) -> &str {
    [REPORT_PREFIX, IMPORT_PREFIX, DELIVERY_PREFIX, EVENT_PREFIX]
        .iter()
        .find_map(|prefix| id.strip_prefix(prefix))
        .unwrap_or(id)
}

/// What a report or an import that ended has to tell.
pub(super) struct Ended {
    /// Its record, which is due until everybody was told.
    pub outbox: Due,
    pub at: Instant,
    pub event: BusEvent,
    /// Where it has a webhook's URL.
    pub delivery: Option<DeliveryRecord>,
}

/// What is told by an event's or a delivery's id; `None` when there is nothing of this name that has ended.
pub(super) async fn ended(tenant: &Tenant, id: &str, ports: &DispatchPorts) -> PortResult<Option<Ended>> {
    let bare = bare(id);
    let (report_id, import_id) = (format!("{REPORT_PREFIX}{bare}"), format!("{IMPORT_PREFIX}{bare}"));
    if let Some(report) = ports.reports.get(tenant, &report_id).await? {
        return Ok(of_report(tenant, &report));
    }
    let import = ports.log.import(tenant, &import_id).await?;
    Ok(import.and_then(|import| of_import(tenant, &import)))
}

fn bus_event(
    name: &'static str,
    tenant: &Tenant,
    dataset_id: Option<&str>,
    source: (&str, &str),
    at: Instant,
) -> BusEvent {
    let (source_id, body) = source;
    let id = format!("{EVENT_PREFIX}{}", bare(source_id));
    BusEvent { name, detail: bus_detail(&id, tenant.as_str(), dataset_id, body), at }
}

fn of_report(tenant: &Tenant, report: &ReportRecord) -> Option<Ended> {
    let ending = match report.status {
        ReportStatus::Processing => return None,
        ReportStatus::Completed => Ending::Completed,
        ReportStatus::Failed => Ending::Failed,
    };
    let (id, name, at) = (&*report.report_id, ending.of_report(), report.completed_at?);
    let body = report_body(ending, id, report.report_type, at);
    let event = bus_event(name, tenant, Some(&report.dataset_id), (id, &body), at);
    let delivery = report
        .webhook_url
        .clone()
        .map(|url| DeliveryRecord { report_id: Some(id.to_owned()), ..delivery(id, name, url, body, at) });
    let outbox = Due { kind: DueKind::Report, tenant: tenant.clone(), id: id.to_owned() };
    Some(Ended { outbox, at, event, delivery })
}

fn of_import(tenant: &Tenant, import: &ImportRecord) -> Option<Ended> {
    let ending = match import.status {
        ImportStatus::Processing => return None,
        ImportStatus::Completed => Ending::Completed,
        ImportStatus::Failed => Ending::Failed,
    };
    let (id, name, at) = (&*import.import_id, ending.of_import(), import.outbox_due_at()?);
    let body = import_body(ending, id, &import.dataset_id, at);
    let event = bus_event(name, tenant, None, (id, &body), at);
    let delivery = import
        .webhook_url
        .clone()
        .map(|url| DeliveryRecord { import_id: Some(id.to_owned()), ..delivery(id, name, url, body, at) });
    let outbox = Due { kind: DueKind::Import, tenant: tenant.clone(), id: id.to_owned() };
    Some(Ended { outbox, at, event, delivery })
}

/// A new delivery, due at once.
pub fn delivery(source_id: &str, event: &str, url: String, body: String, at: Instant) -> DeliveryRecord {
    DeliveryRecord {
        delivery_id: delivery_id(source_id),
        event: event.to_owned(),
        report_id: None,
        import_id: None,
        url,
        body,
        state: DeliveryState::Pending,
        created_at: at,
        next_attempt_at: Some(at),
        lease_until: None,
        claims: 0,
        attempts: Vec::new(),
        redelivered_at: None,
        earlier: Earlier::default(),
    }
}
