//! From itemsets to the rules of a report, and a rule as a row. The mathematics is the miner's.

use super::ledger::SetMoney;
use super::mine::{self, Mined};
use super::names::Names;
use super::splits;
use crate::decimal::Amount;
use crate::report::spec::MbaParams;
use crate::report::{Budget, ReportFailure, RunEnd};
use affinsy_mining::{Itemsets, MineError, Rule, RuleOptions, RuleSet, RuleSort, rules};
use rustc_hash::FxHashSet;
use serde::Serialize;
use serde_json::value::RawValue;

/// The most rules a report holds, however many were asked for.
pub const MAX_RULES: u64 = 500_000;
/// The most rules between two products that bundles and anchors are made of, where the list was cut.
const MAX_LINKS: u64 = 20_000;

/// The rules that pass the bounds, best first: at most `max_rules`, and never more than [`MAX_RULES`].
pub fn found(itemsets: &Itemsets, baskets: u64, params: &MbaParams, budget: &Budget<'_>) -> Result<RuleSet, RunEnd> {
    let splits = splits::count(&itemsets.by_length(), params.max_consequent_size);
    let most = splits::most(budget);
    if splits > most {
        return Err(RunEnd::Failed(too_many(itemsets, splits, most, baskets, params)));
    }
    rules(itemsets, baskets, &options(params, budget)).map_err(ended)
}

fn too_many(itemsets: &Itemsets, splits: u128, most: u128, baskets: u64, params: &MbaParams) -> ReportFailure {
    let support = match splits::fitting_threshold(itemsets, params.max_consequent_size, most) {
        Some(fits) => format!("for {} or more, or ", mine::support_text(fits, baskets)),
        None => String::new(),
    };
    let message = format!(
        "{} product sets split into {splits} possible rules, more than the {most} a report tries. Ask \
         {support}for a smaller max_itemset_size or max_consequent_size.",
        itemsets.len()
    );
    ReportFailure { code: "too_many_rules", message }
}

/// The most rules that a report lists: what was asked for, and never more than [`MAX_RULES`].
pub fn most_listed(params: &MbaParams) -> u64 {
    params.max_rules.map_or(MAX_RULES, |most| most.min(MAX_RULES))
}

pub fn options<'a>(params: &MbaParams, budget: &Budget<'a>) -> RuleOptions<'a> {
    RuleOptions {
        min_confidence: params.min_confidence,
        min_lift: params.min_lift,
        max_consequent_size: params.max_consequent_size,
        max_q_value: params.max_q_value,
        include_redundant: params.include_redundant,
        max_rules: Some(most_listed(params)),
        sort_by: params.sort_by,
        threads: budget.threads,
        stop: budget.stop,
    }
}

/// The rules that bundles and anchors are made of. Where the list was cut, the best by its order may be rare
/// sets of little worth; then rules between two products that gain the most baskets over chance join them.
pub fn links(
    baskets: u64,
    mined: &Mined,
    found: &RuleSet,
    params: &MbaParams,
    budget: &Budget<'_>,
) -> Result<Vec<Rule>, RunEnd> {
    let mut links = found.rules.clone();
    if found.found > links.len() as u64 {
        let pairs = mined.itemsets.of_length_at_most(2);
        let by_leverage = MbaParams { max_rules: Some(MAX_LINKS), sort_by: RuleSort::Leverage, ..params.clone() };
        let between_two = rules(&pairs, baskets, &options(&by_leverage, budget)).map_err(ended)?.rules;
        let key = |rule: &Rule| (rule.antecedent.clone(), rule.consequent.clone());
        let listed: FxHashSet<_> = links.iter().map(key).collect();
        links.extend(between_two.into_iter().filter(|rule| !listed.contains(&key(rule))));
    }
    Ok(links)
}

/// The products of a rule, ascending.
pub fn products(rule: &Rule) -> Vec<u32> {
    let mut items: Vec<u32> = rule.antecedent.iter().chain(rule.consequent.iter()).copied().collect();
    items.sort_unstable();
    items
}

/// One rule: "baskets with the antecedents also hold the consequents". Shares are of all baskets.
#[derive(Debug, Serialize)]
pub struct RuleRow<'n> {
    antecedents: Vec<&'n RawValue>,
    consequents: Vec<&'n RawValue>,
    support: f64,
    support_count: u32,
    confidence: f64,
    lift: f64,
    leverage: f64,
    /// Null is infinite, as the rule never fails; or undefined, as the consequents are in every basket.
    conviction: Option<f64>,
    zhang: Option<f64>,
    jaccard: f64,
    certainty: Option<f64>,
    kulczynski: f64,
    cosine: f64,
    imbalance_ratio: f64,
    /// Wilson's 95 % interval of the confidence.
    confidence_low: f64,
    confidence_high: f64,
    /// Fisher's exact test, one-sided; `q_value` after Benjamini and Hochberg over the rules tested.
    p_value: f64,
    q_value: f64,
    antecedent_support: f64,
    consequent_support: f64,
    antecedent_count: u32,
    consequent_count: u32,
    /// A more general rule does as well.
    redundant: bool,
    /// What the rule's products come to in the baskets that hold them all.
    revenue: Amount,
}

impl<'n> RuleRow<'n> {
    pub fn of(rule: &Rule, baskets: u64, names: &'n Names, money: SetMoney) -> Self {
        let metrics = rule.metrics(baskets);
        Self {
            antecedents: names.list(&rule.antecedent),
            consequents: names.list(&rule.consequent),
            support: metrics.support,
            support_count: rule.support_count,
            confidence: metrics.confidence,
            lift: metrics.lift,
            leverage: metrics.leverage,
            conviction: finite(metrics.conviction),
            zhang: finite(metrics.zhang),
            jaccard: metrics.jaccard,
            certainty: finite(metrics.certainty),
            kulczynski: metrics.kulczynski,
            cosine: metrics.cosine,
            imbalance_ratio: metrics.imbalance_ratio,
            confidence_low: metrics.confidence_low,
            confidence_high: metrics.confidence_high,
            p_value: rule.p_value,
            q_value: rule.q_value,
            antecedent_support: metrics.antecedent_support,
            consequent_support: metrics.consequent_support,
            antecedent_count: rule.antecedent_count,
            consequent_count: rule.consequent_count,
            redundant: rule.redundant,
            revenue: money.products,
        }
    }
}

/// How a report ends whose rules were not finished.
pub fn ended(error: MineError) -> RunEnd {
    match error {
        MineError::Stopped { .. } => RunEnd::STOPPED,
        other => RunEnd::Failed(ReportFailure { code: "too_many_rules", message: other.to_string() }),
    }
}

fn finite(number: impl Into<Option<f64>>) -> Option<f64> {
    number.into().filter(|number| number.is_finite())
}
