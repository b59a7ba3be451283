//! Lines in columns: 20 bytes each, since a report holds all of a dataset's, for a while twice. Knows no order.

use super::Line;
use crate::decimal::{Amount, Quantity};
use std::ops::Range;

/// Lines, a column for each of their fields.
#[derive(Debug, Clone, Default)]
pub(crate) struct LineColumns {
    pub products: Vec<u32>,
    /// In thousandths.
    quantities: Vec<i64>,
    /// In billionths; [`UNPRICED`] and [`LARGE`] stand for what is no such number.
    amounts: Vec<i64>,
    large: LargeAmounts,
}

/// Amounts beyond 64 bits, each with the place of its line, ascending.
type LargeAmounts = Vec<(u32, Amount)>;

/// Stands for an unknown price.
pub(crate) const UNPRICED: i64 = i64::MIN;
/// Stands for an amount that does not fit: some nine thousand million of a currency.
pub(crate) const LARGE: i64 = i64::MIN + 1;

/// An amount as its column holds it; [`LARGE`] where it does not fit.
pub(crate) fn packed(amount: Amount) -> i64 {
    i64::try_from(amount.billionths()).ok().filter(|billionths| *billionths > LARGE).unwrap_or(LARGE)
}

/// A line's amount as its column holds it, kept beside the column where it does not fit.
fn placed(amount: Option<Amount>, place: usize, large: &mut LargeAmounts) -> i64 {
    let Some(amount) = amount else { return UNPRICED };
    let packed = packed(amount);
    if packed == LARGE {
        large.push((place as u32, amount));
    }
    packed
}

impl LineColumns {
    /// Room for exactly so many more.
    pub fn reserve(&mut self, lines: usize) {
        self.products.reserve_exact(lines);
        self.quantities.reserve_exact(lines);
        self.amounts.reserve_exact(lines);
    }

    /// How many lines there is room for.
    pub fn capacity(&self) -> usize {
        self.products.capacity()
    }

    /// From columns of one length. `amounts` are packed, and `large` has those that do not fit, in the order of their
    /// lines; `None` where there are fewer or more of them than the column says.
    pub fn from_columns(
        products: Vec<u32>,
        quantities: Vec<i64>,
        amounts: Vec<i64>,
        large: Vec<Amount>,
    ) -> Option<Self> {
        if large.is_empty() {
            let fits = products.len() == quantities.len() && products.len() == amounts.len();
            return fits.then_some(Self { products, quantities, amounts, large: Vec::new() });
        }
        let places: Vec<u32> = (0..).zip(&amounts).filter(|(_, each)| **each == LARGE).map(|(at, _)| at).collect();
        let fits = products.len() == quantities.len() && products.len() == amounts.len() && places.len() == large.len();
        fits.then(|| Self { products, quantities, amounts, large: places.into_iter().zip(large).collect() })
    }

    /// Takes lines of others over as they are.
    pub fn append(&mut self, from: &Self, lines: Range<usize>) {
        let end = self.len();
        self.products.extend_from_slice(&from.products[lines.clone()]);
        self.quantities.extend_from_slice(&from.quantities[lines.clone()]);
        self.amounts.extend_from_slice(&from.amounts[lines.clone()]);
        self.large.extend(from.large_within(lines, end));
    }

    /// The great amounts of some lines, their places as if these lines began at `start`.
    fn large_within(&self, lines: Range<usize>, start: usize) -> impl Iterator<Item = (u32, Amount)> {
        let place = |at: usize| self.large.partition_point(move |(place, _)| (*place as usize) < at);
        let within = if self.large.is_empty() { 0..0 } else { place(lines.start)..place(lines.end) };
        self.large[within].iter().map(move |(place, amount)| (place - lines.start as u32 + start as u32, *amount))
    }

    /// Makes lines say no more than that they are gone.
    pub fn remove(&mut self, lines: Range<usize>) {
        self.quantities[lines.clone()].fill(0);
        self.amounts[lines].fill(UNPRICED);
    }

    /// So many lines to be written over: memory that no thread has touched yet.
    pub fn blank(lines: usize) -> Self {
        Self { products: vec![0; lines], quantities: vec![0; lines], amounts: vec![0; lines], large: Vec::new() }
    }

    pub fn len(&self) -> usize {
        self.products.len()
    }

    pub fn memory_bytes(&self) -> u64 {
        let large = size_of_val(self.large.as_slice());
        (size_of_val(self.products.as_slice()) + 2 * size_of_val(self.amounts.as_slice()) + large) as u64
    }

    pub fn push(&mut self, line: Line) {
        let amount = placed(line.amount, self.len(), &mut self.large);
        self.products.push(line.product);
        self.quantities.push(line.quantity.thousandths());
        self.amounts.push(amount);
    }

    pub fn get(&self, at: usize) -> Line {
        Line {
            product: self.products[at],
            quantity: Quantity::from_thousandths(self.quantities[at]),
            amount: self.amount(at),
        }
    }

