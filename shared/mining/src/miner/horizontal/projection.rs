//! Baskets in rows, restricted to the items that extend a path, with the places of each item.

use super::Extensions;
use super::local::Local;

/// The rows that hold a path, without the path. Items are local numbers, most frequent first; rows ascend.
#[derive(Debug, Default)]
pub(in crate::miner) struct Projection<I> {
    pub extensions: Extensions,
    /// Row `i` is `items[starts[i]..starts[i + 1]]`, once indexed; before, `starts` has no end.
    pub starts: Vec<u32>,
    pub items: Vec<I>,
    pub weights: Vec<u32>,
    /// The places of item `j` are `places[place_starts[j]..place_starts[j + 1]]`.
    place_starts: Vec<u32>,
    places: Vec<Place>,
}

/// Where an item stands in a row: the items before it are `items[start..end]`.
#[derive(Debug, Clone, Copy, Default)]
pub(in crate::miner) struct Place {
    pub start: u32,
    pub end: u32,
    pub weight: u32,
}

impl<I: Local> Projection<I> {
    pub fn clear(&mut self) {
        self.extensions.clear();
        self.starts.clear();
        self.items.clear();
        self.weights.clear();
    }

    pub fn item_count(&self) -> usize {
        self.extensions.codes.len()
    }

    /// What it holds.
    pub fn bytes(&self) -> usize {
        let Extensions { codes, supports, origins } = &self.extensions;
        let numbers = [codes, supports, origins, &self.starts, &self.weights, &self.place_starts].map(Vec::capacity);
        numbers.into_iter().sum::<usize>() * size_of::<u32>()
            + self.items.capacity() * size_of::<I>()
            + self.places.capacity() * size_of::<Place>()
    }

    /// The rows with their weights.
    pub fn rows(&self) -> impl Iterator<Item = (&[I], u32)> + '_ {
        let ends = self.starts[1.min(self.starts.len())..].iter().copied().chain([self.items.len() as u32]);
        let bounds = self.starts.iter().zip(ends).zip(&self.weights);
        bounds.map(|((&start, end), &weight)| (&self.items[start as usize..end as usize], weight))
    }

    /// The places of an item in all rows.
    pub fn places(&self, item: usize) -> &[Place] {
        &self.places[self.place_starts[item] as usize..self.place_starts[item + 1] as usize]
    }

    /// The items that stand before a place.
    pub fn before(&self, place: &Place) -> &[I] {
        &self.items[place.start as usize..place.end as usize]
    }

    /// Finds the places of all items; rows ascend already.
    pub fn index(&mut self) {
        let mut next = self.reserve_places();
        self.places.resize(self.items.len(), Place::default());
        for row in 0..self.weights.len() {
            let start = self.starts[row];
            let end = self.starts.get(row + 1).map_or(self.items.len() as u32, |&end| end);
            for at in start..end {
                let slot = &mut next[number(self.items[at as usize])];
                self.places[*slot as usize] = Place { start, end: at, weight: self.weights[row] };
                *slot += 1;
            }
        }
    }

    /// Sorts the items of every row and finds their places, by writing the items out in ascending order.
    pub fn sort_and_index(&mut self) {
        let mut next = self.reserve_places();
        self.places.resize(self.items.len(), Place::default());
        // First the rows of each item, where its places will be …
        for row in 0..self.weights.len() {
            let end = self.starts.get(row + 1).map_or(self.items.len(), |&end| end as usize);
            for &item in &self.items[self.starts[row] as usize..end] {
                let slot = &mut next[number(item)];
                self.places[*slot as usize].start = row as u32;
                *slot += 1;
            }
        }
        // … then item after item to the end of each of its rows. All that is known of a row stands together: rows come
        // in no order that a cache likes.
        let empty = |(&start, &weight): (&u32, &u32)| Place { start, end: start, weight };
        let mut rows: Vec<Place> = self.starts.iter().zip(&self.weights).map(empty).collect();
        for item in 0..self.item_count() {
            for place in &mut self.places[self.place_starts[item] as usize..self.place_starts[item + 1] as usize] {
                let row = &mut rows[place.start as usize];
                self.items[row.end as usize] = I::from_number(item as u32);
                *place = *row;
                row.end += 1;
            }
        }
    }

    /// Makes room for the places; answers where those of each item begin.
    fn reserve_places(&mut self) -> Vec<u32> {
        self.place_starts.clear();
        self.place_starts.resize(self.item_count() + 1, 0);
        for &item in &self.items {
            self.place_starts[number(item) + 1] += 1;
        }
        for item in 0..self.item_count() {
            self.place_starts[item + 1] += self.place_starts[item];
        }
        self.places.clear();
        self.places.reserve_exact(self.items.len());
        self.place_starts.clone()
    }
}

fn number<I: Local>(item: I) -> usize {
    item.into() as usize
}
