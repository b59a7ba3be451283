//! The memory budget is kept: what the allocator saw at its peak is never more than the caller allowed, and what is
//! advised fits. One test in a binary of its own, because the allocator of a process has one peak.

#![allow(clippy::unwrap_used, reason = "a test that unwraps says where it failed")]

use affinsy_mining::{Baskets, MineError, MineOptions, Strategy, count_itemsets, mine, mine_at_most};
use peak_alloc::PeakAlloc;

#[global_allocator]
static ALLOCATOR: PeakAlloc = PeakAlloc;

/// Stacks of threads and the pool's own queues.
const SLACK: usize = 256 << 10;

/// Runs with a budget; answers the result after checking that no more was allocated.
fn within<T>(budget: usize, run: impl FnOnce() -> T) -> T {
    let before = ALLOCATOR.current_usage();
    ALLOCATOR.reset_peak_usage();
    let result = run();
    let peak = ALLOCATOR.peak_usage() - before;
    assert!(peak <= budget + SLACK, "{peak} bytes of {budget}");
    result
}

/// Items are the likelier the smaller their number (the product of two even draws).
fn long_tailed(baskets: usize, items: u64, mean_size: u64) -> Baskets {
    let mut state = 1u64;
    let mut draw = |below: u64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % below
    };
    let mut row = |_| (0..1 + draw(2 * mean_size)).map(|_| (draw(items) * draw(items) / items) as u32).collect();
    (0..baskets).map(&mut row).collect::<Vec<Vec<u32>>>().into_iter().collect()
}

/// The same baskets with item numbers far apart.
fn numbered(baskets: &Baskets, factor: u32) -> Baskets {
    baskets.iter().map(|basket| basket.iter().map(|item| item * factor).collect::<Vec<_>>()).collect()
}

/// Does what is advised until it fits: soon, unless each piece of advice leads to another.
fn follow(baskets: &Baskets, mut advised: MineOptions<'_>, budget: usize) {
    for _ in 0..3 {
        match within(budget, || mine(baskets, &advised)) {
            Ok(_) => return,
            Err(MineError::TooMuchMemory { suggested_min_support_count: Some(support), .. }) => {
                advised.min_support_count = support;
            }
            // The frequent items fit, and no itemset does beside them.
            Err(MineError::TooMuchMemory { suggested_min_support_count: None, .. }) => return,
            Err(other) => panic!("{other}"),
        }
    }
    panic!("{budget} bytes: advice after advice, the last {}", advised.min_support_count);
}

/// Tries budgets from nothing to plenty; the ends must both be seen.
fn check(baskets: &Baskets, options: MineOptions<'_>) {
    let (mut refused, mut listed) = (0, 0);
    for budget in (14..32).map(|power| 1usize << power) {
        let bounded = MineOptions { max_memory_bytes: Some(budget as u64), ..options };
        match within(budget, || mine(baskets, &bounded)) {
            Ok(itemsets) => {
                listed += 1;
                assert_eq!(within(budget, || count_itemsets(baskets, &bounded)).unwrap(), itemsets.by_length());
            }
            Err(MineError::TooMuchMemory { budget_bytes, suggested_min_support_count }) => {
                refused += 1;
                assert_eq!(budget_bytes, budget as u64);
                let Some(support) = suggested_min_support_count else { continue };
                assert!(support > options.min_support_count);
                follow(baskets, MineOptions { min_support_count: support, ..bounded }, budget);
                let deepest = within(budget, || mine_at_most(baskets, options.min_support_count, u64::MAX, &bounded));
                let (fitting, itemsets) = deepest.unwrap();
                assert!(fitting >= support && itemsets.iter().all(|(_, count)| count >= fitting));
            }
            Err(other) => panic!("{other}"),
        }
    }
    assert!(refused > 0 && listed > 0, "{refused} {listed}");
}

#[test]
fn no_run_allocates_more_than_it_may() {
    let (sparse, dense) = (long_tailed(20_000, 3_000, 12), long_tailed(3_000, 40, 12));
    for (threads, strategy) in [(1, Strategy::Auto), (2, Strategy::Auto), (1, Strategy::Rows), (1, Strategy::Bits)] {
        let options = |support| MineOptions { threads, strategy, ..MineOptions::with_support_count(support) };
        check(&sparse, options(12));
        check(&dense, options(60));
        check(&numbered(&sparse, 1_000_003), options(12));
    }
}
