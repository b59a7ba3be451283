//! From counters to the extensions of a path.

use super::Extensions;
use super::local::Local;
use super::projection::Projection;

/// What is chosen from and where it goes.
pub(super) struct Selection<'s, I> {
    pub rows: &'s Projection<I>,
    /// Support of the path.
    pub support: u32,
    pub threshold: u32,
    /// Gets the codes of the items that every row of the path holds.
    pub cube: &'s mut Vec<u32>,
    pub extensions: &'s mut Extensions,
}

impl<I: Local> Selection<'_, I> {
    /// Turns the counters of the items before `item` into extensions. A frequent item's counter becomes its number in
    /// the child plus one, all others become 0. `increments` is how often a counter was touched.
    pub fn select(&mut self, counters: &mut [u32], item: usize, increments: usize) {
        /// A vector test of a chunk costs about as much as looking at this many counters one by one.
        const SCANNED_AT_ONCE: usize = 8;
        if increments < item / SCANNED_AT_ONCE {
            self.select_touched(counters, item);
        } else {
            self.scan(&mut counters[..item]);
        }
    }

    /// Looks at every counter.
    fn scan(&mut self, counters: &mut [u32]) {
        const STEP: usize = 16;
        for (first, chunk) in (0..).step_by(STEP).zip(counters.chunks_mut(STEP)) {
            // Most counters of sparse data are far below the threshold: one vector test for a whole chunk.
            if chunk.iter().fold(0, |max, &count| max.max(count)) < self.threshold {
                chunk.fill(0);
                continue;
            }
            for (item, counter) in (first..).zip(chunk) {
                let count = std::mem::take(counter);
                if self.takes(item, count) {
                    self.extensions.origins.push(item);
                    self.extensions.supports.push(count);
                    *counter = self.extensions.origins.len() as u32;
                }
            }
        }
        self.name_codes();
    }

    /// Looks only at counters that were touched: of tens of thousands of items a row holds a few.
    fn select_touched(&mut self, counters: &mut [u32], item: usize) {
        let mut chosen: Vec<(u32, u32)> = Vec::new();
        for place in self.rows.places(item) {
            for &before in self.rows.before(place) {
                let before: u32 = before.into();
                let count = std::mem::take(&mut counters[before as usize]);
                if count > 0 && self.takes(before, count) {
                    chosen.push((before, count));
                }
            }
        }
        chosen.sort_unstable();
        for (origin, count) in chosen {
            self.extensions.origins.push(origin);
            self.extensions.supports.push(count);
            counters[origin as usize] = self.extensions.origins.len() as u32;
        }
        self.name_codes();
    }

    /// Whether an item is an extension; one that is in every row joins the cube instead.
    fn takes(&mut self, item: u32, count: u32) -> bool {
        if count == self.support {
            self.cube.push(self.rows.extensions.codes[item as usize]);
            return false;
        }
        count >= self.threshold
    }

    fn name_codes(&mut self) {
        let Extensions { codes, origins, .. } = &mut *self.extensions;
        codes.extend(origins.iter().map(|&origin| self.rows.extensions.codes[origin as usize]));
    }
}
