//! The body of `POST /reports`, read once and checked whole: what is asked for, with every default filled in.
//! Knows no dataset and no clock, so the same body always reads the same.

mod fields;
mod filters;
mod follows;
mod grid;
mod mba;
mod number;
mod rfm;
mod schedule;
mod scope;
mod used;

#[cfg(test)]
mod tests;

pub use filters::{DateRange, DateRangeText, Filters};
pub use mba::{BasketScope, MbaParams, SORTS, Support};
pub use rfm::{CustomSegment, RfmParams, SegmentModel, Thresholds};
pub use schedule::{EVERY, ScheduleSpec, WEEKDAYS};
pub use used::{FiltersUsed, ParametersUsed};

use super::template::Template;
use super::{CustomerScope, ReportType};
pub use crate::dataset::DEFAULT_ID as DEFAULT_DATASET;
use crate::json::{self, Node};
use crate::order::MAX_ID_BYTES;
use crate::problem::BodyProblem;
use crate::time::{Day, Instant, zone};
use fields::{Fields, Notes};
use jiff::tz::TimeZone;
use std::cell::RefCell;

/// A report as it was asked for. Every value is valid; what was not given has its default.
#[derive(Debug, Clone)]
pub struct ReportSpec {
    pub report_type: ReportType,
    pub template: Option<Template>,
    pub dataset_id: String,
    pub name: Option<String>,
    /// As sent: whether it may be called is for others to say.
    pub webhook_url: Option<String>,
    pub time_zone: TimeZone,
    pub time_zone_name: String,
    /// The first instant of the date range.
    pub start: Option<Instant>,
    /// The first instant behind the date range.
    pub end: Option<Instant>,
    /// The date on which the range ends, in `time_zone`.
    pub range_end_day: Option<Day>,
    /// The range in its sender's words.
    pub range_text: DateRangeText,
    pub as_of: Option<Day>,
    pub churn_days: Option<u32>,
    pub customer_scope: CustomerScope,
    pub insights: bool,
    pub filters: Filters,
    pub mba: MbaParams,
    pub rfm: RfmParams,
    /// What was read but not used, in words for the caller.
    pub warnings: Vec<String>,
}

/// The longest name of a report, in characters.
pub const MAX_NAME_CHARS: usize = 256;
const MAX_URL_CHARS: usize = 2_048;

impl ReportSpec {
    /// Reads the whole body; every problem is named with its JSON pointer.
    pub fn parse(body: &[u8]) -> Result<Self, BodyProblem> {
        let Node::Object(fields) = json::parse(body)? else {
            let detail = "the body must be an object".to_owned();
            return Err(BodyProblem::Malformed { line: 1, column: 1, detail });
        };
        let notes = RefCell::new(Notes::default());
        let spec = read(Fields::root(&fields, &notes));
        let Notes { errors, warnings } = notes.into_inner();
        match spec {
            Some(spec) if errors.is_empty() => Ok(Self { warnings, ..spec }),
            _ => Err(BodyProblem::Invalid { errors }),
        }
    }
}

impl ReportSpec {
    /// `customer_scope` as it is asked for.
    pub fn scope_name(&self) -> String {
        let name = self.customer_scope.name();
        match self.customer_scope {
            CustomerScope::Segment(place) => name.to_owned() + self.rfm.segment_ids().get(place).unwrap_or(&""),
            _ => name.to_owned(),
        }
    }
}

