//! The report that a basket analysis is held against: the newest completed one of the same dataset that asked the same
//! before. A comparison is worth having and no more: what cannot be read is as if it was not there, and only a port
//! that is not available now puts the report off.

use super::RunPorts;
use crate::ports::{PortError, PortResult, ReportFilter, ReportRecord, ReportStatus};
use affinsy_core::ids::Tenant;
use affinsy_core::report::ReportType;
use affinsy_core::report::mba::{MAX_PREVIOUS_BYTES, PreviousReport};
use affinsy_core::report::spec::ReportSpec;
use std::time::Duration;

/// So many pages of the newest reports are looked through.
const PAGES: usize = 3;
const PAGE: usize = 100;

/// The longest that a report looks for it.
const PATIENCE: Duration = Duration::from_secs(20);

/// The report to compare with, if there is one and it is found in time.
pub async fn find(
    tenant: &Tenant,
    report: &ReportRecord,
    spec: &ReportSpec,
    ports: &RunPorts,
) -> PortResult<Option<PreviousReport>> {
    tokio::select! {
        biased;
        found = search(tenant, report, spec, ports) => found,
        () = ports.clock.sleep(PATIENCE) => {
            tracing::warn!(report.id = report.report_id, "no earlier report found in time; nothing is compared");
            Ok(None)
        }
    }
}

async fn search(
    tenant: &Tenant,
    report: &ReportRecord,
    spec: &ReportSpec,
    ports: &RunPorts,
) -> PortResult<Option<PreviousReport>> {
    if spec.report_type != ReportType::Mba {
        return Ok(None);
    }
    let filter = ReportFilter {
        dataset_id: Some(report.dataset_id.clone()),
        report_type: Some(ReportType::Mba.name().to_owned()),
        status: Some(ReportStatus::Completed.name().to_owned()),
    };
    let mut after = None;
    for _ in 0..PAGES {
        let page = ports.reports.list(tenant, &filter, after.as_deref(), PAGE).await?;
        let candidates = page.items.iter().filter(|earlier| is_before(earlier, report, spec));
        for earlier in candidates {
            if let Some(previous) = readable(read(earlier, ports).await)?.flatten() {
                return Ok(Some(previous));
            }
        }
        after = page.next_after;
        if after.is_none() {
            break;
        }
    }
    Ok(None)
}

/// Submitted earlier, over the same incarnation of the dataset, with the same question.
fn is_before(earlier: &ReportRecord, report: &ReportRecord, spec: &ReportSpec) -> bool {
    earlier.report_id != report.report_id
        && earlier.created_at <= report.created_at
        && earlier.incarnation == report.incarnation
        && earlier.sequence <= report.sequence
        && ReportSpec::parse(earlier.request.as_bytes()).is_ok_and(|earlier| spec.follows(&earlier))
}

async fn read(earlier: &ReportRecord, ports: &RunPorts) -> PortResult<Option<PreviousReport>> {
    let rules = earlier.parts.iter().find(|part| part.name == "rules" && part.bytes <= MAX_PREVIOUS_BYTES);
    let (Some(result_key), Some(completed_at), Some(rules)) = (&earlier.result_key, earlier.completed_at, rules) else {
        return Ok(None);
    };
    // One that is larger is cut, and so is none.
    let result = ports.objects.read_range(result_key, 0, MAX_PREVIOUS_BYTES).await?;
    let Some(result) = result else { return Ok(None) };
    let Some(rules) = ports.objects.read(&rules.key).await? else { return Ok(None) };
    let (id, at) = (earlier.report_id.clone(), completed_at.to_rfc3339());
    // Megabytes of JSON: off the threads that serve sockets.
    let parse = tokio::task::spawn_blocking(move || PreviousReport::read(&id, &at, &result, &rules));
    parse.await.map_err(|error| PortError::Damaged(format!("computation: {error}")))
}

fn readable<T>(read: PortResult<T>) -> PortResult<Option<T>> {
    match read {
        Ok(read) => Ok(Some(read)),
        Err(PortError::Damaged(_)) => Ok(None),
        Err(error) => Err(error),
    }
}
