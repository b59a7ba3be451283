//! From itemsets in the order in which workers found them to the canonical order.

use super::{Block, Itemsets};
use crate::workers::Workers;

/// What one worker found: for each length its records, the codes of an itemset (ascending) and its support.
/// A code is the position of an item among the frequent items, so codes order as items do.
#[derive(Debug, Default)]
pub(crate) struct Collected {
    by_length: Vec<Records>,
}

/// Records in chunks that never move: a list that doubles would hold half as much again, and copy all of it.
#[derive(Debug, Default)]
struct Records {
    chunks: Vec<Vec<u32>>,
}

const FIRST_CHUNK: usize = 1 << 8;
const LARGEST_CHUNK: usize = 1 << 16;

impl Records {
    fn push(&mut self, codes: &[u32], support: u32) {
        let record = codes.len() + 1;
        let chunk = match self.chunks.last_mut() {
            Some(chunk) if chunk.capacity() - chunk.len() >= record => chunk,
            last => {
                let room = last.map_or(FIRST_CHUNK, |full| (full.capacity() * 2).min(LARGEST_CHUNK)).max(record);
                self.chunks.push(Vec::with_capacity(room));
                self.chunks.last_mut().expect("pushed in the line above")
            }
        };
        let start = chunk.len();
        chunk.extend_from_slice(codes);
        insertion_sort(&mut chunk[start..]);
        chunk.push(support);
    }
}

impl Collected {
    /// Adds the itemset `codes` (any order).
    pub fn push(&mut self, codes: &[u32], support: u32) {
        if self.by_length.len() < codes.len() {
            self.by_length.resize_with(codes.len(), Records::default);
        }
        self.by_length[codes.len() - 1].push(codes, support);
    }

    /// Merges what the workers found and turns codes into items.
    pub fn into_itemsets(parts: Vec<Collected>, item_of_code: &[u32], workers: &Workers) -> Itemsets {
        let mut chunks_by_length: Vec<Vec<Vec<u32>>> = Vec::new();
        for part in parts {
            if chunks_by_length.len() < part.by_length.len() {
                chunks_by_length.resize_with(part.by_length.len(), Vec::new);
            }
            for (into, from) in chunks_by_length.iter_mut().zip(part.by_length) {
                into.extend(from.chunks);
            }
        }
        let code_bits = u32::BITS - (item_of_code.len() as u32).leading_zeros();
        let block = |(length, chunks)| {
            let mut block = sorted(chunks, length, code_bits, workers);
            for code in &mut block.items {
                *code = item_of_code[*code as usize];
            }
            block
        };
        Itemsets::from_blocks((1..).zip(chunks_by_length).map(block).collect())
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

/// Sorts by packed keys where a whole set fits one: comparing two integers costs far less than comparing slices.
fn sorted(chunks: Vec<Vec<u32>>, length: usize, code_bits: u32, workers: &Workers) -> Block {
    match code_bits as usize * length {
        0..=64 => sorted_by_keys::<u64>(chunks, length, code_bits, workers),
        65..=128 => sorted_by_keys::<u128>(chunks, length, code_bits, workers),
        _ => sorted_by_slices(chunks, length, workers),
    }
}

/// An integer that holds the codes of a set, the first in the highest bits.
trait Key: Copy + Ord + Send {
    const EMPTY: Self;
    fn append(self, code: u32, code_bits: u32) -> Self;
    fn last(self, code_bits: u32) -> u32;
    fn without_last(self, code_bits: u32) -> Self;
}

macro_rules! key {
    ($integer:ty) => {
        impl Key for $integer {
            const EMPTY: Self = 0;

            // One item of 32 bits fills half a key: no shift is as wide as a key but of an empty one.
            fn append(self, code: u32, code_bits: u32) -> Self {
                (self << code_bits) | Self::from(code)
            }

            fn last(self, code_bits: u32) -> u32 {
                (self & ((1 << code_bits) - 1)) as u32
            }

            fn without_last(self, code_bits: u32) -> Self {
                self >> code_bits
            }
        }
    };
}

key!(u64);
key!(u128);

fn sorted_by_keys<K: Key>(chunks: Vec<Vec<u32>>, length: usize, code_bits: u32, workers: &Workers) -> Block {
    let mut keyed: Vec<(K, u32)> = Vec::with_capacity(record_count(&chunks, length));
    for chunk in chunks {
        keyed.extend(chunk.chunks_exact(length + 1).map(|record| {
            let key = record[..length].iter().fold(K::EMPTY, |key, &code| key.append(code, code_bits));
            (key, record[length])
        }));
    }
    workers.sort(&mut keyed, |(a, _), (b, _)| a.cmp(b));
    let mut block = Block { items: vec![0; keyed.len() * length], supports: Vec::with_capacity(keyed.len()) };
    for (set, (mut key, support)) in block.items.chunks_exact_mut(length).zip(keyed) {
        for code in set.iter_mut().rev() {
            *code = key.last(code_bits);
            key = key.without_last(code_bits);
        }
        block.supports.push(support);
    }
    block
}

fn sorted_by_slices(chunks: Vec<Vec<u32>>, length: usize, workers: &Workers) -> Block {
    let mut records: Vec<&[u32]> = Vec::with_capacity(record_count(&chunks, length));
    records.extend(chunks.iter().flat_map(|chunk| chunk.chunks_exact(length + 1)));
    // The support behind the codes decides nothing: no two records have the same codes.
    workers.sort(&mut records, |a, b| a.cmp(b));
    Block {
        items: records.iter().flat_map(|record| &record[..length]).copied().collect(),
        supports: records.iter().map(|record| record[length]).collect(),
    }
}

fn record_count(chunks: &[Vec<u32>], length: usize) -> usize {
    chunks.iter().map(|chunk| chunk.len() / (length + 1)).sum()
}
