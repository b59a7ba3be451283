//! The search from its first level: every frequent item is a task, and each worker takes the next when it is
//! done with one.

use super::horizontal::{Local, Projection};
use super::kernel::Kernel;
use super::options::Strategy;
use super::pool::Pool;
use super::prepare::{Prepared, Root};
use super::run::{Halt, Run};
use super::sample::Sample;
use super::sink::Sink;
use super::vertical::Bits;
use crate::workers::Workers;
use std::cmp::Reverse;
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
    pub strategy: Strategy,
    pub sink: S,
    pub kernel: Kernel,
    /// Codes of the itemset being extended.
    pub path: Vec<u32>,
    /// Codes that every row of the path's projection holds.
    pub cube: Vec<u32>,
    pub pool: Pool,
    leaves: Vec<(u32, u32)>,
    sample: Sample,
}

/// Finds all itemsets; answers each worker's sink.
pub(super) fn explore<S: Sink>(
    prepared: &Prepared,
    run: &Run<'_>,
    strategy: Strategy,
    workers: &Workers,
    order: Order,
    new_sink: impl Fn() -> S + Sync,
) -> Result<Vec<S>, Halt> {
    run.check()?;
    if run.max_size == 0 {
        return Ok(Vec::new());
    }
    // First of all, since a large one alone may be more than the ceiling.
    let cube = explore_cube(prepared, run, new_sink())?;
    let new_search = || Search::new(prepared, run, strategy, new_sink());
    let mut sinks = match &prepared.root {
        Root::Short(root) => explore_root(root, run, strategy, workers, order, new_search),
        Root::Long(root) => explore_root(root, run, strategy, workers, order, new_search),
    }?;
    sinks.push(cube);
    Ok(sinks)
}

/// The itemsets that have items of the root.
fn explore_root<'r, 'o, I: Local, S: Sink>(
    root: &Projection<I>,
    run: &'r Run<'o>,
    strategy: Strategy,
    workers: &Workers,
    order: Order,
    new_search: impl Fn() -> Search<'r, 'o, S> + Sync,
) -> Result<Vec<S>, Halt> {
    let mut tasks = Tasks::new(root, run);
    let dense = Bits::of_most_frequent(root, tasks.dense_items(root, run, strategy));
    run.hold_scratch(dense.bytes() as u64)?;
    if order == Order::LargestFirst {
        tasks.items.sort_by_key(|&(_, work)| Reverse(work));
    }
    let work = || {
        let mut search = new_search();
        let result = search.work(root, &dense, &tasks);
        run.add_sample(std::mem::take(&mut search.sample));
        result.map(|()| search.sink)
    };
    workers.on_each(work).into_iter().collect()
}

/// The itemsets of items that every basket holds.
fn explore_cube<S: Sink>(prepared: &Prepared, run: &Run<'_>, mut sink: S) -> Result<S, Halt> {
    if !prepared.cube.is_empty() && prepared.basket_count >= run.threshold() {
        sink.emit(&[], &prepared.cube, prepared.basket_count, run)?;
        sink.flush(run)?;
    }
    Ok(sink)
}

/// The first-level items, in the order in which workers take them.
struct Tasks {
    /// With what each costs, about: the occurrences before it.
    items: Vec<(u32, u64)>,
    next: AtomicUsize,
}

impl Tasks {
    /// In the order of the items.
    fn new<I: Local>(root: &Projection<I>, run: &Run<'_>) -> Self {
        let before =
            |item: u32| root.places(item as usize).iter().map(|place| u64::from(place.end - place.start)).sum();
        let items: Vec<(u32, u64)> = (0..root.item_count() as u32).map(|item| (item, before(item))).collect();
        run.progress().begin(items.iter().map(|&(_, work)| work).sum());
        Self { items, next: AtomicUsize::new(0) }
    }

    /// So many of the most frequent items are counted on bit sets of all baskets: as long as counting an item with all
    /// before it touches fewer words than there are counters to increment, weighed by what each costs here.
    fn dense_items<I: Local>(&self, root: &Projection<I>, run: &Run<'_>, strategy: Strategy) -> usize {
        /// What a core's own cache holds; from further away the words come slower than the counters.
        const MOST_WORDS: u64 = 1 << 16;
        let baskets: u64 = root.weights.iter().map(|&weight| u64::from(weight)).sum();
        let (words, speed) = (baskets.div_ceil(64), Kernel::detect().words_per_increment());
        let most_words = MOST_WORDS.min(run.dense_bytes / size_of::<u64>() as u64);
        let fits = |items: u64| items * words <= most_words;
        let is_for_bits = |item: u64, work: u64| match strategy {
            _ if words == 0 => false,
            Strategy::Auto => item * words <= work * speed,
            Strategy::Rows => false,
            Strategy::Bits => true,
        };
        (1..)
            .zip(&self.items)
            .take_while(|&(items, &(item, work))| fits(items) && is_for_bits(item.into(), work))
            .count()
    }

    fn next(&self) -> Option<(u32, u64)> {
        self.items.get(self.next.fetch_add(1, Relaxed)).copied()
    }
}

impl<'r, 'o, S: Sink> Search<'r, 'o, S> {
    fn new(prepared: &Prepared, run: &'r Run<'o>, strategy: Strategy, sink: S) -> Self {
        Self {
            run,
            strategy,
            sink,
            sample: Sample::default(),
            kernel: Kernel::detect(),
            path: Vec::new(),
            cube: prepared.cube.clone(),
            pool: Pool::default(),
            leaves: Vec::new(),
        }
    }

    fn work<I: Local>(&mut self, root: &Projection<I>, dense: &Bits, tasks: &Tasks) -> Result<(), Halt> {
        let mut held = 0;
        while let Some((item, work)) = tasks.next() {
            self.run.check()?;
            self.grow_rows(root, Some(dense), item as usize)?;
            let bytes = self.pool.bytes();
            self.run.hold_scratch(bytes.saturating_sub(held))?;
            held = held.max(bytes);
            self.run.progress().add_searched(work);
        }
        Ok(())
    }

    /// Emits the extensions of the path that are not extended further.
    pub(super) fn emit_leaves(&mut self, codes: &[u32], supports: &[u32]) -> Result<(), Halt> {
        self.sample.see(supports);
        self.leaves.clear();
        self.leaves.extend(codes.iter().copied().zip(supports.iter().copied()));
        self.sink.emit_leaves(&self.path, &self.leaves, &self.cube, self.run)
    }
}
