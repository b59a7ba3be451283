//! Customers' orders one behind the other: which come first, which follow, what is in them. The sequence is that of
//! all orders that form a basket up to the anchor date, so that an order is called somebody's first, or next, only
//! where it is; of these, the report's own are those behind its baskets. Draws no conclusions.

use crate::report::basket::BasketSet;
use crate::report::customer::Past;
use crate::report::spec::BasketScope;
use affinsy_mining::Baskets;
use std::borrow::Cow;

/// The orders of a report's customers in their sequence.
#[derive(Debug)]
pub struct Journeys<'a> {
    past: &'a Past<'a>,
    /// What each of the report's orders holds.
    contents: Cow<'a, Baskets>,
    /// For each order of the history its place in `contents`; `NOT_HERE` where the report does not count it.
    places: Vec<u32>,
}

const NOT_HERE: u32 = u32::MAX;

impl<'a> Journeys<'a> {
    pub fn of(past: &'a Past<'a>, set: &'a BasketSet<'a>) -> Self {
        let mut places = vec![NOT_HERE; past.history.orders().len()];
        let orders = (0..set.len()).flat_map(|basket| set.orders_of(basket));
        orders.enumerate().for_each(|(at, order)| places[*order as usize] = at as u32);
        let contents = match set.scope() {
            BasketScope::Order => Cow::Borrowed(set.baskets()),
            BasketScope::Customer => Cow::Owned(contents(set)),
        };
        Self { past, contents, places }
    }

    pub const fn past(&self) -> &'a Past<'a> {
        self.past
    }

    /// A customer's orders that form a basket, by (instant, order id): the report's own and the others.
    pub fn of_customer(&self, customer: u32) -> impl Iterator<Item = u32> {
        self.past.orders_of(customer).iter().copied().filter(|order| self.past.facts(*order).forms_basket)
    }

    /// The items of an order, ascending; `None` where the report does not count it.
    pub fn items(&self, order: u32) -> Option<&[u32]> {
        let place = self.places[order as usize];
        (place != NOT_HERE).then(|| self.contents.get(place as usize))
    }

    /// Whole days from one order's date to another's, at least 0: where clocks go back across midnight, the later
    /// order may bear the earlier date.
    pub fn days_between(&self, earlier: u32, later: u32) -> u32 {
        let day = |order: u32| self.past.facts(order).day;
        u32::try_from(day(later).days_since(day(earlier))).unwrap_or(0)
    }
}

/// The items of each order behind the baskets, in the order of the baskets.
fn contents(set: &BasketSet<'_>) -> Baskets {
    let mut contents = Baskets::with_capacity(set.order_count() as usize, set.baskets().occurrence_count());
    let mut items = Vec::new();
    for order in (0..set.len()).flat_map(|basket| set.orders_of(basket)) {
        items.clear();
        items.extend(set.items_of_order(*order));
        contents.push(&items);
    }
    contents
}

/// The middle of some numbers of days, or the mean of the two in the middle; `None` of none.
pub fn median_days(days: &mut [u32]) -> Option<f64> {
    days.sort_unstable();
    let upper = *days.get(days.len() / 2)?;
    let lower = days[(days.len() - 1) / 2];
    Some(f64::midpoint(f64::from(lower), f64::from(upper)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_in_the_middle() {
        let check = |days: &mut [u32], expected| assert_eq!(median_days(days), expected);
        check(&mut [], None);
        check(&mut [7], Some(7.0));
        check(&mut [9, 1, 4], Some(4.0));
        check(&mut [9, 1, 4, 5], Some(4.5));
        check(&mut [u32::MAX, u32::MAX], Some(f64::from(u32::MAX)));
    }
}
