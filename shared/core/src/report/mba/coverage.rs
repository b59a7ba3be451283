//! How much of a shop a list of rules speaks of: the baskets in which one of them could recommend something, and the
//! products that they name. Knows no money.

use affinsy_mining::{Baskets, Rule};
use rayon::prelude::*;

/// Baskets and products that the rules reach.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Coverage {
    /// Baskets that hold all antecedents of at least one rule.
    pub baskets: u64,
    /// Distinct products of the rules.
    pub products: u64,
}

pub fn of(baskets: &Baskets, item_counts: &[u32], rules: &[Rule]) -> Coverage {
    let mut named = vec![false; item_counts.len()];
    rules
        .iter()
        .flat_map(|rule| rule.antecedent.iter().chain(&rule.consequent))
        .for_each(|i| named[*i as usize] = true);
    let products = named.into_iter().filter(|is_named| *is_named).count() as u64;
    let triggers = Triggers::of(item_counts, rules);
    let rows = (0..baskets.len()).into_par_iter();
    let covered = rows.filter(|at| triggers.are_in(baskets.get(*at))).count() as u64;
    Coverage { baskets: covered, products }
}

/// The distinct antecedents of rules, found by the rarest of their items.
struct Triggers<'r> {
    single: Vec<bool>,
    /// Sorted by the item: (rarest item, antecedent).
    wider: Vec<(u32, &'r [u32])>,
}

impl<'r> Triggers<'r> {
    fn of(item_counts: &[u32], rules: &'r [Rule]) -> Self {
        let mut single = vec![false; item_counts.len()];
        for rule in rules.iter().filter(|rule| rule.antecedent.len() == 1) {
            single[rule.antecedent[0] as usize] = true;
        }
        // A basket with an antecedent of one product needs no look at those that hold it too.
        let is_needed = |items: &[u32]| items.iter().all(|item| !single[*item as usize]);
        let rarest = |items: &'r [u32]| {
            let item = items.iter().min_by_key(|item| (item_counts[**item as usize], **item))?;
            Some((*item, items))
        };
        let antecedents = rules.iter().map(|rule| &*rule.antecedent);
        let mut wider: Vec<(u32, &[u32])> = antecedents.filter(|items| is_needed(items)).filter_map(rarest).collect();
        wider.sort_unstable();
        wider.dedup();
        Self { single, wider }
    }

    fn are_in(&self, basket: &[u32]) -> bool {
        basket.iter().any(|item| self.single[*item as usize]) || basket.iter().any(|item| self.with(*item, basket))
    }

    /// Whether the basket holds an antecedent of which this item is the rarest.
    fn with(&self, item: u32, basket: &[u32]) -> bool {
        let first = self.wider.partition_point(|(rarest, _)| *rarest < item);
        let of_item = self.wider[first..].iter().take_while(|(rarest, _)| *rarest == item);
        of_item.into_iter().any(|(_, items)| items.iter().all(|item| basket.binary_search(item).is_ok()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use affinsy_mining::{MineOptions, Ratio, RuleOptions, mine, rules};
    use proptest::prelude::*;

    /// Every rule against every basket.
    fn slow(baskets: &Baskets, rules: &[Rule]) -> Coverage {
        let holds = |basket: &[u32], items: &[u32]| items.iter().all(|item| basket.contains(item));
        let covered = baskets.iter().filter(|basket| rules.iter().any(|rule| holds(basket, &rule.antecedent)));
        let named = rules.iter().flat_map(|rule| rule.antecedent.iter().chain(&rule.consequent));
        let products: std::collections::BTreeSet<&u32> = named.collect();
        Coverage { baskets: covered.count() as u64, products: products.len() as u64 }
    }

    proptest! {
        #[test]
        fn covers_what_the_obvious_way_covers(
            rows in prop::collection::vec(prop::collection::vec(0u32..8, 0..6), 1..30),
            support in 1u32..4,
            kept in prop::collection::vec(any::<bool>(), 400),
        ) {
            let baskets: Baskets = rows.iter().collect();
            let mut counts = vec![0; 8];
            baskets.iter().flatten().for_each(|item| counts[*item as usize] += 1);
            let sets = mine(&baskets, &MineOptions::with_support_count(support)).expect("itemsets");
            let options = RuleOptions { threads: 1, ..RuleOptions::everything(Ratio::ZERO) };
            let mut found = rules(&sets, rows.len() as u64, &options).expect("rules").rules;
            let mut kept = kept.iter().cycle();
            found.retain(|_| *kept.next().expect("endless"));
            prop_assert_eq!(of(&baskets, &counts, &found), slow(&baskets, &found));
        }
    }
}
