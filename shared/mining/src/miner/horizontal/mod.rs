//! Occurrence deliver on rows: the branch for projections that are large or sparse.

mod local;
mod merger;
mod project;
mod projection;
mod select;

pub(super) use local::{LEAST_COUNTERS, Local};
pub(super) use merger::RowMerger;
pub(super) use projection::Projection;

use super::first_level::Search;
use super::options::Strategy;
use super::run::Halt;
use super::sink::Sink;
use project::{Shape, project};
use select::Selection;

/// The extensions of a path.
#[derive(Debug, Default)]
pub(super) struct Extensions {
    /// Code of each local item, most frequent first.
    pub codes: Vec<u32>,
    /// Support of the path with each local item.
    pub supports: Vec<u32>,
    /// Number of each item in the projection that it was counted in.
    pub origins: Vec<u32>,
}

impl Extensions {
    pub fn clear(&mut self) {
        self.codes.clear();
        self.supports.clear();
        self.origins.clear();
    }
}

impl<S: Sink> Search<'_, '_, S> {
    /// Finds all itemsets of the path, one local item and items before it.
    pub(super) fn grow_rows<I: Local>(&mut self, rows: &Projection<I>, item: usize) -> Result<(), Halt> {
        let (support, threshold) = (rows.extensions.supports[item], self.run.threshold());
        if support < threshold {
            return Ok(());
        }
        self.path.push(rows.extensions.codes[item]);
        let cube = self.cube.len();
        let result = self.extend_rows(rows, item, support, threshold);
        self.cube.truncate(cube);
        self.path.pop();
        result
    }

    fn extend_rows<I: Local>(
        &mut self,
        rows: &Projection<I>,
        item: usize,
        support: u32,
        threshold: u32,
    ) -> Result<(), Halt> {
        if item == 0 || self.path.len() == self.run.max_size {
            return self.sink.emit(&self.path, &self.cube, support, self.run);
        }
        let mut counters = self.pool.counters(item);
        let increments = I::deliver(rows, item, &mut counters);
        let mut extensions = self.pool.extensions();
        Selection { rows, support, threshold, cube: &mut self.cube, extensions: &mut extensions }.select(
            &mut counters,
            item,
            increments,
        );
        self.sink.emit(&self.path, &self.cube, support, self.run)?;
        if extensions.codes.len() < 2 || self.path.len() + 1 == self.run.max_size {
            self.give_back_counters(counters, &extensions);
            self.emit_leaves(&extensions.codes, &extensions.supports)?;
            self.pool.give_back_extensions(extensions);
            return Ok(());
        }
        if extensions.codes.len() <= usize::from(u16::MAX) {
            self.descend::<I, u16>(rows, item, support, counters, extensions)
        } else {
            self.descend::<I, u32>(rows, item, support, counters, extensions)
        }
    }

    /// Only the extensions have a number where the counters were.
    fn give_back_counters(&mut self, mut counters: Vec<u32>, extensions: &Extensions) {
        extensions.origins.iter().for_each(|&origin| counters[origin as usize] = 0);
        self.pool.give_back_counters(counters);
    }

    /// Goes on to the extensions, on bits or on rows. Gives the counters back at 0.
    fn descend<I: Local, C: Local>(
        &mut self,
        rows: &Projection<I>,
        item: usize,
        support: u32,
        counters: Vec<u32>,
        extensions: Extensions,
    ) -> Result<(), Halt> {
        let estimate = Shape::estimate(rows.places(item).len(), support, &extensions.supports);
        if self.is_for_bits(&estimate, extensions.codes.len()) {
            let mut bits = self.pool.bits();
            bits.fill_from_item(rows, item, support, &counters, &extensions);
            self.give_back_counters(counters, &extensions);
            self.pool.give_back_extensions(extensions);
            return self.grow_filled_bits(bits);
        }
        let mut child = self.pool.projection::<C>();
        let shape = project(rows, item, &counters, &mut child);
        self.give_back_counters(counters, &extensions);
        child.extensions = extensions;
        if shape.baskets == 0 {
            self.emit_leaves(&child.extensions.codes, &child.extensions.supports)?;
        } else if self.is_for_bits(&shape, child.item_count()) {
            let mut bits = self.pool.bits();
            bits.fill_from(&child);
            self.grow_filled_bits(bits)?;
        } else {
            let merged = self.merge_rows(&mut child);
            for item in 0..merged.item_count() {
                self.run.check()?;
                self.grow_rows(&merged, item)?;
            }
            self.pool.give_back_projection(merged);
        }
        self.pool.give_back_projection(child);
        Ok(())
    }

    fn is_for_bits(&self, shape: &Shape, items: usize) -> bool {
        match self.strategy {
            Strategy::Auto => shape.prefers_bits(items),
            Strategy::Rows => false,
            Strategy::Bits => true,
        }
    }

    /// The same projection with equal rows merged and its places found; takes the extensions along.
    fn merge_rows<I: Local>(&mut self, rows: &mut Projection<I>) -> Projection<I> {
        let mut merged = self.pool.projection::<I>();
        std::mem::swap(&mut merged.extensions, &mut rows.extensions);
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
