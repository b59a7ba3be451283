//! Customer segmentation by recency, frequency and monetary value, definition `rfm/1`: from a dataset's history
//! to a finished report. Pure: no clock, no I/O, and the same history always gives the same bytes.

mod cohorts;
mod customers;
mod grid;
mod insights;
mod loyalty;
mod migration;
mod model;
mod overview;
mod population;
mod result;
mod segments;
mod value;
mod warnings;

use super::customer::Past;
use super::scope::{ChurnRules, Exclusions, Selection, select_from};
use super::spec::{ReportSpec, RfmParams};
use super::window::Window;
use super::{Budget, ReportFailure, ReportOutput, ReportPart, RunEnd};
use crate::decimal::Amount;
use crate::history::History;
use crate::time::Day;
use model::Model;
use population::Population;
use result::{Findings, RfmResult};

/// Migration looks back this far when no date is asked for.
const COMPARE_DAYS: i32 = 90;

/// Scores and segments the customers of a history as a report asks for it.
pub fn run(history: &History, spec: &ReportSpec, budget: &Budget<'_>) -> Result<ReportOutput, RunEnd> {
    let model = Model::new(&spec.rfm)?;
    let window = Window::resolve(spec, history);
    stage(budget, "reading", 0.0)?;
    let past = Past::read(history, &window);
    let selection = select_from(&past, spec)?;
    stage(budget, "scoring", 0.3)?;
    let population = Population::score(&past, &selection, &model);
    stage(budget, "comparing", 0.5)?;
    let earlier = earlier_date(spec, &window);
    let migration = earlier.map(|date| compare(spec, &model, &population, date)).transpose()?;
    stage(budget, "predicting", 0.6)?;
    let (lifetime_value, predictions) = value::outlook(&population, &model, spec.customer_scope);
    stage(budget, "writing", 0.8)?;
    let (churn, lapsed) = ChurnRules::apply(&past, spec.churn_days);
    let findings = Findings {
        spec,
        model: &model,
        population: &population,
        selection: &selection,
        churn,
        lapsed,
        migration,
        lifetime_value,
        predictions,
    };
    let rows = customers::ndjson(&findings);
    let (result, insights) = RfmResult::of(&findings).into_json(spec.insights);
    stage(budget, "writing", 1.0)?;
    let part = ReportPart { name: "customers", rows: population.customers.len() as u64, ndjson: rows };
    Ok(ReportOutput { result, insights, parts: vec![part] })
}

fn stage(budget: &Budget<'_>, name: &'static str, done: f64) -> Result<(), RunEnd> {
    (budget.progress)(name, done);
    if (budget.stop)() { Err(RunEnd::STOPPED) } else { Ok(()) }
}

/// The date to compare with; `None` where it does not lie before the anchor, or there is no anchor.
fn earlier_date(spec: &ReportSpec, window: &Window) -> Option<Day> {
    let as_of = window.as_of?;
    let date = spec.rfm.compare_to.unwrap_or(Day(as_of.0 - COMPARE_DAYS));
    (date < as_of).then_some(date)
}

fn compare<'m>(
    spec: &ReportSpec,
    model: &'m Model,
    now: &Population<'m>,
    date: Day,
) -> Result<migration::Migration<'m>, ReportFailure> {
    let window = now.past.window.at(date);
    let past = Past::read(now.past.history, &window);
    let selection = select_from(&past, spec)?;
    let then = Population::score(&past, &selection, model);
    Ok(migration::migration(&then, now, model, date))
}

/// Codes of the customers of one segment, ascending. Everybody known is scored, on everything known up to the anchor
/// date: as in a report of all customers without a date range.
pub fn members(past: &Past<'_>, params: &RfmParams, place: usize) -> Result<Vec<u32>, ReportFailure> {
    let model = Model::new(params)?;
    let orders = past.history.orders().iter().enumerate();
    let known = orders.filter(|(_, order)| past.window.is_known(order.date)).map(|(at, _)| at as u32);
    let everybody = Selection {
        orders: known.collect(),
        customers: past.customers().collect(),
        churn: None,
        exclusions: Exclusions::default(),
    };
    let scored = Population::score(past, &everybody, &model).customers;
    let mut members: Vec<u32> =
        scored.iter().filter(|customer| customer.segment == place).map(|customer| customer.code).collect();
    members.sort_unstable();
    Ok(members)
}

/// A part of revenue; `None` where refunds make it none: the part or the rest lies below zero.
fn revenue_share(part: Amount, whole: Amount) -> Option<f64> {
    (Amount::ZERO <= part && part <= whole).then(|| share(part.to_f64(), whole.to_f64()))?
}

/// A part of a whole; `None` where the whole is not above zero.
fn share(part: f64, whole: f64) -> Option<f64> {
    (whole > 0.0).then(|| part / whole)
}
