//! What holds for the frequent itemsets of every data set, over baskets that proptest invents and shrinks.

use affinsy_mining::Strategy as Search;
use affinsy_mining::{Baskets, Itemsets, MineOptions, count_itemsets, mine, mine_at_most};
use proptest::collection::{btree_set, vec};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

type Rows = Vec<Vec<u32>>;

/// Items are invented below this number.
const ITEMS: u32 = 24;

prop_compose! {
    /// Of one to three words of bits; small numbers are the frequent items; some data has items that stand in nearly
    /// every basket, or in all.
    fn any_rows()(items in 3..ITEMS - 3)(
        rows in vec(btree_set((0..items, 0..items).prop_map(|(a, b)| a.min(b)), 0..8), 1..128),
        common in btree_set(ITEMS - 3..ITEMS, 0..3),
        without in 0usize..6,
    ) -> Rows {
        let widened = |(index, row): (usize, &BTreeSet<u32>)| match index < without {
            true => row.iter().copied().collect(),
            false => row.union(&common).copied().collect(),
        };
        rows.iter().enumerate().map(widened).collect()
    }
}

fn at(min_support_count: u32) -> MineOptions<'static> {
    MineOptions { threads: 1, ..MineOptions::with_support_count(min_support_count) }
}

fn baskets(rows: &[Vec<u32>]) -> Baskets {
    rows.iter().collect()
}

fn mined(rows: &[Vec<u32>], min_support_count: u32) -> Itemsets {
    mine(&baskets(rows), &at(min_support_count)).unwrap()
}

/// The itemsets that pass, in their order.
fn kept(itemsets: &Itemsets, pass: impl Fn(&[u32], u32) -> bool) -> Vec<(&[u32], u32)> {
    itemsets.iter().filter(|&(items, support)| pass(items, support)).collect()
}

/// A recount that owes nothing to the miner: for each item one bit a basket.
struct Recount(BTreeMap<u32, u128>);

impl Recount {
    fn new(rows: &[Vec<u32>]) -> Self {
        let mut baskets_of_item = BTreeMap::new();
        for (index, row) in rows.iter().enumerate() {
            row.iter().for_each(|&item| *baskets_of_item.entry(item).or_default() |= 1u128 << index);
        }
        Self(baskets_of_item)
    }

