//! Market basket analysis: from a dataset's history to a finished report. Pure: no clock, no I/O, and the same
//! history always gives the same bytes.

mod anchors;
mod bundles;
mod charges;
mod coverage;
mod data;
mod drift;
mod gateway;
mod insights;
mod itemsets;
mod journeys;
mod ledger;
mod mine;
mod names;
mod next_purchases;
mod pages;
mod previous;
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
pub use previous::{MAX_PREVIOUS_BYTES, PreviousReport};
pub use rules::MAX_RULES;

use super::basket::BasketSet;
use super::customer::Past;
use super::scope::Selection;
use super::spec::ReportSpec;
use super::window::Window;
use super::{Budget, ReportFailure, ReportOutput, RunEnd, scope};
use crate::history::History;
use affinsy_mining::{Rule, RuleSet};
use bundles::{Candidate, Shop};
use charges::Charges;
pub(super) use charges::is_charge;
use data::Data;
use drift::{Drift, Listed, Seen, Sides};
use gateway::FirstOrders;
use journeys::Journeys;
use ledger::{Ledger, SetMoney};
use mine::Mined;
use names::Names;
use next_purchases::Found;
use pages::Listing;
use result::MbaResult;
use summary::Summary;

/// Mines the baskets of a history as a report asks for it, and holds what it finds against an earlier report of the
/// same parameters, where there is one. Too much to work out ends it with advice.
pub fn run(
    history: &History,
    spec: &ReportSpec,
    previous: Option<&PreviousReport>,
    budget: &Budget<'_>,
) -> Result<ReportOutput, RunEnd> {
    stage(budget, "baskets", 0.0)?;
    let window = Window::resolve(spec, history);
    let Read { selection, set, charges, first_orders, next } = Read::new(history, &window, spec)?;
    let budget = &budget.without(set.memory_bytes());
    stage(budget, "itemsets", 0.2)?;
    let mined = mine::itemsets(set.baskets(), &spec.mba, budget)?;
    stage(budget, "rules", 0.5)?;
    let found = rules::found(&mined.itemsets, set.len() as u64, &spec.mba, budget)?;
    stage(budget, "rules", 0.7)?;
    let links = rules::links(set.len() as u64, &mined, &found, &spec.mba, budget)?;
    stage(budget, "insights", 0.8)?;
    let data = data::of(history, &window, &selection, &set);
    let findings =
        Findings { spec, previous, window, selection, set, charges, first_orders, next, mined, found, links, data };
    let output = findings.write(budget)?;
    stage(budget, "insights", 1.0)?;
    Ok(output)
}

/// What the orders themselves say. The past by which they were put in order is not kept: what follows is hungry.
struct Read<'h> {
    selection: Selection,
    set: BasketSet<'h>,
    charges: Charges,
    first_orders: FirstOrders,
    next: Found,
}

impl<'h> Read<'h> {
    fn new(history: &'h History, window: &Window, spec: &ReportSpec) -> Result<Self, ReportFailure> {
        let past = Past::read(history, window);
        let selection = scope::select_from(&past, spec)?;
        let set = BasketSet::build(history, &selection.orders, spec.mba.scope, &spec.filters);
        let journeys = Journeys::of(&past, &set);
        let first_orders = FirstOrders::read(&journeys, set.item_count());
        let charges = Charges::of(&set);
        let next = Found::read(&journeys, &set, &charges, spec.mba.max_q_value);
        Ok(Self { selection, set, charges, first_orders, next })
    }
}

/// Everything that was worked out, before it is priced and written down.
struct Findings<'h> {
    spec: &'h ReportSpec,
    previous: Option<&'h PreviousReport>,
    window: Window,
    selection: Selection,
    set: BasketSet<'h>,
    charges: Charges,
    first_orders: FirstOrders,
    next: Found,
    mined: Mined,
    found: RuleSet,
    /// The rules that bundles and anchors are made of.
    links: Vec<Rule>,
    data: Data,
}

