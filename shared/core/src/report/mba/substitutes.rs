//! Substitutes: popular products that share baskets less often than chance would have it. Counts pairs itself,
//! because a pair that is rarely bought together is no frequent itemset.

use super::charges::Charges;
use super::names::Names;
use affinsy_mining::{Baskets, Ratio, stats};
use rayon::prelude::*;
use serde::Serialize;
use serde_json::value::RawValue;

/// So many of the most bought products are compared, each with each.
const COMPARED: usize = 400;
/// A pair that chance would put together fewer times says nothing by its absence.
const MIN_EXPECTED: u64 = 5;
/// The most pairs a report names.
const MAX_SUBSTITUTES: usize = 50;
/// The greatest share of false findings where the report's own bound is off.
const MAX_Q: f64 = 0.05;

/// Two products that are rarely bought together.
#[derive(Debug, Serialize)]
pub struct Substitute<'n> {
    products: [&'n RawValue; 2],
    counts: [u32; 2],
    support_count: u32,
    /// How many baskets would hold both if they had nothing to do with each other.
    expected_count: f64,
    lift: f64,
    /// Fisher's exact test for fewer than expected; `q_value` over all pairs compared.
    p_value: f64,
    q_value: f64,
}

/// A compared pair of items.
#[derive(Debug, Clone, Copy)]
struct Pair {
    items: [u32; 2],
    counts: [u32; 2],
    both: u32,
    p_value: f64,
}

impl Pair {
    /// Whether the lift is under 1.
    fn is_below_chance(&self, baskets: u64) -> bool {
        u64::from(self.both) * baskets < u64::from(self.counts[0]) * u64::from(self.counts[1])
    }
}

/// The pairs that chance explains worst, the most lacking first, those with charges last.
pub fn found<'n>(
    baskets: &Baskets,
    item_counts: &[u32],
    max_q_value: Ratio,
    (names, charges): (&'n Names, &Charges),
) -> Vec<Substitute<'n>> {
    let pairs = compared(baskets, item_counts);
    let p_values: Vec<f64> = pairs.iter().map(|pair| pair.p_value).collect();
    let q_values = stats::benjamini_hochberg(&p_values);
    let bound = max_q_value.to_f64().min(MAX_Q);
    let total = baskets.len() as u64;
    let mut kept: Vec<(Pair, f64)> = pairs.into_iter().zip(q_values).collect();
    kept.retain(|(pair, q_value)| *q_value <= bound && pair.is_below_chance(total));
    kept.sort_by(|(a, _), (b, _)| a.p_value.total_cmp(&b.p_value).then(a.items.cmp(&b.items)));
    kept.sort_by_key(|(pair, _)| charges.are_in(&pair.items));
    kept.truncate(MAX_SUBSTITUTES);
    kept.into_iter().map(|(pair, q_value)| row(&pair, q_value, total, names)).collect()
}

fn row<'n>(pair: &Pair, q_value: f64, baskets: u64, names: &'n Names) -> Substitute<'n> {
    let expected_count = f64::from(pair.counts[0]) * f64::from(pair.counts[1]) / baskets as f64;
    Substitute {
        products: pair.items.map(|item| names.one(item)),
        counts: pair.counts,
        support_count: pair.both,
        expected_count,
        lift: f64::from(pair.both) / expected_count,
        p_value: pair.p_value,
        q_value,
    }
}

/// All pairs of which chance would give at least [`MIN_EXPECTED`]. Which side of chance they are on is no matter
/// here: choosing by it the pairs to correct for would make the q-values too small.
fn compared(baskets: &Baskets, item_counts: &[u32]) -> Vec<Pair> {
    let popular = most_bought(item_counts);
    let together = count_pairs(baskets, &popular, item_counts.len());
    let total = baskets.len() as u64;
    let fisher = stats::FisherExact::new(total as u32);
    let with_first = |(at, first): (usize, &u32)| {
        let mut pairs = Vec::new();
        for (other, second) in popular.iter().enumerate().skip(at + 1) {
            let counts = [item_counts[*first as usize], item_counts[*second as usize]];
            let product = u64::from(counts[0]) * u64::from(counts[1]);
            let both = together[at * popular.len() + other];
            if product >= MIN_EXPECTED * total {
                // Fewer with the second is more without it.
                let p_value = fisher.p_value(counts[0] - both, counts[0], total as u32 - counts[1]);
                pairs.push(Pair { items: [*first, *second], counts, both, p_value });
            }
        }
        pairs
    };
    popular.par_iter().enumerate().flat_map_iter(with_first).collect()
}

/// The most bought items, ascending.
fn most_bought(item_counts: &[u32]) -> Vec<u32> {
    let mut items: Vec<u32> = (0..item_counts.len() as u32).collect();
    items.sort_by_key(|item| (std::cmp::Reverse(item_counts[*item as usize]), *item));
    items.truncate(COMPARED);
    items.sort_unstable();
    items
}

/// In how many baskets each two of some items are; a square of counters, its upper half filled.
fn count_pairs(baskets: &Baskets, items: &[u32], item_count: usize) -> Vec<u32> {
    let mut places = vec![usize::MAX; item_count];
    items.iter().enumerate().for_each(|(place, item)| places[*item as usize] = place);
    let mut together = vec![0; items.len() * items.len()];
    let mut present = Vec::new();
    for basket in baskets.iter() {
        present.clear();
        present.extend(basket.iter().map(|item| places[*item as usize]).filter(|place| *place != usize::MAX));
        for (at, first) in present.iter().enumerate() {
            for second in &present[at + 1..] {
                together[first * items.len() + second] += 1;
            }
        }
    }
    together
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_bought_together_count_among_those_compared() {
        let mut baskets = Baskets::with_capacity(40, 60);
        for (times, basket) in [(20, &[0, 1][..]), (20, &[2])] {
            (0..times).for_each(|_| baskets.push(basket));
        }
        let pairs = compared(&baskets, &[20, 20, 20]);
        let below: Vec<[u32; 2]> =
            pairs.iter().filter(|pair| pair.is_below_chance(40)).map(|pair| pair.items).collect();
        assert_eq!((pairs.len(), below), (3, vec![[0, 2], [1, 2]]));
        assert!(pairs[0].p_value > 0.99 && pairs[1].p_value < 1e-9, "{pairs:?}");
    }
}
