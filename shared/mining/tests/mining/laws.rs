//! What holds for every rule of every data set, over baskets that proptest invents and shrinks.

use crate::reference;
use affinsy_mining::{Baskets, Itemsets, MineOptions, Ratio, Rule, RuleOptions, RuleSet, RuleSort, mine, rules};
use proptest::collection::{btree_set, vec};
use proptest::prelude::*;
use std::collections::HashMap;

fn any_baskets() -> impl Strategy<Value = Baskets> {
    let basket = btree_set(0u32..7, 0..7).prop_map(|items| items.into_iter().collect::<Vec<u32>>());
    vec(basket, 1..50).prop_map(|rows| rows.into_iter().collect())
}

fn any_sort() -> impl Strategy<Value = RuleSort> {
    prop_oneof![
        Just(RuleSort::Lift),
        Just(RuleSort::Confidence),
        Just(RuleSort::Support),
        Just(RuleSort::Leverage),
        Just(RuleSort::Conviction),
        Just(RuleSort::Zhang),
        Just(RuleSort::Jaccard),
        Just(RuleSort::Certainty),
        Just(RuleSort::Kulczynski),
        Just(RuleSort::Cosine),
        Just(RuleSort::PValue),
        Just(RuleSort::QValue),
    ]
}

prop_compose! {
    fn any_options()(
        sort_by in any_sort(),
        confidence in 0u64..=10,
        lift in 0u64..=12,
        q_value in 1u64..=20,
        size in proptest::option::of(0u32..4),
        include_redundant: bool,
        threads in 1usize..4,
    ) -> RuleOptions<'static> {
        RuleOptions {
            min_lift: Ratio::new(lift, 10),
            max_consequent_size: size,
            max_q_value: Ratio::new(q_value, 20),
            include_redundant,
            sort_by,
            threads,
            ..RuleOptions::everything(Ratio::new(confidence, 10))
        }
    }
}

fn itemsets(baskets: &Baskets) -> Itemsets {
    mine(baskets, &MineOptions { threads: 1, ..MineOptions::with_support_count(2) }).unwrap()
}

fn found(baskets: &Baskets, options: &RuleOptions<'_>) -> RuleSet {
    rules(&itemsets(baskets), baskets.len() as u64, options).unwrap()
}

fn everything(baskets: &Baskets) -> RuleSet {
    found(baskets, &RuleOptions { threads: 1, ..RuleOptions::everything(Ratio::ZERO) })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn counts_are_those_of_a_recount(baskets in any_baskets()) {
        for rule in everything(&baskets).rules {
            let whole: Vec<u32> = rule.antecedent.iter().chain(&rule.consequent).copied().collect();
            prop_assert_eq!(rule.support_count, reference::support(&baskets, &whole));
            prop_assert_eq!(rule.antecedent_count, reference::support(&baskets, &rule.antecedent));
            prop_assert_eq!(rule.consequent_count, reference::support(&baskets, &rule.consequent));
            prop_assert_eq!(rule.redundant, reference::is_redundant(&baskets, &rule));
        }
    }

    #[test]
    fn a_rule_and_its_reverse_have_one_association(baskets in any_baskets()) {
        let all = everything(&baskets).rules;
        let by_sides: HashMap<_, &Rule> = all.iter().map(|rule| ((&rule.antecedent, &rule.consequent), rule)).collect();
        for rule in &all {
            let reverse = by_sides[&(&rule.consequent, &rule.antecedent)];
            prop_assert_eq!((rule.p_value, rule.q_value), (reverse.p_value, reverse.q_value));
            let [one, other] = [rule, reverse].map(|rule| rule.metrics(baskets.len() as u64));
            prop_assert_eq!(one.lift, other.lift);
            prop_assert_eq!(one.leverage, other.leverage);
            prop_assert_eq!(
                (one.jaccard, one.cosine, one.kulczynski, one.imbalance_ratio),
                (other.jaccard, other.cosine, other.kulczynski, other.imbalance_ratio)
            );
        }
    }

    #[test]
    fn metrics_keep_their_bounds_and_agree(baskets in any_baskets()) {
        for rule in everything(&baskets).rules {
            let metrics = rule.metrics(baskets.len() as u64);
            let close = |a: f64, b: f64| (a - b).abs() <= 1e-12 * b.abs().max(1.0);
            let joint = metrics.confidence * f64::from(rule.antecedent_count);
            prop_assert!(close(joint, rule.support_count.into()), "{:?}", rule);
            prop_assert!(close(metrics.lift * metrics.consequent_support, metrics.confidence));
            prop_assert_eq!(metrics.leverage.partial_cmp(&0.0), metrics.lift.partial_cmp(&1.0));
            prop_assert!((-1.0..=1.0).contains(&metrics.zhang.unwrap_or(0.0)), "{:?}", metrics);
            prop_assert!(metrics.certainty <= 1.0);
            prop_assert_eq!(metrics.certainty.partial_cmp(&0.0), metrics.lift.partial_cmp(&1.0));
            prop_assert!(metrics.jaccard <= metrics.cosine * (1.0 + 1e-15));
            prop_assert!(metrics.cosine <= metrics.kulczynski * (1.0 + 1e-15));
            prop_assert!(metrics.confidence_low <= metrics.confidence && metrics.confidence <= metrics.confidence_high);
            prop_assert!(0.0 <= metrics.confidence_low && metrics.confidence_high <= 1.0);
            prop_assert!(metrics.conviction.is_none_or(|conviction| conviction >= 0.0));
            prop_assert_eq!(metrics.conviction.is_none(), rule.support_count == rule.antecedent_count);
        }
    }

    #[test]
    fn q_values_ascend_with_p_values(baskets in any_baskets()) {
        let mut all = everything(&baskets).rules;
        all.sort_by(|a, b| a.p_value.total_cmp(&b.p_value));
        prop_assert!(all.iter().all(|rule| (0.0..=1.0).contains(&rule.p_value)));
        prop_assert!(all.iter().all(|rule| rule.p_value <= rule.q_value && rule.q_value <= 1.0));
        prop_assert!(all.is_sorted_by(|a, b| a.q_value <= b.q_value));
        prop_assert!(all.windows(2).all(|two| two[0].p_value < two[1].p_value || two[0].q_value == two[1].q_value));
    }

    #[test]
    fn the_best_are_the_first_of_all(baskets in any_baskets(), options in any_options(), limit in 0u64..40) {
        let all = found(&baskets, &options);
        let best = found(&baskets, &RuleOptions { max_rules: Some(limit), threads: 1, ..options });
        prop_assert_eq!(&best.rules[..], &all.rules[..all.rules.len().min(limit as usize)]);
        prop_assert_eq!((best.found, best.tested, best.dropped), (all.found, all.tested, all.dropped));
        prop_assert_eq!(all.found, all.rules.len() as u64);
    }

    #[test]
    fn every_split_is_counted_once(baskets in any_baskets(), options in any_options()) {
        let set = found(&baskets, &options);
        let dropped = set.dropped;
        prop_assert_eq!(set.tested, set.found + dropped.below_lift + dropped.above_q + dropped.redundant);
        let most = options.max_consequent_size.map_or(usize::MAX, |size| size as usize);
        let frequent = reference::itemsets(&baskets, 2, usize::MAX);
        let splits = reference::splits(&baskets, &frequent, 0, 1, most).len() as u64;
        prop_assert_eq!(set.tested + dropped.below_confidence, splits);
    }
}
