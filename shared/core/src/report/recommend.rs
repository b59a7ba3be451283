//! What goes with some products, by the rules of a finished basket report. A rule speaks for its consequent where all
//! its antecedents are among the products; of several that do, the one of the highest confidence counts: the greatest
//! share of such baskets that held the consequent too.

use super::mba::is_charge;
use crate::names::Names;
use rustc_hash::{FxHashMap, FxHashSet};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::cmp::Ordering;

/// The rules of a report, to be asked again and again.
#[derive(Debug)]
pub struct Recommender {
    products: Names,
    /// Antecedents of all rules, one behind the other.
    antecedents: Vec<u32>,
    rules: Vec<Rule>,
    /// The rules that a product is the first antecedent of.
    by_first: FxHashMap<u32, Vec<u32>>,
}

/// Of a rule with one consequent.
#[derive(Debug)]
struct Rule {
    /// Its range of `antecedents`.
    first: u32,
    count: u32,
    consequent: u32,
    support_count: u32,
    support: f64,
    confidence: f64,
    lift: f64,
}

#[derive(Deserialize)]
struct RuleFields<'a> {
    #[serde(borrow)]
    antecedents: Vec<Cow<'a, str>>,
    #[serde(borrow)]
    consequents: Vec<Cow<'a, str>>,
    support: f64,
    support_count: u32,
    confidence: f64,
    lift: f64,
}

/// A product that goes with those that were asked for.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Recommendation<'r> {
    pub product: &'r str,
    /// Of the rule that speaks for it.
    pub antecedents: Vec<&'r str>,
    pub confidence: f64,
    pub lift: f64,
    pub support: f64,
    pub support_count: u32,
}

/// By what recommendations are ranked, best first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RankBy {
    Confidence,
    Lift,
}

impl RankBy {
    pub const NAMES: [(&'static str, Self); 2] = [("confidence", Self::Confidence), ("lift", Self::Lift)];
}

impl Recommender {
    /// From the rows of a report's rules. Rules with several consequents say nothing that those with one of them do
    /// not, and are passed over.
    pub fn of_rules(ndjson: &[u8]) -> Result<Self, serde_json::Error> {
        let mut all = Self {
            products: Names::default(),
            antecedents: Vec::new(),
            rules: Vec::new(),
            by_first: FxHashMap::default(),
        };
        for line in ndjson.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
            let rule: RuleFields<'_> = serde_json::from_slice(line)?;
            if let [consequent] = rule.consequents.as_slice() {
                all.add(&rule, consequent);
            }
        }
        Ok(all)
    }

    fn add(&mut self, rule: &RuleFields<'_>, consequent: &str) {
        let first = self.antecedents.len() as u32;
        for name in &rule.antecedents {
            let code = self.products.code(name);
            self.antecedents.push(code);
        }
        let Some(lead) = self.antecedents.get(first as usize).copied() else { return };
        self.by_first.entry(lead).or_default().push(self.rules.len() as u32);
        let consequent = self.products.code(consequent);
        let RuleFields { support, support_count, confidence, lift, .. } = *rule;
        let count = rule.antecedents.len() as u32;
        self.rules.push(Rule { first, count, consequent, support_count, support, confidence, lift });
    }

    fn antecedents(&self, rule: &Rule) -> &[u32] {
        &self.antecedents[rule.first as usize..(rule.first + rule.count) as usize]
    }

    /// The best for these products, none of which is recommended itself. Postage and fees stand behind all else.
    pub fn recommend(&self, products: &[&str], rank_by: RankBy, limit: usize) -> Vec<Recommendation<'_>> {
        let basket: FxHashSet<u32> = products.iter().filter_map(|name| self.products.find(name)).collect();
        let mut best: FxHashMap<u32, &Rule> = FxHashMap::default();
        let leads = basket.iter().filter_map(|product| self.by_first.get(product)).flatten();
        for rule in leads.map(|at| &self.rules[*at as usize]) {
            let speaks = self.antecedents(rule).iter().all(|item| basket.contains(item));
            if !speaks || basket.contains(&rule.consequent) {
                continue;
            }
            let known = best.entry(rule.consequent).or_insert(rule);
            if self.compare(rule, known, rank_by) == Ordering::Less {
                *known = rule;
            }
        }
        let mut ranked: Vec<&Rule> = best.into_values().collect();
        ranked.sort_by(|a, b| self.is_charge(a).cmp(&self.is_charge(b)).then_with(|| self.compare(a, b, rank_by)));
        ranked.truncate(limit);
        ranked.into_iter().map(|rule| self.shown(rule)).collect()
    }

    fn is_charge(&self, rule: &Rule) -> bool {
        is_charge(self.products.get(rule.consequent))
    }

