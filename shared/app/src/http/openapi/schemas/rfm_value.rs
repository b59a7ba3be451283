//! What customers are expected to order and spend (`affinsy_core::report::rfm::value`).

use super::Named;
use crate::http::openapi::schema::{count, list_of, merged, money, nullable, number, object, reference, text};
use serde_json::{Value, json};

pub fn schemas() -> Named {
    vec![("LifetimeValue", lifetime_value()), ("LifetimeModel", lifetime_model()), ("Outlook", total_outlook())]
}

/// What is expected in the days after `as_of`.
pub fn outlook() -> Value {
    json!({
        "expected_orders_90d": number("Orders in the next 90 days."),
        "expected_orders_365d": number("Orders in the next 365 days."),
        "expected_value_90d": money("Their value."),
        "expected_value_365d": money("Their value."),
    })
}

fn total_outlook() -> Value {
    object("What is expected in the days after `as_of`.", outlook())
}

fn lifetime_value() -> Value {
    let segment = object("A segment's outlook.", merged([json!({"segment": text("By its `id`.")}), outlook()]));
    let fields = json!({
        "model": nullable(text("`bg_nbd_gamma_gamma`; null where there is no model.")),
        "reason": nullable(text("Why there is none.")),
        "repeat_buyers": count("Customers who bought on at least two days."),
        "parameters": nullable(reference("LifetimeModel")),
        "total": nullable(reference("Outlook")),
        "segments": list_of(segment, "By segment; empty without a model."),
    });
    object("Customer lifetime value: what customers are expected to order and spend.", fields)
}

fn lifetime_model() -> Value {
    let fields = json!({
        "r": number("BG/NBD."), "alpha": number("BG/NBD, in days."), "a": number("BG/NBD."), "b": number("BG/NBD."),
        "p": number("Gamma-Gamma."), "q": number("Gamma-Gamma."), "v": number("Gamma-Gamma, in money."),
        "expected_to_actual_repeats": number("Repeat purchases that the model expects of the past, by those that were."),
    });
    object("The models as they were fitted.", fields)
}
