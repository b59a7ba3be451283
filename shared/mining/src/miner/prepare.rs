//! From baskets to the root of the search: rare items leave, the others are ranked by support, and equal
//! baskets become one row with a weight.

use super::horizontal::{Extensions, Local, Projection, RowMerger};
use super::memory::prepared_bytes;
use super::options::MineOptions;
use crate::baskets::Baskets;
use crate::workers::Workers;
use rustc_hash::FxHashMap;

/// The first projection, in the narrower numbers where they are enough.
#[derive(Debug)]
pub(super) enum Root {
    Short(Projection<u16>),
    Long(Projection<u32>),
}

/// The root projection and the way back from codes to items.
#[derive(Debug)]
pub(super) struct Prepared {
    /// All frequent items but those of the cube, most frequent first.
    pub root: Root,
    /// Codes of the items that every basket holds.
    pub cube: Vec<u32>,
    /// Support of the items of the cube.
    pub basket_count: u32,
    item_of_code: Vec<u32>,
    bytes: u64,
}

impl Prepared {
    /// The error is the smallest support count for which the preparation fits the budget, if there is one.
    pub fn new(baskets: &Baskets, min_support: u32, workers: &Workers, budget_bytes: u64) -> Result<Self, Option<u32>> {
        let basket_count = u32::try_from(baskets.len()).expect("baskets of 2^32 rows do not fit a function's memory");
        // A quarter is left for the search and the result.
        let most_bytes = budget_bytes - budget_bytes / 4;
        let table_bytes = table_bytes(baskets);
        if table_bytes > most_bytes {
            return Err(None);
        }
        let frequent = frequent_items(baskets, min_support);
        let occurrences = frequent.iter().map(|&(_, support)| u64::from(support)).sum();
        let bytes_of = |occurrences, items| {
            table_bytes + prepared_bytes(occurrences, basket_count.into(), items as u64, workers.count())
        };
        let bytes = bytes_of(occurrences, frequent.len());
        if bytes > most_bytes {
            return Err(fitting_support(frequent, |occurrences, items| bytes_of(occurrences, items) <= most_bytes));
        }
        let (cube, mut ranked): (Vec<u32>, Vec<u32>) =
            (0..frequent.len() as u32).partition(|&code| frequent[code as usize].1 == basket_count);
        ranked.sort_by_key(|&code| std::cmp::Reverse(frequent[code as usize].1));

        let ranks =
            ItemMap::new(baskets, ranked.iter().zip(0..).map(|(&code, rank)| (frequent[code as usize].0, rank)));
        let supports: Vec<u32> = ranked.iter().map(|&code| frequent[code as usize].1).collect();
        let extensions = Extensions { codes: ranked, supports, ..Extensions::default() };
        let root = if extensions.codes.len() <= usize::from(u16::MAX) {
            Root::Short(projection(extensions, baskets, &ranks))
        } else {
            Root::Long(projection(extensions, baskets, &ranks))
        };
        let item_of_code = frequent.into_iter().map(|(item, _)| item).collect();
        Ok(Self { root, cube, basket_count, item_of_code, bytes })
    }

    /// What the options allow beside this.
    pub fn bytes_left(&self, options: &MineOptions<'_>) -> u64 {
        options.max_memory_bytes.map_or(u64::MAX, |budget| budget.saturating_sub(self.bytes))
    }

    /// The item of each code; codes order as items do.
    pub fn item_of_code(&self) -> &[u32] {
        &self.item_of_code
    }
}

/// The smallest support count of which the frequent items, so many occurrences of so many items, fit.
fn fitting_support(mut frequent: Vec<(u32, u32)>, fits: impl Fn(u64, usize) -> bool) -> Option<u32> {
    frequent.sort_unstable_by_key(|&(_, support)| std::cmp::Reverse(support));
    let mut occurrences: u64 = frequent.iter().map(|&(_, support)| u64::from(support)).sum();
    while let Some((_, rarest)) = frequent.pop() {
        occurrences -= u64::from(rarest);
        let is_last_of_support = frequent.last().is_none_or(|&(_, support)| support != rarest);
        if is_last_of_support && fits(occurrences, frequent.len()) {
            return Some(rarest + 1);
        }
    }
    None
}