    /// The better one first; equal ones by what was bought more often, then by their names, so that the same question
    /// always has the same answer.
    fn compare(&self, a: &Rule, b: &Rule, rank_by: RankBy) -> Ordering {
        let key = |rule: &Rule| match rank_by {
            RankBy::Confidence => (rule.confidence, rule.lift),
            RankBy::Lift => (rule.lift, rule.confidence),
        };
        let (first, second) = (key(b), key(a));
        let names = |rule: &Rule| {
            let antecedents = self.antecedents(rule).iter().map(|item| self.products.get(*item));
            (self.products.get(rule.consequent), antecedents.collect::<Vec<_>>())
        };
        first
            .0
            .total_cmp(&second.0)
            .then_with(|| first.1.total_cmp(&second.1))
            .then_with(|| b.support_count.cmp(&a.support_count))
            .then_with(|| names(a).cmp(&names(b)))
    }

    fn shown(&self, rule: &Rule) -> Recommendation<'_> {
        Recommendation {
            product: self.products.get(rule.consequent),
            antecedents: self.antecedents(rule).iter().map(|item| self.products.get(*item)).collect(),
            confidence: rule.confidence,
            lift: rule.lift,
            support: rule.support,
            support_count: rule.support_count,
        }
    }

    /// How many rules it knows.
    pub fn rules(&self) -> usize {
        self.rules.len()
    }

    /// About what it holds in memory.
    pub fn memory_bytes(&self) -> u64 {
        let rules = size_of_val(self.rules.as_slice()) + size_of_val(self.antecedents.as_slice());
        let lists = self.by_first.len() * 64 + self.rules.len() * 4;
        self.products.memory_bytes() + (rules + lists) as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(antecedents: &[&str], consequents: &[&str], confidence: f64, lift: f64) -> String {
        let row = serde_json::json!({
            "antecedents": antecedents, "consequents": consequents, "support": 0.1, "support_count": 7,
            "confidence": confidence, "lift": lift, "revenue": 12.5,
        });
        format!("{row}\n")
    }

    fn rules() -> Recommender {
        let rows = [
            row(&["tea"], &["pot"], 0.5, 2.0),
            row(&["tea"], &["cup"], 0.4, 9.0),
            row(&["milk", "tea"], &["cup"], 0.8, 3.0),
            row(&["tea"], &["POSTAGE"], 0.9, 1.1),
            row(&["tea"], &["cup", "pot"], 0.95, 4.0),
            row(&["say \"é\""], &["tea"], 0.3, 1.5),
        ];
        Recommender::of_rules(rows.concat().as_bytes()).expect("rows")
    }

    #[test]
    fn the_rule_of_the_highest_confidence_speaks_for_a_product() {
        let check = |products: &[&str], rank_by, expected: &[(&str, f64)]| {
            let rules = rules();
            let got = rules.recommend(products, rank_by, 10);
            let got: Vec<(&str, f64)> = got.iter().map(|found| (found.product, found.confidence)).collect();
            assert_eq!(got, expected, "{products:?}");
        };
        check(&["tea"], RankBy::Confidence, &[("pot", 0.5), ("cup", 0.4), ("POSTAGE", 0.9)]);
        check(&["tea"], RankBy::Lift, &[("cup", 0.4), ("pot", 0.5), ("POSTAGE", 0.9)]);
        check(&["milk", "tea"], RankBy::Confidence, &[("cup", 0.8), ("pot", 0.5), ("POSTAGE", 0.9)]);
        // By lift the other rule for the cup is the better one.
        check(&["tea", "milk"], RankBy::Lift, &[("cup", 0.4), ("pot", 0.5), ("POSTAGE", 0.9)]);
        check(&["tea", "cup", "POSTAGE"], RankBy::Confidence, &[("pot", 0.5)]);
        check(&["say \"é\"", "no such thing"], RankBy::Confidence, &[("tea", 0.3)]);
        check(&["milk"], RankBy::Confidence, &[]);
        check(&[], RankBy::Confidence, &[]);
    }

    #[test]
    fn no_more_than_asked_for_and_with_the_reason() {
        let rules = rules();
        let got = rules.recommend(&["milk", "tea"], RankBy::Confidence, 1);
        assert_eq!(got.len(), 1);
        assert_eq!((got[0].antecedents.as_slice(), got[0].support_count), (&["milk", "tea"][..], 7));
        assert_eq!(rules.rules(), 5, "those with one consequent");
        assert!(Recommender::of_rules(b"{\"antecedents\": 1}").is_err());
        assert_eq!(Recommender::of_rules(b"").expect("no rules").recommend(&["tea"], RankBy::Lift, 9), []);
    }
}
