//! From the rows of an item to the rows of the next level, and what decides between rows and bits there.

use super::local::{Counters, Local};
use super::projection::Projection;

/// How much there is to do below a path.
#[derive(Debug, Default)]
pub(super) struct Shape {
    /// Baskets in the rows: a bit set has one bit each.
    pub baskets: u64,
    /// Counter increments that the next level costs on rows.
    increments: u64,
}

impl Shape {
    /// What a projection will be at least, before it is made: the increments of `rows` rows, all equally long.
    pub fn estimate(rows: usize, support: u32, supports: &[u32]) -> Self {
        let (rows, baskets) = (rows as u64, u64::from(support));
        let occurrences: u64 = supports.iter().map(|&support| u64::from(support)).sum();
        let mean_length = occurrences / baskets;
        Self { baskets, increments: rows * mean_length * mean_length.saturating_sub(1) / 2 }
    }

    /// A pass over two bit sets of a few words costs less than the branches and scattered writes of rows, and
    /// every deeper level gains more.
    pub fn prefers_bits(&self, items: usize) -> bool {
        const WORDS_PER_INCREMENT: u64 = 32;
        /// 32 MB a worker at the worst, and only while one first-level item is searched.
        const MAX_WORDS: u64 = 1 << 22;
        let (items, words) = (items as u64, self.baskets.div_ceil(64));
        items * words <= MAX_WORDS && items * items / 2 * words <= WORDS_PER_INCREMENT * self.increments
    }
}

/// The rows of an item, restricted to what the counters number.
pub(super) fn project<I: Local, C: Local>(
    rows: &Projection<I>,
    item: usize,
    numbers: &Counters,
    child: &mut Projection<C>,
) -> Shape {
    let mut shape = Shape::default();
    for place in rows.places(item) {
        let before = rows.before(place);
        let start = child.items.len();
        child.items.resize(start + before.len(), C::default());
        let length = I::renumber(before, numbers, &mut child.items[start..]);
        if length < 2 {
            child.items.truncate(start);
            continue;
        }
        child.items.truncate(start + length);
        child.starts.push(start as u32);
        child.weights.push(place.weight);
        shape.baskets += u64::from(place.weight);
        shape.increments += (length * length / 2) as u64;
    }
    shape
}
