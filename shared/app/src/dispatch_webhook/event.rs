//! From the outbox to a delivery: what a report or an import that ended has to tell, in bytes that stay.

use super::DispatchPorts;
use crate::ports::{
    DeliveryBook, DeliveryRecord, DeliveryState, Due, DueKind, Earlier, ImportRecord, ImportStatus, PortResult,
    ReportRecord, ReportStatus,
};
use affinsy_core::ids::Tenant;
use affinsy_core::time::Instant;
use affinsy_core::webhook::body::{Ending, import_body, report_body};

const REPORT_PREFIX: &str = "rpt_";
const IMPORT_PREFIX: &str = "imp_";
const DELIVERY_PREFIX: &str = "msg_";

/// The delivery of a report's or an import's event. One follows from the other, so that a message sent twice, or made
/// again by the sweeper, never makes a second event.
pub fn delivery_id(source_id: &str) -> String {
    let bare = source_id.trim_start_matches(REPORT_PREFIX).trim_start_matches(IMPORT_PREFIX);
    format!("{DELIVERY_PREFIX}{bare}")
}

/// Makes the delivery of what ended; `None` when there is nothing of this name, or it has no URL.
pub async fn open(tenant: &Tenant, delivery_id: &str, ports: &DispatchPorts) -> PortResult<Option<DeliveryRecord>> {
    let bare = delivery_id.trim_start_matches(DELIVERY_PREFIX);
    let (report_id, import_id) = (format!("{REPORT_PREFIX}{bare}"), format!("{IMPORT_PREFIX}{bare}"));
    if let Some(report) = ports.reports.get(tenant, &report_id).await? {
        return store(tenant, of_report(&report), DueKind::Report, report_id, ports).await;
    }
    let Some(import) = ports.log.import(tenant, &import_id).await? else { return Ok(None) };
    store(tenant, of_import(&import), DueKind::Import, import_id, ports).await
}

/// The delivery as it is stored: another dispatcher may have been first.
async fn store(
    tenant: &Tenant,
    delivery: Option<DeliveryRecord>,
    kind: DueKind,
    id: String,
    ports: &DispatchPorts,
) -> PortResult<Option<DeliveryRecord>> {
    let Some(delivery) = delivery else { return Ok(None) };
    let outbox = Due { kind, tenant: tenant.clone(), id };
    ports.deliveries.open(tenant, &delivery, Some(&outbox)).await?;
    DeliveryBook::get(&*ports.deliveries, tenant, &delivery.delivery_id).await
}

fn of_report(report: &ReportRecord) -> Option<DeliveryRecord> {
    let ending = match report.status {
        ReportStatus::Processing => return None,
        ReportStatus::Completed => Ending::Completed,
        ReportStatus::Failed => Ending::Failed,
    };
    let ended_at = report.completed_at?;
    let body = report_body(ending, &report.report_id, report.report_type, ended_at);
    let delivery = delivery(&report.report_id, ending.of_report(), report.webhook_url.clone()?, body, ended_at);
    Some(DeliveryRecord { report_id: Some(report.report_id.clone()), ..delivery })
}

fn of_import(import: &ImportRecord) -> Option<DeliveryRecord> {
    let ending = match import.status {
        ImportStatus::Processing => return None,
        ImportStatus::Completed => Ending::Completed,
        ImportStatus::Failed => Ending::Failed,
    };
    let ended_at = import.completed_at?;
    let body = import_body(ending, &import.import_id, &import.dataset_id, ended_at);
    let delivery = delivery(&import.import_id, ending.of_import(), import.webhook_url.clone()?, body, ended_at);
    Some(DeliveryRecord { import_id: Some(import.import_id.clone()), ..delivery })
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
