//! Input that is empty, huge or lopsided.

use affinsy_mining::{Baskets, MineError, MineOptions, Ratio, RuleOptions, count_itemsets, mine, rules};

fn check(rows: &[&[u32]], min_support: u32, expected: &[(&[u32], u32)]) {
    let baskets: Baskets = rows.iter().collect();
    let itemsets = mine(&baskets, &MineOptions::with_support_count(min_support)).unwrap();
    assert_eq!(itemsets.iter().collect::<Vec<_>>(), expected);
    let everything = RuleOptions::everything(Ratio::ZERO);
    rules(&itemsets, baskets.len() as u64, &everything).unwrap();
}

#[test]
fn few_or_empty_baskets() {
    check(&[], 1, &[]);
    check(&[&[]], 1, &[]);
    check(&[&[], &[]], 1, &[]);
    check(&[&[4]], 1, &[(&[4], 1)]);
    check(&[&[4]], 2, &[]);
    check(&[&[4, 2]], 1, &[(&[2], 1), (&[4], 1), (&[2, 4], 1)]);
    check(&[&[7], &[], &[7]], 2, &[(&[7], 2)]);
}

#[test]
fn any_number_is_an_item() {
    check(&[&[u32::MAX, 0], &[u32::MAX, 0]], 2, &[(&[0], 2), (&[u32::MAX], 2), (&[0, u32::MAX], 2)]);
    check(&[&[u32::MAX], &[u32::MAX - 1]], 1, &[(&[u32::MAX - 1], 1), (&[u32::MAX], 1)]);
}

#[test]
fn an_item_in_every_basket_is_an_itemset() {
    check(&[&[1, 9], &[2, 9], &[9]], 1, &[(&[1], 1), (&[2], 1), (&[9], 3), (&[1, 9], 1), (&[2, 9], 1)]);
}

#[test]
fn a_support_of_nothing_is_refused() {
    let baskets = Baskets::default();
    assert_eq!(mine(&baskets, &MineOptions::with_support_count(0)), Err(MineError::ZeroSupport));
    assert_eq!(count_itemsets(&baskets, &MineOptions::with_support_count(0)), Err(MineError::ZeroSupport));
}

#[test]
fn no_itemset_is_short_enough_for_size_nothing() {
    let baskets: Baskets = [[1, 2]].iter().collect();
    let options = MineOptions { max_itemset_size: Some(0), ..MineOptions::with_support_count(1) };
    assert!(mine(&baskets, &options).unwrap().is_empty());
}

#[test]
fn the_caller_can_stop() {
    let baskets: Baskets = [[1, 2, 3]].iter().collect();
    let options = MineOptions { stop: &|| true, ..MineOptions::with_support_count(1) };
    assert_eq!(mine(&baskets, &options), Err(MineError::Stopped));
    let itemsets = mine(&baskets, &MineOptions::with_support_count(1)).unwrap();
    let options = RuleOptions { stop: &|| true, ..RuleOptions::everything(Ratio::ZERO) };
    assert_eq!(rules(&itemsets, 1, &options), Err(MineError::Stopped));
}
