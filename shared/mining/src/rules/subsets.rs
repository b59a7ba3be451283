//! The support counts of the subsets of one itemset after the other. Knows no rules.

use super::lattice::Lattice;

/// Subsets of the loaded itemset as bit masks over its positions. Neighbouring itemsets share all but the last
/// item, and with it half of their subsets: those are kept.
#[derive(Debug)]
pub(super) struct Subsets<'l> {
    lattice: &'l Lattice<'l>,
    length: usize,
    place: usize,
    /// By mask. What was not asked for is left from an earlier itemset.
    places: Vec<u32>,
    counts: Vec<u32>,
    /// Which masks are right.
    known: Known,
}

/// How much of the tables is right. Each step includes the one before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Known {
    Nothing,
    /// Masks of at most so many items, of the prefix alone.
    SmallOfPrefix(u32),
    /// All masks without the last item.
    Prefix,
    All,
}

impl<'l> Subsets<'l> {
    pub fn new(lattice: &'l Lattice<'l>) -> Self {
        Self { lattice, length: 0, place: 0, places: Vec::new(), counts: Vec::new(), known: Known::Nothing }
    }

    /// Goes to an itemset; cheapest when its neighbour was loaded before.
    pub fn load(&mut self, length: usize, place: usize) {
        let level = self.lattice.level(length);
        let shares_prefix = self.length == length && level.facets(self.place).last() == level.facets(place).last();
        self.known = match self.known {
            Known::All if shares_prefix && self.place == place => Known::All,
            Known::All if shares_prefix => Known::Prefix,
            known if shares_prefix => known,
            _ => Known::Nothing,
        };
        (self.length, self.place) = (length, place);
        let (whole, size) = (self.whole() as usize, 1 << length);
        if self.places.len() < size {
            self.places.resize(size, 0);
            self.counts.resize(size, 0);
        }
        self.places[whole] = place as u32;
        self.counts[whole] = level.support(place);
    }

    /// The mask of the loaded itemset itself.
    pub fn whole(&self) -> u32 {
        ((1u64 << self.length) - 1) as u32
    }

    /// The support of a subset that was filled in.
    pub fn count(&self, mask: u32) -> u32 {
        self.counts[mask as usize]
    }

    /// Fills in every subset.
    pub fn fill(&mut self) {
        let half = 1u32 << (self.length - 1);
        let from = match self.known {
            Known::All => return,
            Known::Prefix => half,
            _ => 1,
        };
        for mask in (from..self.whole()).rev() {
            // The lowest item left out comes back: all below it are in, so that it is that many facets on.
            self.step_down(mask | (mask + 1), mask, mask.trailing_ones() as usize);
        }
        self.known = Known::All;
    }

    /// Fills in what is left when at most `most` items are taken out, and the subsets of at most `most` items.
    pub fn fill_ends(&mut self, most: u32) {
        if self.known == Known::All {
            return;
        }
        let (whole, half) = (self.whole(), 1u32 << (self.length - 1));
        for out in masks(self.length, most) {
            let lowest = out & out.wrapping_neg();
            let with_lowest = whole ^ out ^ lowest;
            self.step_down(with_lowest, whole ^ out, (with_lowest & (lowest - 1)).count_ones() as usize);
        }
        let prefix_is_known = self.known >= Known::SmallOfPrefix(most);
        for small in masks(self.length, most).filter(|small| !prefix_is_known || small & half != 0) {
            self.walk_down(small);
        }
        self.known = self.known.max(Known::SmallOfPrefix(most));
    }

    /// The support of the itemset without one of its items.
    pub fn facet_count(&self, mask: u32, position: usize) -> u32 {
        let size = mask.count_ones() as usize;
        let facet = self.lattice.level(size).facets(self.places[mask as usize] as usize)[position];
        self.lattice.level(size - 1).support(facet as usize)
    }

    /// Fills in a mask from the mask of one item more, of which it is the facet at `position`.
    fn step_down(&mut self, from: u32, mask: u32, position: usize) {
        let size = mask.count_ones() as usize;
        let place = self.lattice.level(size + 1).facets(self.places[from as usize] as usize)[position];
        self.places[mask as usize] = place;
        self.counts[mask as usize] = self.lattice.level(size).support(place as usize);
    }

