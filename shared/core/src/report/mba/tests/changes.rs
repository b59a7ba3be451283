//! A report held against an earlier one.

use super::{history, result};
use crate::decimal::Amount;
use crate::report::mba::drift::{Drift, Listed, Seen, Sides, drift};
use crate::report::mba::previous::{Period, PreviousRule};
use crate::report::mba::{self, PreviousReport};
use crate::report::spec::ReportSpec;
use crate::report::{Budget, ReportOutput};
use affinsy_mining::Ratio;
use proptest::prelude::*;
use serde_json::{Value, json};
use std::collections::BTreeSet;

fn run(orders: &[&str], params: Value, previous: Option<&PreviousReport>) -> ReportOutput {
    let history = history(&orders.iter().copied().enumerate().collect::<Vec<_>>());
    let body = json!({"report_type": "MBA", "params": params}).to_string();
    let spec = ReportSpec::parse(body.as_bytes()).expect("a valid body");
    let budget = Budget { threads: 1, memory_bytes: None, stop: &|| false, progress: &|_, _| {} };
    mba::run(&history, &spec, previous, &budget).expect("a report")
}

fn as_previous(output: &ReportOutput) -> PreviousReport {
    let (result, rules) = (output.result.get().as_bytes(), &output.parts[0].ndjson);
    PreviousReport::read("rpt_1", "2025-01-01T00:00:00Z", result, rules).expect("what a report wrote")
}

/// So many orders of bread and butter, of bread alone, of tea and milk, of jam.
fn shop(both: usize, bread: usize, tea: usize) -> Vec<&'static str> {
    [
        vec!["ann: bread 2*1, butter 1*1"; both],
        vec!["bob: bread 2*1"; bread],
        vec!["cat: tea 3*1, milk 1*1"; tea],
        vec![": jam 4*1"; 200],
    ]
    .concat()
}

#[test]
fn two_reports_tell_what_changed() {
    let params = json!({"min_support_count": 20});
    let before = as_previous(&run(&shop(90, 10, 5), params.clone(), None));
    let output = run(&shop(150, 150, 30), params.clone(), Some(&before));
    let now = result(&output);
    let drift = &now["drift"];
    let counts = ["in_both", "new", "gone", "stronger", "weaker", "unchanged"].map(|kind| drift[kind].as_u64());
    assert_eq!(counts, [2, 2, 0, 0, 1, 1].map(Some), "{drift}");
    assert_eq!(
        drift["previous"],
        json!({"report_id": "rpt_1", "completed_at": "2025-01-01T00:00:00Z", "baskets": 305,
        "date_range": {"start": "1970-01-01", "end": "1970-11-01"}, "rules_found": 2, "rules_listed": 2})
    );
    let weaker = &drift["weaker_rules"][0];
    assert_eq!((&weaker["antecedents"], &weaker["consequents"]), (&json!(["bread"]), &json!(["butter"])));
    assert_eq!(
        weaker["before"],
        json!({"support_count": 90, "antecedent_count": 100, "confidence": 0.9, "revenue": 270})
    );
    assert_eq!(
        weaker["now"],
        json!({"support_count": 150, "antecedent_count": 300, "confidence": 0.5, "revenue": 450})
    );
    assert!(weaker["p_value"].as_f64().is_some_and(|p| p < 1e-9) && weaker["difference"] == json!(-0.4), "{weaker}");
    assert_eq!(drift["new_rules"][0]["before"], Value::Null);
    super::check_insights(&now);
    let texts = now["insights"]["items"].as_array().expect("insights");
    let text = texts.iter().find(|item| item["kind"] == "weaker_rules").expect("a text about it");
    assert_eq!(text["title"], "1 link between products weakened since the last report");
    assert!(text["body"].as_str().is_some_and(|body| body.contains("“butter” fell from 90 % to 50 %")), "{text}");
    // Back again: what was weaker is stronger, what was new is gone.
    let back = result(&run(&shop(90, 10, 5), params, Some(&as_previous(&output))));
    let counts = ["new", "gone", "stronger", "weaker"].map(|kind| back["drift"][kind].as_u64());
    assert_eq!(counts, [0, 2, 1, 0].map(Some));
    assert_eq!(back["drift"]["gone_rules"][0]["now"], Value::Null);
}

#[test]
fn the_same_orders_change_nothing_and_a_cut_list_is_said() {
    let params = json!({"min_support_count": 20, "max_rules": 1});
    let before = as_previous(&run(&shop(90, 10, 40), params.clone(), None));
    let drift = &result(&run(&shop(90, 10, 40), params.clone(), Some(&before)))["drift"];
    let counts = ["in_both", "new", "gone", "stronger", "weaker", "unchanged"].map(|kind| drift[kind].as_u64());
    assert_eq!(counts, [1, 0, 0, 0, 0, 1].map(Some));
    assert!(drift["note"].as_str().is_some_and(|note| note.starts_with("Both lists were cut")), "{drift}");
    let drift = &result(&run(&shop(90, 10, 40), json!({"min_support_count": 20}), Some(&before)))["drift"];
    assert!(drift["note"].as_str().is_some_and(|note| note.starts_with("The earlier list was cut")), "{drift}");
    assert_eq!(result(&run(&shop(90, 10, 40), params, None))["drift"], Value::Null);
}

