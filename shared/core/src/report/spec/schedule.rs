//! The body of `POST /schedules`: a report's own body, and when it comes again. Knows no clock and no record.

use super::ReportSpec;
use super::fields::{Fields, Notes};
use crate::json::{self, Node};
use crate::problem::{BodyProblem, FieldProblem};
use crate::report::calendar::{Calendar, Every};
use crate::time::{Day, Instant};
use jiff::civil::Weekday;
use serde::Deserialize;
use serde_json::value::{RawValue, to_raw_value};
use std::cell::RefCell;
use std::collections::BTreeMap;

/// A report that comes again. Every value is valid.
#[derive(Debug, Clone)]
pub struct ScheduleSpec {
    pub name: Option<String>,
    pub calendar: Calendar,
    /// The report's dates are the so many before the day of the run; `None` for all.
    pub last_days: Option<u32>,
    /// The report as it stands in the body.
    pub report: ReportSpec,
    /// Its body, in its sender's words.
    pub report_body: Box<RawValue>,
    pub warnings: Vec<String>,
}

const MAX_NAME_CHARS: usize = super::MAX_NAME_CHARS;
const MAX_LAST_DAYS: u32 = 3_650;
const DEFAULT_HOUR: i8 = 6;

#[derive(Clone, Copy)]
enum Unit {
    Day,
    Week,
    Month,
}

/// What `every` takes.
pub const EVERY: [&str; 3] = ["day", "week", "month"];
const UNITS: [(&str, Unit); 3] = [(EVERY[0], Unit::Day), (EVERY[1], Unit::Week), (EVERY[2], Unit::Month)];
/// What `weekday` takes.
pub const WEEKDAYS: [(&str, Weekday); 7] = [
    ("monday", Weekday::Monday),
    ("tuesday", Weekday::Tuesday),
    ("wednesday", Weekday::Wednesday),
    ("thursday", Weekday::Thursday),
    ("friday", Weekday::Friday),
    ("saturday", Weekday::Saturday),
    ("sunday", Weekday::Sunday),
];

#[derive(Deserialize)]
struct Body<'a> {
    #[serde(borrow)]
    report: Option<&'a RawValue>,
}

type RawFields = BTreeMap<String, Box<RawValue>>;

impl ScheduleSpec {
    /// Reads the whole body; every problem is named with its JSON pointer.
    pub fn parse(body: &[u8]) -> Result<Self, BodyProblem> {
        let Node::Object(fields) = json::parse(body)? else {
            let detail = "the body must be an object".to_owned();
            return Err(BodyProblem::Malformed { line: 1, column: 1, detail });
        };
        let notes = RefCell::new(Notes::default());
        let mut fields = Fields::root(&fields, &notes);
        let when = read_when(&mut fields);
        let dates = check_dates(&mut fields);
        fields.finish();
        let raw = report_in(body);
        let report = raw.as_ref().map(|raw| ReportSpec::parse(raw.get().as_bytes()));
        let Notes { mut errors, mut warnings } = notes.into_inner();
        let report = match report {
            Some(Ok(report)) => {
                warnings.extend(report.warnings.iter().map(|warning| below_report(warning)));
                Some(report)
            }
            Some(Err(BodyProblem::Invalid { errors: own })) => {
                let moved =
                    |problem: FieldProblem| FieldProblem::new(format!("/report{}", problem.pointer), problem.detail);
                errors.extend(own.into_iter().map(moved));
                None
            }
            Some(Err(_)) | None => {
                errors.push(FieldProblem::new("/report", "must be an object: the body of POST /reports"));
                None
            }
        };
        match (when, report, raw) {
            (Some(When { name, every, time }), Some(report), Some(report_body)) if errors.is_empty() => {
                let calendar = Calendar { every, hour: time.0, minute: time.1, zone: report.time_zone.clone() };
                Ok(Self { name, calendar, last_days: dates, report, report_body, warnings })
            }
            _ => Err(BodyProblem::Invalid { errors }),
        }
    }

