//! Market basket analysis: from a dataset's history to a finished report. Pure: no clock, no I/O, and the same
//! history always gives the same bytes.

mod anchors;
mod bundles;
mod data;
mod insights;
mod itemsets;
mod ledger;
mod mine;
mod names;
mod pages;
mod reasons;
mod result;
mod rules;
mod substitutes;
mod summary;
mod warnings;

#[cfg(test)]
mod tests;

pub use mine::{AUTO_ITEMSETS, MAX_ITEMSETS};
pub use pages::{PAGE_BYTES, PAGE_ROWS};
pub use rules::MAX_RULES;

use super::basket::BasketSet;
use super::spec::ReportSpec;
use super::window::Window;
use super::{Budget, ReportOutput, RunEnd, scope};
use crate::history::History;
use affinsy_mining::Rule;
use bundles::{SetIndex, Shop};
use ledger::Ledger;
use names::Names;
use pages::Listing;
use result::MbaResult;

/// Mines the baskets of a history as a report asks for it. Too much to work out ends it with advice.
pub fn run(history: &History, spec: &ReportSpec, budget: &Budget<'_>) -> Result<ReportOutput, RunEnd> {
    stage(budget, "baskets", 0.0)?;
    let window = Window::resolve(spec, history);
    let selection = scope::select(history, &window, spec.customer_scope, spec.churn_days);
    let set = BasketSet::build(history, &selection.orders, spec.mba.scope, &spec.filters);
    let (names, count) = (Names::of(&set), set.len() as u64);
    stage(budget, "itemsets", 0.2)?;
    let mined = mine::itemsets(set.baskets(), &spec.mba, budget)?;
    stage(budget, "rules", 0.5)?;
    let found = rules::found(&mined.itemsets, count, &spec.mba, budget)?;
    let listed = rules::listed(&found, &spec.mba);
    let (ranked, candidates) = (anchors::ranked(&found.rules), bundles::candidates(&found.rules));
    let anchor_items = ranked.iter().map(|(item, _)| *item);
    let bundle_items = candidates.iter().flat_map(|candidate| candidate.items.iter().copied());
    let rule_items = found.rules[..listed].iter().flat_map(rules::products);
    stage(budget, "rules", 0.7)?;
    let ledger = Ledger::read(&set, &marked(&set, anchor_items.chain(bundle_items).chain(rule_items)));
    let rule_listing = rule_rows(&found.rules[..listed], count, &names, &ledger);
    stage(budget, "rules", 0.8)?;
    let best = bundles::best(candidates, &ledger);
    let best_items = best.iter().flat_map(|(candidate, _)| candidate.items.iter().copied());
    let prices = ledger::median_prices(&set, &marked(&set, best_items));
    let item_counts = item_counts(&set);
    let data = data::of(history, &window, &selection, &set);
    let mut summary = summary::of(&set, ledger.values(), &mined, &found, listed as u64);
    if found.found == 0 {
        summary.reason = Some(reasons::without_rules(spec, &data, set.baskets(), &mined, budget));
    }
    let shop = Shop { baskets: count, revenue: summary.revenue, names: &names, item_counts: &item_counts, prices: &prices };
    let itemset_listing = itemsets::listing(&mined.itemsets, &names, count);
    stage(budget, "insights", 0.9)?;
    let result = MbaResult {
        parameters: result::parameters(spec, &window, &mined),
        warnings: warnings::of(spec, &data, &summary, &mined),
        association_rules: rule_listing.first_page(),
        itemsets: itemset_listing.first_page(),
        bundles: shop.rows(&best),
        anchors: anchors::rows(&ranked, count, &names, &ledger),
        substitutes: substitutes::found(set.baskets(), &item_counts, spec.mba.max_q_value, &names),
        churn: selection.churn.as_ref(),
        insights: None,
        data,
        summary,
    };
    let result = result.into_json(spec.insights);
    stage(budget, "insights", 1.0)?;
    Ok(ReportOutput { result, parts: vec![rule_listing.into_part("rules"), itemset_listing.into_part("itemsets")] })
}

fn stage(budget: &Budget<'_>, name: &'static str, done: f64) -> Result<(), RunEnd> {
    (budget.progress)(name, done);
    if (budget.stop)() { Err(RunEnd::Stopped) } else { Ok(()) }
}

fn rule_rows(rules: &[Rule], baskets: u64, names: &Names, ledger: &Ledger) -> Listing {
    let money = SetIndex::of(rules, ledger);
    let mut listing = Listing::default();
    for rule in rules {
        listing.push(&rules::RuleRow::of(rule, baskets, names, money.money(rule)));
    }
    listing
}

fn marked(set: &BasketSet<'_>, items: impl Iterator<Item = u32>) -> Vec<bool> {
    let mut marks = vec![false; set.item_count()];
    items.for_each(|item| marks[item as usize] = true);
    marks
}

/// In how many baskets each item is.
fn item_counts(set: &BasketSet<'_>) -> Vec<u32> {
    let mut counts = vec![0; set.item_count()];
    set.baskets().iter().flatten().for_each(|item| counts[*item as usize] += 1);
    counts
}
