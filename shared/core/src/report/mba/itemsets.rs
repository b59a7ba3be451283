//! Itemsets as rows: sets of two or more products first, each group best by support. Mines nothing.
//!
//! There may be two million of them, so a row is not a value that is serialized: the length of each is known before
//! it is written, the list gets its memory once, and all threads write into it side by side.

use super::names::Names;
use super::pages::Listing;
use affinsy_mining::Itemsets;
use rayon::prelude::*;
use std::io::Write;

/// Rows that one thread writes at a time.
const CHUNK: usize = 8 * 1024;

/// The whole list. Single products come last: a reader looks for what is bought together. Equal supports stand
/// in the canonical order of the sets.
pub fn listing(itemsets: &Itemsets, names: &Names, baskets: u64) -> Listing {
    let (rows, order) = (Rows { itemsets, names, baskets }, order(itemsets));
    let lengths: Vec<usize> = order.par_chunks(CHUNK).map(|chunk| rows.length(chunk)).collect();
    let mut ndjson = vec![0; lengths.iter().sum()];
    let mut rest = ndjson.as_mut_slice();
    let mut chunks = Vec::with_capacity(lengths.len());
    for (chunk, length) in order.chunks(CHUNK).zip(lengths) {
        let (bytes, others) = rest.split_at_mut(length);
        chunks.push((chunk, bytes));
        rest = others;
    }
    chunks.into_par_iter().for_each(|(chunk, bytes)| rows.write(chunk, bytes));
    Listing::new(ndjson, order.len() as u64)
}

/// An itemset's support, inverted, above its place: one number to sort by.
type Key = u64;

const fn place(key: Key) -> usize {
    (key & 0xFFFF_FFFF) as usize
}

fn order(itemsets: &Itemsets) -> Vec<Key> {
    let key = |(at, (_, count)): (u64, (&[u32], u32))| u64::from(u32::MAX - count) << 32 | at;
    let mut keys: Vec<Key> = (0..).zip(itemsets.iter()).map(key).collect();
    let singles = itemsets.by_length().first().map_or(0, |count| *count as usize);
    keys[..singles].par_sort_unstable();
    keys[singles..].par_sort_unstable();
    keys.rotate_left(singles);
    keys
}

struct Rows<'i> {
    itemsets: &'i Itemsets,
    names: &'i Names,
    baskets: u64,
}

const HEAD: &[u8] = br#"{"products":["#;

impl Rows<'_> {
    fn length(&self, chunk: &[Key]) -> usize {
        let mut tail = Tail::default();
        let row = |key: &Key| {
            let (items, count) = self.itemsets.get(place(*key));
            let names: usize = items.iter().map(|item| self.names.text(*item).len() + 1).sum();
            HEAD.len() + names - 1 + tail.of(items.len(), count, self.baskets).len()
        };
        chunk.iter().map(row).sum()
    }

    fn write(&self, chunk: &[Key], mut bytes: &mut [u8]) {
        let (bytes, mut tail) = (&mut bytes, Tail::default());
        for key in chunk {
            let (items, count) = self.itemsets.get(place(*key));
            put(bytes, HEAD);
            for (nth, item) in items.iter().enumerate() {
                if nth > 0 {
                    put(bytes, b",");
                }
                put(bytes, self.names.text(*item).as_bytes());
            }
            put(bytes, tail.of(items.len(), count, self.baskets));
        }
    }
}

fn put(bytes: &mut &mut [u8], text: &[u8]) {
    bytes.write_all(text).expect("the rows were measured before");
}

/// What stands behind a row's products. Rows of one size and support, which stand together, share it.
#[derive(Default)]
struct Tail {
    of: (usize, u32),
    text: Vec<u8>,
}

impl Tail {
    fn of(&mut self, size: usize, count: u32, baskets: u64) -> &[u8] {
        if self.of != (size, count) {
            let share = f64::from(count) / baskets as f64;
            let support = serde_json::to_string(&share).expect("a number always serializes");
            self.text = format!("],\"size\":{size},\"support\":{support},\"support_count\":{count}}}\n").into_bytes();
            self.of = (size, count);
        }
        &self.text
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use affinsy_mining::{Baskets, MineOptions, mine};

    #[test]
    fn rows_are_what_serde_json_would_write() {
        let baskets: Baskets = [&[0, 1, 2][..], &[0, 1], &[0], &[2, 1]].into_iter().collect();
        let itemsets = mine(&baskets, &MineOptions::with_support_count(1)).expect("itemsets");
        let names = Names::new(["a \"mug\"", "é", "c\\d"].into_iter());
        let rows = String::from_utf8(listing(&itemsets, &names, 3).into_part("itemsets").ndjson).expect("UTF-8");
        let said: Vec<String> = rows
            .lines()
            .map(|row| {
                let value: serde_json::Value = serde_json::from_str(row).expect("a row");
                format!("{}", value)
            })
            .collect();
        assert_eq!(
            said[0],
            r#"{"products":["a \"mug\"","é"],"size":2,"support":0.6666666666666666,"support_count":2}"#
        );
        assert_eq!(said.len(), 7);
        assert_eq!(said[4], r#"{"products":["a \"mug\""],"size":1,"support":1.0,"support_count":3}"#);
        assert_eq!(rows.lines().collect::<Vec<_>>(), said);
    }
}
