//! Random baskets of many shapes: the miner equals the reference, whatever its strategy and however many threads it
//! has.

use crate::{random::Random, reference};
use affinsy_mining::{Baskets, MineOptions, Strategy, count_itemsets, mine};

fn check(baskets: &Baskets, min_support: u32, max_size: Option<u32>) {
    let expected = reference::itemsets(baskets, min_support, max_size.map_or(usize::MAX, |size| size as usize));
    let ways = [(Strategy::Auto, 1), (Strategy::Auto, 3), (Strategy::Rows, 1), (Strategy::Bits, 2)];
    for (strategy, threads) in ways {
        let unbounded = MineOptions::with_support_count(min_support);
        let options = MineOptions { max_itemset_size: max_size, threads, strategy, ..unbounded };
        let itemsets = mine(baskets, &options).unwrap();
        let actual: Vec<_> = itemsets.iter().map(|(items, support)| (items.to_vec(), support)).collect();
        assert_eq!(
            actual, expected,
            "at {min_support}, up to {max_size:?}, {strategy:?}, {threads} threads: {baskets:?}"
        );
        assert_eq!(count_itemsets(baskets, &options).unwrap(), itemsets.by_length());
        for (index, (items, support)) in expected.iter().enumerate() {
            assert_eq!(itemsets.get(index), (&items[..], *support));
            assert_eq!(itemsets.support_of(items), Some(*support));
        }
    }
}

#[test]
fn sparse_baskets() {
    for seed in 0..60 {
        let mut random = Random::new(seed);
        let count = 1 + random.below(80);
        let baskets = random.baskets(count, 12, 35);
        check(&baskets, 1 + random.below(4), None);
        check(&baskets, 1 + random.below(4), Some(1 + random.below(4)));
    }
}

#[test]
fn dense_baskets() {
    for seed in 100..130 {
        let mut random = Random::new(seed);
        let count = 1 + random.below(60);
        let baskets = random.baskets(count, 11, 90);
        check(&baskets, 1 + random.below(20), None);
        check(&baskets, 1 + random.below(20), Some(1 + random.below(6)));
    }
}

#[test]
fn baskets_of_several_words_of_bits() {
    for seed in 200..215 {
        let mut random = Random::new(seed);
        let baskets = random.baskets(700, 12, 60);
        check(&baskets, 20 + random.below(60), None);
        check(&baskets, 20 + random.below(60), Some(3));
    }
}

#[test]
fn baskets_with_items_in_all_of_them() {
    for seed in 300..315 {
        let mut random = Random::new(seed);
        let plain = random.baskets(40, 7, 50);
        let widened = |basket: &[u32]| [basket, &[1000, u32::MAX, 500]].concat();
        let baskets: Baskets = plain.iter().map(widened).collect();
        check(&baskets, 1 + random.below(10), None);
        check(&baskets, 1 + random.below(10), Some(3));
    }
}
