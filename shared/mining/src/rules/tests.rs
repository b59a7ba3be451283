//! The passes over the splits: what memory and threads may not change.

use super::select::{CAPACITY, select};
use super::{RuleOptions, RuleSet, RuleSort};
use crate::{Baskets, Itemsets, MineOptions, Ratio, mine};
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

/// Baskets of some of so many items, without a pattern, the same on every run.
pub(super) fn baskets(seed: u64, count: u32, items: u32) -> Baskets {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mut below = |bound: u64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((state >> 32) * bound) >> 32
    };
    let mut rows = Vec::new();
    for _ in 0..count {
        let likely = 30 + below(50);
        rows.push((0..items).filter(|_| below(100) < likely).map(|item| item * 1_000).collect::<Vec<_>>());
    }
    rows.into_iter().collect()
}

pub(super) fn itemsets(baskets: &Baskets, min_support_count: u32) -> Itemsets {
    mine(baskets, &MineOptions::with_support_count(min_support_count)).unwrap()
}

fn selected(baskets: &Baskets, options: &RuleOptions<'_>, capacity: usize) -> RuleSet {
    let set = select(&itemsets(baskets, 9), baskets.len() as u64, options, capacity).unwrap();
    assert_eq!(set.tested, set.found + set.dropped.below_lift + set.dropped.above_q + set.dropped.redundant);
    set
}

fn all_options() -> Vec<RuleOptions<'static>> {
    let everything = RuleOptions::everything(Ratio::new(2, 5));
    let strict = RuleOptions {
        min_lift: Ratio::new(9, 10),
        max_q_value: Ratio::new(1, 2),
        include_redundant: false,
        ..everything
    };
    let small = |size, options| RuleOptions { max_consequent_size: Some(size), ..options };
    let best = |sort_by, options| RuleOptions { max_rules: Some(300), sort_by, ..options };
    vec![
        everything,
        strict,
        small(1, everything),
        small(1, strict),
        small(2, strict),
        best(RuleSort::QValue, everything),
        best(RuleSort::PValue, small(1, everything)),
        best(RuleSort::QValue, strict),
        best(RuleSort::Confidence, strict),
    ]
}

#[test]
fn how_many_tables_fit_changes_nothing() {
    for seed in 0..3 {
        let baskets = baskets(seed, 150, 8);
        for options in all_options() {
            let options = RuleOptions { threads: 1, ..options };
            let expected = selected(&baskets, &options, CAPACITY);
            assert!(expected.tested > 100 && expected.found > 20, "{options:?}: {expected:?}");
            for capacity in [1, 2, 7, 40, 200] {
                assert_eq!(selected(&baskets, &options, capacity), expected, "{capacity} {options:?}");
            }
        }
    }
}

#[test]
fn threads_change_nothing() {
    let baskets = baskets(4, 300, 11);
    for options in all_options() {
        let on = |threads, capacity| selected(&baskets, &RuleOptions { threads, ..options }, capacity);
        let expected = on(1, CAPACITY);
        for threads in [2, 3, 7] {
            assert_eq!(on(threads, CAPACITY), expected, "{threads} {options:?}");
        }
        assert_eq!(on(3, 400), expected, "{options:?}");
    }
}

#[test]
fn every_pass_stops_when_told_to() {
    let baskets = baskets(4, 300, 11);
    let itemsets = itemsets(&baskets, 5);
    for (threads, capacity) in [(1, CAPACITY), (3, CAPACITY), (1, 2_000), (3, 2_000)] {
        let run = |patience: u32| {
            let asked = AtomicU32::new(0);
            // Says so once: the other workers must hear it from the one.
            let stop = || asked.fetch_add(1, Relaxed) == patience;
            let options = RuleOptions { threads, stop: &stop, ..RuleOptions::everything(Ratio::ZERO) };
            let result = select(&itemsets, baskets.len() as u64, &options, capacity);
            (result.map(|set| set.found), asked.load(Relaxed))
        };
        let (found, most) = run(u32::MAX);
        assert!(found.is_ok() && most > 10, "{most}");
        // Two threads do not share their work alike twice, but each of them asks at its first step.
        for patience in (0..most / 2).step_by((most / 10) as usize) {
            let (found, asked) = run(patience);
            assert!(found.is_err() && asked <= patience + 8, "{patience} {asked}");
        }
    }
}
