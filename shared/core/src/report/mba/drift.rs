//! What changed since an earlier report with the same parameters: rules that are new, gone, stronger or weaker.
//!
//! Stronger and weaker is a matter of confidence, told from chance by the test of two proportions and corrected for
//! all rules tested. New and gone is a matter of the two lists, and says no more than that: where a list was cut by
//! `max_rules`, a rule may have been there and not listed.

use super::previous::{Period, PreviousReport, PreviousRule};
use crate::decimal::Amount;
use affinsy_mining::{Ratio, stats};
use rustc_hash::{FxHashMap, FxHashSet};
use serde::Serialize;

/// The most rules of each kind that a report names.
const MAX_NAMED: usize = 25;
/// The greatest share of false findings where the report's own bound is off.
const MAX_Q: f64 = 0.05;

/// A report held against an earlier one.
#[derive(Debug, Serialize)]
pub struct Drift<'n> {
    pub previous: Before<'n>,
    /// Rules of both lists.
    pub in_both: u64,
    /// Those with enough baskets to test the difference, the number that `q_value` corrects for.
    pub tested: u64,
    /// How many of each kind; the lists name the first of them.
    pub new: u64,
    pub gone: u64,
    pub stronger: u64,
    pub weaker: u64,
    /// In both lists, and no different as far as can be told.
    pub unchanged: u64,
    /// Those that earn the most first, as in every list here.
    pub new_rules: Vec<Change<'n>>,
    pub gone_rules: Vec<Change<'n>>,
    pub stronger_rules: Vec<Change<'n>>,
    pub weaker_rules: Vec<Change<'n>>,
    /// What the comparison cannot say; null where there is no such thing.
    pub note: Option<String>,
}

/// The earlier report.
#[derive(Debug, Serialize)]
pub struct Before<'n> {
    report_id: &'n str,
    completed_at: &'n str,
    /// First and last date of its orders.
    date_range: &'n Period,
    baskets: u64,
    rules_found: u64,
    rules_listed: u64,
}

/// A rule then and now.
#[derive(Debug, Serialize)]
pub struct Change<'n> {
    #[serde(flatten)]
    sides: Sides<'n>,
    /// Null where the rule is new.
    before: Option<Seen>,
    /// Null where fewer baskets hold its products now than the threshold asks for.
    now: Option<Seen>,
    /// Confidence now less confidence before; null where one is not known.
    difference: Option<f64>,
    /// The two-sided test of two proportions; null where there was too little to test.
    p_value: Option<f64>,
    q_value: Option<f64>,
}

/// A rule's counts in one report.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Seen {
    support_count: u32,
    antecedent_count: u32,
    confidence: f64,
    /// Null where the rule is not listed.
    revenue: Option<Amount>,
}

impl Seen {
    pub fn new(support_count: u32, antecedent_count: u32, revenue: Option<Amount>) -> Self {
        let confidence = f64::from(support_count) / f64::from(antecedent_count);
        Self { support_count, antecedent_count, confidence, revenue }
    }
    fn share(&self) -> (u64, u64) {
        (self.support_count.into(), self.antecedent_count.into())
    }
}

/// A rule's products by their names: two reports may number them differently.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct Sides<'n> {
    pub antecedents: Vec<&'n str>,
    pub consequents: Vec<&'n str>,
}

impl<'n> Sides<'n> {
    fn of(rule: &'n PreviousRule) -> Self {
        let names = |names: &'n [String]| names.iter().map(String::as_str).collect();
        Self { antecedents: names(&rule.antecedents), consequents: names(&rule.consequents) }
    }
}

/// A rule of the report's own list.
#[derive(Debug)]
pub struct Listed<'n> {
    pub sides: Sides<'n>,
    pub seen: Seen,
}

