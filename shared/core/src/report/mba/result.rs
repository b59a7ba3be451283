//! The report as its reader gets it. Works out nothing but the parameters that were used.

use super::anchors::Anchor;
use super::bundles::Bundle;
use super::data::Data;
use super::drift::Drift;
use super::gateway::Gateway;
use super::insights;
use super::mine::Mined;
use super::next_purchases::NextPurchases;
use super::rules;
use super::substitutes::Substitute;
use super::summary::Summary;
use crate::insight::Insights;
use crate::report::scope::ChurnRules;
use crate::report::spec::{MbaParams, ParametersUsed, ReportSpec, Support};
use crate::report::window::Window;
use serde::Serialize;
use serde_json::value::RawValue;

/// The result of a market basket analysis.
#[derive(Debug, Serialize)]
pub struct MbaResult<'r> {
    pub parameters: ParametersUsed<'r, MbaUsed>,
    pub data: &'r Data,
    pub summary: Summary,
    /// The first page; the whole list is the part `rules`.
    pub association_rules: Box<RawValue>,
    /// The first page; the whole list is the part `itemsets`.
    pub itemsets: Box<RawValue>,
    pub bundles: Vec<Bundle<'r>>,
    pub anchors: Vec<Anchor<'r>>,
    pub gateway_products: Gateway<'r>,
    pub substitutes: Vec<Substitute<'r>>,
    pub next_purchases: NextPurchases<'r>,
    /// Null where no earlier report has the same parameters.
    pub drift: Option<Drift<'r>>,
    /// How lapsed customers were told apart; null where the scope does not ask.
    pub churn: Option<&'r ChurnRules>,
    pub insights: Option<Insights>,
    pub warnings: Vec<String>,
}

/// The parameters of a market basket analysis with the threshold that they came to.
#[derive(Debug, Serialize)]
pub struct MbaUsed {
    /// `min_support` as asked for (null where it was not), `min_support_count` as used.
    #[serde(flatten)]
    params: MbaParams,
    /// `min_support`, `min_support_count` or `automatic`.
    support_from: &'static str,
}

pub fn parameters<'s>(spec: &'s ReportSpec, window: &Window, mined: &Mined) -> ParametersUsed<'s, MbaUsed> {
    let (support, support_from) = match spec.mba.support {
        Support::Share(share) => (Support::Resolved { share, count: mined.min_support_count }, "min_support"),
        Support::Count(count) => (Support::Count(count), "min_support_count"),
        Support::Auto | Support::Resolved { .. } => (Support::Count(mined.min_support_count), "automatic"),
    };
    let params = MbaParams { support, max_rules: Some(rules::most_listed(&spec.mba)), ..spec.mba.clone() };
    spec.parameters_used(window.as_of, MbaUsed { params, support_from })
}

impl MbaResult<'_> {
    /// Insights quote the finished report, so it is written once without them and once with.
    pub fn into_json(mut self, wants_insights: bool) -> (Box<RawValue>, Option<Insights>) {
        if wants_insights {
            let report = serde_json::to_string(&self).expect("a result of plain fields always serializes");
            let report = serde_json::from_str(&report).expect("serde_json reads what it wrote");
            self.insights = Some(insights::of(&report));
        }
        let result = serde_json::value::to_raw_value(&self).expect("a result of plain fields always serializes");
        (result, self.insights)
    }
}
