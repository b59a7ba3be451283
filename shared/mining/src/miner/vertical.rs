//! Bit sets of rows: the branch for projections that are small or dense. Each local item is the set of the
//! rows that hold it; the support of a pair is a population count.

use super::first_level::Search;
use super::horizontal::{Extensions, Local, Projection};
use super::run::Halt;
use super::sink::Sink;

/// The extensions of a path as bit sets over the rows of one projection.
#[derive(Debug, Default)]
pub(super) struct Bits {
    codes: Vec<u32>,
    supports: Vec<u32>,
    /// Item `j` is `sets[j * words..(j + 1) * words]`.
    sets: Vec<u64>,
    words: usize,
}

impl Bits {
    /// What it holds.
    pub fn bytes(&self) -> usize {
        (self.codes.capacity() + self.supports.capacity()) * size_of::<u32>() + self.sets.capacity() * size_of::<u64>()
    }

    fn reset(&mut self, words: usize) {
        self.codes.clear();
        self.supports.clear();
        self.sets.clear();
        self.words = words;
    }

    fn set(&self, item: usize) -> &[u64] {
        &self.sets[item * self.words..(item + 1) * self.words]
    }

    /// One bit for each basket of each row.
    pub fn fill_from<I: Local>(&mut self, rows: &Projection<I>) {
        let baskets: usize = rows.weights.iter().map(|&weight| weight as usize).sum();
        self.reset(baskets.div_ceil(64));
        self.codes.extend_from_slice(&rows.extensions.codes);
        self.supports.extend_from_slice(&rows.extensions.supports);
        self.sets.resize(rows.item_count() * self.words, 0);
        let mut first = 0;
        for (row, weight) in rows.rows() {
            for basket in first..first + weight as usize {
                let (word, bit) = (basket / 64, 1u64 << (basket % 64));
                for &item in row {
                    self.sets[item.into() as usize * self.words + word] |= bit;
                }
            }
            first += weight as usize;
        }
    }

    /// The same from the rows of an item that are not projected yet: `numbers` has the number of each extension plus
    /// one, and 0 for what is none.
    pub fn fill_from_item<I: Local>(
        &mut self,
        rows: &Projection<I>,
        item: usize,
        support: u32,
        numbers: &[u32],
        extensions: &Extensions,
    ) {
        self.reset((support as usize).div_ceil(64));
        let items = extensions.codes.len() as u32;
        // What is no extension sets the bits of one set too many: no branch to mispredict.
        self.sets.resize((items as usize + 1) * self.words, 0);
        let mut first = 0;
        for place in rows.places(item) {
            for basket in first..first + place.weight as usize {
                let (word, bit) = (basket / 64, 1u64 << (basket % 64));
                I::each_number(rows.before(place), numbers, |number| {
                    self.sets[number.min(items) as usize * self.words + word] |= bit;
                });
            }
            first += place.weight as usize;
        }
        self.codes.extend_from_slice(&extensions.codes);
        self.supports.extend_from_slice(&extensions.supports);
    }
}

impl<S: Sink> Search<'_, '_, S> {
    /// Finds all itemsets of the path and items of the bits, the path itself excepted.
    pub(super) fn grow_filled_bits(&mut self, bits: Bits) -> Result<(), Halt> {
        self.grow_bits(&bits)?;
        self.pool.give_back_bits(bits);
        Ok(())
    }

    fn grow_bits(&mut self, bits: &Bits) -> Result<(), Halt> {
        for item in 0..bits.codes.len() {
            let (support, threshold) = (bits.supports[item], self.run.threshold());
            if support < threshold {
                continue;
            }
            self.path.push(bits.codes[item]);
            let cube = self.cube.len();
            self.extend_bits(bits, item, support, threshold)?;
            self.cube.truncate(cube);
            self.path.pop();
        }
        Ok(())
    }

    fn extend_bits(&mut self, bits: &Bits, item: usize, support: u32, threshold: u32) -> Result<(), Halt> {
        if item == 0 || self.path.len() == self.run.max_size {
            return self.sink.emit(&self.path, &self.cube, support, self.run);
        }
        let mut counts = self.pool.counts(item);
        self.kernel.count_common(bits.set(item), &bits.sets[..item * bits.words], &mut counts);
        let mut child = self.pool.bits();
        child.reset(bits.words);
        self.select_bits(bits, &mut counts, support, threshold, &mut child);
        let result = self.descend_bits(bits, item, support, &counts, &mut child);
        self.pool.give_back_counts(counts);
        self.pool.give_back_bits(child);
        result
    }

    /// Extensions of the path go to the child; the front of the counts becomes the list of their numbers.
    fn select_bits(&mut self, bits: &Bits, counts: &mut [u32], support: u32, threshold: u32, child: &mut Bits) {
        for item in 0..counts.len() {
            let count = counts[item];
            if count == support {
                self.cube.push(bits.codes[item]);
            } else if count >= threshold {
                counts[child.codes.len()] = item as u32;
                child.codes.push(bits.codes[item]);
                child.supports.push(count);
            }
        }
    }

    fn descend_bits(
        &mut self,
        bits: &Bits,
        item: usize,
        support: u32,
        chosen: &[u32],
        child: &mut Bits,
    ) -> Result<(), Halt> {
        self.sink.emit(&self.path, &self.cube, support, self.run)?;
        let items = child.codes.len();
        if items < 2 || self.path.len() + 1 == self.run.max_size {
            return self.emit_leaves(&child.codes, &child.supports);
        }
        let own = bits.set(item);
        let rows: u32 = own.iter().map(|word| word.count_ones()).sum();
        let packed_words = (rows as usize).div_ceil(64);
        if packed_words * 2 <= bits.words {
            child.words = packed_words;
            child.sets.resize(items * packed_words, 0);
            for (into, &from) in child.sets.chunks_exact_mut(packed_words).zip(chosen) {
                self.kernel.pack(own, bits.set(from as usize), into);
            }
        } else {
            for &from in &chosen[..items] {
                child.sets.extend(own.iter().zip(bits.set(from as usize)).map(|(a, b)| a & b));
            }
        }
        self.grow_bits(child)
    }
}
