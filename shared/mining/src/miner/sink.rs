//! What becomes of an itemset that was found: kept, counted, or used to raise the threshold.

use super::cube;
use super::memory::itemset_bytes;
use super::run::{Halt, Run};
use crate::itemsets::Collected;

/// One worker's end of the search.
pub(super) trait Sink: Send {
    /// All itemsets `path ∪ S`, `S ⊆ cube`, within the size bound, which have one support.
    fn emit(&mut self, path: &[u32], cube: &[u32], support: u32, run: &Run<'_>) -> Result<(), Halt>;

    /// The itemset `path`, and for each code its extension by that code.
    fn emit_leaves(&mut self, path: &[u32], leaves: &[(u32, u32)], cube: &[u32], run: &Run<'_>) -> Result<(), Halt> {
        let mut set = path.to_vec();
        for &(code, support) in leaves {
            set.push(code);
            self.emit(&set, cube, support, run)?;
            set.pop();
        }
        Ok(())
    }

    /// Reports to the run what it has not been told yet.
    fn flush(&mut self, run: &Run<'_>) -> Result<(), Halt>;
}

/// Itemsets are reported to the run in batches, so that workers do not fight over one counter.
const BATCH: u64 = 2048;

#[derive(Debug, Default)]
struct Pending {
    itemsets: u64,
    bytes: u64,
}

impl Pending {
    fn add(&mut self, itemsets: u64, bytes: u64, run: &Run<'_>) -> Result<(), Halt> {
        self.itemsets = self.itemsets.saturating_add(itemsets);
        self.bytes = self.bytes.saturating_add(bytes);
        if self.itemsets >= BATCH { self.flush(run) } else { Ok(()) }
    }

    fn flush(&mut self, run: &Run<'_>) -> Result<(), Halt> {
        run.add_found(std::mem::take(&mut self.itemsets))?;
        run.hold(std::mem::take(&mut self.bytes))?;
        run.check()
    }
}

/// Keeps every itemset.
#[derive(Debug, Default)]
pub(super) struct ListSink {
    collected: Collected,
    pending: Pending,
}

impl ListSink {
    pub fn into_collected(self) -> Collected {
        self.collected
    }
}

impl Sink for ListSink {
    fn emit(&mut self, path: &[u32], cube: &[u32], support: u32, run: &Run<'_>) -> Result<(), Halt> {
        if cube.is_empty() {
            if !path.is_empty() {
                self.pending.add(1, itemset_bytes(path.len()), run)?;
                self.collected.push(path, support);
            }
            return Ok(());
        }
        // The bounds are asked before the cube is written out: a cube of 60 items would not fit any memory.
        let bytes = cube::weigh(path.len(), cube.len(), run.max_size, itemset_bytes);
        self.pending.add(cube::size(path.len(), cube.len(), run.max_size), bytes, run)?;
        let mut listed = 0u64;
        cube::for_each(path, cube, run.max_size, &mut |set| {
            listed += 1;
            self.collected.push(set, support);
            if listed.is_multiple_of(BATCH) { run.check() } else { Ok(()) }
        })
    }

    fn flush(&mut self, run: &Run<'_>) -> Result<(), Halt> {
        self.pending.flush(run)
    }
}

/// Counts itemsets by length.
#[derive(Debug, Default)]
pub(super) struct CountSink {
    /// Index 0 is length 1.
    by_length: Vec<u64>,
    pending: Pending,
}

impl CountSink {
    pub fn total(sinks: Vec<CountSink>) -> Vec<u64> {
        let mut total: Vec<u64> = Vec::new();
        for sink in sinks {
            total.resize(total.len().max(sink.by_length.len()), 0);
            for (sum, count) in total.iter_mut().zip(sink.by_length) {
                *sum = sum.saturating_add(count);
            }
        }
        total
    }

    fn add(&mut self, length: usize, count: u64) {
        if self.by_length.len() < length {
            self.by_length.resize(length, 0);
        }
        let slot = &mut self.by_length[length - 1];
        *slot = slot.saturating_add(count);
    }
}

impl Sink for CountSink {
    fn emit(&mut self, path: &[u32], cube: &[u32], _support: u32, run: &Run<'_>) -> Result<(), Halt> {
        self.pending.add(cube::size(path.len(), cube.len(), run.max_size), 0, run)?;
        let wanted = run.max_size.saturating_sub(path.len());
        for (more, count) in cube::binomials(cube.len()).take(wanted.saturating_add(1)).enumerate() {
            if path.len() + more > 0 {
                self.add(path.len() + more, count);
            }
        }
        Ok(())
    }

    fn emit_leaves(&mut self, path: &[u32], leaves: &[(u32, u32)], cube: &[u32], run: &Run<'_>) -> Result<(), Halt> {
        let each = leaves.len() as u64;
        if each == 0 {
            return Ok(());
        }
        let length = path.len() + 1;
        self.pending.add(cube::size(length, cube.len(), run.max_size).saturating_mul(each), 0, run)?;
        let wanted = run.max_size.saturating_sub(length);
        for (more, count) in cube::binomials(cube.len()).take(wanted.saturating_add(1)).enumerate() {
            self.add(length + more, count.saturating_mul(each));
        }
        Ok(())
    }

    fn flush(&mut self, run: &Run<'_>) -> Result<(), Halt> {
        self.pending.flush(run)
    }
}
