//! Baskets in compressed rows: the input of the miner. Knows no orders, products or customers.

/// A list of baskets, each the set of its distinct items. An item is any `u32`; memory grows with the
/// number of items in baskets, never with the largest number used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Baskets {
    /// Row `i` is `items[starts[i]..starts[i + 1]]`.
    starts: Vec<usize>,
    items: Vec<u32>,
    max_item: Option<u32>,
}

impl Default for Baskets {
    fn default() -> Self {
        Self::with_capacity(0, 0)
    }
}

impl Baskets {
    /// Room for so many baskets and so many items over all of them.
    pub fn with_capacity(baskets: usize, items: usize) -> Self {
        let mut starts = Vec::with_capacity(baskets + 1);
        starts.push(0);
        Self { starts, items: Vec::with_capacity(items), max_item: None }
    }

    /// Adds a basket: sorts its items and drops duplicates. An empty basket counts into [`len`](Self::len).
    pub fn push(&mut self, items: &[u32]) {
        let start = self.items.len();
        self.items.extend_from_slice(items);
        let row = &mut self.items[start..];
        if !row.is_sorted_by(|a, b| a < b) {
            row.sort_unstable();
            let kept = dedup_sorted(row);
            self.items.truncate(start + kept);
        }
        self.max_item = self.max_item.max(self.items[start..].last().copied());
        self.starts.push(self.items.len());
    }

    /// Adds the baskets of another list behind these.
    pub fn append(&mut self, more: &Self) {
        let before = self.items.len();
        self.items.extend_from_slice(&more.items);
        self.starts.extend(more.starts[1..].iter().map(|start| before + start));
        self.max_item = self.max_item.max(more.max_item);
    }

    /// Number of baskets, the empty ones included: the `N` of every metric.
    pub fn len(&self) -> usize {
        self.starts.len() - 1
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Largest item plus one (0 without items; saturates at `u32::MAX`).
    pub fn item_count(&self) -> u32 {
        self.max_item.map_or(0, |max| max.saturating_add(1))
    }

    /// Items over all baskets.
    pub fn occurrence_count(&self) -> usize {
        self.items.len()
    }

    /// The items of one basket, ascending. Panics beyond [`len`](Self::len).
    pub fn get(&self, index: usize) -> &[u32] {
        &self.items[self.starts[index]..self.starts[index + 1]]
    }

    /// The baskets in the order of their push.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &[u32]> + Clone + '_ {
        self.starts.windows(2).map(|bounds| &self.items[bounds[0]..bounds[1]])
    }

    /// Every occurrence of every item, basket after basket.
    pub(crate) fn occurrences(&self) -> &[u32] {
        &self.items
    }

    pub(crate) fn max_item(&self) -> Option<u32> {
        self.max_item
    }
}

impl<R: AsRef<[u32]>> FromIterator<R> for Baskets {
    fn from_iter<I: IntoIterator<Item = R>>(rows: I) -> Self {
        let mut baskets = Self::default();
        for row in rows {
            baskets.push(row.as_ref());
        }
        baskets
    }
}

/// Moves the distinct values of a sorted row to its front and returns how many there are.
fn dedup_sorted(row: &mut [u32]) -> usize {
    let mut kept = 0;
    for index in 0..row.len() {
        if kept == 0 || row[index] != row[kept - 1] {
            row[kept] = row[index];
            kept += 1;
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(input: &[u32], expected: &[u32]) {
        let mut baskets = Baskets::default();
        baskets.push(input);
        assert_eq!(baskets.get(0), expected);
    }

    #[test]
    fn a_basket_is_a_sorted_set() {
        check(&[], &[]);
        check(&[7], &[7]);
        check(&[3, 1, 2], &[1, 2, 3]);
        check(&[5, 5, 1, 5, 1], &[1, 5]);
    }

    #[test]
    fn lists_are_joined_in_order() {
        let baskets = |rows: &[&[u32]]| rows.iter().collect::<Baskets>();
        let mut all = baskets(&[&[3, 1], &[]]);
        all.append(&baskets(&[]));
        all.append(&baskets(&[&[9], &[], &[2]]));
        assert_eq!(all, baskets(&[&[1, 3], &[], &[9], &[], &[2]]));
    }

    #[test]
    fn empty_baskets_count() {
        let baskets: Baskets = [vec![], vec![2, 1], vec![]].into_iter().collect();
        assert_eq!((baskets.len(), baskets.item_count(), baskets.occurrence_count()), (3, 3, 2));
        assert_eq!(baskets.iter().map(<[u32]>::len).collect::<Vec<_>>(), [0, 2, 0]);
        assert_eq!(Baskets::default().item_count(), 0);
    }
}
