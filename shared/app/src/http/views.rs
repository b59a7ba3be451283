//! Records as the contract shows them.

use crate::ports::{
    AttemptRecord, DatasetRecord, DeliveryRecord, DeliveryState, ImportRecord, ImportStatus, ReportRecord,
    StoredFailure,
};
use affinsy_core::time::Instant;
use serde::Serialize;

#[derive(Debug, Serialize)]
pub struct List<T> {
    pub data: Vec<T>,
    pub next_cursor: Option<String>,
}

#[derive(Debug, Serialize)]
pub struct AcceptedView<'a> {
    import_id: &'a str,
    dataset_id: &'a str,
    status: ImportStatus,
    orders: u64,
    line_items: u64,
    warnings: &'a [String],
    /// Where the plan's row cap is reached.
    #[serde(skip_serializing_if = "Option::is_none")]
    warning: Option<String>,
}

pub fn accepted(import: &ImportRecord, warning: Option<String>) -> AcceptedView<'_> {
    AcceptedView {
        import_id: &import.import_id,
        dataset_id: &import.dataset_id,
        status: import.status,
        orders: import.orders,
        line_items: import.line_items,
        warnings: &import.warnings,
        warning,
    }
}

#[derive(Debug, Serialize)]
pub struct ImportView<'a> {
    import_id: &'a str,
    dataset_id: &'a str,
    source: &'a str,
    status: ImportStatus,
    orders: u64,
    line_items: u64,
    /// Null where the push did not have to look.
    inserted: Option<u64>,
    updated: Option<u64>,
    rejected: u64,
    rejects_url: Option<String>,
    progress: Option<ProgressView<'a>>,
    warnings: &'a [String],
    created_at: Instant,
    completed_at: Option<Instant>,
    failure: Option<&'a StoredFailure>,
}

/// Of a file that is still worked on, what is counted so far.
pub fn import<'a>(
    import: &'a ImportRecord,
    rejects_url: Option<String>,
    progress: Option<ProgressView<'a>>,
) -> ImportView<'a> {
    let work = import.upload.as_ref().map(|upload| &upload.work);
    ImportView {
        import_id: &import.import_id,
        dataset_id: &import.dataset_id,
        source: &import.source,
        status: import.status,
        orders: work.map_or(import.orders, |work| work.orders),
        line_items: work.map_or(import.line_items, |work| work.line_items),
        inserted: import.inserted,
        updated: import.updated,
        rejected: work.map_or(import.rejected, |work| work.rejected),
        rejects_url,
        progress,
        warnings: &import.warnings,
        created_at: import.created_at,
        completed_at: import.completed_at,
        failure: import.failure.as_ref(),
    }
}

#[derive(Debug, Serialize)]
pub struct DatasetView<'a> {
    dataset_id: &'a str,
    orders: u64,
    line_items: u64,
    customers: u64,
    products: u64,
    guest_orders: u64,
    first_order_date: Option<Instant>,
    last_order_date: Option<Instant>,
    bytes: u64,
    pending_line_items: u64,
    counted_at: Option<Instant>,
    currency: Option<&'a str>,
    created_at: Instant,
    updated_at: Instant,
}

/// Counts are exact as of `counted_at`, and zero before the first count, when all lines are pending.
pub fn dataset(head: &DatasetRecord) -> DatasetView<'_> {
    let counts = head.counts.as_ref();
    DatasetView {
        dataset_id: &head.dataset_id,
        orders: counts.map_or(0, |counts| counts.orders),
        line_items: counts.map_or(0, |counts| counts.line_items),
        customers: counts.map_or(0, |counts| counts.customers),
        products: counts.map_or(0, |counts| counts.products),
        guest_orders: counts.map_or(0, |counts| counts.guest_orders),
        first_order_date: counts.and_then(|counts| counts.first_order_date),
        last_order_date: counts.and_then(|counts| counts.last_order_date),
        bytes: head.bytes,
        pending_line_items: head.rows_pushed.saturating_sub(counts.map_or(0, |counts| counts.rows_pushed)),
        counted_at: counts.map(|counts| counts.counted_at),
        currency: head.currency.as_deref(),
        created_at: head.created_at,
        updated_at: head.updated_at,
    }
}