    /// Fills in one mask by leaving out the other items one by one, from the last.
    fn walk_down(&mut self, mask: u32) {
        let (mut left_out, mut place) = (self.whole() ^ mask, self.place);
        let mut left = self.whole();
        while left_out != 0 {
            let highest = 1u32 << left_out.ilog2();
            let position = (left & (highest - 1)).count_ones() as usize;
            place = self.lattice.level(left.count_ones() as usize).facets(place)[position] as usize;
            left ^= highest;
            left_out ^= highest;
        }
        self.places[mask as usize] = place as u32;
        self.counts[mask as usize] = self.lattice.level(mask.count_ones() as usize).support(place);
    }
}

/// All masks of 1 to `most` of `length` bits, one bit always left over: fewer bits first, then ascending.
pub(super) fn masks(length: usize, most: u32) -> impl Iterator<Item = u32> {
    let largest = most.min(length.saturating_sub(1) as u32);
    (1..=largest).flat_map(move |size| masks_of(length, size))
}

/// All masks of `size` of `length` bits, ascending (Gosper's hack).
fn masks_of(length: usize, size: u32) -> impl Iterator<Item = u32> {
    let end = 1u64 << length;
    std::iter::successors(Some((1u64 << size) - 1), |&mask| {
        let lowest = mask & mask.wrapping_neg();
        let ripple = mask + lowest;
        Some(ripple | (((mask ^ ripple) >> 2) / lowest))
    })
    .take_while(move |&mask| mask < end)
    .map(|mask| mask as u32)
}

#[cfg(test)]
mod tests {
    use super::super::crew::Crew;
    use super::*;
    use crate::Itemsets;
    use crate::rules::tests::{baskets, itemsets};

    fn check_masks(length: usize, most: u32, expected: &[u32]) {
        assert_eq!(masks(length, most).collect::<Vec<_>>(), expected, "{length} {most}");
    }

    #[test]
    fn masks_leave_an_item() {
        check_masks(0, 9, &[]);
        check_masks(1, 9, &[]);
        check_masks(2, 9, &[0b01, 0b10]);
        check_masks(3, 1, &[0b001, 0b010, 0b100]);
        check_masks(3, 9, &[0b001, 0b010, 0b100, 0b011, 0b101, 0b110]);
        check_masks(3, 0, &[]);
        assert_eq!(masks(12, u32::MAX).count(), (1 << 12) - 2);
        assert_eq!(masks(31, 1).last(), Some(1 << 30));
    }

    fn items<'l>(subsets: &Subsets<'l>) -> &'l [u32] {
        subsets.lattice.level(subsets.length).items(subsets.place)
    }

    fn check(subsets: &Subsets<'_>, itemsets: &Itemsets, mask: u32) {
        let items = items(subsets).iter().zip(0..).filter(|&(_, bit)| mask >> bit & 1 == 1);
        let items: Vec<u32> = items.map(|(&item, _)| item).collect();
        assert_eq!(Some(subsets.count(mask)), itemsets.support_of(&items), "{mask:b} of {:?}", items);
    }

    /// Each way to fill in, in any sequence and at neighbours and strangers, gives what a search would.
    #[test]
    fn subsets_have_their_supports() {
        let itemsets = itemsets(&baskets(2, 400, 11), 9);
        let crew = Crew::new(1, &|| false);
        let lattice = Lattice::new(&itemsets, &crew).unwrap();
        let mut subsets = Subsets::new(&lattice);
        let mut turn = 0u32;
        for length in (2..=itemsets.max_length()).rev() {
            for place in 0..lattice.level(length).len() {
                turn = turn.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                let place = if turn >> 28 == 0 { lattice.level(length).len() - 1 - place } else { place };
                subsets.load(length, place);
                let most = 1 + (turn >> 20) % 3;
                if turn >> 31 == 0 {
                    subsets.fill_ends(most);
                    for mask in masks(length, most) {
                        check(&subsets, &itemsets, mask);
                        check(&subsets, &itemsets, subsets.whole() ^ mask);
                    }
                }
                if turn >> 30 != 1 {
                    subsets.fill();
                    (1..=subsets.whole()).for_each(|mask| check(&subsets, &itemsets, mask));
                }
            }
        }
    }
}
