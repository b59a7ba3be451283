//! Reports that come again.

use super::{Operation, json_body};
use crate::http::openapi::parameters::{paging, shared};
use crate::http::openapi::{examples, responses};
use crate::schedule::MAX_SCHEDULES;
use crate::submit_report::MAX_REQUEST_BYTES;
use serde_json::json;

const SCHEDULES: &str = "Schedules";

pub fn create() -> Operation {
    let body = format!("At most {} KiB, decoded.", MAX_REQUEST_BYTES >> 10);
    let description = format!(
        "Submits a report every day, week or month, at a time of day in the report's `time_zone`. Each run is a report \
         of its own, over everything acknowledged until then; its `drift` or `migration` says what moved since the one \
         before. `last_days` bounds each report to the days before its run; without it each sees all orders. What the \
         caller can mend is refused at once, as `POST /reports` does. Runs begin within two minutes of their time; \
         those missed in an outage are made up for by one. At most {MAX_SCHEDULES} schedules."
    );
    Operation {
        tag: SCHEDULES,
        summary: "Create a schedule",
        description,
        parameters: vec![shared("ContentEncoding")],
        body: Some(json_body(&body, "CreateSchedule", examples::schedule())),
        answers: vec![(201, responses::success("The schedule.", "Schedule", &["Location"], json!({})))],
        refusals: &[400, 404, 409, 413, 415, 422],
    }
}

pub fn list() -> Operation {
    let answer = responses::success("A page of the list.", "ScheduleList", &[], json!({}));
    Operation::get(SCHEDULES, "List schedules", "Newest first.", answer).taking(paging(), &[422])
}

pub fn one() -> Operation {
    let description = "What it does, when it runs next, and what its last run led to.";
    let answer = responses::success("The schedule.", "Schedule", &[], json!({}));
    Operation::get(SCHEDULES, "Get a schedule", description, answer).taking(vec![shared("ScheduleId")], &[404])
}

pub fn delete() -> Operation {
    let description = "It does not run again; its reports stay.";
    let mut operation = Operation::get(SCHEDULES, "Delete a schedule", description, json!({}));
    operation.answers = vec![(204, responses::bodiless("It is gone.", &[]))];
    operation.taking(vec![shared("ScheduleId")], &[404])
}
