//! The search from its first level: every frequent item is a task, and each worker takes the next when it is
//! done with one.

use super::horizontal::{Projection, RowMerger};
use super::kernel::Kernel;
use super::prepare::Prepared;
use super::run::{Halt, Run};
use super::sink::Sink;
use super::vertical::Bits;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

/// In which order the tasks are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    /// So that no worker is left alone with a large task at the end.
    LargestFirst,
    /// So that itemsets of high support are seen early.
    MostFrequentFirst,
}

/// One worker's state.
pub(super) struct Search<'r, 'o, S> {
    pub run: &'r Run<'o>,
    pub sink: S,
    pub kernel: Kernel,
    /// Codes of the itemset being extended.
    pub path: Vec<u32>,
    /// Codes that every row of the path's projection holds.
    pub cube: Vec<u32>,
    pub pool: Pool,
    leaves: Vec<(u32, u32)>,
}

/// Finds all itemsets; answers each worker's sink.
pub(super) fn explore<S: Sink>(
    prepared: &Prepared,
    run: &Run<'_>,
    threads: usize,
    order: Order,
    new_sink: impl Fn() -> S + Sync,
) -> Result<Vec<S>, Halt> {
    run.check()?;
    if run.max_size == 0 {
        return Ok(Vec::new());
    }
    let tasks = tasks(&prepared.root, order);
    let threads = workers(threads).min(tasks.len().max(1));
    let next = AtomicUsize::new(0);
    let work = || {
        let mut search = Search::new(prepared, run, new_sink());
        while let Some(&item) = tasks.get(next.fetch_add(1, Relaxed)) {
            run.check()?;
            search.grow_rows(&prepared.root, item as usize)?;
        }
        Ok(search.sink)
    };
    // First of all, since a large one alone may be more than the ceiling.
    let cube = explore_cube(prepared, run, new_sink())?;
    let mut sinks = if threads == 1 { vec![work()?] } else { on_threads(threads, &work)? };
    sinks.push(cube);
    Ok(sinks)
}

/// The itemsets of items that every basket holds.
fn explore_cube<S: Sink>(prepared: &Prepared, run: &Run<'_>, mut sink: S) -> Result<S, Halt> {
    if !prepared.cube.is_empty() && prepared.basket_count >= run.threshold() {
        sink.emit(&[], &prepared.cube, prepared.basket_count, run)?;
        sink.flush(run)?;
    }
    Ok(sink)
}

fn workers(threads: usize) -> usize {
    if threads == 0 { std::thread::available_parallelism().map_or(1, usize::from) } else { threads }
}

/// Runs one worker on each thread of a pool of its own; without threads to be had, one worker here.
fn on_threads<S: Send>(threads: usize, work: &(impl Fn() -> Result<S, Halt> + Sync)) -> Result<Vec<S>, Halt> {
    let Ok(pool) = rayon::ThreadPoolBuilder::new().num_threads(threads).build() else {
        return Ok(vec![work()?]);
    };
    let results = Mutex::new(Vec::new());
    pool.scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|_| {
                let result = work();
                results.lock().unwrap_or_else(PoisonError::into_inner).push(result);
            });
        }
    });
    results.into_inner().unwrap_or_else(PoisonError::into_inner).into_iter().collect()
}

fn tasks(root: &Projection, order: Order) -> Vec<u32> {
    let mut tasks: Vec<u32> = (0..root.item_count() as u32).collect();
    if order == Order::LargestFirst {
        let work = |item: u32| root.places(item as usize).iter().map(|place| u64::from(place.end - place.start)).sum();
        let work: Vec<u64> = tasks.iter().map(|&item| work(item)).collect();
        tasks.sort_by_key(|&item| std::cmp::Reverse(work[item as usize]));
    }
    tasks
}

impl<'r, 'o, S: Sink> Search<'r, 'o, S> {
    fn new(prepared: &Prepared, run: &'r Run<'o>, sink: S) -> Self {
        Self {
            run,
            sink,
            kernel: Kernel::detect(),
            path: Vec::new(),
            cube: prepared.cube.clone(),
            pool: Pool::default(),
            leaves: Vec::new(),
        }
    }

    /// Emits the extensions of the path that are not extended further.
    pub(super) fn emit_leaves(&mut self, codes: &[u32], supports: &[u32]) -> Result<(), Halt> {
        self.leaves.clear();
        self.leaves.extend(codes.iter().copied().zip(supports.iter().copied()));
        self.sink.emit_leaves(&self.path, &self.leaves, &self.cube, self.run)
    }
}

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
}
