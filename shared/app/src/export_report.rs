//! A list of a finished report as a file, behind a link of a few minutes. A file is made when it is first asked for and
//! kept beside the result; its name holds what it was made from, so that one made from a result that was written again
//! since is never given out.

use crate::ports::{FileName, Links, Objects, PortError, PortResult, Put, ReportRecord, StoredPart};
use affinsy_core::ids::{Tenant, name_hash};
use affinsy_core::report::ReportType;
use affinsy_core::report::export::{ExportFormat, ExportPart, ExportProblem, Exporter, rows_of};
use sha2::{Digest, Sha256};

/// How long a link holds.
pub const LINK_S: u32 = 900;
/// The largest list that is written in another form: a request has half a minute, and the file stands in memory.
pub const MOST_BYTES: u64 = 256 << 20;
/// How much of a list is read at a time.
const STEP_BYTES: u64 = 8 << 20;

/// What exporting needs of the world.
#[derive(Clone, Copy)]
pub struct ExportPorts<'a> {
    pub objects: &'a dyn Objects,
    pub links: &'a dyn Links,
}

impl std::fmt::Debug for ExportPorts<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ExportPorts")
    }
}

#[derive(Debug)]
pub enum ExportRefused {
    /// A report of this type, or one that failed, has no such list.
    NoSuchPart,
    /// It can be had as newline-delimited JSON alone.
    TooLarge {
        rows: u64,
    },
    Port(PortError),
}

impl From<PortError> for ExportRefused {
    fn from(error: PortError) -> Self {
        Self::Port(error)
    }
}

/// Where a list comes from.
enum Source<'r> {
    Part(&'r StoredPart),
    /// A field of the result.
    Result(&'r str),
}

impl Source<'_> {
    fn key(&self) -> &str {
        match self {
            Self::Part(part) => &part.key,
            Self::Result(key) => key,
        }
    }
}

/// Where a list of an ended report can be downloaded, in a form.
pub async fn export(
    tenant: &Tenant,
    report: &ReportRecord,
    part: ExportPart,
    format: ExportFormat,
    ports: ExportPorts<'_>,
) -> Result<String, ExportRefused> {
    let source = source(report, part).ok_or(ExportRefused::NoSuchPart)?;
    let key = match &source {
        // It is stored in this form.
        Source::Part(part) if format == ExportFormat::Ndjson => part.key.clone(),
        Source::Part(part) if part.bytes > MOST_BYTES => return Err(ExportRefused::TooLarge { rows: part.rows }),
        source => {
            let key =
                format!("{}{}.{}", made_from(tenant, &report.report_id, source.key()), part.name(), format.name());
            // One byte tells whether it was made before.
            if ports.objects.read_range(&key, 0, 1).await?.is_none() {
                let file = written(source, part, format, ports.objects).await?;
                match ports.objects.create(&key, file.into()).await? {
                    // Made at the same time by somebody else, from the same bytes.
                    Put::Created | Put::AlreadyThere => {}
                }
            }
            key
        }
    };
    let name = format!("{}-{}.{}", part.name(), report.report_id, format.name());
    let file = FileName { name: &name, media_type: format.media_type() };
    Ok(ports.links.get(&key, file, LINK_S).await?)
}

fn source(report: &ReportRecord, part: ExportPart) -> Option<Source<'_>> {
    if part == ExportPart::Segments {
        let key = report.result_key.as_deref().filter(|_| report.report_type == ReportType::Rfm);
        return key.map(Source::Result);
    }
    report.parts.iter().find(|stored| stored.name == part.name()).map(Source::Part)
}

async fn written(
    source: &Source<'_>,
    part: ExportPart,
    format: ExportFormat,
    objects: &dyn Objects,
) -> PortResult<Vec<u8>> {
    let mut exporter = Exporter::new(part, format);
    match source {
        Source::Result(key) => {
            let result = objects.read(key).await?.ok_or_else(|| missing(key))?;
            let rows = rows_of(part, &result).map_err(|problem| damaged(key, &problem))?;
            exporter.add(&rows).map_err(|problem| damaged(key, &problem))?;
        }
        Source::Part(stored) => {
            let key = &stored.key;
            // What is left of a row whose end comes with the next piece.
            let (mut at, mut rest) = (0, Vec::new());
            while at < stored.bytes {
                let read = objects.read_range(key, at, STEP_BYTES).await?;
                let read = read.filter(|read| !read.is_empty()).ok_or_else(|| missing(key))?;
                at += read.len() as u64;
                rest.extend_from_slice(&read);
                let whole = rest.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
                exporter.add(&rest[..whole]).map_err(|problem| damaged(key, &problem))?;
                rest.drain(..whole);
            }
            exporter.add(&rest).map_err(|problem| damaged(key, &problem))?;
        }
    }
    Ok(exporter.finish())
}

fn missing(key: &str) -> PortError {
    PortError::Damaged(format!("{key} is missing or cut off"))
}

fn damaged(key: &str, problem: &ExportProblem) -> PortError {
    PortError::Damaged(format!("{key} is not what a worker writes: {problem}"))
}

/// What the keys of all files begin with that were made from this object.
fn made_from(tenant: &Tenant, report_id: &str, source: &str) -> String {
    let hash: String = Sha256::digest(source).iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    format!("results/{}/{report_id}/export-{hash}-", name_hash(tenant.as_str()))
}

/// Whether a key is that of a file made from what the report's record names.
pub fn is_export_of(tenant: &Tenant, report: &ReportRecord, key: &str) -> bool {
    let parts = report.parts.iter().map(|part| &part.key);
    let mut sources = report.result_key.iter().chain(parts);
    sources.any(|source| key.starts_with(&made_from(tenant, &report.report_id, source)))
}
