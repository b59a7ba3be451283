//! `GET /recommendations`: what goes with some products.

use super::cursor::{limit, only_known};
use super::export::named;
use super::refusal::Kind;
use super::reports::ReportPorts;
use super::{Answer, Caller, Refusal, Request};
use crate::recommend::{NoRules, newest_rules};
use affinsy_core::report::recommend::{RankBy, Recommendation};
use affinsy_core::report::spec::DEFAULT_DATASET;
use affinsy_core::time::Instant;
use serde::Serialize;

/// The most products of one question.
pub const MAX_PRODUCTS: usize = 100;

#[derive(Debug, Serialize)]
struct Recommendations<'a> {
    dataset_id: &'a str,
    report_id: &'a str,
    report_completed_at: Option<Instant>,
    products: &'a [&'a str],
    data: &'a [Recommendation<'a>],
    reason: Option<&'static str>,
}

pub async fn recommend(request: &Request, caller: &Caller, ports: &ReportPorts) -> Result<Answer, Refusal> {
    only_known(request, &["dataset_id", "product", "limit", "rank_by"])?;
    let limit = limit(request)?;
    let rank_by = named(request, "rank_by", RankBy::NAMES)?.unwrap_or(RankBy::Confidence);
    let dataset_id = request.query("dataset_id").unwrap_or(DEFAULT_DATASET);
    let products: Vec<&str> =
        request.query.iter().filter(|(name, _)| name == "product").map(|(_, product)| product.as_str()).collect();
    if products.is_empty() || products.len() > MAX_PRODUCTS {
        let detail = format!("1 to {MAX_PRODUCTS} products: product=Mug&product=Tea%20pot");
        return Err(Refusal::invalid("/product", detail));
    }
    let found = newest_rules(&caller.tenant, dataset_id, &*ports.reports, &*ports.objects, &ports.shelf).await;
    let (report, rules) = found.map_err(|refused| refusal(refused, dataset_id))?;
    let data = rules.recommend(&products, rank_by, limit);
    let reason = data.is_empty().then_some(if rules.rules() == 0 {
        "The report found no rules; its summary says why, and what would find some."
    } else {
        "None of the report's rules begins with these products alone. A report with a smaller min_support, or without \
         max_rules, has more of them."
    });
    let body = Recommendations {
        dataset_id,
        report_id: &report.report_id,
        report_completed_at: report.completed_at,
        products: &products,
        data: &data,
        reason,
    };
    Answer::json(200, &body)
}

fn refusal(refused: NoRules, dataset_id: &str) -> Refusal {
    match refused {
        NoRules::NoReport => Refusal::new(
            Kind::NotFound,
            "no_basket_report",
            format!(
                "The dataset {dataset_id:?} has no completed MBA report to recommend from. Submit one: POST /reports \
                 {{\"template\": \"standard_mba\", \"dataset_id\": …}}."
            ),
        ),
        NoRules::TooMany { report_id, rows } => Refusal::new(
            Kind::Invalid,
            "part_too_large",
            format!(
                "The {rows} rules of report {report_id} are too many to recommend from; submit one with max_rules or a \
                 greater min_support."
            ),
        ),
        NoRules::Port(error) => error.into(),
    }
}
