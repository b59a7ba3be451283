//! Input that is empty, huge or lopsided.

use crate::random::Random;
use affinsy_mining::{Baskets, MineError, MineOptions, Progress, Ratio, RuleOptions, count_itemsets, mine, rules};
use std::sync::atomic::{AtomicU32, Ordering};

const STOPPED: MineError = MineError::Stopped { searched_percent: 0, suggested_min_support_count: None };

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
    assert_eq!(mine(&baskets, &options), Err(STOPPED));
    let itemsets = mine(&baskets, &MineOptions::with_support_count(1)).unwrap();
    let options = RuleOptions { stop: &|| true, ..RuleOptions::everything(Ratio::ZERO) };
    assert_eq!(rules(&itemsets, 1, &options), Err(STOPPED));
}

#[test]
fn a_stop_tells_how_far_the_search_came_and_what_would_fit() {
    let baskets = Random::new(3).baskets(400, 40, 30);
    let asked = AtomicU32::new(0);
    let stop = || asked.fetch_add(1, Ordering::Relaxed) == 25;
    let options = MineOptions { threads: 1, stop: &stop, ..MineOptions::with_support_count(4) };
    let stopped = mine(&baskets, &options);
    let Err(MineError::Stopped { searched_percent, suggested_min_support_count: Some(support) }) = stopped else {
        panic!("{:?}", stopped.map(|itemsets| itemsets.len()));
    };
    assert!((1..100).contains(&searched_percent) && support > 4, "{searched_percent} {support}");
    let all = count_itemsets(&baskets, &MineOptions::with_support_count(4)).unwrap().iter().sum::<u64>();
    let fitting = count_itemsets(&baskets, &MineOptions::with_support_count(support)).unwrap().iter().sum::<u64>();
    let share = 100.0 * fitting as f64 / all as f64;
    assert!(share > 0.0 && share < f64::from(searched_percent), "{share} % of the itemsets, {searched_percent} %");
}

#[test]
fn progress_ends_at_all_itemsets() {
    let baskets = Random::new(4).baskets(200, 20, 30);
    let progress = Progress::default();
    let options = MineOptions { progress: Some(&progress), ..MineOptions::with_support_count(3) };
    let itemsets = mine(&baskets, &options).unwrap();
    assert_eq!((progress.itemsets(), progress.searched_share()), (itemsets.len() as u64, 1.0));
}

#[test]
fn more_itemsets_than_can_be_counted_are_too_many() {
    let basket: Vec<u32> = (0..100).collect();
    let baskets: Baskets = [basket].iter().collect();
    let options = MineOptions::with_support_count(1);
    let too_many = MineError::TooManyItemsets { ceiling: u64::MAX, suggested_min_support_count: Some(2) };
    assert_eq!(count_itemsets(&baskets, &options), Err(too_many));
    let short = MineOptions { max_itemset_size: Some(2), ..options };
    assert_eq!(count_itemsets(&baskets, &short), Ok(vec![100, 4950]));
}

#[test]
fn a_stop_is_heard_in_a_basket_of_many_itemsets() {
    let basket: Vec<u32> = (0..22).collect();
    let baskets: Baskets = [basket].iter().collect();
    let asked = AtomicU32::new(0);
    let stop = || asked.fetch_add(1, Ordering::Relaxed) == 100;
    let options = MineOptions { threads: 1, stop: &stop, ..MineOptions::with_support_count(1) };
    assert!(matches!(mine(&baskets, &options), Err(MineError::Stopped { .. })));
}
