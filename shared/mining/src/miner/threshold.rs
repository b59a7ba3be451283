//! The smallest support count whose itemsets stay within the ceiling and the memory budget, found in one search.
//!
//! The search starts at the floor and keeps a histogram of the supports it has seen. As soon as more itemsets than
//! fit are known to reach the current threshold, no lower answer is possible, and the threshold
//! rises for all workers. At the end every itemset at the threshold was seen, so the threshold is the answer
//! whatever the order of the search. Starting with the most frequent items raises it early.

use super::MineOptions;
use super::cube;
use super::first_level::{Order, explore};
use super::memory::itemset_bytes;
use super::prepare::Prepared;
use super::run::{Halt, Run};
use super::sink::Sink;
use crate::error::MineError;
use crate::workers::Workers;
use std::sync::{Mutex, PoisonError};

/// How much may be kept: itemsets, and bytes for them.
#[derive(Debug, Clone, Copy)]
pub(super) struct Room {
    pub itemsets: u64,
    pub bytes: u64,
}

/// `halted` is the run that met a bound.
pub(super) fn smallest_fitting(
    prepared: &Prepared,
    workers: &Workers,
    halted: &Run<'_>,
    options: &MineOptions<'_>,
) -> Result<u32, MineError> {
    let unbounded = MineOptions { max_itemsets: u64::MAX, ..*options };
    let run = Run::new(&unbounded, u64::MAX);
    let histogram = Mutex::new(Histogram::new(options.min_support_count, halted.room(&run)));
    let sinks = explore(prepared, &run, options.strategy, workers, Order::MostFrequentFirst, || HistogramSink {
        histogram: &histogram,
        batch: Vec::with_capacity(BATCH),
    });
    // No bound was set, so that a halt is the caller's stop.
    let sinks = sinks.map_err(|_| run.stopped())?;
    for mut sink in sinks {
        sink.flush(&run).map_err(|_| run.stopped())?;
    }
    let mut histogram = histogram.into_inner().unwrap_or_else(PoisonError::into_inner);
    // Only now it is known what a whole search needs beside the itemsets.
    histogram.room = halted.room(&run);
    histogram.rise();
    Ok(histogram.threshold)
}

/// The itemsets seen, by support, at or above the threshold that still fits.
struct Histogram {
    threshold: u32,
    room: Room,
    /// Itemsets and bytes of each support; index 0 is the threshold asked for at first.
    seen: Vec<(u64, u64)>,
    floor: u32,
    /// Itemsets and bytes seen at or above the threshold.
    reaching: (u128, u128),
}

impl Histogram {
    fn new(floor: u32, room: Room) -> Self {
        Self { threshold: floor, room, seen: Vec::new(), floor, reaching: (0, 0) }
    }

    fn add(&mut self, support: u32, itemsets: u64, bytes: u64) {
        if support < self.threshold {
            return;
        }
        let index = (support - self.floor) as usize;
        if self.seen.len() <= index {
            self.seen.resize(index + 1, (0, 0));
        }
        let slot = &mut self.seen[index];
        let before = *slot;
        *slot = (before.0.saturating_add(itemsets), before.1.saturating_add(bytes));
        self.reaching.0 += u128::from(slot.0 - before.0);
        self.reaching.1 += u128::from(slot.1 - before.1);
        self.rise();
    }

    /// Raises the threshold until what reaches it fits.
    fn rise(&mut self) {
        while self.reaching.0 > u128::from(self.room.itemsets) || self.reaching.1 > u128::from(self.room.bytes) {
            let lowest = self.seen[(self.threshold - self.floor) as usize];
            self.reaching.0 -= u128::from(lowest.0);
            self.reaching.1 -= u128::from(lowest.1);
            self.threshold += 1;
        }
    }
}

const BATCH: usize = 1024;

struct HistogramSink<'a> {
    histogram: &'a Mutex<Histogram>,
    /// Support, itemsets, bytes.
    batch: Vec<(u32, u64, u64)>,
}

impl Sink for HistogramSink<'_> {
    fn emit(&mut self, path: &[u32], cube: &[u32], support: u32, run: &Run<'_>) -> Result<(), Halt> {
        let itemsets = cube::size(path.len(), cube.len(), run.max_size);
        self.batch.push((support, itemsets, cube::weigh(path.len(), cube.len(), run.max_size, itemset_bytes)));
        if self.batch.len() >= BATCH { self.flush(run) } else { Ok(()) }
    }

    fn flush(&mut self, run: &Run<'_>) -> Result<(), Halt> {
        let mut histogram = self.histogram.lock().unwrap_or_else(PoisonError::into_inner);
        for (support, itemsets, bytes) in self.batch.drain(..) {
            histogram.add(support, itemsets, bytes);
        }
        run.raise_threshold(histogram.threshold);
        drop(histogram);
        run.check()
    }
}
