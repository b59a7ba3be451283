//! What a merchant should take from a basket analysis: what was found, what it is worth, what to do. Every number and
//! name is looked up in the finished report; none is worked out here but to put the texts in order.

mod customers;
mod products;
mod writer;

use crate::insight::Insights;
use serde_json::Value;
use writer::{Candidate, Writer};

/// The most insights of a report.
const MAX_INSIGHTS: usize = 6;

/// The candidates, those that move the most money first.
pub fn of(report: &Value) -> Insights {
    let mut writer = Writer::new(report);
    let write: [fn(&mut Writer<'_>) -> Option<Candidate>; 11] = [
        products::nothing_found,
        products::bundle,
        products::cross_sell,
        products::strongest_rule,
        products::anchor,
        products::single_items,
        products::substitutes,
        customers::gateway,
        customers::next_purchase,
        customers::weaker_rules,
        customers::stronger_rules,
    ];
    let mut candidates: Vec<Candidate> = write.iter().filter_map(|write| write(&mut writer)).collect();
    // Stable: what moves the same stays in the order above.
    candidates.sort_by(|a, b| b.stake.total_cmp(&a.stake));
    candidates.truncate(MAX_INSIGHTS);
    Insights::from_templates(candidates.into_iter().map(|candidate| candidate.insight).collect())
}
