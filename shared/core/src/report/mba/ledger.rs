//! The money of product sets: what their lines and their baskets come to, exactly. Knows no rules.

use crate::decimal::Amount;
use crate::report::basket::BasketSet;
use rayon::prelude::*;

/// For some products, each basket that holds them and what their line comes to; and the value of every basket.
#[derive(Debug)]
pub struct Ledger {
    /// Entries of item `i` are `starts[i]..starts[i + 1]`, by basket.
    starts: Vec<usize>,
    baskets: Vec<u32>,
    amounts: Vec<Amount>,
    values: Vec<Amount>,
}

/// What the baskets that hold a whole set come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SetMoney {
    /// The lines of the set's products.
    pub products: Amount,
    /// The whole orders.
    pub baskets: Amount,
}

/// Sets whose money one thread works out at a time.
const SETS_AT_ONCE: usize = 256;

/// Baskets that hold a prefix of a set, with what the prefix's lines come to.
type Matches = Vec<(u32, Amount)>;

impl Ledger {
    /// Reads the baskets once; only entries of `wanted` items are kept.
    pub fn read(set: &BasketSet<'_>, wanted: &[bool]) -> Self {
        let mut starts = vec![0usize; set.item_count() + 1];
        for item in set.baskets().iter().flatten().filter(|item| wanted[**item as usize]) {
            starts[*item as usize + 1] += 1;
        }
        for at in 1..starts.len() {
            starts[at] += starts[at - 1];
        }
        let entries = starts[set.item_count()];
        let (mut baskets, mut amounts) = (vec![0; entries], vec![Amount::ZERO; entries]);
        let (mut next, mut lines) = (starts.clone(), Vec::new());
        for basket in 0..set.len() {
            set.lines_into(basket, &mut lines);
            for line in lines.iter().filter(|line| wanted[line.item as usize]) {
                let at = &mut next[line.item as usize];
                baskets[*at] = basket as u32;
                amounts[*at] = line.amount.unwrap_or_default();
                *at += 1;
            }
        }
        Self { starts, baskets, amounts, values: (0..set.len()).map(|basket| set.value(basket)).collect() }
    }

    /// The value of every basket, in their order.
    pub fn values(&self) -> &[Amount] {
        &self.values
    }

    /// The money of each set; sets are ascending items, and neighbours that share a prefix share its work.
    pub fn totals(&self, sets: &[&[u32]]) -> Vec<SetMoney> {
        sets.par_chunks(SETS_AT_ONCE).flat_map_iter(|sets| self.totals_of(sets)).collect()
    }

    fn totals_of(&self, sets: &[&[u32]]) -> Vec<SetMoney> {
        let mut stack: Vec<Matches> = Vec::new();
        let mut path: &[u32] = &[];
        let mut totals = Vec::new();
        for set in sets {
            let shared = path.iter().zip(*set).take_while(|(a, b)| a == b).count();
            stack.truncate(shared);
            for item in &set[shared..] {
                let matches = match stack.last() {
                    Some(prefix) => self.narrowed(prefix, *item),
                    None => self.entries(*item).collect(),
                };
                stack.push(matches);
            }
            path = set;
            totals.push(stack.last().map_or_else(SetMoney::default, |matches| self.sum(matches)));
        }
        totals
    }

    fn entries(&self, item: u32) -> impl Iterator<Item = (u32, Amount)> {
        let range = self.starts[item as usize]..self.starts[item as usize + 1];
        self.baskets[range.clone()].iter().copied().zip(self.amounts[range].iter().copied())
    }

    fn narrowed(&self, prefix: &Matches, item: u32) -> Matches {
        let mut entries = self.entries(item).peekable();
        let mut kept = Vec::new();
        for (basket, amount) in prefix {
            while entries.next_if(|(other, _)| other < basket).is_some() {}
            if let Some((_, more)) = entries.next_if(|(other, _)| other == basket) {
                kept.push((*basket, amount.plus(more)));
            }
        }
        kept
    }

    fn sum(&self, matches: &Matches) -> SetMoney {
        SetMoney {
            products: matches.iter().map(|(_, amount)| *amount).sum(),
            baskets: matches.iter().map(|(basket, _)| self.values[*basket as usize]).sum(),
        }
    }
}

/// An amount shared by a number, to the last digit, half away from zero; `None` where the number is zero.
pub fn share_of(amount: Amount, count: u64) -> Option<Amount> {
    let count = i128::from(count);
    (count > 0).then(|| rounded(amount.billionths(), count))
}

