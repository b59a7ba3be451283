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
mod splits;
mod substitutes;
mod summary;
mod warnings;

#[cfg(test)]
mod tests;

pub use mine::{AUTO_ITEMSETS, MAX_ITEMSETS};
pub use pages::{PAGE_BYTES, PAGE_ROWS};
pub use rules::MAX_RULES;

use super::basket::BasketSet;
use super::scope::Selection;
use super::spec::ReportSpec;
use super::window::Window;
use super::{Budget, ReportOutput, RunEnd, scope};
use crate::history::History;
use affinsy_mining::{Rule, RuleSet};
use bundles::{Candidate, Shop};
use data::Data;
use ledger::{Ledger, SetMoney};
use mine::Mined;
use names::Names;
use pages::Listing;
use result::MbaResult;
use summary::Summary;

/// Mines the baskets of a history as a report asks for it. Too much to work out ends it with advice.
pub fn run(history: &History, spec: &ReportSpec, budget: &Budget<'_>) -> Result<ReportOutput, RunEnd> {
    stage(budget, "baskets", 0.0)?;
    let window = Window::resolve(spec, history);
    let selection = scope::select(history, &window, spec)?;
    let set = BasketSet::build(history, &selection.orders, spec.mba.scope, &spec.filters);
    let budget = &budget.without(set.memory_bytes());
    stage(budget, "itemsets", 0.2)?;
    let mined = mine::itemsets(set.baskets(), &spec.mba, budget)?;
    stage(budget, "rules", 0.5)?;
    let found = rules::found(&mined.itemsets, set.len() as u64, &spec.mba, budget)?;
    stage(budget, "rules", 0.7)?;
    let links = rules::links(set.len() as u64, &mined, &found, &spec.mba, budget)?;
    stage(budget, "insights", 0.8)?;
    let data = data::of(history, &window, &selection, &set);
    let output = Findings { spec, window, selection, set, mined, found, links, data }.write(budget)?;
    stage(budget, "insights", 1.0)?;
    Ok(output)
}

/// Everything that was worked out, before it is priced and written down.
struct Findings<'h> {
    spec: &'h ReportSpec,
    window: Window,
    selection: Selection,
    set: BasketSet<'h>,
    mined: Mined,
    found: RuleSet,
    /// The rules that bundles and anchors are made of.
    links: Vec<Rule>,
    data: Data,
}

impl Findings<'_> {
    fn write(self, budget: &Budget<'_>) -> Result<ReportOutput, RunEnd> {
        let (set, count) = (&self.set, self.set.len() as u64);
        let (names, item_counts) = (Names::of(set), item_counts(set));
        let (ranked, candidates) = (anchors::ranked(&self.links), bundles::candidates(&self.links));
        let ledger = self.ledger(&ranked, &candidates);
        let best = bundles::best(candidates, &ledger);
        let best_items = best.iter().flat_map(|(candidate, _)| candidate.items.iter().copied());
        let prices = ledger::median_prices(set, &marked(set, best_items));
        let summary = self.summary(&ledger, budget)?;
        let revenue = summary.revenue;
        let shop = Shop { baskets: count, revenue, names: &names, item_counts: &item_counts, prices: &prices };
        stage(budget, "insights", 0.85)?;
        let substitutes = substitutes::found(set.baskets(), &item_counts, self.spec.mba.max_q_value, &names);
        stage(budget, "insights", 0.9)?;
        let rule_listing = rule_rows(&self.found.rules, count, &names, &ledger);
        let itemset_listing = itemsets::listing(&self.mined.itemsets, &names, count);
        stage(budget, "insights", 0.95)?;
        let result = MbaResult {
            parameters: result::parameters(self.spec, &self.window, &self.mined),
            warnings: warnings::of(self.spec, &self.data, &summary, &self.mined),
            association_rules: rule_listing.first_page(),
            itemsets: itemset_listing.first_page(),
            bundles: shop.rows(&best),
            anchors: anchors::rows(&ranked, count, &names, &ledger),
            substitutes,
            churn: self.selection.churn.as_ref(),
            insights: None,
            data: &self.data,
            summary,
        };
        let result = result.into_json(self.spec.insights);
        let parts = vec![rule_listing.into_part("rules"), itemset_listing.into_part("itemsets")];
        Ok(ReportOutput { result, parts })
    }

    fn ledger(&self, ranked: &[(u32, Vec<&Rule>)], candidates: &[Candidate<'_>]) -> Ledger {
        let anchor_items = ranked.iter().map(|(item, _)| *item);
        let bundle_items = candidates.iter().flat_map(|candidate| candidate.items.iter().copied());
        let rule_items = self.found.rules.iter().flat_map(rules::products);
        Ledger::read(&self.set, &marked(&self.set, anchor_items.chain(bundle_items).chain(rule_items)))
    }

    fn summary(&self, ledger: &Ledger, budget: &Budget<'_>) -> Result<Summary, RunEnd> {
        let mut summary = summary::of(&self.set, ledger.values(), &self.mined, &self.found);
        if self.found.found == 0 {
            let baskets = self.set.baskets();
            summary.reason = Some(reasons::without_rules(self.spec, &self.data, baskets, &self.mined, budget)?);
        }
        Ok(summary)
    }
}

fn stage(budget: &Budget<'_>, name: &'static str, done: f64) -> Result<(), RunEnd> {
    (budget.progress)(name, done);
    if (budget.stop)() { Err(RunEnd::STOPPED) } else { Ok(()) }
}

fn rule_rows(rules: &[Rule], baskets: u64, names: &Names, ledger: &Ledger) -> Listing {
    let money = bundles::money(rules, ledger);
    let rows: Vec<(&Rule, SetMoney)> = rules.iter().zip(money).collect();
    Listing::of(&rows, |(rule, money)| rules::RuleRow::of(rule, baskets, names, *money))
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