/// The smallest support count that at most so many items reach; 1 where the memory does not suffice to find it out.
pub(super) fn support_of_at_most(baskets: &Baskets, most: u64, budget_bytes: u64) -> u32 {
    const BYTES_PER_SUPPORT: u64 = 12;
    if table_bytes(baskets) + BYTES_PER_SUPPORT * baskets.occurrence_count() as u64 > budget_bytes {
        return 1;
    }
    let mut supports: Vec<u32> = frequent_items(baskets, 1).into_iter().map(|(_, support)| support).collect();
    match usize::try_from(most) {
        Ok(most) if most < supports.len() => *supports.select_nth_unstable_by(most, |a, b| b.cmp(a)).1 + 1,
        _ => 1,
    }
}

/// The frequent items, ascending, with their supports.
fn frequent_items(baskets: &Baskets, min_support: u32) -> Vec<(u32, u32)> {
    if is_dense(baskets) {
        let mut counts = vec![0u32; baskets.max_item().map_or(0, |max| max as usize + 1)];
        for &item in baskets.occurrences() {
            counts[item as usize] += 1;
        }
        (0..).zip(counts).filter(|&(_, support)| support >= min_support).collect()
    } else {
        // Numbers without a pattern, such as hashes: sorting a copy takes less memory than a map, and as much time.
        let mut occurrences = baskets.occurrences().to_vec();
        occurrences.sort_unstable();
        let counted = occurrences.chunk_by(|a, b| a == b).map(|same| (same[0], same.len() as u32));
        counted.filter(|&(_, support)| support >= min_support).collect()
    }
}

/// Whether a table by item number is no larger than the data itself.
fn is_dense(baskets: &Baskets) -> bool {
    baskets.max_item().is_none_or(|max| (max as usize) < baskets.occurrence_count() + 4096)
}

/// What counting the items takes: a table by item number, or a copy of the occurrences.
fn table_bytes(baskets: &Baskets) -> u64 {
    match baskets.max_item() {
        Some(max) if is_dense(baskets) => 4 * (u64::from(max) + 1),
        _ => 4 * baskets.occurrence_count() as u64,
    }
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

/// After so many baskets, and whenever they have doubled, it shows whether equal ones are worth looking for.
const MERGED_AT_LEAST: usize = 4096;
/// They are when one occurrence in so many was saved since the last time. On shop baskets fewer are, mostly in rows of
/// two items, and looking for them costs more than they save.
const WORTH_ONE_IN: usize = 64;

/// Rows of at least two ranked items, equal ones merged where there are many. Shorter rows extend nothing.
fn projection<I: Local>(extensions: Extensions, baskets: &Baskets, ranks: &ItemMap) -> Projection<I> {
    let occurrences = extensions.supports.iter().map(|&support| support as usize).sum();
    let mut root = Projection::default();
    root.extensions = extensions;
    root.items.reserve_exact(occurrences);
    let mut merger = Some(RowMerger::with_capacity(MERGED_AT_LEAST));
    let (mut row, mut seen, mut look_again_at) = (Vec::new(), Seen::default(), MERGED_AT_LEAST);
    for basket in baskets.iter() {
        let length = ranked(basket, ranks, &mut row);
        let start = root.items.len();
        root.items.extend_from_slice(&row[..length]);
        let Some(merging) = &mut merger else {
            RowMerger::push_row(&mut root, start, 1);
            continue;
        };
        seen.close_row(merging, &mut root, start);
        if root.weights.len() == look_again_at {
            look_again_at *= 2;
            if std::mem::take(&mut seen).is_rarely_equal() {
                merger = None;
            } else {
                merging.grow(&root, look_again_at);
            }
        }
    }
    root.sort_and_index();
    root
}

/// Occurrences in rows of late, and how many of them an equal row saved.
#[derive(Default)]
struct Seen {
    occurrences: usize,
    saved: usize,
}

impl Seen {
    fn close_row<I: Local>(&mut self, merger: &mut RowMerger, root: &mut Projection<I>, start: usize) {
        let (length, rows) = (root.items.len() - start, root.weights.len());
        merger.close_row(root, start, 1);
        if length >= 2 {
            self.occurrences += length;
            self.saved += if root.weights.len() == rows { length } else { 0 };
        }
    }

    fn is_rarely_equal(&self) -> bool {
        self.saved * WORTH_ONE_IN < self.occurrences
    }
}

/// Writes the ranks of a basket's frequent items to the front of the row; answers how many there are.
fn ranked<I: Local>(basket: &[u32], ranks: &ItemMap, row: &mut Vec<I>) -> usize {
    row.clear();
    row.resize(basket.len(), I::default());
    let mut length = 0;
    for &item in basket {
        // Written always and kept by moving the end: no branch to mispredict.
        let rank = ranks.rank(item);
        row[length] = I::from_number(rank);
        length += usize::from(rank != NO_RANK);
    }
    length
}