/// Holds a report's rules (`current`, with `rules_found` before the list was cut) against an earlier report's.
/// `elsewhere` gives, for the names of a rule that is not listed now, how many baskets hold its products and how many
/// its antecedents, where the report knows.
pub fn drift<'n>(
    previous: &'n PreviousReport,
    current: &[Listed<'n>],
    rules_found: u64,
    max_q_value: Ratio,
    elsewhere: impl Fn(&[String], &[String]) -> Option<(u32, u32)>,
) -> Drift<'n> {
    let listed: FxHashMap<&Sides<'n>, Seen> = current.iter().map(|rule| (&rule.sides, rule.seen)).collect();
    let mut known: FxHashSet<Sides<'n>> = FxHashSet::default();
    let mut compared: Vec<Compared<'n>> = Vec::new();
    for rule in &previous.rules {
        let sides = Sides::of(rule);
        let now = listed.get(&sides).copied();
        let is_listed = now.is_some();
        let now =
            now.or_else(|| elsewhere(&rule.antecedents, &rule.consequents).map(|(both, of)| Seen::new(both, of, None)));
        let before = Seen::new(rule.support_count, rule.antecedent_count, Some(rule.revenue));
        if known.insert(sides.clone()) {
            compared.push(Compared { sides, before: Some(before), now, is_listed, p_value: None, q_value: None });
        }
    }
    let tested = test(&mut compared);
    let appeared = current.iter().filter(|rule| !known.contains(&rule.sides));
    let new: Vec<Compared<'n>> = appeared.map(|rule| Compared::new(&rule.sides, rule.seen)).collect();
    let (in_both, gone): (Vec<_>, Vec<_>) = compared.into_iter().partition(|rule| rule.is_listed);
    let bound = max_q_value.to_f64().min(MAX_Q);
    let both = in_both.len() as u64;
    let (moved, still): (Vec<_>, Vec<_>) =
        in_both.into_iter().partition(|rule| rule.q_value.is_some_and(|q_value| q_value <= bound));
    let (stronger, weaker): (Vec<_>, Vec<_>) = moved.into_iter().partition(|rule| rule.difference() > Some(0.0));
    Drift {
        previous: Before::of(previous),
        in_both: both,
        tested,
        new: new.len() as u64,
        gone: gone.len() as u64,
        stronger: stronger.len() as u64,
        weaker: weaker.len() as u64,
        unchanged: still.len() as u64,
        note: note(previous, current.len() as u64, rules_found),
        new_rules: named(new),
        gone_rules: named(gone),
        stronger_rules: named(stronger),
        weaker_rules: named(weaker),
    }
}

/// One rule of either list.
#[derive(Debug)]
struct Compared<'n> {
    sides: Sides<'n>,
    before: Option<Seen>,
    now: Option<Seen>,
    is_listed: bool,
    p_value: Option<f64>,
    q_value: Option<f64>,
}

impl<'n> Compared<'n> {
    fn new(sides: &Sides<'n>, now: Seen) -> Self {
        Self { sides: sides.clone(), before: None, now: Some(now), is_listed: true, p_value: None, q_value: None }
    }
    fn difference(&self) -> Option<f64> {
        Some(self.now?.confidence - self.before?.confidence)
    }
    fn worth(&self) -> Amount {
        let revenue = |seen: Option<Seen>| seen.and_then(|seen| seen.revenue).unwrap_or_default();
        revenue(self.now).max(revenue(self.before))
    }
}

/// Tests each difference that can be tested; how many those are.
fn test(compared: &mut [Compared<'_>]) -> u64 {
    for rule in compared.iter_mut() {
        let shares = rule.before.zip(rule.now).map(|(before, now)| (before.share(), now.share()));
        rule.p_value = shares.and_then(|(before, now)| stats::two_proportions(before, now));
    }
    let p_values: Vec<f64> = compared.iter().filter_map(|rule| rule.p_value).collect();
    let mut q_values = stats::benjamini_hochberg(&p_values).into_iter();
    compared.iter_mut().filter(|rule| rule.p_value.is_some()).for_each(|rule| rule.q_value = q_values.next());
    p_values.len() as u64
}

/// The rules that earn the most, by names where that is equal.
fn named<'n>(mut rules: Vec<Compared<'n>>) -> Vec<Change<'n>> {
    rules.sort_by(|a, b| b.worth().cmp(&a.worth()).then_with(|| a.sides.cmp(&b.sides)));
    rules.truncate(MAX_NAMED);
    let change = |rule: Compared<'n>| Change {
        difference: rule.difference(),
        sides: rule.sides,
        before: rule.before,
        now: rule.now,
        p_value: rule.p_value,
        q_value: rule.q_value,
    };
    rules.into_iter().map(change).collect()
}

impl<'n> Before<'n> {
    fn of(previous: &'n PreviousReport) -> Self {
        Self {
            report_id: &previous.report_id,
            completed_at: &previous.completed_at,
            date_range: &previous.period,
            baskets: previous.baskets,
            rules_found: previous.rules_found,
            rules_listed: previous.rules.len() as u64,
        }
    }
}

fn note(previous: &PreviousReport, listed: u64, found: u64) -> Option<String> {
    let (was_cut, is_cut) = (previous.rules_found > previous.rules.len() as u64, found > listed);
    (was_cut || is_cut).then(|| {
        let which = match (was_cut, is_cut) {
            (true, true) => "Both lists were",
            (true, false) => "The earlier list was",
            _ => "This list was",
        };
        format!(
            "{which} cut by max_rules: a rule that is called new or gone may only have moved across the cut. A greater \
             max_rules in the next two reports makes it certain."
        )
    })
}
