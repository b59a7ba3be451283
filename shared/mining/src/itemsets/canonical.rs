//! From itemsets in the order in which workers found them to the canonical order.

use super::{Block, Itemsets};

/// What one worker found: per length, the codes of each itemset (ascending within the set) and its support.
/// A code is the position of an item among the frequent items, so codes order as items do.
#[derive(Debug, Default)]
pub(crate) struct Collected {
    blocks: Vec<Block>,
}

impl Collected {
    /// Adds the itemset `codes` (any order).
    pub fn push(&mut self, codes: &[u32], support: u32) {
        if self.blocks.len() < codes.len() {
            self.blocks.resize_with(codes.len(), Block::default);
        }
        let block = &mut self.blocks[codes.len() - 1];
        let start = block.items.len();
        block.items.extend_from_slice(codes);
        insertion_sort(&mut block.items[start..]);
        block.supports.push(support);
    }

    /// Merges what the workers found and turns codes into items.
    pub fn into_itemsets(parts: Vec<Collected>, item_of_code: &[u32]) -> Itemsets {
        let mut merged: Vec<Block> = Vec::new();
        for part in parts {
            if merged.len() < part.blocks.len() {
                merged.resize_with(part.blocks.len(), Block::default);
            }
            for (into, from) in merged.iter_mut().zip(part.blocks) {
                append(into, from);
            }
        }
        let code_bits = u32::BITS - (item_of_code.len() as u32).leading_zeros();
        for (length, block) in (1..).zip(merged.iter_mut()) {
            *block = sorted(std::mem::take(block), length, code_bits);
            for code in &mut block.items {
                *code = item_of_code[*code as usize];
            }
        }
        Itemsets::from_blocks(merged)
    }
}

fn append(into: &mut Block, from: Block) {
    if into.supports.is_empty() {
        *into = from;
    } else {
        into.items.extend_from_slice(&from.items);
        into.supports.extend_from_slice(&from.supports);
    }
}

/// Sets are short, and most of them nearly sorted.
fn insertion_sort(codes: &mut [u32]) {
    for end in 1..codes.len() {
        let code = codes[end];
        let mut at = end;
        while at > 0 && codes[at - 1] > code {
            codes[at] = codes[at - 1];
            at -= 1;
        }
        codes[at] = code;
    }
}

/// Sorts by packed keys where a whole set fits one: comparing two integers costs a tenth of comparing slices.
fn sorted(block: Block, length: usize, code_bits: u32) -> Block {
    let bits = code_bits as usize * length;
    if bits <= 64 {
        let keys = block
            .items
            .chunks_exact(length)
            .map(|set| set.iter().fold(0u64, |key, &code| (key << code_bits) | u64::from(code)));
        let mut keyed: Vec<(u64, u32)> = keys.zip(block.supports.iter().copied()).collect();
        keyed.sort_unstable_by_key(|&(key, _)| key);
        return unpacked(block, keyed.into_iter().map(|(key, support)| (u128::from(key), support)), length, code_bits);
    }
    if bits <= 128 {
        let keys = block
            .items
            .chunks_exact(length)
            .map(|set| set.iter().fold(0u128, |key, &code| (key << code_bits) | u128::from(code)));
        let mut keyed: Vec<(u128, u32)> = keys.zip(block.supports.iter().copied()).collect();
        keyed.sort_unstable_by_key(|&(key, _)| key);
        return unpacked(block, keyed.into_iter(), length, code_bits);
    }
    sorted_by_slices(block, length)
}

/// Writes the sorted keys back over the block they came from.
fn unpacked(mut block: Block, keyed: impl Iterator<Item = (u128, u32)>, length: usize, code_bits: u32) -> Block {
    let mask = (1u128 << code_bits) - 1;
    let sets = block.items.chunks_exact_mut(length).zip(&mut block.supports);
    for ((set, support), (mut key, value)) in sets.zip(keyed) {
        for code in set.iter_mut().rev() {
            *code = (key & mask) as u32;
            key >>= code_bits;
        }
        *support = value;
    }
    block
}

fn sorted_by_slices(block: Block, length: usize) -> Block {
    let set = |index: u32| &block.items[index as usize * length..(index as usize + 1) * length];
    let mut order: Vec<u32> = (0..block.supports.len() as u32).collect();
    order.sort_unstable_by(|&a, &b| set(a).cmp(set(b)));
    Block {
        items: order.iter().flat_map(|&index| set(index)).copied().collect(),
        supports: order.iter().map(|&index| block.supports[index as usize]).collect(),
    }
}