    /// The body of the report that runs at an instant.
    pub fn body_at(&self, now: Instant) -> String {
        let mut body = raw_fields(self.report_body.get());
        if let (Some(name), None) = (&self.name, &self.report.name) {
            body.insert("name".to_owned(), to_raw_value(name).expect("texts serialise"));
        }
        if let Some(days) = self.last_days {
            let today = now.day_in(&self.calendar.zone);
            let (start, end) = (Day(today.0 - days as i32), Day(today.0 - 1));
            let range = BTreeMap::from([("start", start.to_string()), ("end", end.to_string())]);
            let mut filters = body.get("filters").map(|filters| raw_fields(filters.get())).unwrap_or_default();
            filters.insert("dateRange".to_owned(), to_raw_value(&range).expect("texts serialise"));
            body.insert("filters".to_owned(), to_raw_value(&filters).expect("raw values serialise"));
        }
        serde_json::to_string(&body).expect("raw values serialise")
    }
}

/// An object's fields with their values as they were written; none of `null`.
fn raw_fields(text: &str) -> RawFields {
    serde_json::from_str(text).unwrap_or_default()
}

fn report_in(body: &[u8]) -> Option<Box<RawValue>> {
    let body: Body<'_> = serde_json::from_slice(body).ok()?;
    body.report.map(ToOwned::to_owned)
}

/// A warning that begins with a pointer, with the pointer seen from the schedule's body.
fn below_report(warning: &str) -> String {
    if warning.starts_with('/') { format!("/report{warning}") } else { warning.to_owned() }
}

struct When {
    name: Option<String>,
    every: Every,
    time: (i8, i8),
}

fn read_when(fields: &mut Fields<'_>) -> Option<When> {
    let name = fields.text("name", MAX_NAME_CHARS);
    if !fields.has("every") {
        fields.problem("every", "is needed: day, week or month");
    }
    let unit = fields.one_of("every", &UNITS);
    let weekday = fields.one_of("weekday", &WEEKDAYS);
    let day_of_month = fields.integer("day_of_month", 1..=31);
    let time = read_time(fields);
    let every = match unit? {
        Unit::Day => Every::Day,
        Unit::Week => Every::Week(weekday.unwrap_or(Weekday::Monday)),
        Unit::Month => Every::Month(day_of_month.unwrap_or(1) as i8),
    };
    if fields.has("weekday") && !matches!(every, Every::Week(_)) {
        fields.problem("weekday", "goes with every: week");
    }
    if fields.has("day_of_month") && !matches!(every, Every::Month(_)) {
        fields.problem("day_of_month", "goes with every: month");
    }
    Some(When { name, every, time: time? })
}

/// `HH:MM`; six in the morning where nothing is said. `None` only where a problem was noted.
fn read_time(fields: &mut Fields<'_>) -> Option<(i8, i8)> {
    let time = match fields.node("time") {
        None => return Some((DEFAULT_HOUR, 0)),
        Some(Node::String(text)) => parse_time(text),
        Some(_) => None,
    };
    if time.is_none() {
        fields.problem("time", "must be a time of day such as 06:00");
    }
    time
}

fn parse_time(text: &str) -> Option<(i8, i8)> {
    let digits = |text: &str| (text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit())).then(|| text.parse());
    let (hour, minute) = text.split_once(':')?;
    let (hour, minute): (i8, i8) = (digits(hour)?.ok()?, digits(minute)?.ok()?);
    (hour < 24 && minute < 60).then_some((hour, minute))
}

