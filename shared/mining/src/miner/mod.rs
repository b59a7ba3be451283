//! Exact mining of frequent itemsets. The steps, in the order in which data meets them:
//!
//! 1. [`prepare`]: rare items leave, the others are ranked by support, equal baskets become one with a weight where
//!    there are many.
//! 2. [`first_level`]: every frequent item is a task; workers take the largest first.
//! 3. [`horizontal`]: occurrence deliver (LCM): the baskets that hold an item are walked once, and one row of
//!    counters gives the support of all its extensions; the projected rows are reduced for the next level.
//! 4. [`vertical`]: once a projection is small and dense, each item becomes a bit set of its rows.
//! 5. [`sink`]: what becomes of an itemset that was found.
//!
//! An item that is in every row of a projection doubles the itemsets below instead of being branched on.
//! [`run`], [`memory`] and [`threshold`] keep the bounds and tell what would fit. Nothing here knows rules, clocks or
//! files.
//!
//! Sources: T. Uno, M. Kiyomi, H. Arimura, *LCM ver. 2* (FIMI 2004) and *ver. 3* (OSDM 2005);
//! M. J. Zaki, *Scalable algorithms for association mining* (IEEE TKDE 2000) for the bit sets;
//! C. Borgelt, *Frequent item set mining* (WIREs DMKD 2012) for perfect extensions.

mod cube;
mod first_level;
mod horizontal;
mod kernel;
mod memory;
mod options;
mod pool;
mod prepare;
mod progress;
mod run;
mod sample;
mod sink;
mod threshold;
mod vertical;

pub use options::{MineOptions, Strategy};
pub use progress::Progress;

use crate::baskets::Baskets;
use crate::error::MineError;
use crate::itemsets::{Collected, Itemsets};
use crate::workers::Workers;
use first_level::{Order, explore};
use prepare::Prepared;
use run::{Halt, Run};
use sink::{CountSink, ListSink};

/// All frequent itemsets with their support counts, in canonical order. The result does not depend on the
/// number of threads or the strategy.
///
/// How the search goes is chosen by what the data shows, never by its name: occurrences decide between a table and a
/// hash map of items; baskets that are equal once rare items are gone become one with a weight, where there are many;
/// an item's rows become bit sets when counting the next level on rows would touch more words than the bit sets
/// have (few items, many of them in the same baskets); items in all rows are never branched on.
///
/// Time grows with the itemsets found and the occurrences of frequent items; memory is about 16 bytes for each such
/// occurrence, beside 4 (k + 1) bytes for each itemset of k items and as much again while the result is sorted.
pub fn mine(baskets: &Baskets, options: &MineOptions<'_>) -> Result<Itemsets, MineError> {
    let workers = Workers::new(options.threads);
    let prepared = prepared(baskets, &workers, options)?;
    match list(&prepared, &workers, options) {
        Listed::All(itemsets) => Ok(itemsets),
        Listed::Halted(halt, run) => Err(advice(&prepared, &workers, halt, &run, options)),
    }
}

/// How many frequent itemsets there are of each length; index 0 is length 1. Faster than [`mine`] and held in
/// a few bytes, but bound to the same ceiling.
pub fn count_itemsets(baskets: &Baskets, options: &MineOptions<'_>) -> Result<Vec<u64>, MineError> {
    let workers = Workers::new(options.threads);
    let prepared = prepared(baskets, &workers, options)?;
    let run = Run::new(options, prepared.bytes_left(options));
    let sinks = explore(&prepared, &run, options.strategy, &workers, Order::LargestFirst, CountSink::default);
    match sinks.and_then(|sinks| run.finish(sinks)) {
        Ok(sinks) => Ok(CountSink::total(sinks)),
        Err(halt) => Err(advice(&prepared, &workers, halt, &run, options)),
    }
}

