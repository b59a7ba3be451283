//! Distinct texts with dense codes: each product, customer and order id is kept once, in one arena.
//! Knows nothing of what the texts mean.

use hashbrown::HashTable;
use hashbrown::hash_table::Entry;
use rayon::prelude::*;
use std::ops::Range;
use xxhash_rust::xxh3::xxh3_64;

/// From so many names on, sorting is worth several threads.
const MANY: usize = 100_000;

/// A list of texts, one behind the other in one buffer: no allocation for each.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TextList {
    text: String,
    ends: Vec<usize>,
}

impl TextList {
    pub fn push(&mut self, text: &str) {
        self.text.push_str(text);
        self.ends.push(self.text.len());
    }
    pub fn append(&mut self, other: &Self) {
        let start = self.text.len();
        self.text.push_str(&other.text);
        self.ends.extend(other.ends.iter().map(|end| start + end));
    }
    pub fn get(&self, at: usize) -> &str {
        &self.text[self.range(at)]
    }
    /// Where a text stands in [`TextList::buffer`].
    pub fn range(&self, at: usize) -> Range<usize> {
        let start = if at == 0 { 0 } else { self.ends[at - 1] };
        start..self.ends[at]
    }
    /// All texts, one behind the other.
    pub fn buffer(&self) -> &str {
        &self.text
    }
    /// About what it holds in memory.
    pub fn memory_bytes(&self) -> u64 {
        (self.text.len() + size_of_val(self.ends.as_slice())) as u64
    }
    pub fn len(&self) -> usize {
        self.ends.len()
    }
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &str> {
        (0..self.len()).map(|at| self.get(at))
    }
}

/// Gives every distinct text a code, counted up from 0 in the order of first sight.
#[derive(Debug, Clone, Default)]
pub struct Names {
    list: TextList,
    codes: HashTable<u32>,
}

impl Names {
    pub fn code(&mut self, name: &str) -> u32 {
        self.code_hashed(name, xxh3_64(name.as_bytes()))
    }
    /// As [`Names::code`], for a caller that has the name's `xxh3_64` already.
    pub fn code_hashed(&mut self, name: &str, hash: u64) -> u32 {
        let list = &self.list;
        let same = |code: &u32| list.get(*code as usize) == name;
        let rehash = |code: &u32| xxh3_64(list.get(*code as usize).as_bytes());
        match self.codes.entry(hash, same, rehash) {
            Entry::Occupied(known) => *known.get(),
            Entry::Vacant(free) => {
                let code = u32::try_from(list.len()).expect("fewer than 2^32 distinct names fit into memory");
                free.insert(code);
                self.list.push(name);
                code
            }
        }
    }
    pub fn find(&self, name: &str) -> Option<u32> {
        self.codes.find(xxh3_64(name.as_bytes()), |code| self.get(*code) == name).copied()
    }
    pub fn get(&self, code: u32) -> &str {
        self.list.get(code as usize)
    }
    pub fn len(&self) -> usize {
        self.list.len()
    }
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }
    pub fn into_list(self) -> TextList {
        self.list
    }
    /// About what it holds in memory.
    pub fn memory_bytes(&self) -> u64 {
        self.list.memory_bytes() + (self.codes.capacity() * size_of::<u32>()) as u64
    }
    /// For each code its place when the names are sorted by bytes.
    pub fn ranks(&self) -> Vec<u32> {
        let mut sorted: Vec<u32> = (0..self.len() as u32).collect();
        match sorted.len() {
            0..MANY => sorted.sort_unstable_by_key(|code| self.get(*code)),
            MANY.. => sorted.par_sort_unstable_by_key(|code| self.get(*code)),
        }
        let mut ranks = vec![0; sorted.len()];
        for (rank, code) in sorted.into_iter().enumerate() {
            ranks[code as usize] = rank as u32;
        }
        ranks
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_text_has_one_code() {
        let mut names = Names::default();
        let codes: Vec<u32> = ["b", "a", "", "b", "a\0", ""].iter().map(|name| names.code(name)).collect();
        assert_eq!(codes, [0, 1, 2, 0, 3, 2]);
        assert_eq!(names.ranks(), [3, 1, 0, 2]);
        assert_eq!((names.find("a"), names.find("c"), names.get(3)), (Some(1), None, "a\0"));
        (0..10_000).for_each(|at| assert_eq!(names.code(&format!("n{at}")), at + 4));
    }
}
