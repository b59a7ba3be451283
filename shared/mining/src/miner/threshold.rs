//! The smallest support count for which no more than a given number of itemsets exist, found in one search.
//!
//! The search starts at the floor and keeps a histogram of the supports it has seen. As soon as more than
//! `ceiling` itemsets are known to reach the current threshold, no lower answer is possible, and the threshold
//! rises for all workers. At the end every itemset at the threshold was seen, so the threshold is the answer
//! whatever the order of the search. Starting with the most frequent items raises it early.

use super::MineOptions;
use super::cube;
use super::first_level::{Order, explore};
use super::prepare::Prepared;
use super::run::{Halt, Run};
use super::sink::Sink;
use crate::error::MineError;
use std::sync::{Mutex, PoisonError};

pub(super) fn smallest_fitting(prepared: &Prepared, options: &MineOptions<'_>) -> Result<u32, MineError> {
    let unbounded = MineOptions { max_itemsets: u64::MAX, ..*options };
    let run = Run::new(&unbounded, options.min_support_count);
    let histogram = Mutex::new(Histogram::new(options.min_support_count, options.max_itemsets));
    let sinks = explore(prepared, &run, options.threads, Order::MostFrequentFirst, || HistogramSink {
        histogram: &histogram,
        batch: Vec::with_capacity(BATCH),
    });
    // No ceiling was set, so that a halt is the caller's stop.
    sinks.and_then(|sinks| run.finish(sinks)).map_err(|_| MineError::Stopped)?;
    let histogram = histogram.into_inner().unwrap_or_else(PoisonError::into_inner);
    Ok(histogram.threshold)
}

/// How many itemsets of each support were seen, at or above the threshold that still fits.
struct Histogram {
    threshold: u32,
    ceiling: u64,
    /// Index 0 is the threshold asked for at first.
    counts: Vec<u64>,
    floor: u32,
    /// Itemsets seen at or above the threshold.
    reaching: u128,
}

impl Histogram {
    fn new(floor: u32, ceiling: u64) -> Self {
        Self { threshold: floor, ceiling, counts: Vec::new(), floor, reaching: 0 }
    }

    fn add(&mut self, support: u32, count: u64) {
        if support < self.threshold {
            return;
        }
        let index = (support - self.floor) as usize;
        if self.counts.len() <= index {
            self.counts.resize(index + 1, 0);
        }
        let before = self.counts[index];
        self.counts[index] = before.saturating_add(count);
        self.reaching += u128::from(self.counts[index] - before);
        while self.reaching > u128::from(self.ceiling) {
            self.reaching -= u128::from(self.counts[(self.threshold - self.floor) as usize]);
            self.threshold += 1;
        }
    }
}

const BATCH: usize = 1024;

struct HistogramSink<'a> {
    histogram: &'a Mutex<Histogram>,
    batch: Vec<(u32, u64)>,
}

impl Sink for HistogramSink<'_> {
    fn emit(&mut self, path: &[u32], cube: &[u32], support: u32, run: &Run<'_>) -> Result<(), Halt> {
        self.batch.push((support, cube::size(path.len(), cube.len(), run.max_size)));
        if self.batch.len() >= BATCH { self.flush(run) } else { Ok(()) }
    }

    fn flush(&mut self, run: &Run<'_>) -> Result<(), Halt> {
        let mut histogram = self.histogram.lock().unwrap_or_else(PoisonError::into_inner);
        for (support, count) in self.batch.drain(..) {
            histogram.add(support, count);
        }
        run.raise_threshold(histogram.threshold);
        drop(histogram);
        run.check()
    }
}