#[test]
fn a_rule_that_is_not_listed_any_more_is_counted_while_it_is_frequent() {
    let before = as_previous(&run(&shop(90, 10, 40), json!({"min_support_count": 20}), None));
    let strict = json!({"min_support_count": 20, "min_confidence": 0.95});
    let drift = &result(&run(&shop(90, 10, 40), strict, Some(&before)))["drift"];
    let bread = drift["gone_rules"]
        .as_array()
        .and_then(|rules| rules.iter().find(|rule| rule["antecedents"] == json!(["bread"])));
    let now = &bread.expect("bread is gone")["now"];
    assert_eq!(*now, json!({"support_count": 90, "antecedent_count": 100, "confidence": 0.9, "revenue": null}));
}

const NAMES: [&str; 4] = ["a", "b", "c", "d"];

/// A rule between two of four products, with counts; the same two may come twice.
fn rules() -> impl Strategy<Value = Vec<(usize, usize, u32, u32)>> {
    let rule = (0usize..4, 0usize..4, 1u32..400, 0u32..400);
    prop::collection::vec(rule.prop_map(|(from, to, both, more)| (from, to, both, both + more)), 0..12)
}

fn previous(rules: &[(usize, usize, u32, u32)]) -> PreviousReport {
    let rule = |&(from, to, both, of): &(usize, usize, u32, u32)| PreviousRule {
        antecedents: vec![NAMES[from].to_owned()],
        consequents: vec![NAMES[to].to_owned()],
        support_count: both,
        antecedent_count: of,
        revenue: Amount::from_billionths(i128::from(both)),
    };
    let rules: Vec<PreviousRule> = rules.iter().map(rule).collect();
    let (report_id, completed_at) = ("r".to_owned(), "t".to_owned());
    let period = Period { start: None, end: None };
    PreviousReport { report_id, completed_at, period, baskets: 1_000, rules_found: rules.len() as u64, rules }
}

fn current(rules: &[(usize, usize, u32, u32)]) -> Vec<Listed<'static>> {
    let mut seen = BTreeSet::new();
    let fresh = rules.iter().filter(|(from, to, ..)| seen.insert((*from, *to)));
    fresh
        .map(|&(from, to, both, of)| Listed {
            sides: Sides { antecedents: vec![NAMES[from]], consequents: vec![NAMES[to]] },
            seen: Seen::new(both, of, Some(Amount::from_billionths(i128::from(both)))),
        })
        .collect()
}

/// Each rule of the one list against each of the other: (new, gone, in both).
fn slow(before: &[(usize, usize, u32, u32)], now: &[(usize, usize, u32, u32)]) -> (u64, u64, u64) {
    let pairs = |rules: &[(usize, usize, u32, u32)]| rules.iter().map(|(a, b, ..)| (*a, *b)).collect::<BTreeSet<_>>();
    let (before, now) = (pairs(before), pairs(now));
    (
        now.difference(&before).count() as u64,
        before.difference(&now).count() as u64,
        before.intersection(&now).count() as u64,
    )
}

fn check_signs(drift: &Drift<'_>) {
    let value = serde_json::to_value(drift).expect("serializes");
    for (list, sign) in [("stronger_rules", 1.0), ("weaker_rules", -1.0)] {
        for rule in value[list].as_array().expect("a list") {
            let [difference, p, q] =
                ["difference", "p_value", "q_value"].map(|key| rule[key].as_f64().expect("a number"));
            assert!(difference * sign > 0.0 && p <= q && q <= 0.05, "{rule}");
        }
    }
}

proptest! {
    #[test]
    fn every_rule_is_of_one_kind(before in rules(), now in rules()) {
        let (earlier, listed) = (previous(&before), current(&now));
        let found = drift(&earlier, &listed, listed.len() as u64, Ratio::ONE, |_, _| Some((1, 2)));
        let expected = slow(&before, &now);
        prop_assert_eq!((found.new, found.gone, found.in_both), expected);
        prop_assert_eq!(found.stronger + found.weaker + found.unchanged, found.in_both);
        check_signs(&found);
        // The order of the lists says nothing.
        let listed = listed.into_iter().rev().collect::<Vec<_>>();
        let again = drift(&earlier, &listed, listed.len() as u64, Ratio::ONE, |_, _| Some((1, 2)));
        prop_assert_eq!(serde_json::to_string(&found).expect("JSON"), serde_json::to_string(&again).expect("JSON"));
    }
}
