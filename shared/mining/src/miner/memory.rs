//! What a run holds in memory, in bytes: so that a budget is kept without asking the allocator. Counts what the
//! miner allocates, result included; the baskets are the caller's.

use super::horizontal::LEAST_COUNTERS;

/// One occurrence of a frequent item: the item, in 4 bytes at most, and its place.
const OCCURRENCE: u64 = 16;
/// One row: start, weight, its slots in the table of the merger, and all of it again while rows are sorted.
const ROW: u64 = 36;
/// One item: code, support, place start, and its rank in a map.
const ITEM: u64 = 52;

/// One worker: its counters and what else it has from the beginning.
const WORKER: u64 = (LEAST_COUNTERS as u64 + 4096) * 4;

/// The root of the search, its preparation, and the workers.
pub(super) fn prepared_bytes(occurrences: u64, rows: u64, items: u64, workers: usize) -> u64 {
    occurrences * OCCURRENCE + rows * ROW + items * ITEM + workers as u64 * WORKER
}

/// One itemset of a list, from the worker that finds it to the canonical order: as found, as result, and what
/// sorting it takes.
pub(super) fn itemset_bytes(length: usize) -> u64 {
    const SORT_KEY: u64 = 32;
    let record = 4 * (length as u64 + 1);
    2 * record + SORT_KEY
}
