//! From baskets to the root of the search: rare items leave, the others are ranked by support, and equal
//! baskets become one row with a weight.

use super::horizontal::{Projection, RowMerger};
use crate::baskets::Baskets;
use rustc_hash::FxHashMap;

/// The root projection and the way back from codes to items.
#[derive(Debug)]
pub(super) struct Prepared {
    /// All frequent items but those of the cube, most frequent first.
    pub root: Projection,
    /// Codes of the items that every basket holds.
    pub cube: Vec<u32>,
    /// Support of the items of the cube.
    pub basket_count: u32,
    item_of_code: Vec<u32>,
}

impl Prepared {
    pub fn new(baskets: &Baskets, min_support: u32) -> Self {
        let basket_count = u32::try_from(baskets.len()).expect("baskets of 2^32 rows do not fit a function's memory");
        let frequent = frequent_items(baskets, min_support);
        let (cube, mut ranked): (Vec<u32>, Vec<u32>) =
            (0..frequent.len() as u32).partition(|&code| frequent[code as usize].1 == basket_count);
        ranked.sort_by_key(|&code| std::cmp::Reverse(frequent[code as usize].1));

        let ranks =
            ItemMap::new(baskets, ranked.iter().zip(0..).map(|(&code, rank)| (frequent[code as usize].0, rank)));
        let mut root = Projection::default();
        root.codes.extend_from_slice(&ranked);
        root.supports.extend(ranked.iter().map(|&code| frequent[code as usize].1));
        fill_rows(&mut root, baskets, &ranks);
        root.sort_and_index();
        Self { root, cube, basket_count, item_of_code: frequent.into_iter().map(|(item, _)| item).collect() }
    }

    /// The item of each code; codes order as items do.
    pub fn item_of_code(&self) -> &[u32] {
        &self.item_of_code
    }
}

/// The frequent items, ascending, with their supports.
fn frequent_items(baskets: &Baskets, min_support: u32) -> Vec<(u32, u32)> {
    let mut frequent: Vec<(u32, u32)> = if is_dense(baskets) {
        let mut counts = vec![0u32; baskets.max_item().map_or(0, |max| max as usize + 1)];
        for &item in baskets.occurrences() {
            counts[item as usize] += 1;
        }
        (0..).zip(counts).collect()
    } else {
        let mut counts = FxHashMap::default();
        for &item in baskets.occurrences() {
            *counts.entry(item).or_insert(0u32) += 1;
        }
        counts.into_iter().collect()
    };
    frequent.retain(|&(_, support)| support >= min_support);
    frequent.sort_unstable();
    frequent
}

/// Whether a table by item number is no larger than the data itself.
fn is_dense(baskets: &Baskets) -> bool {
    baskets.max_item().is_none_or(|max| (max as usize) < 4 * baskets.occurrence_count() + 4096)
}

/// Ranks by item number.
enum ItemMap {
    Dense(Vec<u32>),
    Sparse(FxHashMap<u32, u32>),
}

const NO_RANK: u32 = u32::MAX;

impl ItemMap {
    fn new(baskets: &Baskets, ranks: impl Iterator<Item = (u32, u32)>) -> Self {
        if !is_dense(baskets) {
            return Self::Sparse(ranks.collect());
        }
        let mut table = vec![NO_RANK; baskets.max_item().map_or(0, |max| max as usize + 1)];
        for (item, rank) in ranks {
            table[item as usize] = rank;
        }
        Self::Dense(table)
    }

    fn rank(&self, item: u32) -> u32 {
        match self {
            Self::Dense(table) => table[item as usize],
            Self::Sparse(map) => map.get(&item).copied().unwrap_or(NO_RANK),
        }
    }
}

/// Rows of at least two ranked items, in item order, equal ones merged. Shorter rows extend nothing.
fn fill_rows(root: &mut Projection, baskets: &Baskets, ranks: &ItemMap) {
    let mut merger = RowMerger::with_capacity(baskets.len());
    root.items.reserve(baskets.occurrence_count());
    for basket in baskets.iter() {
        let start = root.items.len();
        root.items.extend(basket.iter().map(|&item| ranks.rank(item)).filter(|&rank| rank != NO_RANK));
        merger.close_row(root, start, 1);
    }
}