/// `None` only where a problem was noted.
fn read(mut body: Fields<'_>) -> Option<ReportSpec> {
    let kind = read_kind(&mut body);
    let report_type = kind.map_or(ReportType::Mba, |(report_type, _)| report_type);
    let template = kind.and_then(|(_, template)| template);
    let dataset_id = read_dataset(&mut body);
    let name = body.text("name", MAX_NAME_CHARS);
    let webhook_url = body.text("webhook_url", MAX_URL_CHARS);

    let mut params = body.object("params");
    let (time_zone, time_zone_name) = read_zone(&mut params);
    let mut filter_fields = body.object("filters");
    let (range, filters) = filters::read(&mut filter_fields, &time_zone);
    filter_fields.finish();
    let scope = scope::read(&mut params);
    let as_of = params.day("as_of");
    let churn_days = params.integer("churn_days", 1..=3_650);
    let insights = params.boolean("insights").unwrap_or(true);
    let (mba, rfm) = read_typed(&mut params, kind.map(|_| report_type), scope.as_ref());
    let scope = scope.and_then(|scope| scope.resolve(&params, report_type, &rfm));
    if let (Some(as_of), Some(compare_to)) = (as_of, rfm.compare_to)
        && compare_to >= as_of
    {
        params.problem("compare_to", "must lie before as_of");
    }
    params.finish();
    body.finish();
    Some(ReportSpec {
        report_type,
        template,
        dataset_id: dataset_id?,
        name,
        webhook_url,
        time_zone,
        time_zone_name,
        start: range.start,
        end: range.end,
        range_end_day: range.end_day,
        range_text: range.text,
        as_of,
        churn_days,
        customer_scope: scope.or(template.map(Template::customer_scope)).unwrap_or(CustomerScope::All),
        insights,
        filters,
        mba,
        rfm,
        warnings: Vec::new(),
    })
}

const TYPES: [(&str, ReportType); 2] = [("MBA", ReportType::Mba), ("RFM", ReportType::Rfm)];

fn read_kind(body: &mut Fields<'_>) -> Option<(ReportType, Option<Template>)> {
    let templates = Template::ALL.map(|template| (template.id(), template));
    let (template_given, type_given) = (body.has("template"), body.has("report_type"));
    let template = body.one_of("template", &templates);
    let report_type = body.one_of("report_type", &TYPES);
    match (template, report_type) {
        (Some(template), Some(wanted)) if template.report_type() != wanted => {
            let name = if wanted == ReportType::Mba { "MBA" } else { "RFM" };
            body.problem("report_type", &format!("{} is not a template of type {name}", template.id()));
            None
        }
        (Some(template), _) if !type_given || report_type.is_some() => Some((template.report_type(), Some(template))),
        (None, Some(wanted)) if !template_given => Some((wanted, None)),
        (None, None) if !template_given && !type_given => {
            body.problem("report_type", "give a template or a report_type (MBA or RFM)");
            None
        }
        _ => None,
    }
}

fn read_dataset(body: &mut Fields<'_>) -> Option<String> {
    if !body.has("dataset_id") {
        body.node("dataset_id");
        return Some(DEFAULT_DATASET.to_owned());
    }
    let id = body.text("dataset_id", MAX_ID_BYTES)?;
    if id.len() > MAX_ID_BYTES {
        body.problem("dataset_id", &format!("must have at most {MAX_ID_BYTES} bytes"));
        return None;
    }
    Some(id)
}

fn read_zone(params: &mut Fields<'_>) -> (TimeZone, String) {
    let Some(name) = params.text("time_zone", 64) else { return (TimeZone::UTC, "UTC".to_owned()) };
    match zone(&name) {
        Some(zone) => (zone, name),
        None => {
            params.problem("time_zone", "is not an IANA time zone such as Europe/Berlin");
            (TimeZone::UTC, name)
        }
    }
}

/// The parameters of the report's own type; the other type's are ignored with a warning.
fn read_typed(
    params: &mut Fields<'_>,
    report_type: Option<ReportType>,
    scope: Option<&scope::Asked>,
) -> (MbaParams, RfmParams) {
    match report_type {
        Some(ReportType::Mba) if matches!(scope, Some(scope::Asked::Segment(_))) => {
            params.ignore(&["compare_to"], "it is a parameter of RFM reports");
            (mba::read(params), rfm::read_segmentation(params))
        }
        Some(ReportType::Mba) => {
            params.ignore(&rfm::NAMES, "it is a parameter of RFM reports");
            (mba::read(params), RfmParams::default())
        }
        Some(ReportType::Rfm) => {
            params.ignore(&mba::NAMES, "it is a parameter of MBA reports");
            (MbaParams::default(), rfm::read(params))
        }
        None => (mba::read(params), rfm::read(params)),
    }
}