    fn amount(&self, at: usize) -> Option<Amount> {
        match self.amounts[at] {
            UNPRICED => None,
            LARGE => self.large.binary_search_by_key(&(at as u32), |(place, _)| *place).ok().map(|at| self.large[at].1),
            billionths => Some(Amount::from_billionths(billionths.into())),
        }
    }

    pub fn products(&self, lines: Range<usize>) -> &[u32] {
        &self.products[lines]
    }

    /// Whether one of these lines only says that it is gone.
    pub fn has_removal(&self, lines: Range<usize>) -> bool {
        self.quantities[lines].contains(&0)
    }

    /// All lines as rooms of these sizes, in order, to be filled side by side.
    pub fn rooms(&mut self, sizes: &[usize]) -> Vec<Room<'_>> {
        let (mut products, mut quantities) = (self.products.as_mut_slice(), self.quantities.as_mut_slice());
        let mut amounts = self.amounts.as_mut_slice();
        let room = |size: &usize| {
            let room = Room {
                products: products.split_off_mut(..*size)?,
                quantities: quantities.split_off_mut(..*size)?,
                amounts: amounts.split_off_mut(..*size)?,
                used: 0,
                large: Vec::new(),
            };
            Some(room)
        };
        sizes.iter().map_while(room).collect()
    }

    /// Moves the lines of filled rooms together. For each room its size, how much of it was used, and the great
    /// amounts in it.
    pub fn close_up(&mut self, rooms: impl Iterator<Item = (usize, usize, LargeAmounts)>) {
        let (mut start, mut end) = (0, 0);
        for (size, used, large) in rooms {
            if start != end {
                self.products.copy_within(start..start + used, end);
                self.quantities.copy_within(start..start + used, end);
                self.amounts.copy_within(start..start + used, end);
            }
            self.large.extend(large.into_iter().map(|(place, amount)| (place + end as u32, amount)));
            (start, end) = (start + size, end + used);
        }
        self.products.truncate(end);
        self.quantities.truncate(end);
        self.amounts.truncate(end);
    }
}

/// A stretch of [`LineColumns`] that one thread fills.
#[derive(Debug)]
pub(crate) struct Room<'l> {
    products: &'l mut [u32],
    quantities: &'l mut [i64],
    amounts: &'l mut [i64],
    used: usize,
    large: LargeAmounts,
}

impl Room<'_> {
    pub fn push(&mut self, line: Line) {
        self.products[self.used] = line.product;
        self.quantities[self.used] = line.quantity.thousandths();
        self.amounts[self.used] = placed(line.amount, self.used, &mut self.large);
        self.used += 1;
    }

    /// Takes lines over as they are.
    pub fn copy(&mut self, from: &LineColumns, lines: Range<usize>) {
        let places = self.used..self.used + lines.len();
        self.products[places.clone()].copy_from_slice(&from.products[lines.clone()]);
        self.quantities[places.clone()].copy_from_slice(&from.quantities[lines.clone()]);
        self.amounts[places.clone()].copy_from_slice(&from.amounts[lines.clone()]);
        self.large.extend(from.large_within(lines, places.start));
        self.used = places.end;
    }

    /// How many lines stand in it, and the great amounts among them.
    pub fn finish(self) -> (usize, LargeAmounts) {
        (self.used, self.large)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(product: u32, billionths: Option<i128>) -> Line {
        let amount = billionths.map(Amount::from_billionths);
        Line { product, quantity: Quantity::from_thousandths(i64::from(product) * 1_000), amount }
    }

    /// Amounts at both ends of what a column holds, and beyond.
    fn samples() -> Vec<Line> {
        let (least, most) = (i128::from(i64::MIN), i128::from(i64::MAX));
        let amounts = [None, Some(0), Some(least), Some(least + 1), Some(least + 2), Some(most), Some(most + 1)];
        (1..).zip(amounts).map(|(product, amount)| line(product, amount)).collect()
    }

    #[test]
    fn what_is_put_in_comes_out() {
        let mut columns = LineColumns::default();
        samples().into_iter().for_each(|line| columns.push(line));
        let got: Vec<Line> = (0..columns.len()).map(|at| columns.get(at)).collect();
        assert_eq!(got, samples());
    }

    #[test]
    fn rooms_close_up_and_keep_great_amounts() {
        let mut from = LineColumns::default();
        samples().into_iter().for_each(|line| from.push(line));
        let mut columns = LineColumns::blank(20);
        let mut filled = Vec::new();
        for (mut room, size) in columns.rooms(&[8, 0, 12]).into_iter().zip([8, 0, 12]) {
            if size > 0 {
                room.push(line(9, Some(1 << 70)));
                room.copy(&from, 2..7);
            }
            let (used, large) = room.finish();
            filled.push((size, used, large));
        }
        columns.close_up(filled.into_iter());
        let once = || std::iter::once(line(9, Some(1 << 70))).chain(samples().into_iter().skip(2));
        let got: Vec<Line> = (0..columns.len()).map(|at| columns.get(at)).collect();
        assert_eq!(got, once().chain(once()).collect::<Vec<_>>());
    }
}