/// A report's header; the result's own fields follow it.
#[derive(Debug, Serialize)]
pub struct ReportView<'a> {
    report_id: &'a str,
    report_type: &'a str,
    name: Option<&'a str>,
    dataset_id: &'a str,
    template: Option<&'a str>,
    status: &'a str,
    created_at: Instant,
    started_at: Option<Instant>,
    completed_at: Option<Instant>,
    duration_ms: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    progress: Option<ProgressView<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    failure: Option<&'a StoredFailure>,
    links: std::collections::BTreeMap<String, String>,
}

#[derive(Debug, Serialize)]
pub struct ProgressView<'a> {
    pub stage: &'a str,
    pub fraction: f64,
}

pub fn report(report: &ReportRecord) -> ReportView<'_> {
    let ran = report.started_at.zip(report.completed_at);
    let running = report.completed_at.is_none();
    ReportView {
        report_id: &report.report_id,
        report_type: report.report_type.name(),
        name: report.name.as_deref(),
        dataset_id: &report.dataset_id,
        template: report.template.as_deref(),
        status: report.status.name(),
        created_at: report.created_at,
        started_at: report.started_at,
        completed_at: report.completed_at,
        duration_ms: ran.map(|(started, completed)| completed.unix_ms() - started.unix_ms()),
        progress: running.then(|| ProgressView {
            stage: report.stage.as_deref().unwrap_or("queued"),
            fraction: f64::from(report.done_permille) / 1_000.0,
        }),
        failure: report.failure.as_ref(),
        links: links(report),
    }
}

fn links(report: &ReportRecord) -> std::collections::BTreeMap<String, String> {
    let own = format!("/api/v1/reports/{}", report.report_id);
    let parts = report.parts.iter().map(|part| (part.name.clone(), format!("{own}/{}", part.name)));
    let log = format!("/api/v1/webhooks/deliveries?report_id={}", report.report_id);
    let webhook = report.webhook_url.iter().map(|_| ("deliveries".to_owned(), log.clone()));
    let export = (!report.parts.is_empty()).then(|| ("export".to_owned(), format!("{own}/export")));
    std::iter::once(("self".to_owned(), own.clone())).chain(parts).chain(export).chain(webhook).collect()
}

#[derive(Debug, Serialize)]
pub struct DeliveryView<'a> {
    delivery_id: &'a str,
    event: &'a str,
    report_id: Option<&'a str>,
    import_id: Option<&'a str>,
    url: &'a str,
    state: DeliveryState,
    created_at: Instant,
    redelivered_at: Option<Instant>,
    next_attempt_at: Option<Instant>,
    attempts: Vec<AttemptView<'a>>,
}

#[derive(Debug, Serialize)]
pub struct AttemptView<'a> {
    at: Instant,
    duration_ms: u64,
    status: Option<u16>,
    error: Option<&'a str>,
    answer: Option<&'a str>,
}

pub fn delivery(delivery: &DeliveryRecord) -> DeliveryView<'_> {
    DeliveryView {
        delivery_id: &delivery.delivery_id,
        event: &delivery.event,
        report_id: delivery.report_id.as_deref(),
        import_id: delivery.import_id.as_deref(),
        url: &delivery.url,
        state: delivery.state,
        created_at: delivery.created_at,
        redelivered_at: delivery.redelivered_at,
        next_attempt_at: delivery.next_attempt_at,
        attempts: delivery.attempts.iter().map(attempt).collect(),
    }
}

pub fn attempt(attempt: &AttemptRecord) -> AttemptView<'_> {
    AttemptView {
        at: attempt.at,
        duration_ms: attempt.duration_ms,
        status: attempt.status,
        error: attempt.error.as_deref(),
        answer: attempt.answer.as_deref(),
    }
}
