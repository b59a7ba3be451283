//! Random baskets of many shapes: the miner equals the reference, whatever its strategy and however many threads it
//! has.

use crate::{random::Random, reference};
use affinsy_mining::{Baskets, MineOptions, Strategy, count_itemsets, mine};
use std::collections::HashMap;

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

#[test]
fn more_items_than_sixteen_bits_count() {
    const ITEMS: u32 = 70_000;
    let mut random = Random::new(400);
    let mut rows = vec![Vec::new(); 3_500];
    for item in 0..ITEMS {
        // Neighbours share their first basket, and some of them the second.
        rows[item as usize / 20].push(item);
        rows[random.below(3_500) as usize].push(item);
        rows[(item as usize / 7) % 3_500].push(item);
    }
    let baskets: Baskets = rows.iter().collect();
    let mut pairs = HashMap::new();
    for basket in baskets.iter() {
        for (at, &first) in basket.iter().enumerate() {
            basket[at + 1..].iter().for_each(|&second| *pairs.entry((first, second)).or_insert(0u32) += 1);
        }
    }
    pairs.retain(|_, support| *support >= 2);
    let itemsets = |strategy, threads| {
        mine(&baskets, &MineOptions { strategy, threads, ..MineOptions::with_support_count(2) }).unwrap()
    };
    let by_rows = itemsets(Strategy::Rows, 1);
    assert_eq!(itemsets(Strategy::Auto, 2), by_rows);
    assert_eq!(itemsets(Strategy::Bits, 1), by_rows);
    assert!(by_rows.by_length()[0] > 65_536 && by_rows.max_length() > 3, "{:?}", by_rows.by_length());
    let found: HashMap<_, _> = by_rows
        .iter()
        .filter(|(items, _)| items.len() == 2)
        .map(|(items, count)| ((items[0], items[1]), count))
        .collect();
    assert_eq!(found, pairs);
}
