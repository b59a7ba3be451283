//! `POST /data/uploads`, and imports as they are shown: how far a file is, and where its rejected rows can be read.

use super::body;
use super::data::DataPorts;
use super::views::{self, ImportView, ProgressView};
use super::{Answer, Caller, Refusal, Request};
use crate::import_upload::{
    MAX_FILE_BYTES, MAX_REQUEST_BYTES, OpenPorts, OpenRefused, Opened, REJECTS_LINK_S, open_upload,
};
use crate::ports::{FileName, ImportRecord, ImportStatus, Links, PortResult, UploadRecord};
use affinsy_core::report::export::ExportFormat;
use affinsy_core::time::Instant;
use serde::Serialize;
use std::collections::BTreeMap;

#[derive(Debug, Serialize)]
struct OpenedView<'a> {
    import_id: &'a str,
    dataset_id: &'a str,
    status: ImportStatus,
    upload: TargetView<'a>,
    warnings: &'a [String],
}

/// One HTTP request that the caller has to make.
#[derive(Debug, Serialize)]
struct TargetView<'a> {
    method: &'static str,
    url: &'a str,
    headers: BTreeMap<&'a str, &'a str>,
    expires_at: Instant,
    max_bytes: u64,
}

pub async fn open(request: &Request, caller: &Caller, ports: &DataPorts) -> Result<Answer, Refusal> {
    let bytes = body::json_bytes(request, MAX_REQUEST_BYTES)?;
    let open_ports = OpenPorts {
        uploads: &*ports.uploads,
        endpoints: &*ports.endpoints,
        links: &*ports.links,
        clock: &*ports.clock,
        random: &*ports.random,
        url_policy: ports.url_policy,
    };
    let opened = open_upload(&caller.tenant, &bytes, caller.max_rows, open_ports).await.map_err(refused)?;
    Answer::json(201, &view(&opened))
}

fn refused(refused: OpenRefused) -> Refusal {
    match refused {
        OpenRefused::Body(problem) => problem.into(),
        OpenRefused::Port(error) => error.into(),
    }
}

fn view(opened: &Opened) -> OpenedView<'_> {
    OpenedView {
        import_id: &opened.import.import_id,
        dataset_id: &opened.import.dataset_id,
        status: opened.import.status,
        upload: TargetView {
            method: "PUT",
            url: &opened.link.url,
            headers: opened.link.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect(),
            expires_at: opened.expires_at,
            max_bytes: MAX_FILE_BYTES,
        },
        warnings: &opened.warnings,
    }
}

/// An import with what its links need.
pub async fn shown<'a>(import: &'a ImportRecord, links: &dyn Links) -> PortResult<ImportView<'a>> {
    let name = format!("rejects-{}.csv", import.import_id);
    let file = FileName { name: &name, media_type: ExportFormat::Csv.media_type() };
    let rejects_url = match &import.rejects_key {
        Some(key) if import.status != ImportStatus::Processing => Some(links.get(key, file, REJECTS_LINK_S).await?),
        _ => None,
    };
    Ok(views::import(import, rejects_url, import.upload.as_deref().map(progress)))
}

/// What each stage takes of the whole, roughly: nobody can know better before it is over.
const SURVEYED: f64 = 0.2;
const READ: f64 = 0.7;

fn progress(upload: &UploadRecord) -> ProgressView<'_> {
    let share = |done: u64, all: u64| if all == 0 { 0.0 } else { done.min(all) as f64 / all as f64 };
    let work = &upload.work;
    let (stage, fraction) = match &work.survey {
        None if upload.bytes.is_none() => ("waiting_for_file", 0.0),
        None => ("surveying", 0.0),
        Some(survey) if !work.is_read => {
            ("reading", SURVEYED + (READ - SURVEYED) * share(work.read_bytes, survey.unpacked_bytes))
        }
        Some(survey) => ("storing", READ + (1.0 - READ) * share(work.next_partition.into(), survey.partitions.into())),
    };
    ProgressView { stage, fraction: (fraction * 1_000.0).round() / 1_000.0 }
}
