//! Rules against the definitions, their filters, their order.

use crate::random::Random;
use crate::reference;
use affinsy_mining::stats::{FisherExact, benjamini_hochberg};
use affinsy_mining::{Baskets, MineOptions, Ratio, Rule, RuleOptions, RuleSet, RuleSort, mine, rules};

fn found(baskets: &Baskets, min_support: u32, options: &RuleOptions<'_>) -> RuleSet {
    let itemsets = mine(baskets, &MineOptions::with_support_count(min_support)).unwrap();
    rules(&itemsets, baskets.len() as u64, options).unwrap()
}

fn split_of(rule: &Rule) -> reference::Split {
    let (antecedent, consequent) = (rule.antecedent.to_vec(), rule.consequent.to_vec());
    (antecedent, consequent, rule.support_count, rule.antecedent_count, rule.consequent_count)
}

fn check_everything(baskets: &Baskets, min_support: u32, (num, den): (u64, u64), max_consequent: usize) {
    let itemsets = reference::itemsets(baskets, min_support, usize::MAX);
    let mut expected = reference::splits(baskets, &itemsets, num, den, max_consequent);
    let fisher = FisherExact::new(baskets.len() as u32);
    let p_values: Vec<f64> = expected.iter().map(|&(_, _, both, a, c)| fisher.p_value(both, a, c)).collect();
    let q_values = benjamini_hochberg(&p_values);
    let max_consequent_size = Some(max_consequent as u32);
    let set = found(
        baskets,
        min_support,
        &RuleOptions { max_consequent_size, ..RuleOptions::everything(Ratio::new(num, den)) },
    );
    assert_eq!((set.tested, set.found), (expected.len() as u64, expected.len() as u64));
    for rule in &set.rules {
        let place = expected.iter().position(|split| *split == split_of(rule)).expect("a rule of the reference");
        assert_eq!((rule.p_value, rule.q_value), (p_values[place], q_values[place]));
        assert_eq!(rule.redundant, reference::is_redundant(baskets, rule), "{rule:?}");
    }
    let mut actual: Vec<_> = set.rules.iter().map(split_of).collect();
    actual.sort();
    expected.sort();
    assert_eq!(actual, expected);
}

#[test]
fn rules_are_those_of_the_definition() {
    for seed in 0..25 {
        let mut random = Random::new(seed);
        let baskets = random.baskets(60, 8, 55);
        let bound = [(0, 1), (3, 10), (1, 2), (1, 1)][random.below(4) as usize];
        check_everything(&baskets, 2 + random.below(10), bound, 1 + random.below(4) as usize);
    }
}

#[test]
fn filters_drop_what_they_say() {
    let baskets = Random::new(5).baskets(200, 9, 50);
    let everything = found(&baskets, 5, &RuleOptions::everything(Ratio::new(3, 10)));
    let options = RuleOptions {
        min_lift: Ratio::ONE,
        max_q_value: Ratio::new(1, 20),
        include_redundant: false,
        ..RuleOptions::everything(Ratio::new(3, 10))
    };
    let filtered = found(&baskets, 5, &options);
    let passes = |rule: &&Rule| {
        let lift =
            u64::from(rule.support_count) * 200 > u64::from(rule.antecedent_count) * u64::from(rule.consequent_count);
        lift && rule.q_value <= 0.05 && !rule.redundant
    };
    let expected: Vec<Rule> = everything.rules.iter().filter(passes).cloned().collect();
    assert!(!expected.is_empty() && expected.len() < everything.rules.len());
    assert_eq!(filtered.rules, expected);
    let dropped = filtered.dropped;
    assert_eq!(dropped.below_confidence, everything.dropped.below_confidence);
    assert_eq!(filtered.tested, filtered.found + dropped.below_lift + dropped.above_q + dropped.redundant);
}

#[test]
fn a_bound_that_is_met_exactly() {
    // 84 of 280 baskets with item 1 hold item 2: 0.3, and the lift is 84 · 1000 / (280 · 300) = 1.
    let row = |index: u32| match index {
        0..84 => vec![1, 2],
        84..280 => vec![1],
        280..496 => vec![2],
        _ => vec![],
    };
    let baskets: Baskets = (0..1000).map(row).collect();
    let at = |min_confidence, min_lift| {
        let options = RuleOptions { min_lift, ..RuleOptions::everything(min_confidence) };
        let set = found(&baskets, 84, &options);
        set.rules.iter().filter(|rule| *rule.antecedent == [1]).count()
    };
    assert_eq!(at(Ratio::new(3, 10), Ratio::ZERO), 1);
    assert_eq!(at(Ratio::new(301, 1000), Ratio::ZERO), 0);
    assert_eq!(at(Ratio::new(3, 10), Ratio::ONE), 0);
    assert_eq!(at(Ratio::new(3, 10), Ratio::new(99, 100)), 1);
}

#[test]
fn the_best_rules_are_the_first_of_all() {
    let baskets = Random::new(9).baskets(300, 10, 50);
    let sorts = [
        RuleSort::Lift,
        RuleSort::Confidence,
        RuleSort::Support,
        RuleSort::Leverage,
        RuleSort::Conviction,
        RuleSort::Zhang,
        RuleSort::Jaccard,
        RuleSort::Certainty,
        RuleSort::Kulczynski,
        RuleSort::Cosine,
        RuleSort::PValue,
        RuleSort::QValue,
    ];
    for sort_by in sorts {
        let all = found(&baskets, 3, &RuleOptions { sort_by, ..RuleOptions::everything(Ratio::ZERO) });
        assert!(all.rules.len() > 2048, "enough to be cut down more than once");
        for max_rules in [0, 1, 10, 700, u64::MAX] {
            let options = RuleOptions { sort_by, max_rules: Some(max_rules), ..RuleOptions::everything(Ratio::ZERO) };
            let best = found(&baskets, 3, &options);
            assert_eq!(best.found, all.found);
            assert_eq!(best.rules, all.rules[..best.rules.len()], "{sort_by:?}");
            assert_eq!(best.rules.len() as u64, max_rules.min(all.found));
        }
    }
}
