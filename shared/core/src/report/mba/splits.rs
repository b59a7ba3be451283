//! In how many ways itemsets split into rules: the work that a list of rules takes. Knows no rule.

use crate::report::Budget;
use affinsy_mining::Itemsets;
use std::collections::BTreeMap;

/// The most ways of splitting itemsets into rules that a report tries.
pub const MAX_SPLITS: u128 = 20_000_000;

/// What a way takes in memory while it is judged.
const SPLIT_BYTES: u64 = 64;

/// The most ways that a report tries within its budget.
pub fn most(budget: &Budget<'_>) -> u128 {
    budget.memory_bytes.map_or(MAX_SPLITS, |left| MAX_SPLITS.min(u128::from(left / SPLIT_BYTES)))
}

/// In how many ways so many itemsets of each length split into an antecedent and a consequent of at most `longest`
/// items.
pub fn count(by_length: &[u64], longest: Option<u32>) -> u128 {
    (1..)
        .zip(by_length)
        .map(|(size, sets)| of_set(size, longest).saturating_mul(u128::from(*sets)))
        .fold(0, u128::saturating_add)
}

/// The least threshold at which at most `most` splits are left; `None` where none at all would be.
pub fn fitting_threshold(itemsets: &Itemsets, longest: Option<u32>, most: u128) -> Option<u32> {
    let mut by_support: BTreeMap<u32, u128> = BTreeMap::new();
    for (items, support) in itemsets.iter().filter(|(items, _)| items.len() > 1) {
        let splits = by_support.entry(support).or_default();
        *splits = splits.saturating_add(of_set(items.len() as u32, longest));
    }
    let mut total: u128 = 0;
    let mut fits = None;
    for (support, splits) in by_support.into_iter().rev() {
        total = total.saturating_add(splits);
        if total > most {
            return fits.map(|_| support + 1);
        }
        fits = Some(support);
    }
    fits
}

fn of_set(size: u32, longest: Option<u32>) -> u128 {
    let most = longest.unwrap_or(u32::MAX).min(size.saturating_sub(1));
    let mut ways: u128 = 1;
    let mut total: u128 = 0;
    for taken in 1..=most {
        ways = ways.saturating_mul(u128::from(size - taken + 1)) / u128::from(taken);
        total = total.saturating_add(ways);
    }
    total
}

#[cfg(test)]
mod tests {
    use super::*;
    use affinsy_mining::{Baskets, MineOptions, mine};

    #[test]
    fn counts_splits() {
        let check = |by_length: &[u64], longest, expected| assert_eq!(count(by_length, longest), expected);
        check(&[], None, 0);
        check(&[7], None, 0);
        check(&[7, 3], None, 6);
        check(&[7, 3, 2], None, 6 + 12);
        check(&[7, 3, 2], Some(1), 6 + 6);
        check(&[0, 0, 0, 1], Some(2), 4 + 6);
        check(&vec![u64::MAX; 500], None, u128::MAX);
    }

    #[test]
    fn a_threshold_fits_when_enough_sets_fall_below_it() {
        let mut baskets = Baskets::with_capacity(9, 20);
        for (times, basket) in [(5, &[0, 1][..]), (2, &[0, 1, 2]), (2, &[3, 4])] {
            (0..times).for_each(|_| baskets.push(basket));
        }
        // {0, 1} in 7 baskets; {0, 2}, {1, 2}, {0, 1, 2} and {3, 4} in 2: 2 splits, then 12 more.
        let itemsets = mine(&baskets, &MineOptions::with_support_count(1)).expect("itemsets");
        let check = |most, expected| assert_eq!(fitting_threshold(&itemsets, None, most), expected);
        check(14, Some(2));
        check(13, Some(3));
        check(2, Some(3));
        check(1, None);
    }
}
