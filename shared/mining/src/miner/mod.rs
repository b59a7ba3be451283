//! Exact mining of frequent itemsets. The steps, in the order in which data meets them:
//!
//! 1. [`prepare`]: rare items leave, the others are ranked by support, equal baskets become one with a weight.
//! 2. [`first_level`]: every frequent item is a task; workers take the largest first.
//! 3. [`horizontal`]: occurrence deliver (LCM): the baskets that hold an item are walked once, and one row of
//!    counters gives the support of all its extensions; the projected rows are reduced for the next level.
//! 4. [`vertical`]: once a projection is small and dense, each item becomes a bit set of its rows.
//! 5. [`sink`]: what becomes of an itemset that was found.
//!
//! An item that is in every row of a projection doubles the itemsets below instead of being branched on.
//! Nothing here knows rules, clocks or files.
//!
//! Sources: T. Uno, M. Kiyomi, H. Arimura, *LCM ver. 2* (FIMI 2004) and *ver. 3* (OSDM 2005);
//! M. J. Zaki, *Scalable algorithms for association mining* (IEEE TKDE 2000) for the bit sets;
//! C. Borgelt, *Frequent item set mining* (WIREs DMKD 2012) for perfect extensions.

mod cube;
mod first_level;
mod horizontal;
mod kernel;
mod prepare;
mod run;
mod sink;
mod threshold;
mod vertical;

use crate::baskets::Baskets;
use crate::error::MineError;
use crate::itemsets::{Collected, Itemsets};
use first_level::{Order, explore};
use prepare::Prepared;
use run::{Halt, Run};
use sink::{CountSink, ListSink};

/// What to mine and how far to go.
#[derive(Clone, Copy)]
pub struct MineOptions<'a> {
    /// An itemset is frequent when at least so many baskets hold it. At least 1.
    pub min_support_count: u32,
    /// Longest itemset wanted; `None` for any length.
    pub max_itemset_size: Option<u32>,
    /// Most itemsets that may exist before the run ends in [`MineError::TooManyItemsets`]. Bounds memory.
    pub max_itemsets: u64,
    /// Workers; 0 for one a processor.
    pub threads: usize,
    /// Asked every few thousand itemsets; true ends the run.
    pub stop: &'a (dyn Fn() -> bool + Sync),
}

impl std::fmt::Debug for MineOptions<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MineOptions")
            .field("min_support_count", &self.min_support_count)
            .field("max_itemset_size", &self.max_itemset_size)
            .field("max_itemsets", &self.max_itemsets)
            .field("threads", &self.threads)
            .finish_non_exhaustive()
    }
}

impl MineOptions<'_> {
    /// Every itemset that so many baskets hold: no bound on length or number, all processors, no stop.
    pub fn with_support_count(min_support_count: u32) -> MineOptions<'static> {
        MineOptions { min_support_count, max_itemset_size: None, max_itemsets: u64::MAX, threads: 0, stop: &|| false }
    }
}

/// All frequent itemsets with their support counts, in canonical order. The result does not depend on the
/// number of threads.
pub fn mine(baskets: &Baskets, options: &MineOptions<'_>) -> Result<Itemsets, MineError> {
    let prepared = prepared(baskets, options)?;
    match list(&prepared, options.min_support_count, options) {
        Ok(itemsets) => Ok(itemsets),
        Err(Halt::Stopped) => Err(MineError::Stopped),
        Err(Halt::Ceiling) => Err(too_many(&prepared, options)),
    }
}

/// How many frequent itemsets there are of each length; index 0 is length 1. Faster than [`mine`] and held in
/// a few bytes, but bound to the same ceiling.
pub fn count_itemsets(baskets: &Baskets, options: &MineOptions<'_>) -> Result<Vec<u64>, MineError> {
    let prepared = prepared(baskets, options)?;
    let run = Run::new(options, options.min_support_count);
    let sinks = explore(&prepared, &run, options.threads, Order::LargestFirst, CountSink::default);
    match sinks.and_then(|sinks| run.finish(sinks)) {
        Ok(sinks) => Ok(CountSink::total(sinks)),
        Err(Halt::Stopped) => Err(MineError::Stopped),
        Err(Halt::Ceiling) => Err(too_many(&prepared, options)),
    }
}

/// The smallest support count of at least `floor` for which at most `ceiling` itemsets exist, and those
/// itemsets. `min_support_count` and `max_itemsets` of the options are not read.
pub fn mine_at_most(
    baskets: &Baskets,
    floor: u32,
    ceiling: u64,
    options: &MineOptions<'_>,
) -> Result<(u32, Itemsets), MineError> {
    let options = MineOptions { min_support_count: floor, max_itemsets: ceiling, ..*options };
    let prepared = prepared(baskets, &options)?;
    let support = match list(&prepared, floor, &options) {
        Ok(itemsets) => return Ok((floor, itemsets)),
        Err(Halt::Stopped) => return Err(MineError::Stopped),
        Err(Halt::Ceiling) => threshold::smallest_fitting(&prepared, &options)?,
    };
    match list(&prepared, support, &options) {
        Ok(itemsets) => Ok((support, itemsets)),
        Err(Halt::Stopped) => Err(MineError::Stopped),
        Err(Halt::Ceiling) => unreachable!("the threshold was chosen so that the itemsets fit"),
    }
}

fn prepared(baskets: &Baskets, options: &MineOptions<'_>) -> Result<Prepared, MineError> {
    if options.min_support_count == 0 {
        return Err(MineError::ZeroSupport);
    }
    Ok(Prepared::new(baskets, options.min_support_count))
}

fn list(prepared: &Prepared, support: u32, options: &MineOptions<'_>) -> Result<Itemsets, Halt> {
    let run = Run::new(options, support);
    let sinks = explore(prepared, &run, options.threads, Order::LargestFirst, ListSink::default)?;
    let found = run.finish(sinks)?.into_iter().map(ListSink::into_collected).collect();
    Ok(Collected::into_itemsets(found, prepared.item_of_code()))
}

fn too_many(prepared: &Prepared, options: &MineOptions<'_>) -> MineError {
    match threshold::smallest_fitting(prepared, options) {
        Ok(support) => {
            MineError::TooManyItemsets { ceiling: options.max_itemsets, suggested_min_support_count: Some(support) }
        }
        Err(_) => MineError::TooManyItemsets { ceiling: options.max_itemsets, suggested_min_support_count: None },
    }
}
