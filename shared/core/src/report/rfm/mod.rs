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
use super::scope::{ChurnRules, Selection, select_from};
use super::spec::ReportSpec;
use super::window::Window;
use super::{Budget, ReportOutput, ReportPart, RunEnd};
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
    let selection = select_from(&past, spec.customer_scope, spec.churn_days);
    stage(budget, "scoring", 0.3)?;
    let population = Population::score(&past, &selection, &model);
    stage(budget, "comparing", 0.5)?;
    let earlier = earlier_date(spec, &window);
    let migration = earlier.map(|date| compare(spec, &model, &population, date));
    stage(budget, "predicting", 0.6)?;
    let (lifetime_value, predictions) = value::outlook(&population, &model, spec.customer_scope);
    stage(budget, "writing", 0.8)?;
    let churn = match selection.churn.clone() {
        Some(rules) => rules,
        None => ChurnRules::apply(&past, spec.churn_days).0,
    };
    let findings = Findings {
        spec,
        model: &model,
        population: &population,
        selection: &selection,
        churn,
        migration,
        lifetime_value,
        predictions,
    };
    let rows = customers::ndjson(&findings);
    let result = RfmResult::of(&findings).into_json(spec.insights);
    stage(budget, "writing", 1.0)?;
    let part = ReportPart { name: "customers", rows: population.customers.len() as u64, ndjson: rows };
    Ok(ReportOutput { result, parts: vec![part] })
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

fn compare<'m>(spec: &ReportSpec, model: &'m Model, now: &Population<'m>, date: Day) -> migration::Migration<'m> {
    let window = now.past.window.at(date);
    let past = Past::read(now.past.history, &window);
    let selection: Selection = select_from(&past, spec.customer_scope, spec.churn_days);
    let then = Population::score(&past, &selection, model);
    migration::migration(&then, now, model, date)
}

/// A part of revenue; `None` where refunds make it none: the part or the rest lies below zero.
fn revenue_share(part: Amount, whole: Amount) -> Option<f64> {
    (Amount::ZERO <= part && part <= whole).then(|| share(part.to_f64(), whole.to_f64()))?
}

/// A part of a whole; `None` where the whole is not above zero.
fn share(part: f64, whole: f64) -> Option<f64> {
    (whole > 0.0).then(|| part / whole)
}
