//! `GET /reports/{id}/rules`, `/itemsets`, `/customers`: a report's long lists, page by page.

use super::cursor::{Cursors, limit, only_known};
use super::refusal::Kind;
use super::reports::{ReportPorts, find};
use super::view::View;
use super::views::List;
use super::{Answer, Caller, Refusal, Request};
use crate::dispatch_webhook::secrets;
use crate::ports::{Objects, ReportRecord, ReportStatus, StoredPart};
use serde_json::value::RawValue;

/// One page of a part, filtered and sorted as the query says.
pub async fn page(
    name: &'static str,
    report_id: &str,
    request: &Request,
    caller: &Caller,
    ports: &ReportPorts,
) -> Result<Answer, Refusal> {
    only_known(request, &["limit", "cursor", "sort", "product", "min_lift", "segment"])?;
    let limit = limit(request)?;
    let view = View::from_query(name, request)?;
    let report = find(report_id, caller, ports).await?;
    let part = part_of(name, &report)?;
    let secrets = secrets(&caller.tenant, &*ports.deliveries, &*ports.random).await?;
    let context = format!("{} {report_id} {name} {view:?}", caller.tenant);
    let cursors = Cursors { secret: &secrets.cursor, context };
    let start: u64 = match request.query("cursor") {
        Some(cursor) => cursors.decode(cursor)?.parse().map_err(|_| Refusal::internal("cursor position"))?,
        None => 0,
    };
    let (data, next) = match view.is_whole_part() {
        true => in_order(part, start, limit, &*ports.objects).await?,
        false => chosen(&view, part, start, limit, &*ports.objects).await?,
    };
    Answer::json(200, &List { data, next_cursor: next.map(|next| cursors.encode(&next.to_string())) })
}

/// Rows, and the position after the last of them where there are more.
type Rows = (Vec<Box<RawValue>>, Option<u64>);

/// How much of a part is read at once, many times a usual page.
const STEP_BYTES: u64 = 256 << 10;
/// The largest part that is filtered or sorted: it stands in memory meanwhile.
const MAX_SCAN_BYTES: u64 = 192 << 20;

/// The next rows as they stand in the part; a position is an offset in bytes, so that page after page costs the same.
async fn in_order(part: &StoredPart, start: u64, limit: usize, objects: &dyn Objects) -> Result<Rows, Refusal> {
    let mut bytes = Vec::new();
    let mut ends: Vec<usize> = Vec::new();
    while ends.len() < limit && start + (bytes.len() as u64) < part.bytes {
        let from = start + bytes.len() as u64;
        let read = objects.read_range(&part.key, from, STEP_BYTES).await?;
        let read = read.filter(|read| !read.is_empty()).ok_or_else(|| missing(part))?;
        let newlines = read.iter().enumerate().filter(|(_, byte)| **byte == b'\n');
        ends.extend(newlines.map(|(at, _)| bytes.len() + at + 1));
        bytes.extend_from_slice(&read);
    }
    if ends.len() < limit && ends.last() != Some(&bytes.len()) && !bytes.is_empty() {
        ends.push(bytes.len());
    }
    ends.truncate(limit);
    let starts = std::iter::once(0).chain(ends.iter().copied());
    let rows = starts.zip(&ends).map(|(from, to)| row(&bytes[from..*to])).collect::<Result<Vec<_>, _>>()?;
    let next = start + ends.last().map_or(0, |end| *end as u64);
    Ok((rows, (next < part.bytes).then_some(next)))
}

/// The next rows of those that a filter admits, in the order asked for; a position counts them.
async fn chosen(
    view: &View,
    part: &StoredPart,
    start: u64,
    limit: usize,
    objects: &dyn Objects,
) -> Result<Rows, Refusal> {
    if part.bytes > MAX_SCAN_BYTES {
        let message = format!(
            "These {} {} are too many to filter or sort here; read them page by page as they are, or ask for a report \
             with a greater min_support.",
            part.rows, part.name
        );
        return Err(Refusal::new(Kind::Invalid, "part_too_large", message));
    }
    let bytes = objects.read(&part.key).await?.ok_or_else(|| missing(part))?;
    let lines = view.choose(&bytes)?;
    let start = usize::try_from(start).unwrap_or(usize::MAX).min(lines.len());
    let end = (start + limit).min(lines.len());
    let rows = lines[start..end].iter().map(|line| row(line)).collect::<Result<Vec<_>, _>>()?;
    Ok((rows, (end < lines.len()).then_some(end as u64)))
}

fn missing(part: &StoredPart) -> Refusal {
    Refusal::internal(format!("part {} is missing or cut off", part.key))
}

fn row(line: &[u8]) -> Result<Box<RawValue>, Refusal> {
    serde_json::from_slice(line).map_err(|error| Refusal::internal(format!("a stored part is not JSON: {error}")))
}

fn part_of<'a>(name: &str, report: &'a ReportRecord) -> Result<&'a StoredPart, Refusal> {
    if report.status == ReportStatus::Processing {
        return Err(processing());
    }
    report.parts.iter().find(|part| part.name == name).ok_or_else(|| no_such_part(name, report))
}

/// The report has no lists yet.
pub(super) fn processing() -> Refusal {
    let message = "The report is still running; ask again when it has ended.";
    let mut refusal = Refusal::new(Kind::Conflict, "report_processing", message);
    refusal.extra.retry_after_s = Some(1);
    refusal
}

pub(super) fn no_such_part(name: &str, report: &ReportRecord) -> Refusal {
    let (report_type, status) = (report.report_type.name(), report.status.name());
    let message = format!("This report has no {name}: it is a {report_type} report and {status}.");
    Refusal::new(Kind::NotFound, "no_such_part", message)
}
