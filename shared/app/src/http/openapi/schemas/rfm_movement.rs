//! How customers come back and move: cohorts by month, migration between segments.

use super::Named;
use crate::http::openapi::schema::{count, day, list_of, money, nullable, object, reference, share, text};
use serde_json::{Value, json};

pub fn schemas() -> Named {
    vec![
        ("Cohort", cohort()),
        ("CohortPeriod", period()),
        ("Migration", migration()),
        ("SegmentFlow", flow()),
        ("SegmentBalance", balance()),
        ("SegmentMover", mover()),
    ]
}

fn cohort() -> Value {
    let fields = json!({
        "cohort": {"type": "string", "pattern": "^[0-9]{4,}-[0-9]{2}$", "description": "The month, such as `2025-03`."},
        "customers": count("How many."),
        "periods": list_of(reference("CohortPeriod"), "From the month itself to that of the last order that counts, at most 121."),
    });
    object("Customers whose first purchase lies in one month.", fields)
}

fn period() -> Value {
    let fields = json!({
        "age": count("Months after the first purchase's."),
        "customers": count("Those who bought in it."),
        "orders": count("Their qualifying orders."),
        "revenue": money("Net of all orders of the month."),
        "retention": nullable(share("Of the cohort.")),
    });
    object("One month of a cohort's life.", fields)
}

fn migration() -> Value {
    let fields = json!({
        "compare_to": day("The earlier date."),
        "days": count("From then to `as_of`."),
        "customers_then": count("Scored then."),
        "customers_now": count("Scored now."),
        "flows": count("Flows that somebody took."),
        "matrix": list_of(reference("SegmentFlow"), "The flows, those who stayed too; at most 1,000 of them."),
        "segments": list_of(reference("SegmentBalance"), "What each segment won and lost."),
        "biggest_flows": list_of(reference("SegmentFlow"), "Flows into another segment, by revenue, at most ten."),
        "biggest_movers": list_of(reference("SegmentMover"), "Customers, by revenue, at most ten."),
    });
    object("How customers moved between segments; both dates are scored on their own.", fields)
}

fn flow() -> Value {
    let fields = json!({
        "from": text("A segment's `id`, or `not_scored`."),
        "to": text("A segment's `id`, or `not_scored`."),
        "customers": count("How many."),
        "revenue": money("What they had spent."),
    });
    object("Customers of one segment then and another, or the same, now.", fields)
}

fn balance() -> Value {
    let fields = json!({
        "segment": text("By its `id`."),
        "customers_then": count("How many then."),
        "customers_now": count("How many now."),
        "stayed": count("In it at both dates."),
        "moved_in": count("Only now."),
        "moved_out": count("Only then."),
    });
    object("What one segment won and lost.", fields)
}

fn mover() -> Value {
    let fields = json!({
        "customer_id": text("As it was pushed."),
        "from": text("A segment's `id`."),
        "to": text("A segment's `id`."),
        "revenue": money("What the customer has spent."),
    });
    object("A customer who changed the segment.", fields)
}
