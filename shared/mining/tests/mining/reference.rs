//! The definitions, executed: every subset of the items, every split, no cleverness.

use affinsy_mining::{Baskets, Rule};

/// Every frequent itemset with its support, in canonical order. For at most some 16 items.
pub fn itemsets(baskets: &Baskets, min_support: u32, max_size: usize) -> Vec<(Vec<u32>, u32)> {
    let mut items: Vec<u32> = baskets.iter().flatten().copied().collect();
    items.sort_unstable();
    items.dedup();
    let subset = |mask: u32| (0..items.len()).filter(|bit| mask >> bit & 1 == 1).map(|bit| items[bit]).collect();
    let subsets = (1..1u32 << items.len()).map(subset).filter(|set: &Vec<u32>| set.len() <= max_size);
    let mut frequent: Vec<(Vec<u32>, u32)> =
        subsets.map(|set| (support(baskets, &set), set)).map(|(n, s)| (s, n)).collect();
    frequent.retain(|&(_, support)| support >= min_support);
    frequent.sort_by(|(a, _), (b, _)| (a.len(), a).cmp(&(b.len(), b)));
    frequent
}

pub fn support(baskets: &Baskets, set: &[u32]) -> u32 {
    baskets.iter().filter(|basket| set.iter().all(|item| basket.contains(item))).count() as u32
}

/// A split with its counts: antecedent, consequent, both, antecedent count, consequent count.
pub type Split = (Vec<u32>, Vec<u32>, u32, u32, u32);

/// Every split of an itemset with at least the confidence `num / den`.
pub fn splits(
    baskets: &Baskets,
    itemsets: &[(Vec<u32>, u32)],
    num: u64,
    den: u64,
    max_consequent: usize,
) -> Vec<Split> {
    let mut splits = Vec::new();
    for (items, both) in itemsets {
        for mask in 1..(1u32 << items.len()) - 1 {
            let part = |side: u32| -> Vec<u32> {
                (0..items.len()).filter(|bit| mask >> bit & 1 == side).map(|bit| items[bit]).collect()
            };
            let (antecedent, consequent) = (part(0), part(1));
            let count = support(baskets, &antecedent);
            if consequent.len() <= max_consequent && u64::from(*both) * den >= num * u64::from(count) {
                let consequent_count = support(baskets, &consequent);
                splits.push((antecedent, consequent, *both, count, consequent_count));
            }
        }
    }
    splits
}

/// Whether a proper subset of the antecedent predicts the consequent at least as well.
pub fn is_redundant(baskets: &Baskets, rule: &Rule) -> bool {
    (0..(1u32 << rule.antecedent.len()) - 1).any(|mask| {
        let part: Vec<u32> =
            (0..rule.antecedent.len()).filter(|bit| mask >> bit & 1 == 1).map(|bit| rule.antecedent[bit]).collect();
        let union: Vec<u32> = part.iter().chain(&rule.consequent).copied().collect();
        let (both, count) = (u64::from(support(baskets, &union)), u64::from(support(baskets, &part)));
        both * u64::from(rule.antecedent_count) >= u64::from(rule.support_count) * count
    })
}
