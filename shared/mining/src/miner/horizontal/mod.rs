//! Occurrence deliver on rows: the branch for projections that are large or sparse.

mod merger;
mod projection;

pub(super) use merger::RowMerger;
pub(super) use projection::Projection;

use super::first_level::Search;
use super::options::Strategy;
use super::run::Halt;
use super::sink::Sink;

impl<S: Sink> Search<'_, '_, S> {
    /// Finds all itemsets of the path, one local item and items before it.
    pub(super) fn grow_rows(&mut self, rows: &Projection, item: usize) -> Result<(), Halt> {
        let (support, threshold) = (rows.supports[item], self.run.threshold());
        if support < threshold {
            return Ok(());
        }
        self.path.push(rows.codes[item]);
        let cube = self.cube.len();
        let result = self.extend_rows(rows, item, support, threshold);
        self.cube.truncate(cube);
        self.path.pop();
        result
    }

    fn extend_rows(&mut self, rows: &Projection, item: usize, support: u32, threshold: u32) -> Result<(), Halt> {
        if item == 0 || self.path.len() == self.run.max_size {
            return self.sink.emit(&self.path, &self.cube, support, self.run);
        }
        let mut counters = self.pool.counters(item);
        for place in rows.places(item) {
            for &before in rows.before(place) {
                counters[before as usize] += place.weight;
            }
        }
        let mut child = self.pool.projection();
        self.select(rows, &mut counters[..item], support, threshold, &mut child);
        let result = self.descend(rows, item, support, &mut counters, &mut child);
        self.pool.give_back_counters(counters);
        self.pool.give_back_projection(child);
        result
    }

    /// Turns counters into the extensions of the path. A frequent item's counter becomes its number in the child
    /// plus one, all others become 0.
    fn select(
        &mut self,
        rows: &Projection,
        counters: &mut [u32],
        support: u32,
        threshold: u32,
        child: &mut Projection,
    ) {
        const STEP: usize = 16;
        for (first, chunk) in (0..).step_by(STEP).zip(counters.chunks_mut(STEP)) {
            // Most counters of sparse data are far below the threshold: one vector test for a whole chunk.
            if chunk.iter().fold(0, |max, &count| max.max(count)) < threshold {
                chunk.fill(0);
                continue;
            }
            for (item, counter) in (first..).zip(chunk) {
                let count = std::mem::take(counter);
                if count == support {
                    self.cube.push(rows.codes[item]);
                } else if count >= threshold {
                    child.codes.push(rows.codes[item]);
                    child.supports.push(count);
                    *counter = child.codes.len() as u32;
                }
            }
        }
    }

    /// Emits the path and goes on to its extensions. Leaves the counters at 0.
    fn descend(
        &mut self,
        rows: &Projection,
        item: usize,
        support: u32,
        counters: &mut [u32],
        child: &mut Projection,
    ) -> Result<(), Halt> {
        let emitted = self.sink.emit(&self.path, &self.cube, support, self.run);
        let is_last_level = child.item_count() < 2 || self.path.len() + 1 == self.run.max_size;
        if emitted.is_err() || is_last_level {
            counters[..item].fill(0);
            emitted?;
            return self.emit_leaves(&child.codes, &child.supports);
        }
        let shape = project(rows, item, counters, child);
        counters[..item].fill(0);
        if shape.baskets == 0 {
            return self.emit_leaves(&child.codes, &child.supports);
        }
        let prefers_bits = match self.strategy {
            Strategy::Auto => shape.prefers_bits(child.item_count()),
            Strategy::Rows => false,
            Strategy::Bits => true,
        };
        if prefers_bits {
            return self.grow_bits_of(child);
        }
        let merged = self.merge_rows(child);
        for item in 0..merged.item_count() {
            self.run.check()?;
            self.grow_rows(&merged, item)?;
        }
        self.pool.give_back_projection(merged);
        Ok(())
    }

    /// The same projection with equal rows merged and its places found.
    fn merge_rows(&mut self, rows: &Projection) -> Projection {
        let mut merged = self.pool.projection();
        merged.codes.extend_from_slice(&rows.codes);
        merged.supports.extend_from_slice(&rows.supports);
        let merger = self.pool.merger(rows.weights.len());
        for (row, weight) in rows.rows() {
            let start = merged.items.len();
            merged.items.extend_from_slice(row);
            merger.close_row(&mut merged, start, weight);
        }
        merged.index();
        merged
    }
}

/// What decides between rows and bits.
#[derive(Debug, Default)]
struct Shape {
    /// Baskets in the rows: a bit set has one bit each.
    baskets: u64,
    /// Counter increments that the next level costs on rows.
    increments: u64,
}

impl Shape {
    /// A pass over two bit sets of a few words costs less than the branches and scattered writes of rows, and
    /// every deeper level gains more.
    fn prefers_bits(&self, items: usize) -> bool {
        const WORDS_PER_INCREMENT: u64 = 32;
        /// 32 MB a worker at the worst, and only while one first-level item is searched.
        const MAX_WORDS: u64 = 1 << 22;
        let (items, words) = (items as u64, self.baskets.div_ceil(64));
        items * words <= MAX_WORDS && items * items / 2 * words <= WORDS_PER_INCREMENT * self.increments
    }
}

/// The rows of an item, restricted to what the counters number.
fn project(rows: &Projection, item: usize, numbers: &[u32], child: &mut Projection) -> Shape {
    let mut shape = Shape::default();
    for place in rows.places(item) {
        let before = rows.before(place);
        let start = child.items.len();
        child.items.resize(start + before.len(), 0);
        let mut end = start;
        for &item in before {
            // Written always and kept by moving the end: no branch to mispredict.
            let number = numbers[item as usize];
            child.items[end] = number.wrapping_sub(1);
            end += usize::from(number != 0);
        }
        let length = end - start;
        if length < 2 {
            child.items.truncate(start);
            continue;
        }
        child.items.truncate(end);
        child.starts.push(start as u32);
        child.weights.push(place.weight);
        shape.baskets += u64::from(place.weight);
        shape.increments += (length * length / 2) as u64;
    }
    shape
}
