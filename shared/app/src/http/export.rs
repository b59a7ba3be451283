//! `GET /reports/{id}/export`: a list of a report as a file.

use super::cursor::only_known;
use super::parts::{no_such_part, processing};
use super::refusal::Kind;
use super::reports::{ReportPorts, find};
use super::{Answer, Caller, Refusal, Request};
use crate::export_report::{ExportPorts, ExportRefused, MOST_BYTES, export};
use crate::ports::ReportStatus;
use affinsy_core::report::ReportType;
use affinsy_core::report::export::{ExportFormat, ExportPart};

pub async fn link(report_id: &str, request: &Request, caller: &Caller, ports: &ReportPorts) -> Result<Answer, Refusal> {
    only_known(request, &["format", "part"])?;
    let format = named(request, "format", ExportFormat::ALL.map(|format| (format.name(), format)))?;
    let part = named(request, "part", ExportPart::ALL.map(|part| (part.name(), part)))?;
    let report = find(report_id, caller, ports).await?;
    if report.status == ReportStatus::Processing {
        return Err(processing());
    }
    let part = part.unwrap_or(match report.report_type {
        ReportType::Mba => ExportPart::Rules,
        ReportType::Rfm => ExportPart::Customers,
    });
    let needs = ExportPorts { objects: &*ports.objects, links: &*ports.links };
    let format = format.unwrap_or(ExportFormat::Csv);
    let link = export(&caller.tenant, &report, part, format, needs).await.map_err(|refused| match refused {
        ExportRefused::NoSuchPart => no_such_part(part.name(), &report),
        ExportRefused::TooLarge { rows } => {
            let message = format!(
                "These {rows} {} take more than {} MiB: take them as format=ndjson, as they are stored.",
                part.name(),
                MOST_BYTES >> 20
            );
            Refusal::new(Kind::Invalid, "part_too_large", message)
        }
        ExportRefused::Port(error) => error.into(),
    })?;
    // Whoever has the link has the file: it is for the caller alone.
    Ok(Answer::empty(302).with_header("location", link).with_header("cache-control", "private, no-store"))
}

/// The value of a query parameter that has one of these names.
pub(super) fn named<T: Copy, const N: usize>(
    request: &Request,
    parameter: &str,
    known: [(&'static str, T); N],
) -> Result<Option<T>, Refusal> {
    let Some(text) = request.query(parameter) else { return Ok(None) };
    match known.iter().find(|(name, _)| *name == text) {
        Some((_, value)) => Ok(Some(*value)),
        None => {
            let names = known.map(|(name, _)| name).join(", ");
            Err(Refusal::invalid(format!("/{parameter}"), format!("must be one of {names}")))
        }
    }
}
