//! Equal rows become one with the sum of their weights.

use super::{Local, Projection};

/// A hash table over the rows of one projection while it is filled.
#[derive(Debug, Default)]
pub(in crate::miner) struct RowMerger {
    /// Row numbers by hash, open addressing; `EMPTY` where free.
    table: Vec<u32>,
}

const EMPTY: u32 = u32::MAX;

impl RowMerger {
    pub fn with_capacity(rows: usize) -> Self {
        let mut merger = Self::default();
        merger.reset(rows);
        merger
    }

    /// Forgets all rows and makes room for so many.
    pub fn reset(&mut self, rows: usize) {
        self.table.clear();
        self.table.resize((rows * 2).next_power_of_two().max(16), EMPTY);
    }

    pub fn bytes(&self) -> usize {
        self.table.capacity() * size_of::<u32>()
    }

    /// Makes room for so many rows, of which the projection has some.
    pub fn grow<I: Local>(&mut self, projection: &Projection<I>, rows: usize) {
        self.reset(rows);
        let mask = self.table.len() - 1;
        for (number, (row, _)) in (0..).zip(projection.rows()) {
            let mut slot = hash(row) as usize & mask;
            while self.table[slot] != EMPTY {
                slot = (slot + 1) & mask;
            }
            self.table[slot] = number;
        }
    }

    /// Makes the items from `start` on a row, unless they are fewer than two: for rows that are rarely equal.
    pub fn push_row<I: Local>(projection: &mut Projection<I>, start: usize, weight: u32) {
        if projection.items.len() - start < 2 {
            projection.items.truncate(start);
            return;
        }
        projection.starts.push(u32::try_from(start).expect("2^32 items in baskets do not fit a function's memory"));
        projection.weights.push(weight);
    }

    /// Makes the items from `start` on a row of the projection, unless they are fewer than two or equal to an
    /// earlier row.
    pub fn close_row<I: Local>(&mut self, projection: &mut Projection<I>, start: usize, weight: u32) {
        let row = &projection.items[start..];
        if row.len() < 2 {
            return Self::push_row(projection, start, weight);
        }
        let mask = self.table.len() - 1;
        let mut slot = hash(row) as usize & mask;
        loop {
            let known = self.table[slot];
            if known == EMPTY {
                break;
            }
            let end = projection.starts.get(known as usize + 1).map_or(start, |&end| end as usize);
            if projection.items[projection.starts[known as usize] as usize..end] == *row {
                projection.weights[known as usize] += weight;
                projection.items.truncate(start);
                return;
            }
            slot = (slot + 1) & mask;
        }
        self.table[slot] = projection.weights.len() as u32;
        Self::push_row(projection, start, weight);
    }
}

/// FxHash over whole items, with the high bits brought down for the mask.
fn hash<I: Local>(row: &[I]) -> u64 {
    let hash = row.iter().fold(row.len() as u64, |hash, &item| {
        (hash.rotate_left(5) ^ u64::from(item.into())).wrapping_mul(0x517c_c1b7_2722_0a95)
    });
    hash ^ (hash >> 32)
}
