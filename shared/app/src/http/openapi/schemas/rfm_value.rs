//! What customers are expected to order and spend (`affinsy_core::report::rfm::value`).

use super::Named;
use crate::http::openapi::schema::{count, day, list_of, merged, money, nullable, number, object, reference, text};
use serde_json::{Value, json};

pub fn schemas() -> Named {
    vec![
        ("LifetimeValue", lifetime_value()),
        ("LifetimeModel", lifetime_model()),
        ("LifetimeBacktest", backtest()),
        ("Outlook", total_outlook()),
    ]
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
        "backtest": nullable(reference("LifetimeBacktest")),
        "horizon_days": list_of(count("Days."), "How far the fields of an outlook look ahead: 90 and 365."),
        "total": nullable(reference("Outlook")),
        "segments": list_of(segment, "By segment; empty without a model."),
    });
    object("Customer lifetime value: what customers are expected to order and spend.", fields)
}

fn backtest() -> Value {
    let fields = json!({
        "fitted_on": day("The model was fitted to what was known at the end of this day."),
        "days": count("So many were foretold."),
        "customers": count("Those who had bought by then."),
        "expected_orders": number("Their days with a purchase, as the model expected them."),
        "actual_orders": count("Those that came."),
        "expected_to_actual": nullable(number("The one by the other; null where none came.")),
    });
    let text = "The model put to the test on the last 90 days; null where too little was known before them. Beyond a \
                factor of two it is refused, beyond 1.25 a warning says so.";
    object(text, fields)
}

fn lifetime_model() -> Value {
    let fields = json!({
        "r": number("BG/NBD."), "alpha": number("BG/NBD, in days."), "a": number("BG/NBD."), "b": number("BG/NBD."),
        "p": number("Gamma-Gamma."), "q": number("Gamma-Gamma."), "v": number("Gamma-Gamma, in money."),
        "expected_to_actual_repeats": number("Repeat purchases that the model expects of the past, by those that were."),
    });
    object("The models as they were fitted.", fields)
}
