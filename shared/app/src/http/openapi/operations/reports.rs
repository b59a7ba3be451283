//! Reports, their long lists, and the templates.

use super::{Operation, json_body};
use crate::export_report::{LINK_S, MOST_BYTES};
use crate::http::openapi::parameters::{self, min_lift, paging, product, segment, shared, sort};
use crate::http::openapi::{examples, responses};
use crate::submit_report::MAX_REQUEST_BYTES;
use serde_json::{Value, json};

const REPORTS: &str = "Reports";

pub fn submit() -> Operation {
    let body = format!("At most {} KiB, decoded.", MAX_REQUEST_BYTES >> 10);
    Operation {
        tag: REPORTS,
        summary: "Submit a report",
        description: "Starts a report over everything acknowledged so far. What the caller can mend is refused at \
                      once: an unknown dataset (404), a bad URL, a date range whose start lies after its end (422). \
                      A valid range without orders is a completed report that says why it is empty.\n\nThe report \
                      ends `Completed` or `Failed`; a `webhook_url` is told of either."
            .to_owned(),
        parameters: vec![shared("ContentEncoding")],
        body: Some(json_body(&body, "SubmitReport", examples::submit())),
        answers: vec![(
            202,
            responses::success("The report runs.", "ReportSubmitted", &["Location"], examples::submitted()),
        )],
        refusals: &[400, 404, 413, 415, 422],
    }
}

pub fn list() -> Operation {
    let taken = [paging(), parameters::report_filters()].concat();
    let description = "Reports without their results, newest first.";
    let answer = responses::success("A page of the list.", "ReportList", &[], json!({}));
    Operation::get(REPORTS, "List reports", description, answer).taking(taken, &[422])
}

pub fn one() -> Operation {
    let if_none_match = json!({
        "name": "If-None-Match",
        "in": "header",
        "description": "The `ETag` of a completed report: the answer is 304 while it holds.",
        "schema": {"type": "string"},
    });
    let description = "Its status and, once it is completed, its result. While it runs, the answer has `progress` \
                       and `Retry-After`. The long lists show their first page; all of it is under the `links`.";
    let headers = ["ETag", "Cache-Control", "Retry-After"];
    let found = responses::success(
        "The report. `ETag` and `Cache-Control` are there when it is completed, `Retry-After` while it runs.",
        "Report",
        &headers,
        json!({}),
    );
    let mut operation = Operation::get(REPORTS, "Get a report", description, found)
        .taking(vec![shared("ReportId"), if_none_match], &[404]);
    operation.answers.push((304, responses::bodiless("The result is the one you have.", &["ETag", "Cache-Control"])));
    operation
}

pub fn delete() -> Operation {
    let description = "A report that runs is cancelled: it ends as `Failed` with the code `cancelled`, its \
                       `webhook_url` is told, and the answer shows it; should it have ended in the same moment, the \
                       answer shows how. One that has ended is deleted: it and its result are gone at once and taken \
                       out of the storage within two hours.";
    let shown = responses::success("The report was running; without its result.", "ReportHeader", &[], json!({}));
    let operation = Operation::get(REPORTS, "Cancel or delete a report", description, Value::Null)
        .taking(vec![shared("ReportId")], &[404]);
    let answers = vec![(200, shown), (204, responses::bodiless("The report had ended and is gone.", &[]))];
    Operation { answers, ..operation }
}

pub fn rules() -> Operation {
    let own = vec![product("among antecedents or consequents"), min_lift(), sort("rules")];
    part("List rules", "All association rules of an MBA report.", "RuleList", own)
}

pub fn itemsets() -> Operation {
    let own = vec![product("among the set's"), sort("itemsets")];
    let description = "All frequent itemsets of an MBA report; in the report's own order sets of two or more \
                       products come first, the most frequent before the others.";
    part("List itemsets", description, "ItemsetList", own)
}

pub fn customers() -> Operation {
    let description =
        "All scored customers of an RFM report; in the report's own order those who spent most come first.";
    part("List customers", description, "CustomerList", vec![segment(), sort("customers")])
}

pub fn export() -> Operation {
    let description = format!(
        "A list of a completed report as a file: the answer leads to an address without a key, which holds for {} \
         minutes. Without `part` the rules of an MBA report or the customers of an RFM report. CSV is for \
         spreadsheets: several names stand in one cell as `Mug + Tea pot`, and a text that would be taken for a formula \
         begins with an apostrophe. Parquet has lists, decimals and dates. What takes more than {} MiB is to be had as \
         `ndjson` alone.",
        LINK_S / 60,
        MOST_BYTES >> 20,
    );
    let link = responses::bodiless("The file is there.", &["Location", "Cache-Control"]);
    let operation = Operation::get(REPORTS, "Download a list", &description, Value::Null)
        .taking([vec![shared("ReportId")], parameters::export()].concat(), &[404, 409, 422]);
    Operation { answers: vec![(302, link)], ..operation }
}

pub fn recommend() -> Operation {
    let description = "What goes with some products, by the rules of the dataset's newest completed MBA report. A rule \
                       speaks for its consequent where all its antecedents are among the products; of several that do, \
                       the best counts. Names that look like charges stand last. Nothing found: an empty list and the \
                       reason.";
    let answer = responses::success("The best, first.", "Recommendations", &[], json!({}));
    let taken = [vec![shared("Limit")], parameters::recommendations()].concat();
    Operation::get(REPORTS, "Recommend products", description, answer).taking(taken, &[404, 422])
}

/// A long list of a completed report. A report that failed, or is of the other type, has none: 404.
fn part(summary: &'static str, description: &str, schema: &str, own: Vec<Value>) -> Operation {
    let taken = [vec![shared("ReportId")], paging(), own].concat();
    let answer = responses::success("A page of the list.", schema, &[], json!({}));
    Operation::get(REPORTS, summary, description, answer).taking(taken, &[404, 409, 422])
}

pub fn templates() -> Operation {
    let description = "The ready-made reports: what `params` of `POST /reports` would say to ask for the same. Any \
                       parameter given beside a template wins over it.";
    let answer = responses::success("All templates.", "TemplateList", &[], json!({}));
    Operation::get(REPORTS, "List templates", description, answer)
}
