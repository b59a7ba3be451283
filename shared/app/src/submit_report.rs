//! Taking a report's order: everything the caller can mend is refused here, not later.

use crate::endpoint_health;
use crate::ports::{
    Clock, DatasetRecord, Endpoints, Job, OrderLog, PortError, Queue, Random, ReportBook, ReportRecord, ReportStatus,
};
use affinsy_core::ids::Tenant;
use affinsy_core::problem::{BodyProblem, FieldProblem};
use affinsy_core::report::spec::ReportSpec;
use affinsy_core::time::Instant;
use affinsy_core::webhook::url::{self, UrlPolicy};

#[derive(Clone, Copy)]
pub struct SubmitPorts<'a> {
    pub log: &'a dyn OrderLog,
    pub reports: &'a dyn ReportBook,
    pub endpoints: &'a dyn Endpoints,
    pub queue: &'a dyn Queue,
    pub clock: &'a dyn Clock,
    pub random: &'a dyn Random,
    pub url_policy: UrlPolicy,
}

impl std::fmt::Debug for SubmitPorts<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SubmitPorts")
    }
}

#[derive(Debug, thiserror::Error)]
pub enum SubmitRefused {
    #[error(transparent)]
    Body(#[from] BodyProblem),
    #[error("unknown dataset {0:?}")]
    UnknownDataset(String),
    #[error(transparent)]
    Port(#[from] PortError),
}

/// The most bytes of a submission: it is kept in the report's record, which holds 400 KB.
pub const MAX_REQUEST_BYTES: usize = 128 << 10;
/// When the sweeper looks for a report that no worker took.
const UNTAKEN_AFTER_MS: i64 = 60_000;

/// Stores a report as *Processing* and sends it to a worker. A lost message is sent again by the sweeper.
pub async fn submit_report(
    tenant: &Tenant,
    body: &[u8],
    ports: SubmitPorts<'_>,
) -> Result<(ReportRecord, Vec<String>), SubmitRefused> {
    let report_id = ports.random.id("rpt_", ports.clock.now());
    submit_as(&report_id, tenant, body, ports).await
}

/// [`submit_report`] under an id that was drawn before; a report that has it already stays as it is.
pub async fn submit_as(
    report_id: &str,
    tenant: &Tenant,
    body: &[u8],
    ports: SubmitPorts<'_>,
) -> Result<(ReportRecord, Vec<String>), SubmitRefused> {
    let spec = ReportSpec::parse(body)?;
    check_webhook_url(&spec, "/webhook_url", ports.url_policy)?;
    let Some(head) = ports.log.head(tenant, &spec.dataset_id).await? else {
        return Err(SubmitRefused::UnknownDataset(spec.dataset_id));
    };
    let disabled = endpoint_health::warning(tenant, spec.webhook_url.as_deref(), ports.endpoints).await?;
    let warnings = spec.warnings.iter().cloned().chain(disabled).collect();
    let request = String::from_utf8_lossy(body).into_owned();
    let report = new_record(report_id, &spec, request, &head, ports.clock.now());
    ports.reports.submit(tenant, &report, report.created_at.plus_ms(UNTAKEN_AFTER_MS)).await?;
    tracing::info!(report.id = report.report_id, snapshot = report.sequence, "report submitted");
    let job = Job::Report { tenant: tenant.clone(), report_id: report.report_id.clone() };
    if let Err(error) = ports.queue.send(&job, 0).await {
        tracing::warn!(report.id = report.report_id, error = %error, "report not queued; the sweeper will");
    }
    Ok((report, warnings))
}

/// `pointer` says where the URL stands in the caller's body.
pub fn check_webhook_url(spec: &ReportSpec, pointer: &str, policy: UrlPolicy) -> Result<(), BodyProblem> {
    let Some(webhook_url) = &spec.webhook_url else { return Ok(()) };
    url::check(webhook_url, policy).map(|_| ()).map_err(|detail| FieldProblem::new(pointer, detail).into())
}

fn new_record(report_id: &str, spec: &ReportSpec, request: String, head: &DatasetRecord, now: Instant) -> ReportRecord {
    ReportRecord {
        report_id: report_id.to_owned(),
        report_type: spec.report_type,
        dataset_id: spec.dataset_id.clone(),
        template: spec.template.map(|template| template.id().to_owned()),
        name: spec.name.clone(),
        webhook_url: spec.webhook_url.clone(),
        request,
        // The snapshot: all that is acknowledged now.
        incarnation: head.incarnation.clone(),
        sequence: head.sequence,
        currency: head.currency.clone(),
        status: ReportStatus::Processing,
        created_at: now,
        started_at: None,
        completed_at: None,
        claims: 0,
        expired_leases: 0,
        lease_until: None,
        stage: None,
        done_permille: 0,
        result_key: None,
        result_sha256: None,
        parts: Vec::new(),
        failure: None,
        deleted_at: None,
    }
}
