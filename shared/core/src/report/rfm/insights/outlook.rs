//! How customers move and come back, and what is to be expected of them.

use super::{Candidate, Writer};
use crate::insight::Unit;
use serde_json::Value;

/// Segments that customers are lost through, of the built-in tables.
const FADING: [&str; 4] = ["at_risk", "cant_lose_them", "hibernating", "about_to_sleep"];
const NOT_SCORED: &str = "not_scored";
/// With fewer intervals there is no rhythm to tell.
const MIN_INTERVALS: f64 = 30.0;

/// What the value model expects, and how it did in the time before.
pub fn expected_spend(writer: &mut Writer<'_>) -> Option<Candidate> {
    let value = "/lifetime_value/total/expected_value_90d";
    writer.is_positive(value)?;
    let days = writer.days("/lifetime_value/horizon_days/0")?;
    let title = format!("About {} to expect from known customers in the next {days}", writer.estimate(value)?);
    let expected = format!(
        "The model expects {} from the {} scored.",
        writer.counted("/lifetime_value/total/expected_orders_90d", Unit::Count, "order")?,
        writer.customers("/summary/customers_scored")?,
    );
    let body = match tested(writer) {
        Some(tested) => format!("{expected} {tested}"),
        None => format!("{expected} Too little was known earlier to put it to the test."),
    };
    let action =
        "Plan stock and campaigns with it, add what new customers and the season bring, and compare afterwards.";
    Some(writer.about(value, "expected_spend", [&title, &body, action]))
}

fn tested(writer: &mut Writer<'_>) -> Option<String> {
    let at = |field: &str| format!("/lifetime_value/backtest/{field}");
    Some(format!(
        "Put to the test on the last {}, it expected {} where {} came.",
        writer.days(&at("days"))?,
        writer.counted(&at("expected_orders"), Unit::Count, "order")?,
        writer.count(&at("actual_orders"))?,
    ))
}

/// The most valuable flow into the segments that customers are lost through; with the caller's own segments, which
/// have no direction, the most valuable between any two.
pub fn slipping(writer: &mut Writer<'_>) -> Option<Candidate> {
    let flows = writer.report.pointer("/migration/matrix")?.as_array()?;
    let own = writer.report.pointer("/parameters/segment_model") == Some(&Value::from("custom"));
    let fades = |id: &Value| id.as_str().is_some_and(|id| FADING.contains(&id));
    let chosen = |flow: &Value| {
        let between = flow["from"] != NOT_SCORED && flow["to"] != NOT_SCORED && flow["from"] != flow["to"];
        between && (own || (!fades(&flow["from"]) && fades(&flow["to"])))
    };
    let revenue = |at: &usize| flows[*at]["revenue"].as_f64().unwrap_or(f64::MIN);
    let moves = (0..flows.len()).filter(|at| chosen(&flows[*at]) && revenue(at) > 0.0);
    let best = moves.max_by(|a, b| revenue(a).total_cmp(&revenue(b)).then(b.cmp(a)))?;
    let (from, to) = (writer.label(&flows[best]["from"])?, writer.label(&flows[best]["to"])?);
    let at = |field: &str| format!("/migration/matrix/{best}/{field}");
    let title = format!("{} went from {from} to {to}", writer.customers(&at("customers"))?);
    let body = format!(
        "It happened in the last {}. They have spent {} so far.",
        writer.days("/migration/days")?,
        writer.money(&at("revenue"))?,
    );
    let action = if own {
        "Compare what these customers bought and were sent with those who stayed."
    } else {
        "Write to them while they still remember the shop, with something that goes with what they used to buy."
    };
    Some(writer.about(&at("revenue"), "biggest_move", [&title, &body, action]))
}

pub fn rhythm(writer: &mut Writer<'_>) -> Option<Candidate> {
    writer.is_at_least("/repurchase_intervals/intervals", MIN_INTERVALS)?;
    let title = format!("Half of the returns came within {}", writer.days("/repurchase_intervals/median_days")?);
    let body = format!(
        "Measured over {} between purchase days of the same customer. Nine in ten came within {}.",
        writer.counted("/repurchase_intervals/intervals", Unit::Count, "interval")?,
        writer.days("/repurchase_intervals/p90_days")?,
    );
    let action = "Send reminders before the usual interval ends, and start winning back well before the longer one.";
    let insight = writer.table.insight("repurchase_rhythm", &title, &body, action);
    Some(Candidate { insight, money: None })
}