    fn support(&self, items: &[u32]) -> u32 {
        items.iter().fold(u128::MAX, |baskets, item| baskets & self.0[item]).count_ones()
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn supports_are_those_of_a_recount(rows in any_rows(), support in 1u32..8) {
        let recount = Recount::new(&rows);
        for (items, count) in mined(&rows, support).iter() {
            prop_assert!(count >= support && count == recount.support(items), "{items:?} {count}");
        }
    }

    #[test]
    fn the_order_is_canonical(rows in any_rows(), support in 1u32..8) {
        let itemsets = mined(&rows, support);
        prop_assert!(itemsets.iter().all(|(items, _)| items.is_sorted_by(|a, b| a < b)));
        prop_assert!(itemsets.iter().is_sorted_by(|(a, _), (b, _)| (a.len(), a) < (b.len(), b)));
    }

    #[test]
    fn every_part_of_an_itemset_is_one_with_no_less_support(rows in any_rows(), support in 1u32..8) {
        let itemsets = mined(&rows, support);
        for (items, count) in itemsets.iter().filter(|(items, _)| items.len() > 1) {
            // Parts with one item less are enough: theirs are looked at when their turn comes.
            for left_out in 0..items.len() {
                let part = [&items[..left_out], &items[left_out + 1..]].concat();
                prop_assert!(itemsets.support_of(&part).is_some_and(|of_part| of_part >= count), "{items:?} {part:?}");
            }
        }
    }

    #[test]
    fn an_itemset_and_one_item_more_is_listed_when_it_is_frequent(rows in any_rows(), support in 1u32..8) {
        let recount = Recount::new(&rows);
        let itemsets = mined(&rows, support);
        // From nothing on, so that together with the law of parts no frequent set can be missing.
        for items in std::iter::once(&[][..]).chain(itemsets.iter().map(|(items, _)| items)) {
            for &item in recount.0.keys().filter(|&item| Some(item) > items.last()) {
                let longer = [items, &[item]].concat();
                let count = recount.support(&longer);
                prop_assert_eq!(itemsets.support_of(&longer), (count >= support).then_some(count), "{:?}", longer);
            }
        }
    }

    #[test]
    fn pairs_and_triples_are_those_that_baskets_hold(rows in any_rows(), support in 1u32..8) {
        let mut counts: BTreeMap<(usize, Vec<u32>), u32> = BTreeMap::new();
        for row in &rows {
            for (second, &b) in row.iter().enumerate() {
                for (first, &a) in row[..second].iter().enumerate() {
                    *counts.entry((2, vec![a, b])).or_default() += 1;
                    row[..first].iter().for_each(|&c| *counts.entry((3, vec![c, a, b])).or_default() += 1);
                }
            }
        }
        counts.retain(|_, count| *count >= support);
        let expected: Vec<_> = counts.iter().map(|((_, items), &count)| (&items[..], count)).collect();
        let itemsets = mined(&rows, support);
        prop_assert_eq!(kept(&itemsets, |items, _| matches!(items.len(), 2 | 3)), expected);
    }

    #[test]
    fn a_higher_support_keeps_the_itemsets_that_reach_it(rows in any_rows(), support in 1u32..8, more in 1u32..20) {
        let (all, fewer) = (mined(&rows, support), mined(&rows, support + more));
        prop_assert_eq!(fewer.iter().collect::<Vec<_>>(), kept(&all, |_, count| count >= support + more));
    }

    #[test]
    fn a_greatest_size_keeps_the_itemsets_up_to_it(rows in any_rows(), support in 1u32..8, size in 0u32..6) {
        let all = mined(&rows, support);
        let short = mine(&baskets(&rows), &MineOptions { max_itemset_size: Some(size), ..at(support) }).unwrap();
        prop_assert_eq!(short.iter().collect::<Vec<_>>(), kept(&all, |items, _| items.len() <= size as usize));
        prop_assert_eq!(all.of_length_at_most(size as usize), short);
    }

    #[test]
    fn counting_is_listing_without_the_list(
        rows in any_rows(),
        support in 1u32..8,
        size in proptest::option::of(0u32..6),
    ) {
        let (baskets, options) = (baskets(&rows), MineOptions { max_itemset_size: size, ..at(support) });
        prop_assert_eq!(count_itemsets(&baskets, &options).unwrap(), mine(&baskets, &options).unwrap().by_length());
    }

    #[test]
    fn neither_order_nor_repetition_matters(
        (rows, shuffled) in any_rows().prop_flat_map(|rows| (Just(rows.clone()), Just(rows).prop_shuffle())),
        repeated in 0usize..9,
        support in 1u32..8,
    ) {
        let untidy = |row: &Vec<u32>| row.iter().rev().chain(row.iter().take(repeated)).copied().collect();
        let untidy: Rows = shuffled.iter().map(untidy).collect();
        prop_assert_eq!(mined(&untidy, support), mined(&rows, support));
    }

    #[test]
    fn every_basket_twice_doubles_every_support(rows in any_rows(), support in 1u32..8) {
        let rows_twice = [&rows[..], &rows[..]].concat();
        let (once, twice) = (mined(&rows, support), mined(&rows_twice, 2 * support));
        let doubled: Vec<_> = once.iter().map(|(items, count)| (items, 2 * count)).collect();
        prop_assert_eq!(twice.iter().collect::<Vec<_>>(), doubled);
        prop_assert_eq!(mined(&rows_twice, 2 * support - 1), twice);
    }

    #[test]
    fn other_numbers_for_items_change_nothing_else(
        rows in any_rows(),
        numbers in btree_set(any::<u32>(), ITEMS as usize),
        to_the_largest: bool,
        support in 1u32..8,
    ) {
        let mut numbers: Vec<u32> = numbers.into_iter().collect();
        if to_the_largest {
            let used = rows.iter().flatten().max().map_or(0, |&item| item as usize);
            numbers[used] = u32::MAX;
        }
        let renumbered = |items: &[u32]| items.iter().map(|&item| numbers[item as usize]).collect::<Vec<u32>>();
        let other = mined(&rows.iter().map(|row| renumbered(row)).collect::<Rows>(), support);
        let expected: Vec<_> = mined(&rows, support).iter().map(|(items, count)| (renumbered(items), count)).collect();
        prop_assert_eq!(other.iter().map(|(items, count)| (items.to_vec(), count)).collect::<Vec<_>>(), expected);
    }

    #[test]
    fn at_most_so_many_are_all_of_the_lowest_support_that_fits(
        rows in any_rows(),
        floor in 1u32..8,
        ceiling in 0u64..400,
        size in proptest::option::of(0u32..6),
        threads in 1usize..3,
    ) {
        let (baskets, options) = (baskets(&rows), MineOptions { max_itemset_size: size, threads, ..at(floor) });
        let all_at = |support| mine(&baskets, &MineOptions { min_support_count: support, ..options }).unwrap();
        let (support, itemsets) = mine_at_most(&baskets, floor, ceiling, &options).unwrap();
        prop_assert!(support >= floor && itemsets.len() as u64 <= ceiling);
        prop_assert!(support == floor || all_at(support - 1).len() as u64 > ceiling, "{support} is too high");
        prop_assert_eq!(itemsets, all_at(support));
    }

    #[test]
    fn no_way_of_searching_shows(rows in any_rows(), support in 1u32..8, size in proptest::option::of(1u32..6)) {
        let (baskets, options) = (baskets(&rows), MineOptions { max_itemset_size: size, ..at(support) });
        let expected = mine(&baskets, &options).unwrap();
        for strategy in [Search::Auto, Search::Rows, Search::Bits] {
            for threads in 1..4 {
                let way = MineOptions { strategy, threads, ..options };
                prop_assert_eq!(&mine(&baskets, &way).unwrap(), &expected, "{:?}", way);
                prop_assert_eq!(count_itemsets(&baskets, &way).unwrap(), expected.by_length(), "{:?}", way);
            }
        }
    }
}
