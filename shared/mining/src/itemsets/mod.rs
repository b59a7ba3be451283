//! Frequent itemsets in flat storage and canonical order. Knows nothing of how they were found.

mod canonical;

pub(crate) use canonical::Collected;

/// Frequent itemsets, ordered by length, then by their items as numbers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Itemsets {
    /// `blocks[k]` holds the itemsets of `k + 1` items.
    blocks: Vec<Block>,
}

/// The itemsets of one length, ascending.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Block {
    pub items: Vec<u32>,
    pub supports: Vec<u32>,
}

impl Itemsets {
    pub(crate) fn from_blocks(mut blocks: Vec<Block>) -> Self {
        while blocks.last().is_some_and(|block| block.supports.is_empty()) {
            blocks.pop();
        }
        Self { blocks }
    }

    pub fn len(&self) -> usize {
        self.blocks.iter().map(|block| block.supports.len()).sum()
    }

    pub fn is_empty(&self) -> bool {
        self.blocks.is_empty()
    }

    /// Length of the longest itemset (0 when there is none).
    pub fn max_length(&self) -> usize {
        self.blocks.len()
    }

    /// The items, ascending, and the support count of one itemset. Panics beyond [`len`](Self::len).
    pub fn get(&self, index: usize) -> (&[u32], u32) {
        let mut left = index;
        for (length, block) in (1..).zip(&self.blocks) {
            if left < block.supports.len() {
                return (&block.items[left * length..(left + 1) * length], block.supports[left]);
            }
            left -= block.supports.len();
        }
        panic!("itemset {index} of {}", self.len())
    }

    /// All itemsets with their support counts, in canonical order.
    pub fn iter(&self) -> impl Iterator<Item = (&[u32], u32)> + '_ {
        (1..)
            .zip(&self.blocks)
            .flat_map(|(length, block)| block.items.chunks_exact(length).zip(block.supports.iter().copied()))
    }

    /// The itemsets of at most so many items.
    pub fn of_length_at_most(&self, most: usize) -> Self {
        Self { blocks: self.blocks.iter().take(most).cloned().collect() }
    }

    /// The support count of a set of items given ascending; `None` when it is not among the frequent ones.
    pub fn support_of(&self, items: &[u32]) -> Option<u32> {
        let block = self.blocks.get(items.len().checked_sub(1)?)?;
        let (mut low, mut high) = (0, block.supports.len());
        while low < high {
            let middle = low.midpoint(high);
            match block.items[middle * items.len()..(middle + 1) * items.len()].cmp(items) {
                std::cmp::Ordering::Equal => return Some(block.supports[middle]),
                std::cmp::Ordering::Less => low = middle + 1,
                std::cmp::Ordering::Greater => high = middle,
            }
        }
        None
    }

    /// The itemsets of one length, ascending and end to end, and their supports; nothing beyond the longest.
    pub(crate) fn level(&self, length: usize) -> (&[u32], &[u32]) {
        let block = length.checked_sub(1).and_then(|index| self.blocks.get(index));
        block.map_or((&[], &[]), |block| (&block.items, &block.supports))
    }

    /// How many itemsets there are of each length; index 0 is length 1.
    pub fn by_length(&self) -> Vec<u64> {
        self.blocks.iter().map(|block| block.supports.len() as u64).collect()
    }
}
