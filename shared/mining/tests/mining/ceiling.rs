//! More itemsets than the caller wants: an error with a threshold that fits, never a full memory.

use crate::random::Random;
use affinsy_mining::{Baskets, MineError, MineOptions, count_itemsets, mine, mine_at_most};

/// The smallest support at which no more than `ceiling` itemsets exist, by trying them all.
fn smallest_fitting(baskets: &Baskets, floor: u32, ceiling: u64, max_size: Option<u32>) -> u32 {
    let fits = |&support: &u32| {
        let options = MineOptions { max_itemset_size: max_size, ..MineOptions::with_support_count(support) };
        count_itemsets(baskets, &options).unwrap().iter().sum::<u64>() <= ceiling
    };
    (floor..).find(fits).unwrap()
}

fn check(baskets: &Baskets, floor: u32, ceiling: u64, max_size: Option<u32>) {
    let expected = smallest_fitting(baskets, floor, ceiling, max_size);
    let options = MineOptions {
        max_itemset_size: max_size,
        max_itemsets: ceiling,
        threads: 2,
        ..MineOptions::with_support_count(floor)
    };
    let (support, itemsets) = mine_at_most(baskets, floor, ceiling, &options).unwrap();
    assert_eq!(support, expected);
    assert_eq!(itemsets, mine(baskets, &MineOptions { min_support_count: expected, ..options }).unwrap());
    let too_many = MineError::TooManyItemsets { ceiling, suggested_min_support_count: Some(expected) };
    let (listed, counted) = (mine(baskets, &options), count_itemsets(baskets, &options));
    if expected == floor {
        assert!(listed.is_ok() && counted.is_ok());
    } else {
        assert_eq!((listed, counted), (Err(too_many), Err(too_many)));
    }
}

#[test]
fn the_threshold_is_the_smallest_that_fits() {
    for seed in 0..40 {
        let mut random = Random::new(seed);
        let (count, percent) = (20 + random.below(100), 30 + random.below(60));
        let baskets = random.baskets(count, 10, percent);
        let ceiling = u64::from(random.below(300));
        check(&baskets, 1 + random.below(3), ceiling, None);
        check(&baskets, 1, ceiling, Some(1 + random.below(3)));
    }
}

#[test]
fn the_ceiling_is_inclusive() {
    let baskets: Baskets = [[1, 2, 3], [1, 2, 3]].iter().collect();
    check(&baskets, 1, 7, None);
    check(&baskets, 1, 6, None);
    check(&baskets, 1, 0, None);
}

#[test]
fn a_basket_of_everything_is_refused_at_once() {
    let everything: Vec<u32> = (0..100_000).collect();
    let every_second: Vec<u32> = (0..50_000).map(|item| item * 2).collect();
    let every_third: Vec<u32> = (0..33_334).map(|item| item * 3).collect();
    let baskets: Baskets = [everything, every_second, every_third].iter().collect();
    for max_size in [None, Some(2), Some(3)] {
        let bounds =
            MineOptions { max_itemsets: 100_000, max_itemset_size: max_size, ..MineOptions::with_support_count(1) };
        // 16,667 items are in all three baskets: even of pairs of those there are too many.
        let too_many = MineError::TooManyItemsets { ceiling: 100_000, suggested_min_support_count: Some(4) };
        assert_eq!(mine(&baskets, &bounds), Err(too_many));
    }
    let singles = MineOptions { max_itemset_size: Some(1), ..MineOptions::with_support_count(1) };
    let (support, itemsets) = mine_at_most(&baskets, 1, 100_000, &singles).unwrap();
    assert_eq!((support, itemsets.len()), (1, 100_000));
}