impl Findings<'_> {
    fn write(mut self, budget: &Budget<'_>) -> Result<ReportOutput, RunEnd> {
        let (first_orders, next) = (std::mem::take(&mut self.first_orders), std::mem::take(&mut self.next));
        let (set, count) = (&self.set, self.set.len() as u64);
        let (names, item_counts) = (Names::of(set), item_counts(set));
        let charges = &self.charges;
        let ranked = anchors::ranked(&self.links, charges);
        let candidates = bundles::candidates(&self.links, charges);
        let ledger = self.ledger(&ranked, &candidates);
        let best = bundles::best(candidates, &ledger, charges);
        let best_items = best.iter().flat_map(|priced| priced.items.iter().copied());
        let prices = ledger::median_prices(set, &marked(set, best_items));
        let summary = self.summary(&item_counts, &ledger, budget)?;
        let revenue = summary.revenue;
        let shop = Shop { baskets: count, revenue, names: &names, item_counts: &item_counts, prices: &prices };
        stage(budget, "insights", 0.85)?;
        let max_q_value = self.spec.mba.max_q_value;
        let substitutes = substitutes::found(set.baskets(), &item_counts, max_q_value, (&names, charges));
        stage(budget, "insights", 0.9)?;
        let money = bundles::money(&self.found.rules, &ledger);
        let drift = self.previous.map(|previous| self.drift(previous, &money));
        let rule_listing = rule_rows(&self.found.rules, &money, count, &names);
        let itemset_listing = itemsets::listing(&self.mined.itemsets, &names, count);
        stage(budget, "insights", 0.95)?;
        let result = MbaResult {
            parameters: result::parameters(self.spec, &self.window, &self.mined),
            warnings: warnings::of(self.spec, &self.data, &summary, &self.mined, charges.warning(set, &item_counts)),
            association_rules: rule_listing.first_page(),
            itemsets: itemset_listing.first_page(),
            bundles: shop.rows(&best),
            anchors: anchors::rows(&ranked, count, &names, &ledger),
            gateway_products: first_orders.report(max_q_value, &names, charges),
            substitutes,
            next_purchases: next.report(&names),
            drift,
            churn: self.selection.churn.as_ref(),
            insights: None,
            data: &self.data,
            summary,
        };
        let (result, insights) = result.into_json(self.spec.insights);
        let parts = vec![rule_listing.into_part("rules"), itemset_listing.into_part("itemsets")];
        Ok(ReportOutput { result, insights, parts })
    }

    fn drift<'a>(&'a self, previous: &'a PreviousReport, money: &[SetMoney]) -> Drift<'a> {
        let names = |items: &[u32]| items.iter().map(|item| self.set.name(*item)).collect();
        let listed = |(rule, money): (&Rule, &SetMoney)| Listed {
            sides: Sides { antecedents: names(&rule.antecedent), consequents: names(&rule.consequent) },
            seen: Seen::new(rule.support_count, rule.antecedent_count, Some(money.products)),
        };
        let current: Vec<Listed<'_>> = self.found.rules.iter().zip(money).map(listed).collect();
        // Of a rule that is not listed any more, the itemsets tell the counts while its products are frequent.
        let elsewhere = |antecedents: &[String], consequents: &[String]| {
            let items = |names: &[String]| names.iter().map(|name| self.set.item(name)).collect::<Option<Vec<u32>>>();
            let (antecedent, consequent) = (items(antecedents)?, items(consequents)?);
            let mut all = [antecedent.as_slice(), &consequent].concat();
            all.sort_unstable();
            let count = |items: &[u32]| self.mined.itemsets.support_of(items);
            Some((count(&all)?, count(&antecedent)?))
        };
        drift::drift(previous, &current, self.found.found, self.spec.mba.max_q_value, elsewhere)
    }

    fn ledger(&self, ranked: &[(u32, Vec<&Rule>)], candidates: &[Candidate<'_>]) -> Ledger {
        let anchor_items = ranked.iter().map(|(item, _)| *item);
        let bundle_items = candidates.iter().flat_map(|candidate| candidate.items.iter().copied());
        let rule_items = self.found.rules.iter().flat_map(rules::products);
        Ledger::read(&self.set, &marked(&self.set, anchor_items.chain(bundle_items).chain(rule_items)))
    }

    fn summary(&self, item_counts: &[u32], ledger: &Ledger, budget: &Budget<'_>) -> Result<Summary, RunEnd> {
        let coverage = coverage::of(self.set.baskets(), item_counts, &self.found.rules);
        let mut summary = summary::of(&self.set, ledger.values(), &self.mined, &self.found, coverage);
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

fn rule_rows(rules: &[Rule], money: &[SetMoney], baskets: u64, names: &Names) -> Listing {
    let rows: Vec<(&Rule, &SetMoney)> = rules.iter().zip(money).collect();
    Listing::of(&rows, |(rule, money)| rules::RuleRow::of(rule, baskets, names, **money))
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