/// `last_days`; and no date in the report that stands still while the schedule goes on.
fn check_dates(fields: &mut Fields<'_>) -> Option<u32> {
    let last_days = fields.integer("last_days", 1..=MAX_LAST_DAYS);
    let Some(Node::Object(report)) = fields.node("report") else { return last_days };
    let given = |node: Option<&Node>| node.is_some_and(|node| *node != Node::Null);
    let find = |name: &str| report.iter().find(|(known, _)| known == name).map(|(_, node)| node);
    let range = find("filters").and_then(|filters| filters.get("dateRange"));
    if fields.has("last_days") && given(range) {
        fields.problem("report/filters/dateRange", "leave it out, or leave out last_days");
    } else if given(range.and_then(|range| range.get("end"))) {
        fields.problem("report/filters/dateRange/end", "would stand still: leave it out, or use last_days");
    }
    for name in ["as_of", "compare_to"] {
        if given(find("params").and_then(|params| params.get(name))) {
            fields.problem(&format!("report/params/{name}"), "would stand still: leave it out");
        }
    }
    last_days
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::parse_instant;
    use serde_json::{Value, json};

    fn parse(body: &Value) -> Result<ScheduleSpec, BodyProblem> {
        ScheduleSpec::parse(body.to_string().as_bytes())
    }

    #[test]
    fn a_week_of_a_report() {
        let body = json!({
            "every": "week", "weekday": "friday", "time": "18:30", "last_days": 7, "name": "Weekly", "odd": 1,
            "report": {
                "template": "standard_mba", "params": {"time_zone": "America/New_York", "min_support": 0.012_300},
                "filters": {"min_basket_size": 2}, "odder": 2,
            },
        });
        let spec = parse(&body).expect("valid");
        let now = parse_instant("2025-03-21T22:30:00Z").expect("valid");
        assert_eq!(spec.calendar.next_after(now).to_rfc3339(), "2025-03-28T22:30:00Z");
        let body = spec.body_at(now);
        let report = ReportSpec::parse(body.as_bytes()).expect("a report's body");
        assert_eq!(report.name.as_deref(), Some("Weekly"));
        let [start, end] = [report.range_text.start, report.range_text.end].map(Option::unwrap_or_default);
        assert_eq!((start.as_str(), end.as_str()), ("2025-03-14", "2025-03-20"));
        assert_eq!(report.filters.min_basket_size, Some(2));
        assert!(body.contains("0.0123"), "numbers keep their text: {body}");
        assert_eq!(
            spec.warnings,
            ["/odd is not a known field and was ignored", "/report/odder is not a known field and was ignored"]
        );
    }

    #[test]
    fn without_dates_the_body_stays_as_it_is() {
        let named = json!({"every": "day", "name": "N", "report": {"report_type": "RFM"}});
        assert_eq!(parse(&named).expect("valid").body_at(Instant(0)), r#"{"name":"N","report_type":"RFM"}"#);
        let spec = parse(&json!({"every": "day", "report": {"report_type": "RFM"}})).expect("valid");
        assert_eq!((spec.calendar.hour, spec.calendar.minute), (6, 0));
        assert_eq!(spec.body_at(Instant(0)), r#"{"report_type":"RFM"}"#);
        parse(&json!({"every": "day", "last_days": 1, "report": {"report_type": "RFM", "filters": null}}))
            .expect("valid");
    }

    #[test]
    fn each_problem_has_its_pointer() {
        let check = |body: Value, expected: &[&str]| {
            let Err(BodyProblem::Invalid { errors }) = parse(&body) else { panic!("{body}") };
            let mut pointers: Vec<&str> = errors.iter().map(|error| error.pointer.as_str()).collect();
            pointers.sort_unstable();
            assert_eq!(pointers, expected, "{body}: {errors:?}");
        };
        let rfm = json!({"report_type": "RFM"});
        check(json!({}), &["/every", "/report"]);
        check(json!({"every": "hour", "report": rfm}), &["/every"]);
        check(json!({"every": "day", "report": [1]}), &["/report"]);
        check(json!({"every": "day", "report": {"report_type": "ABC"}}), &["/report/report_type"]);
        check(json!({"every": "day", "weekday": "monday", "report": rfm}), &["/weekday"]);
        check(json!({"every": "week", "weekday": "someday", "report": rfm}), &["/weekday"]);
        check(json!({"every": "week", "day_of_month": 1, "report": rfm}), &["/day_of_month"]);
        check(json!({"every": "month", "day_of_month": 32, "report": rfm}), &["/day_of_month"]);
        for time in ["24:00", "6:00", "06:60", "0600", "06:00:00", "+6:00"] {
            check(json!({"every": "day", "time": time, "report": rfm}), &["/time"]);
        }
        let report = |more: Value| {
            let mut report = more;
            report["report_type"] = "RFM".into();
            report
        };
        let ended = report(json!({"filters": {"dateRange": {"end": "2025-01-01"}}}));
        check(json!({"every": "day", "report": ended}), &["/report/filters/dateRange/end"]);
        check(json!({"every": "day", "last_days": 9, "report": ended}), &["/report/filters/dateRange"]);
        let still = report(json!({"params": {"as_of": "2025-01-01", "compare_to": "2024-01-01"}}));
        check(json!({"every": "day", "report": still}), &["/report/params/as_of", "/report/params/compare_to"]);
        assert!(matches!(ScheduleSpec::parse(b"[]"), Err(BodyProblem::Malformed { .. })));
    }
}
