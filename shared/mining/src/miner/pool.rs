//! Buffers that a worker uses again on each level, so that the search allocates nothing once it has been deep.

use super::horizontal::{Projection, RowMerger};
use super::vertical::Bits;

/// Buffers that a worker uses again on each level.
#[derive(Debug, Default)]
pub(super) struct Pool {
    /// All at 0.
    counters: Vec<Vec<u32>>,
    projections: Vec<Projection>,
    bits: Vec<Bits>,
    merger: RowMerger,
}

impl Pool {
    /// At least so many counters, all at 0. To be given back that way.
    pub fn counters(&mut self, length: usize) -> Vec<u32> {
        let mut counters = self.counters.pop().unwrap_or_default();
        if counters.len() < length {
            counters.resize(length, 0);
        }
        counters
    }

    pub fn give_back_counters(&mut self, counters: Vec<u32>) {
        self.counters.push(counters);
    }

    pub fn projection(&mut self) -> Projection {
        let mut projection = self.projections.pop().unwrap_or_default();
        projection.clear();
        projection
    }

    pub fn give_back_projection(&mut self, projection: Projection) {
        self.projections.push(projection);
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
        let counters: usize = self.counters.iter().map(|counters| counters.capacity() * size_of::<u32>()).sum();
        let projections: usize = self.projections.iter().map(Projection::bytes).sum();
        let bits: usize = self.bits.iter().map(Bits::bytes).sum();
        (counters + projections + bits + self.merger.bytes()) as u64
    }
}