/// The median unit price of each wanted item over the lines by which its baskets' orders bought it; `None` where
/// no price is known.
pub fn median_prices(set: &BasketSet<'_>, wanted: &[bool]) -> Vec<Option<Amount>> {
    let mut prices: Vec<Vec<Amount>> = vec![Vec::new(); set.item_count()];
    for basket in 0..set.len() {
        for line in set.sales(basket).filter(|line| wanted[line.item as usize]) {
            let price =
                line.amount.map(|a| rounded(a.billionths().saturating_mul(1_000), line.quantity.thousandths().into()));
            prices[line.item as usize].extend(price);
        }
    }
    prices.into_iter().map(median).collect()
}

fn median(mut prices: Vec<Amount>) -> Option<Amount> {
    prices.sort_unstable();
    let upper = *prices.get(prices.len() / 2)?;
    let lower = prices[(prices.len() - 1) / 2];
    share_of(lower.plus(upper), 2)
}

fn rounded(billionths: i128, divisor: i128) -> Amount {
    let (quotient, rest) = (billionths / divisor, billionths % divisor);
    let up = rest.unsigned_abs() * 2 >= divisor.unsigned_abs();
    let away = if (billionths < 0) == (divisor < 0) { 1 } else { -1 };
    Amount::from_billionths(if up { quotient + away } else { quotient })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decimal::{Price, Quantity};
    use crate::history::{History, HistoryBuilder, Line};
    use crate::report::spec::{BasketScope, Filters};
    use crate::time::Instant;

    fn history(orders: &[&[(&str, &str, &str)]]) -> History {
        let mut builder = HistoryBuilder::default();
        for (at, order) in orders.iter().enumerate() {
            let mut lines = Vec::new();
            for (product, price, quantity) in *order {
                let quantity = Quantity::parse(quantity).expect("a quantity");
                let amount = Price::parse(price).ok().map(|price| price.times(quantity));
                lines.push(Line { product: builder.product_code(product), quantity, amount });
            }
            builder.order(&at.to_string(), None, Instant(0), lines);
        }
        builder.build()
    }

    #[test]
    fn sums_lines_and_orders_of_sets() {
        let history = history(&[
            &[("a", "1.10", "1"), ("b", "2", "3"), ("c", "9", "-1")],
            &[("a", "0.9", "1"), ("b", "?", "1"), ("d", "5", "1")],
            &[("b", "4", "2")],
        ]);
        let set = BasketSet::build(&history, &[0, 1, 2], BasketScope::Order, &Filters::default());
        let ledger = Ledger::read(&set, &vec![true; set.item_count()]);
        let text = |money: &SetMoney| format!("{} {}", money.products.to_text(), money.baskets.to_text());
        let sets: [&[u32]; 5] = [&[0], &[0, 1], &[0, 1, 2], &[1], &[1, 2]];
        let totals: Vec<String> = ledger.totals(&sets).iter().map(text).collect();
        assert_eq!(totals, ["2 4", "8 4", "5.9 5.9", "14 12", "5 5.9"]);
        let medians: Vec<Option<String>> =
            median_prices(&set, &[true; 3]).into_iter().map(|price| price.map(Amount::to_text)).collect();
        assert_eq!(medians, [Some("1".into()), Some("3".into()), Some("5".into())]);
    }

    #[test]
    fn medians_take_no_unpriced_quantity() {
        let mut builder = HistoryBuilder::default();
        let (customer, product) = (builder.customer_code("ann"), builder.product_code("a"));
        let ten = Price::parse("10").expect("a price").times(Quantity::ONE);
        for (at, amount) in [Some(ten), None].into_iter().enumerate() {
            let line = Line { product, quantity: Quantity::ONE, amount };
            builder.order(&at.to_string(), Some(customer), Instant(0), vec![line]);
        }
        let history = builder.build();
        let set = BasketSet::build(&history, &[0, 1], BasketScope::Customer, &Filters::default());
        assert_eq!(median_prices(&set, &[true]), [Some(ten)]);
    }

    #[test]
    fn shares_round_half_away_from_zero() {
        let check = |billionths, count, expected| {
            assert_eq!(share_of(Amount::from_billionths(billionths), count).map(Amount::billionths), expected)
        };
        check(5, 2, Some(3));
        check(-5, 2, Some(-3));
        check(4, 3, Some(1));
        check(1, 0, None);
    }
}
