//! The report as its reader gets it.

use super::cohorts::{self, Cohort};
use super::customers::{self, CustomerRow};
use super::grid::{self, CellRow, Heatmap, ScoreRanges};
use super::insights;
use super::loyalty::{self, Concentration, FunnelStep, Repurchase};
use super::migration::Migration;
use super::model::Model;
use super::overview::{self, Data, Summary};
use super::population::{Customer, Population};
use super::segments::{self, SegmentRow};
use super::value::{LifetimeValue, Prediction};
use super::warnings;
use crate::insight::Insights;
use crate::report::scope::{ChurnRules, Selection};
use crate::report::spec::{ParametersUsed, ReportSpec, RfmParams};
use crate::report::window::AsOfSource;
use crate::time::Day;
use serde::Serialize;
use serde_json::value::RawValue;

/// Everything that was worked out, before it is written down.
#[derive(Debug)]
pub struct Findings<'m> {
    pub spec: &'m ReportSpec,
    pub model: &'m Model,
    pub population: &'m Population<'m>,
    pub selection: &'m Selection,
    pub churn: ChurnRules,
    /// Codes of the customers whom these rules call lapsed, ascending.
    pub lapsed: Vec<u32>,
    pub migration: Option<Migration<'m>>,
    pub lifetime_value: LifetimeValue<'m>,
    /// Parallel to the customers; empty without a model.
    pub predictions: Vec<Prediction>,
}

impl Findings<'_> {
    pub fn has_lapsed(&self, customer: &Customer) -> bool {
        self.lapsed.binary_search(&customer.code).is_ok()
    }
}

/// The result of an RFM report.
#[derive(Debug, Serialize)]
pub struct RfmResult<'f> {
    parameters: ParametersUsed<'f, RfmParams>,
    meta: Meta<'f>,
    data: Data,
    summary: Summary,
    segments: Vec<SegmentRow<'f>>,
    heatmap: Heatmap,
    score_ranges: ScoreRanges,
    cells: Vec<CellRow<'f>>,
    concentration: Concentration,
    repeat_funnel: Vec<FunnelStep>,
    repurchase_intervals: Repurchase,
    cohorts: Vec<Cohort>,
    migration: Option<&'f Migration<'f>>,
    churn: &'f ChurnRules,
    lifetime_value: &'f LifetimeValue<'f>,
    customers: Vec<CustomerRow<'f>>,
    /// `None` where they were not asked for.
    insights: Option<Insights>,
    warnings: Vec<String>,
}

/// By which definition, on which date, over how many.
#[derive(Debug, Serialize)]
struct Meta<'f> {
    definition: &'static str,
    as_of: Option<Day>,
    as_of_source: AsOfSource,
    time_zone: &'f str,
    customers_scored: u64,
}

impl<'f> RfmResult<'f> {
    pub fn of(findings: &'f Findings<'_>) -> Self {
        let Findings { spec, model, population, .. } = *findings;
        let window = population.past.window;
        let data = overview::data(findings);
        let score_ranges = grid::score_ranges(population, model);
        let (cohorts, cohorts_left_out) = cohorts::monthly(population, data.date_range.end);
        let warnings = warnings::of(findings, &data, &score_ranges, cohorts_left_out);
        let compare_to = findings.migration.as_ref().map(|migration| migration.compare_to);
        let rfm = RfmParams { compare_to: compare_to.or(spec.rfm.compare_to), ..spec.rfm.clone() };
        Self {
            parameters: spec.parameters_used(window.as_of, rfm),
            meta: Meta {
                definition: affinsy_mining::rfm::DEFINITION,
                as_of: window.as_of,
                as_of_source: window.as_of_source,
                time_zone: &spec.time_zone_name,
                customers_scored: population.customers.len() as u64,
            },
            summary: overview::summary(findings, &data),
            data,
            segments: segments::rows(population, model),
            heatmap: grid::heatmap(population, model),
            score_ranges,
            cells: grid::cells(population, model),
            concentration: loyalty::concentration(population),
            repeat_funnel: loyalty::funnel(population),
            repurchase_intervals: loyalty::repurchase(population),
            cohorts,
            migration: findings.migration.as_ref(),
            churn: &findings.churn,
            lifetime_value: &findings.lifetime_value,
            customers: customers::first_page(findings),
            insights: None,
            warnings,
        }
    }

    /// Insights quote the finished report, so it is written once without them and once with.
    pub fn into_json(mut self, wants_insights: bool) -> (Box<RawValue>, Option<Insights>) {
        if wants_insights {
            let report = serde_json::to_value(&self).expect("a result of plain fields always serializes");
            self.insights = Some(insights::of(&report));
        }
        let result = serde_json::value::to_raw_value(&self).expect("a result of plain fields always serializes");
        (result, self.insights)
    }
}
