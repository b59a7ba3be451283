//! Support counts by itemset, in constant time. A rule asks for many.

use crate::itemsets::Itemsets;

/// A hash table over the itemsets of one result, without copies of them.
#[derive(Debug)]
pub(super) struct SupportIndex<'a> {
    /// All itemsets in canonical order.
    sets: Vec<(&'a [u32], u32)>,
    /// Places in `sets` by hash, open addressing.
    table: Vec<u32>,
}

const EMPTY: u32 = u32::MAX;

impl<'a> SupportIndex<'a> {
    pub fn new(itemsets: &'a Itemsets) -> Self {
        let sets: Vec<_> = itemsets.iter().collect();
        assert!(sets.len() < EMPTY as usize, "2^32 itemsets do not fit a function's memory");
        let mut table = vec![EMPTY; (sets.len() * 2).next_power_of_two().max(2)];
        let mask = table.len() - 1;
        for (place, (items, _)) in (0..).zip(&sets) {
            let mut slot = hash(items) & mask;
            while table[slot] != EMPTY {
                slot = (slot + 1) & mask;
            }
            table[slot] = place;
        }
        Self { sets, table }
    }

    pub fn len(&self) -> usize {
        self.sets.len()
    }

    pub fn get(&self, place: usize) -> (&'a [u32], u32) {
        self.sets[place]
    }

    /// The support count of a non-empty subset of a frequent itemset, given ascending.
    pub fn support_of(&self, items: &[u32]) -> u32 {
        let mask = self.table.len() - 1;
        let mut slot = hash(items) & mask;
        loop {
            let place = self.table[slot];
            assert!(place != EMPTY, "every subset of a frequent itemset is frequent");
            let (known, support) = self.sets[place as usize];
            if known == items {
                return support;
            }
            slot = (slot + 1) & mask;
        }
    }
}

fn hash(items: &[u32]) -> usize {
    let hash = items.iter().fold(items.len() as u64, |hash, &item| {
        (hash.rotate_left(5) ^ u64::from(item)).wrapping_mul(0x517c_c1b7_2722_0a95)
    });
    (hash ^ (hash >> 32)) as usize
}