/// The smallest support count of at least `floor` for which at most `ceiling` itemsets exist, and those
/// itemsets: the `ceiling` itemsets that most baskets hold, without a threshold to guess, and without an arbitrary
/// cut through those of one support. `min_support_count` and `max_itemsets` of the options are not read; a memory
/// budget raises the support in the same way.
///
/// ```
/// use affinsy_mining::{Baskets, MineOptions, mine_at_most};
///
/// let baskets: Baskets = [vec![1, 2, 3], vec![1, 2], vec![1, 2], vec![1]].into_iter().collect();
/// let (support, best) = mine_at_most(&baskets, 1, 3, &MineOptions::with_support_count(1))?;
/// // {1} is in four baskets, {2} and {1, 2} in three; all others in one.
/// assert_eq!((support, best.len()), (2, 3));
/// # Ok::<(), affinsy_mining::MineError>(())
/// ```
pub fn mine_at_most(
    baskets: &Baskets,
    floor: u32,
    ceiling: u64,
    options: &MineOptions<'_>,
) -> Result<(u32, Itemsets), MineError> {
    let floor = match options.max_itemset_size {
        Some(0) => floor,
        _ => floor.max(prepare::support_of_at_most(baskets, ceiling, options.max_memory_bytes.unwrap_or(u64::MAX))),
    };
    let mut options = MineOptions { min_support_count: floor, max_itemsets: ceiling, ..*options };
    let workers = Workers::new(options.threads);
    let prepared = match prepared(baskets, &workers, &options) {
        Err(MineError::TooMuchMemory { suggested_min_support_count: Some(fitting), .. }) => {
            options.min_support_count = fitting;
            prepared(baskets, &workers, &options)?
        }
        prepared => prepared?,
    };
    loop {
        let run = match list(&prepared, &workers, &options) {
            Listed::All(itemsets) => return Ok((options.min_support_count, itemsets)),
            Listed::Halted(Halt::Stopped, run) => return Err(run.stopped()),
            Listed::Halted(_, run) => run,
        };
        if options.min_support_count > prepared.basket_count {
            let budget_bytes = options.max_memory_bytes.unwrap_or(u64::MAX);
            return Err(MineError::TooMuchMemory { budget_bytes, suggested_min_support_count: None });
        }
        // Once, but where the second search holds more beside the itemsets than the first did when it was halted.
        let fitting = threshold::smallest_fitting(&prepared, &workers, &run, &options)?;
        options.min_support_count = fitting.max(options.min_support_count + 1);
    }
}

fn prepared(baskets: &Baskets, workers: &Workers, options: &MineOptions<'_>) -> Result<Prepared, MineError> {
    if options.min_support_count == 0 {
        return Err(MineError::ZeroSupport);
    }
    let budget_bytes = options.max_memory_bytes.unwrap_or(u64::MAX);
    Prepared::new(baskets, options.min_support_count, workers, budget_bytes)
        .map_err(|suggested_min_support_count| MineError::TooMuchMemory { budget_bytes, suggested_min_support_count })
}

enum Listed<'a> {
    All(Itemsets),
    Halted(Halt, Run<'a>),
}

fn list<'a>(prepared: &Prepared, workers: &Workers, options: &MineOptions<'a>) -> Listed<'a> {
    let run = Run::new(options, prepared.bytes_left(options));
    let sinks = explore(prepared, &run, options.strategy, workers, Order::LargestFirst, ListSink::default);
    match sinks.and_then(|sinks| run.finish(sinks)) {
        Ok(sinks) => {
            let found = sinks.into_iter().map(ListSink::into_collected).collect();
            Listed::All(Collected::into_itemsets(found, prepared.item_of_code(), workers))
        }
        Err(halt) => Listed::Halted(halt, run),
    }
}

/// What a run that ended early tells its caller.
fn advice(prepared: &Prepared, workers: &Workers, halt: Halt, run: &Run<'_>, options: &MineOptions<'_>) -> MineError {
    let suggested_min_support_count = || threshold::smallest_fitting(prepared, workers, run, options).ok();
    match halt {
        Halt::Stopped => run.stopped(),
        Halt::Ceiling => MineError::TooManyItemsets {
            ceiling: options.max_itemsets,
            suggested_min_support_count: suggested_min_support_count(),
        },
        Halt::Memory => MineError::TooMuchMemory {
            budget_bytes: options.max_memory_bytes.unwrap_or(u64::MAX),
            suggested_min_support_count: suggested_min_support_count(),
        },
    }
}
