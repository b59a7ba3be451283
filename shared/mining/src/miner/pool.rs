//! Buffers that a worker uses again on each level, so that the search allocates nothing once it has been deep.

use super::horizontal::{Extensions, LEAST_COUNTERS, Local, Projection, RowMerger};
use super::vertical::Bits;

/// Buffers that a worker uses again on each level.
#[derive(Debug, Default)]
pub(super) struct Pool {
    /// All at 0. Rarely more than one: counters are given back before the search goes on to the next level.
    counters: Vec<Vec<u32>>,
    counts: Vec<Vec<u32>>,
    extensions: Vec<Extensions>,
    pub(super) short_projections: Vec<Projection<u16>>,
    pub(super) long_projections: Vec<Projection<u32>>,
    bits: Vec<Bits>,
    merger: RowMerger,
}

impl Pool {
    /// At least so many counters, all at 0. To be given back that way.
    pub fn counters(&mut self, length: usize) -> Vec<u32> {
        let mut counters = self.counters.pop().unwrap_or_default();
        if counters.len() < length.max(LEAST_COUNTERS) {
            counters.resize(length.max(LEAST_COUNTERS), 0);
        }
        counters
    }

    pub fn give_back_counters(&mut self, counters: Vec<u32>) {
        self.counters.push(counters);
    }

    /// So many numbers, of any value.
    pub fn counts(&mut self, length: usize) -> Vec<u32> {
        let mut counts = self.counts.pop().unwrap_or_default();
        counts.resize(length, 0);
        counts
    }

    pub fn give_back_counts(&mut self, counts: Vec<u32>) {
        self.counts.push(counts);
    }

    pub fn extensions(&mut self) -> Extensions {
        let mut extensions = self.extensions.pop().unwrap_or_default();
        extensions.clear();
        extensions
    }

    pub fn give_back_extensions(&mut self, extensions: Extensions) {
        self.extensions.push(extensions);
    }

    pub fn projection<I: Local>(&mut self) -> Projection<I> {
        let mut projection = I::pool(self).pop().unwrap_or_default();
        projection.clear();
        projection
    }

    pub fn give_back_projection<I: Local>(&mut self, projection: Projection<I>) {
        I::pool(self).push(projection);
    }

    pub fn bits(&mut self) -> Bits {
        self.bits.pop().unwrap_or_default()
    }

    pub fn give_back_bits(&mut self, bits: Bits) {
        self.bits.push(bits);
    }

    pub fn merger(&mut self, rows: usize) -> &mut RowMerger {
        self.merger.reset(rows);
        &mut self.merger
    }

    /// What the buffers hold.
    pub fn bytes(&self) -> u64 {
        let numbers = self.counters.iter().chain(&self.counts);
        let counters: usize = numbers.map(|numbers| numbers.capacity() * size_of::<u32>()).sum();
        let short: usize = self.short_projections.iter().map(Projection::bytes).sum();
        let long: usize = self.long_projections.iter().map(Projection::bytes).sum();
        let bits: usize = self.bits.iter().map(Bits::bytes).sum();
        (counters + short + long + bits + self.merger.bytes()) as u64
    }
}
