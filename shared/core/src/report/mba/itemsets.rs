//! Itemsets as rows: sets of two or more products first, each group best by support. Mines nothing.

use super::names::Names;
use super::pages::Listing;
use affinsy_mining::Itemsets;
use serde::Serialize;
use serde_json::value::RawValue;

/// One itemset.
#[derive(Debug, Serialize)]
struct ItemsetRow<'n> {
    products: Vec<&'n RawValue>,
    size: usize,
    /// Share of the baskets that hold the whole set.
    support: f64,
    support_count: u32,
}

/// The whole list. Single products come last: a reader looks for what is bought together. Equal supports stand
/// in the canonical order of the sets.
pub fn listing(itemsets: &Itemsets, names: &Names, baskets: u64) -> Listing {
    let mut order: Vec<(bool, u32, u32)> =
        (0..).zip(itemsets.iter()).map(|(at, (items, count))| (items.len() == 1, u32::MAX - count, at)).collect();
    order.sort_unstable();
    let mut listing = Listing::default();
    for (_, _, at) in order {
        let (items, support_count) = itemsets.get(at as usize);
        listing.push(&ItemsetRow {
            products: names.list(items),
            size: items.len(),
            support: f64::from(support_count) / baskets as f64,
            support_count,
        });
    }
    listing
}
