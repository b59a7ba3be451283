//! What callers send over HTTP beside orders: reports and schedules asked for, keys, and cursors.

use crate::{check_problem, check_warnings, now, two_texts};
use affinsy_app::http::Cursors;
use affinsy_core::key::ApiKey;
use affinsy_core::order::check_id;
use affinsy_core::report::ReportType;
use affinsy_core::report::spec::{ReportSpec, ScheduleSpec};
use serde_json::{Value, json};

pub fn report_spec(data: &[u8]) {
    match ReportSpec::parse(data) {
        Err(problem) => check_problem(data, &problem),
        Ok(spec) => {
            check_spec(&spec);
            check_used(&spec);
        }
    }
}

fn check_spec(spec: &ReportSpec) {
    assert_eq!(check_id(&spec.dataset_id), Ok(()));
    check_warnings(&spec.warnings);
    assert!(spec.name.as_ref().is_none_or(|name| name.chars().count() <= 256));
    assert!(spec.start.zip(spec.end).is_none_or(|(start, end)| start <= end), "{:?} to {:?}", spec.start, spec.end);
    assert!(spec.churn_days.is_none_or(|days| (1..=3_650).contains(&days)));
    for list in [&spec.filters.include, &spec.filters.exclude] {
        assert!(list.len() <= 1_000 && list.is_sorted_by(|a, b| a < b), "sorted and distinct");
    }
    let sizes = (spec.filters.min_basket_size, spec.filters.max_basket_size);
    assert!(sizes.0.zip(sizes.1).is_none_or(|(min, max)| min <= max), "{sizes:?}");
}

fn used(spec: &ReportSpec) -> Value {
    let used = match spec.report_type {
        ReportType::Mba => serde_json::to_value(spec.parameters_used(spec.as_of, &spec.mba)),
        ReportType::Rfm => serde_json::to_value(spec.parameters_used(spec.as_of, &spec.rfm)),
    };
    used.expect("parameters serialize")
}

/// The parameters that a report states, asked for again, are the same parameters.
fn check_used(spec: &ReportSpec) {
    let stated = used(spec);
    let Value::Object(mut params) = stated.clone() else { panic!("parameters are an object") };
    let filters = params.remove("filters");
    let (report_type, template) = (params.remove("report_type"), params.remove("template"));
    let body = json!({"report_type": report_type, "template": template, "filters": filters, "params": params});
    match ReportSpec::parse(body.to_string().as_bytes()) {
        Ok(again) => assert_eq!(used(&again), stated),
        Err(problem) => panic!("{problem}: {body}"),
    }
}

pub fn schedule_spec(data: &[u8]) {
    let spec = match ScheduleSpec::parse(data) {
        Ok(spec) => spec,
        Err(problem) => return check_problem(data, &problem),
    };
    check_spec(&spec.report);
    check_warnings(&spec.warnings);
    assert!(spec.name.as_ref().is_none_or(|name| name.chars().count() <= 256));
    // What is asked for at each of its times is a report, and the times follow each other.
    let mut at = now();
    for _ in 0..3 {
        let next = spec.calendar.next_after(at);
        let days = (next.0 - at.0) / 86_400_000_000;
        assert!(next > at && days <= 63, "{at:?} to {next:?}");
        let body = spec.body_at(next);
        assert!(body.len() <= data.len() + 2_048, "{body}");
        let report = ReportSpec::parse(body.as_bytes()).unwrap_or_else(|problem| panic!("{problem}: {body}"));
        assert_eq!((report.report_type, &report.dataset_id), (spec.report.report_type, &spec.report.dataset_id));
        if let Some(days) = spec.last_days {
            let (start, end) = (report.start.expect("a start"), report.end.expect("an end"));
            let told = end.day_in(&report.time_zone).days_since(start.day_in(&report.time_zone));
            assert!((told - i64::from(days)).abs() <= 1, "{told} days for the last {days}");
        }
        at = next;
    }
}

pub fn api_key(data: &[u8]) {
    if let Some(key) = data.first_chunk::<64>().and_then(ApiKey::from_random) {
        let text = key.reveal().to_owned();
        assert_eq!((text.len(), text.is_ascii()), (42, true));
        assert_eq!(ApiKey::parse(&text).as_ref(), Some(&key));
        // One character that is another one, wherever it stands, and the checksum does not fit.
        let at = usize::from(data[0]) % text.len();
        for other in ["0", "z", "-"] {
            let mut forged = text.clone();
            forged.replace_range(at..=at, other);
            assert!(forged == text || ApiKey::parse(&forged).is_none(), "{at} as {other}");
        }
        let said = format!("{key:?}");
        assert!(!said.contains(&text[4..12]), "a log shows no key");
    }
    let Ok(text) = std::str::from_utf8(data) else { return };
    if let Some(key) = ApiKey::parse(text) {
        assert_eq!((key.reveal(), text.len(), key.hash().len()), (text, 42, 64));
        assert!(text.starts_with("afn_") && text[4..].bytes().all(|byte| byte.is_ascii_alphanumeric()));
    }
}

/// The first line is a list's context, the rest a position in it, and a cursor of somebody's making.
pub fn cursor(data: &[u8]) {
    let Some((context, text)) = two_texts(data) else { return };
    let cursors = |secret: &'static str, context: &str| Cursors { secret, context: context.to_owned() };
    let ours = cursors("a secret nobody has", context);
    assert!(ours.decode(text).is_err(), "nobody can sign: {text:?}");
    let cursor = ours.encode(text);
    assert!(cursor.len() <= 32 + text.len() * 4 / 3, "{cursor}");
    assert_eq!(ours.decode(&cursor).as_deref(), Ok(text));
    assert!(cursors("another secret", context).decode(&cursor).is_err());
    // The end of the one must not pass for the beginning of the other.
    assert!(cursors("a secret nobody has", &format!("{context} ")).decode(&cursor).is_err());
    let at = data.len() % cursor.len();
    let other = if cursor.as_bytes()[at] == b'A' { "B" } else { "A" };
    let mut forged = cursor.clone();
    forged.replace_range(at..=at, other);
    assert!(ours.decode(&forged).is_err(), "{forged} for {cursor}");
}
