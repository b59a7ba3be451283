//! A report as `GET /reports/{report_id}` shows it: the header of `http/views.rs`, and what both types' results share.

use super::Named;
use crate::http::openapi::schema::{
    count, day, instant, nullable, number, object, object_but, one_of_names, page_of, reference, share, text, texts,
};
use serde_json::{Value, json};

pub fn schemas() -> Named {
    vec![
        ("Report", report()),
        ("ReportHeader", header()),
        ("ReportList", page_of("ReportHeader", "Reports without their results, newest first.")),
        ("ProcessingReport", ended_as("Processing", &[], &["progress"], "A report that waits or runs.")),
        ("FailedReport", ended_as("Failed", &[], &["failure"], "A report that failed.")),
        ("MbaReport", completed("MBA", "MbaResult", "A completed market basket analysis.")),
        ("RfmReport", completed("RFM", "RfmResult", "A completed customer segmentation.")),
        ("Progress", progress()),
        ("FiltersUsed", filters_used()),
        ("Dates", dates()),
        ("ChurnRules", churn_rules()),
    ]
}

fn report() -> Value {
    let kinds = ["ProcessingReport", "FailedReport", "MbaReport", "RfmReport"].map(reference);
    json!({
        "description": "A report by its `status` and, once it is completed, its `report_type`.",
        "oneOf": kinds,
    })
}

fn header() -> Value {
    let fields = json!({
        "report_id": text("The report."),
        "report_type": one_of_names("What kind of report.", ["MBA", "RFM"]),
        "name": nullable(text("As it was asked for.")),
        "dataset_id": text("What it is about."),
        "template": nullable(text("The template that was asked for.")),
        "status": one_of_names("How far it is.", ["Processing", "Completed", "Failed"]),
        "created_at": instant("When it was submitted: it sees all that was acknowledged before."),
        "started_at": nullable(instant("When a worker took it.")),
        "completed_at": nullable(instant("When it ended, either way.")),
        "duration_ms": nullable(count("From `started_at` to `completed_at`.")),
        "progress": reference("Progress"),
        "failure": reference("Failure"),
        "links": {
            "type": "object",
            "additionalProperties": {"type": "string"},
            "description": "Paths: `self`; `rules`, `itemsets` or `customers`, and `export`, once it is completed; `deliveries` \
                where it has a `webhook_url`.",
        },
    });
    object_but("What is known of a report without its result.", fields, &["progress", "failure"])
}

fn ended_as(status: &str, others: &[Value], required: &[&str], description: &str) -> Value {
    let own = json!({"properties": {"status": {"const": status}}, "required": required});
    let parts: Vec<Value> =
        [reference("ReportHeader")].into_iter().chain(others.iter().cloned()).chain([own]).collect();
    json!({"description": description, "allOf": parts})
}

fn completed(report_type: &str, result: &str, description: &str) -> Value {
    let typed = json!({"properties": {"report_type": {"const": report_type}}});
    ended_as("Completed", &[reference(result), typed], &["status"], description)
}

fn progress() -> Value {
    let fields = json!({
        "stage": text("What is being done: `queued`, `loading`, `baskets`, `itemsets`, `rules`, `insights`, `scoring` …"),
        "fraction": share("How much of it."),
    });
    object("Only until the report has ended.", fields)
}

fn filters_used() -> Value {
    let bound = || nullable(text("As it was asked for."));
    let fields = json!({
        "dateRange": object("The date range.", json!({"start": bound(), "end": bound()})),
        "products": object(
            "The product filter.",
            json!({"include": texts("Sorted, distinct."), "exclude": texts("Sorted, distinct.")}),
        ),
        "min_basket_size": nullable(count("As it was asked for.")),
        "max_basket_size": nullable(count("As it was asked for.")),
    });
    object("The filters as they were asked for.", fields)
}

fn dates() -> Value {
    let fields = json!({
        "start": nullable(day("The first; null where there is no order.")),
        "end": nullable(day("The last.")),
    });
    object("First and last date of the orders that count, in the report's time zone.", fields)
}

fn churn_rules() -> Value {
    let fields = json!({
        "churn_days": nullable(count("The parameter.")),
        "shop_gaps": count("Gaps between purchase days of the same customer, in the whole shop."),
        "shop_gap_p90_days": nullable(number("Their 90th percentile; null with fewer than 30.")),
        "median_limit_days": nullable(number("The median limit; null where nobody bought.")),
        "by_churn_days": count("Customers whose limit is the parameter."),
        "by_own_median_gap": count("Customers whose limit is twice their own median gap, at least 30 days."),
        "by_shop_percentile": count("Customers whose limit is the shop's percentile."),
        "by_ninety_days": count("Customers whose limit is 90 days."),
        "lapsed_customers": count("Customers without an order for longer than their limit."),
    });
    object("How lapsed customers were told apart.", fields)
}

/// What both types count of the orders they looked at; `exclusions` is their own.
pub fn data(orders: &str, exclusions: Value) -> Value {
    let fields = json!({
        "orders": count(orders),
        "baskets": count("Baskets they make."),
        "line_items": count("Their lines."),
        "customers": count("Their customers."),
        "guest_orders": count("Those without a customer."),
        "products": count("Their products."),
        "currency": nullable(text("ISO 4217, of all amounts and as the insights say them; null where no push had named one.")),
        "date_range": reference("Dates"),
        "exclusions": exclusions,
    });
    object("The snapshot that the report saw, and what it left out.", fields)
}

/// Orders that do not count, each under the first reason that holds.
pub fn order_exclusions() -> Value {
    json!({
        "orders_after_as_of": count("Later than `as_of`."),
        "guest_orders_out_of_scope": count("Without a customer, where the scope is about customers."),
        "orders_out_of_scope": count("Not in the customer scope."),
        "orders_outside_date_range": count("In scope, but not in the date range."),
        "unpriced_line_items": count("Lines that count, but add nothing to money."),
    })
}
