//! Reports that come again (`affinsy_core::report::spec::ScheduleSpec`, `http/schedules.rs`).

use super::Named;
use crate::http::openapi::schema::{
    count, instant, nullable, object_but, one_of_names, page_of, reference, text, texts,
};
use affinsy_core::report::spec::{EVERY, MAX_NAME_CHARS, WEEKDAYS};
use serde_json::{Value, json};

pub fn schemas() -> Named {
    vec![
        ("CreateSchedule", create()),
        ("Schedule", schedule()),
        ("ScheduleList", page_of("Schedule", "Schedules, newest first.")),
    ]
}

fn create() -> Value {
    let whole = |description: &str, most: u32| json!({"type": ["integer", "null"], "minimum": 1, "maximum": most, "description": description});
    json!({
        "type": "object",
        "description": "A report, and when it comes again.",
        "required": ["every", "report"],
        "properties": {
            "name": {
                "type": ["string", "null"], "minLength": 1, "maxLength": MAX_NAME_CHARS,
                "description": "For people; its reports have it where they have no name of their own.",
            },
            "every": one_of_names("How often.", EVERY),
            "weekday": nullable(one_of_names(
                "With `every: week`; monday where it is missing.",
                WEEKDAYS.map(|(name, _)| name),
            )),
            "day_of_month": whole(
                "With `every: month`; the first where it is missing, and the last day of a month that has fewer.",
                31,
            ),
            "time": {
                "type": ["string", "null"], "pattern": "^([01][0-9]|2[0-3]):[0-5][0-9]$", "default": "06:00",
                "description": "The time of day in `report.params.time_zone`.",
            },
            "last_days": whole(
                "Each report's dates are the so many whole days before the day of its run; all of them where it is \
                 missing.",
                3_650,
            ),
            "report": {
                "allOf": [reference("SubmitReport")],
                "description": "The body of `POST /reports`. Dates that would stand still are refused: `as_of`, \
                                `compare_to`, the end of a `dateRange`, and any `dateRange` beside `last_days`.",
            },
        },
    })
}

fn schedule() -> Value {
    let fields = json!({
        "schedule_id": text("The schedule."),
        "name": nullable(text("As it was given.")),
        "request": {"type": "object", "additionalProperties": true, "description": "The body, as it was sent."},
        "created_at": instant("When it was made."),
        "next_run_at": instant("When it runs next."),
        "runs": count("How many runs there were."),
        "last_run_at": nullable(instant("When the last one was.")),
        "last_report_id": nullable(text("The report of the last run; null where none could be submitted.")),
        "last_failure": {
            "anyOf": [reference("Failure"), {"type": "null"}],
            "description": "Why the last run submitted none: `unknown_dataset`, `invalid_request`.",
        },
        "warnings": texts("What was read but not used; only in the answer to its creation, left out where there is none."),
    });
    object_but("A report that comes again.", fields, &["warnings"])
}
