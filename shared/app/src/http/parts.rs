//! `GET /reports/{id}/rules`, `/itemsets`, `/customers`: a report's long lists, page by page.

use super::cursor::{Cursors, limit, only_known};
use super::refusal::Kind;
use super::reports::{ReportPorts, find};
use super::views::List;
use super::{Answer, Caller, Refusal, Request};
use crate::dispatch_webhook::secrets;
use crate::ports::{ReportRecord, ReportStatus};
use serde_json::Value;
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
    let part = part_key(name, &report)?;
    let secrets = secrets(&caller.tenant, &*ports.deliveries, &*ports.random).await?;
    let context = format!("{} {report_id} {name} {view:?}", caller.tenant);
    let cursors = Cursors { secret: &secrets.cursor, context };
    let start: usize = match request.query("cursor") {
        Some(cursor) => cursors.decode(cursor)?.parse().map_err(|_| Refusal::internal("cursor position"))?,
        None => 0,
    };
    let bytes = ports.objects.read(part).await?;
    let bytes = bytes.ok_or_else(|| Refusal::internal(format!("part {part} is missing")))?;
    let rows = view.rows(&bytes)?;
    let end = (start + limit).min(rows.len());
    let data = rows.get(start..end).unwrap_or_default().to_vec();
    let next_cursor = (end < rows.len()).then(|| cursors.encode(&end.to_string()));
    Answer::json(200, &List { data, next_cursor })
}

fn part_key<'a>(name: &str, report: &'a ReportRecord) -> Result<&'a str, Refusal> {
    if report.status == ReportStatus::Processing {
        let mut refusal = Refusal::new(
            Kind::Conflict,
            "report_processing",
            "The report is still running; ask again when it has ended.",
        );
        refusal.extra.retry_after_s = Some(1);
        return Err(refusal);
    }
    let part = report.parts.iter().find(|part| part.name == name);
    part.map(|part| part.key.as_str()).ok_or_else(|| {
        let message = format!(
            "This report has no {name}: it is a {} report and {}.",
            report.report_type.name(),
            report.status.name()
        );
        Refusal::new(Kind::NotFound, "no_such_part", message)
    })
}

/// Which rows, in which order. Its `Debug` form binds a cursor to it.
#[derive(Debug, Default)]
struct View {
    product: Option<String>,
    min_lift: Option<f64>,
    segment: Option<String>,
    sort: Option<Sort>,
}

#[derive(Debug)]
struct Sort {
    field: String,
    descending: bool,
}

impl View {
    fn from_query(name: &str, request: &Request) -> Result<Self, Refusal> {
        let only_for = |parameter: &str, part: &str| match request.query(parameter) {
            Some(_) if part != name => {
                Err(Refusal::invalid(format!("/{parameter}"), format!("filters {part}, not {name}")))
            }
            value => Ok(value.map(str::to_owned)),
        };
        let min_lift = only_for("min_lift", "rules")?.map(|text| text.parse::<f64>()).transpose();
        let min_lift = min_lift.ok().filter(|lift| lift.is_none_or(f64::is_finite));
        let product = match name {
            "customers" => only_for("product", "rules")?,
            _ => request.query("product").map(str::to_owned),
        };
        Ok(Self {
            product,
            min_lift: min_lift.ok_or_else(|| Refusal::invalid("/min_lift", "must be a number"))?,
            segment: only_for("segment", "customers")?,
            sort: request.query("sort").map(|text| sort(name, text)).transpose()?,
        })
    }

    /// The rows of a part, which is one JSON object a line. Without filter or sort no row is parsed.
    fn rows<'a>(&self, ndjson: &'a [u8]) -> Result<Vec<&'a RawValue>, Refusal> {
        let damaged = |error: serde_json::Error| Refusal::internal(format!("a stored part is not JSON: {error}"));
        let lines = ndjson.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
        let raw = lines.map(|line| serde_json::from_slice::<&RawValue>(line).map_err(damaged));
        if self.product.is_none() && self.min_lift.is_none() && self.segment.is_none() && self.sort.is_none() {
            return raw.collect();
        }
        let mut kept: Vec<(Value, &RawValue)> = Vec::new();
        for row in raw {
            let row = row?;
            let value = serde_json::from_str(row.get()).map_err(damaged)?;
            if self.admits(&value) {
                kept.push((value, row));
            }
        }
        if let Some(sort) = &self.sort {
            // Stable: equal rows stay in the report's own order.
            kept.sort_by(|(a, _), (b, _)| sort.compare(a, b));
        }
        Ok(kept.into_iter().map(|(_, raw)| raw).collect())
    }

    fn admits(&self, row: &Value) -> bool {
        let names = |field: &str, wanted: &str| {
            row[field].as_array().is_some_and(|names| names.iter().any(|name| name == wanted))
        };
        let with_product =
            |wanted: &String| ["antecedents", "consequents", "products"].iter().any(|f| names(f, wanted));
        self.product.as_ref().is_none_or(with_product)
            && self.min_lift.is_none_or(|bound| row["lift"].as_f64().is_some_and(|lift| lift >= bound))
            && self.segment.as_ref().is_none_or(|segment| row["segment"] == segment.as_str())
    }
}

pub const SORTABLE: [(&str, &[&str]); 3] = [
    (
        "rules",
        &[
            "lift",
            "confidence",
            "support",
            "leverage",
            "conviction",
            "zhang",
            "jaccard",
            "kulczynski",
            "p_value",
            "q_value",
            "revenue",
        ],
    ),
    ("itemsets", &["support", "support_count", "size"]),
    ("customers", &["monetary", "frequency", "recency_days", "r", "f", "m", "customer_id"]),
];

fn sort(name: &str, text: &str) -> Result<Sort, Refusal> {
    let (field, descending) = text.strip_prefix('-').map_or((text, false), |field| (field, true));
    let known = SORTABLE.iter().find(|(part, _)| *part == name).map_or(&[][..], |(_, fields)| fields);
    if !known.contains(&field) {
        return Err(Refusal::invalid(
            "/sort",
            format!("must be one of {}, with a - in front for descending", known.join(", ")),
        ));
    }
    Ok(Sort { field: field.to_owned(), descending })
}

impl Sort {
    /// Nulls (infinite values) count as the greatest.
    fn compare(&self, a: &Value, b: &Value) -> std::cmp::Ordering {
        let (a, b) = (&a[&self.field], &b[&self.field]);
        let order = match (a.as_str(), b.as_str()) {
            (Some(a), Some(b)) => a.cmp(b),
            _ => a.as_f64().unwrap_or(f64::INFINITY).total_cmp(&b.as_f64().unwrap_or(f64::INFINITY)),
        };
        if self.descending { order.reverse() } else { order }
    }
}
