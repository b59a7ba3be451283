//! The result of a customer segmentation (`affinsy_core::report::rfm`).

use super::common::warnings;
use super::report::{data, order_exclusions};
use super::{Named, parameters};
use crate::http::openapi::schema::{
    count, day, list_of, merged, money, nullable, number, object, object_but, one_of_names, reference, share, text,
};
use serde_json::{Value, json};

pub fn schemas() -> Named {
    vec![
        ("RfmResult", result()),
        ("RfmParameters", used()),
        ("RfmMeta", meta()),
        ("RfmData", data("Orders in scope and in the date range, up to `as_of`, guests' included.", exclusions())),
        ("RfmSummary", summary()),
        ("AtRisk", at_risk()),
        ("Lapsed", lapsed()),
    ]
}

fn result() -> Value {
    let or_null = |schema: &str, description: &str| {
        let mut schema = nullable(reference(schema));
        schema["description"] = json!(description);
        schema
    };
    let fields = json!({
        "parameters": reference("RfmParameters"),
        "meta": reference("RfmMeta"),
        "data": reference("RfmData"),
        "summary": reference("RfmSummary"),
        "segments": list_of(reference("Segment"), "All of them, also those without customers."),
        "heatmap": reference("Heatmap"),
        "score_ranges": reference("ScoreRanges"),
        "cells": list_of(reference("Cell"), "Every cell of the three scores, by R, F, M."),
        "concentration": reference("Concentration"),
        "repeat_funnel": list_of(reference("FunnelStep"), "From each order to the next, at most ten steps."),
        "repurchase_intervals": reference("RepurchaseIntervals"),
        "cohorts": list_of(reference("Cohort"), "By the month of the first purchase, oldest first."),
        "migration": or_null("Migration", "Null where there is no date to compare with."),
        "lifetime_value": reference("LifetimeValue"),
        "churn": reference("ChurnRules"),
        "customers": list_of(reference("Customer"), "The first 25, by spend; all are under `links`."),
        "insights": or_null("Insights", "Null where they were not wanted."),
        "warnings": warnings(),
    });
    object("What a customer segmentation found.", fields)
}

fn used() -> Value {
    let mut own = segmentation_used();
    own["compare_to"] = nullable(day("The date that migration is measured from."));
    object_but("The parameters as they were used.", merged([parameters::as_used(), own]), &["segments"])
}

/// How customers were scored; an MBA report of one segment says so too.
pub fn segmentation_used() -> Value {
    let segment = object(
        "A box of scores.",
        json!({"id": text("Its name."), "label": text("What people read."), "r": ends(), "f": ends(), "m": ends()}),
    );
    let own = parameters::rfm();
    json!({
        "bins": own["bins"],
        "segment_model": own["segment_model"],
        "segments": list_of(segment, "Only with `segment_model` `custom`."),
        "thresholds": nullable(own["thresholds"].clone()),
    })
}

fn ends() -> Value {
    json!({
        "type": "array",
        "items": {"type": "integer"},
        "minItems": 2,
        "maxItems": 2,
        "description": "The lowest and the highest score, both included.",
    })
}

fn meta() -> Value {
    let sources = ["parameter", "date_range_end", "latest_order", "no_orders"];
    let fields = json!({
        "definition": text("By which definition of RFM: `rfm/1`."),
        "as_of": nullable(day("The anchor date; null where there is no order.")),
        "as_of_source": one_of_names("Where it came from.", sources),
        "time_zone": text("In which instants became dates."),
        "customers_scored": count("N."),
    });
    object("What the scores rest on.", fields)
}

fn exclusions() -> Value {
    let own = json!({
        "guest_orders": count("Orders without a customer: nobody to score."),
        "guest_revenue": money("What they come to."),
        "customers_not_scored": count("Customers with only refunds or free goods."),
        "orders_of_customers_not_scored": count("Their orders."),
        "revenue_of_customers_not_scored": money("What they come to."),
        "orders_without_purchase": count("Customers' orders of a net not above zero: they count for money alone."),
    });
    object("What did not count, or counted only in part.", merged([order_exclusions(), own]))
}

fn summary() -> Value {
    let fields = json!({
        "customers_scored": count("N."),
        "orders": count("Their qualifying orders."),
        "revenue": money("Net of all their orders that count."),
        "aov": nullable(money("Revenue a qualifying order.")),
        "recency_days": reference("Spread"),
        "frequency": reference("Spread"),
        "monetary": reference("Spread"),
        "one_time_customers": count("With one qualifying order."),
        "one_time_share": nullable(share("Of the scored customers.")),
        "one_time_revenue": money("What they spent."),
        "one_time_revenue_share": nullable(share("Of the scored customers' revenue; null where refunds leave none.")),
        "repeat_customers": count("With more."),
        "repeat_rate": nullable(share("Of the scored customers.")),
        "customers_without_net_spend": count("Whose refunds ate up what they spent."),
        "guest_order_share": nullable(share("Of the orders that count.")),
        "at_risk": nullable(reference("AtRisk")),
        "lapsed": reference("Lapsed"),
    });
    object("The scored customers in a few numbers.", fields)
}

fn lapsed() -> Value {
    let fields = json!({
        "customers": count("How many."),
        "share": nullable(share("Of the scored customers.")),
        "revenue": money("What they spent."),
        "revenue_share": nullable(share("Of the scored customers' revenue; null where refunds leave none.")),
    });
    object("Scored customers who have been away for longer than the rule of `churn` allows.", fields)
}

fn at_risk() -> Value {
    let fields = json!({
        "customers": count("How many."),
        "revenue": money("What they spent."),
        "revenue_share": nullable(number("Of the scored customers' revenue.")),
        "median_recency_days": nullable(number("Days since their last order.")),
    });
    object("Good customers who have not come back: the segments `at_risk` and `cant_lose_them`.", fields)
}
