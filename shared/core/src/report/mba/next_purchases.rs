//! Next purchases: what customers buy in the order after the one with a given product. Compares popular products, each
//! with each, over consecutive orders of a customer; a product counts as bought next where it was not in the order
//! before, because what always goes together is for rules to say.

use super::charges::Charges;
use super::journeys::{Journeys, median_days};
use super::names::Names;
use crate::decimal::Amount;
use crate::report::basket::BasketSet;
use affinsy_mining::{Ratio, stats};
use rayon::prelude::*;
use rustc_hash::FxHashMap;
use serde::Serialize;
use serde_json::value::RawValue;

/// So many of the most bought products are compared, each with each.
const COMPARED: usize = 400;
/// A pair that chance would give fewer times is too rare to tell.
const MIN_EXPECTED: u64 = 5;
/// Orders of one customer are no independent evidence: a pair needs so many different ones.
const MIN_CUSTOMERS: u32 = 5;
/// The most pairs a report names.
const MAX_PAIRS: usize = 50;
/// The greatest share of false findings where the report's own bound is off.
const MAX_Q: f64 = 0.05;

/// What follows what.
#[derive(Debug, Serialize)]
pub struct NextPurchases<'n> {
    /// Pairs of consecutive orders of one customer, both of them the report's.
    pub steps: u64,
    /// Customers with at least one such pair.
    pub customers: u64,
    /// Days from one order to the next.
    pub median_days: Option<f64>,
    /// Pairs of products tested, the number that `q_value` corrects for.
    pub pairs_tested: u64,
    pub pairs: Vec<NextPurchase<'n>>,
    /// Why no pair is named; null where there are some.
    pub reason: Option<String>,
}

/// A product, and one that its buyers take in their next order more often than other customers do.
#[derive(Debug, Serialize)]
pub struct NextPurchase<'n> {
    product: &'n RawValue,
    next_product: &'n RawValue,
    /// Steps from an order with the one to an order that adds the other.
    times: u32,
    /// Different customers who took them.
    customers: u32,
    /// Steps from an order with the product.
    product_times: u32,
    /// Steps to an order that adds the next product.
    next_product_times: u32,
    /// `times` over `product_times`.
    rate: f64,
    /// `next_product_times` over all steps.
    usual_rate: f64,
    /// The one over the other.
    lift: f64,
    median_days: Option<f64>,
    /// What the next product came to in those next orders.
    revenue: Amount,
    /// Fisher's exact test, one-sided; `q_value` over all pairs tested.
    p_value: f64,
    q_value: f64,
}

/// One customer's order and her next one.
#[derive(Debug, Clone, Copy)]
struct Step {
    customer: u32,
    from: u32,
    to: u32,
    days: u32,
}

/// The counts of a pair of places in the list of compared items.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Pair {
    places: [usize; 2],
    times: u32,
    customers: u32,
    product_times: u32,
    next_times: u32,
    p_value: f64,
    q_value: f64,
}

/// Pairs that were found, before they are named.
#[derive(Debug, Default)]
pub struct Found {
    steps: u64,
    customers: u64,
    median_days: Option<f64>,
    pairs_tested: u64,
    items: Vec<u32>,
    pairs: Vec<(Pair, Sales)>,
}

/// What a kept pair's next orders came to, and how long after.
#[derive(Debug, Clone, Default, PartialEq)]
struct Sales {
    days: Vec<u32>,
    revenue: Amount,
}

impl Found {
    pub fn read(journeys: &Journeys<'_>, set: &BasketSet<'_>, charges: &Charges, max_q_value: Ratio) -> Self {
        let (steps, item_count) = (steps(journeys), set.item_count());
        let items = most_bought(journeys, &steps, item_count);
        let counts = Counts::of(journeys, &steps, &items, item_count);
        let tested = counts.tested(steps.len() as u64);
        let pairs_tested = tested.len() as u64;
        let is_charge: Vec<bool> = items.iter().map(|item| charges.are_in(&[*item])).collect();
        let kept = kept(tested, steps.len() as u64, &is_charge, max_q_value);
        let sales = sales(journeys, &steps, &items, &kept, set);
        let mut customers: Vec<u32> = steps.iter().map(|step| step.customer).collect();
        customers.dedup();
        let mut days: Vec<u32> = steps.iter().map(|step| step.days).collect();
        Self {
            steps: steps.len() as u64,
            customers: customers.len() as u64,
            median_days: median_days(&mut days),
            pairs_tested,
            items,
            pairs: kept.into_iter().zip(sales).collect(),
        }
    }

    pub fn report(self, names: &Names) -> NextPurchases<'_> {
        let reason = self.pairs.is_empty().then(|| self.reason());
        let row = |(pair, mut sales): (Pair, Sales)| {
            let [product, next] = pair.places.map(|place| self.items[place]);
            let rate = f64::from(pair.times) / f64::from(pair.product_times);
            let usual_rate = f64::from(pair.next_times) / self.steps as f64;
            NextPurchase {
                product: names.one(product),
                next_product: names.one(next),
                times: pair.times,
                customers: pair.customers,
                product_times: pair.product_times,
                next_product_times: pair.next_times,
                rate,
                usual_rate,
                lift: rate / usual_rate,
                median_days: median_days(&mut sales.days),
                revenue: sales.revenue,
                p_value: pair.p_value,
                q_value: pair.q_value,
            }
        };
        NextPurchases {
            steps: self.steps,
            customers: self.customers,
            median_days: self.median_days,
            pairs_tested: self.pairs_tested,
            pairs: self.pairs.into_iter().map(row).collect(),
            reason,
        }
    }

    fn reason(&self) -> String {
        if self.steps == 0 {
            return "No customer has two of these orders in a row. Push orders with customer_id, and ask for a \
                    customer_scope and dates that take more than one order of a customer."
                .to_owned();
        }
        if self.pairs_tested == 0 {
            return format!(
                "{} pairs of consecutive orders are too few to compare products. A longer date range would give more.",
                self.steps
            );
        }
        format!("None of the {} pairs compared follows more often than chance explains.", self.pairs_tested)
    }
}

/// Consecutive orders, customer by customer.
fn steps(journeys: &Journeys<'_>) -> Vec<Step> {
    let mut steps = Vec::new();
    for customer in journeys.past().customers() {
        let mut before = None;
        for to in journeys.of_customer(customer) {
            if let Some(from) = before.filter(|from| journeys.items(*from).is_some() && journeys.items(to).is_some()) {
                steps.push(Step { customer, from, to, days: journeys.days_between(from, to) });
            }
            before = Some(to);
        }
    }
    steps
}

/// Both orders' items; steps are only between orders that have some, or none.
fn items_of<'j>(journeys: &'j Journeys<'_>, step: &Step) -> (&'j [u32], &'j [u32]) {
    (journeys.items(step.from).unwrap_or_default(), journeys.items(step.to).unwrap_or_default())
}

/// The items that most orders of the steps hold, ascending.
fn most_bought(journeys: &Journeys<'_>, steps: &[Step], item_count: usize) -> Vec<u32> {
    let mut times = vec![0u32; item_count];
    for step in steps {
        let (from, to) = items_of(journeys, step);
        from.iter().chain(to).for_each(|item| times[*item as usize] += 1);
    }
    let mut items: Vec<u32> = (0..item_count as u32).filter(|item| times[*item as usize] > 0).collect();
    items.sort_by_key(|item| (std::cmp::Reverse(times[*item as usize]), *item));
    items.truncate(COMPARED);
    items.sort_unstable();
    items
}

/// How often each compared item follows each other, in squares of counters.
struct Counts {
    width: usize,
    times: Vec<u32>,
    customers: Vec<u32>,
    product_times: Vec<u32>,
    next_times: Vec<u32>,
}

impl Counts {
    fn of(journeys: &Journeys<'_>, steps: &[Step], items: &[u32], item_count: usize) -> Self {
        const NOBODY: u32 = u32::MAX;
        let (places, width) = (places(items, item_count), items.len());
        let square = || vec![0u32; width * width];
        let mut counts = Self {
            width,
            times: square(),
            customers: square(),
            product_times: vec![0; width],
            next_times: vec![0; width],
        };
        // Steps stand customer by customer, so that the last one who took a pair tells whether this is another.
        let mut last = vec![NOBODY; width * width];
        for step in steps {
            let (from, new) = compared(journeys, step, &places);
            new.iter().for_each(|place| counts.next_times[*place] += 1);
            for product in from {
                counts.product_times[product] += 1;
                for next in &new {
                    let at = product * width + next;
                    counts.times[at] += 1;
                    counts.customers[at] += u32::from(last[at] != step.customer);
                    last[at] = step.customer;
                }
            }
        }
        counts
    }

    /// All pairs of which chance would give at least [`MIN_EXPECTED`], whichever side of chance they are on.
    fn tested(&self, steps: u64) -> Vec<Pair> {
        let fisher = stats::FisherExact::new(steps as u32);
        let from_product = |product: usize| {
            let mut pairs = Vec::new();
            for next in (0..self.width).filter(|next| *next != product) {
                let (product_times, next_times) = (self.product_times[product], self.next_times[next]);
                if u64::from(product_times) * u64::from(next_times) < MIN_EXPECTED * steps {
                    continue;
                }
                let at = product * self.width + next;
                let (times, customers) = (self.times[at], self.customers[at]);
                let p_value = fisher.p_value(times, product_times, next_times);
                let places = [product, next];
                pairs.push(Pair { places, times, customers, product_times, next_times, p_value, q_value: 1.0 });
            }
            pairs
        };
        (0..self.width).into_par_iter().flat_map_iter(from_product).collect()
    }
}

/// Where each item stands among those compared.
fn places(items: &[u32], item_count: usize) -> Vec<usize> {
    let mut places = vec![usize::MAX; item_count];
    items.iter().enumerate().for_each(|(place, item)| places[*item as usize] = place);
    places
}

/// The places of a step's first order, and of what the second adds to it.
fn compared(journeys: &Journeys<'_>, step: &Step, places: &[usize]) -> (Vec<usize>, Vec<usize>) {
    let (from, to) = items_of(journeys, step);
    let place = |item: &u32| Some(places[*item as usize]).filter(|place| *place != usize::MAX);
    let added = to.iter().filter(|item| from.binary_search(item).is_err());
    (from.iter().filter_map(place).collect(), added.filter_map(place).collect())
}

/// The pairs that chance does not explain, those that gain the most steps over chance first, those with charges last.
fn kept(mut pairs: Vec<Pair>, steps: u64, is_charge: &[bool], max_q_value: Ratio) -> Vec<Pair> {
    let p_values: Vec<f64> = pairs.iter().map(|pair| pair.p_value).collect();
    let q_values = stats::benjamini_hochberg(&p_values);
    pairs.iter_mut().zip(q_values).for_each(|(pair, q_value)| pair.q_value = q_value);
    let bound = max_q_value.to_f64().min(MAX_Q);
    let gain = |pair: &Pair| {
        let product = |a: u64, b: u64| i128::from(a) * i128::from(b);
        product(pair.times.into(), steps) - product(pair.product_times.into(), pair.next_times.into())
    };
    pairs.retain(|pair| pair.q_value <= bound && pair.customers >= MIN_CUSTOMERS && gain(pair) > 0);
    let has_charge = |pair: &Pair| pair.places.iter().any(|place| is_charge[*place]);
    pairs.sort_by_key(|pair| (has_charge(pair), std::cmp::Reverse(gain(pair)), pair.places));
    pairs.truncate(MAX_PAIRS);
    pairs
}

/// Days and money of the kept pairs, in their order.
fn sales(journeys: &Journeys<'_>, steps: &[Step], items: &[u32], kept: &[Pair], set: &BasketSet<'_>) -> Vec<Sales> {
    let mut by_product: FxHashMap<u32, Vec<(u32, usize)>> = FxHashMap::default();
    for (at, pair) in kept.iter().enumerate() {
        let [product, next] = pair.places.map(|place| items[place]);
        by_product.entry(product).or_default().push((next, at));
    }
    let mut sales = vec![Sales::default(); kept.len()];
    for step in steps {
        let (from, to) = items_of(journeys, step);
        let pairs = from.iter().filter_map(|item| by_product.get(item)).flatten();
        let adds = |next: &u32| to.binary_search(next).is_ok() && from.binary_search(next).is_err();
        for (next, at) in pairs.filter(|(next, _)| adds(next)) {
            sales[*at].days.push(step.days);
            sales[*at].revenue = sales[*at].revenue.plus(set.amount_in_order(step.to, *next).unwrap_or_default());
        }
    }
    sales
}

#[cfg(test)]
mod tests {
    use super::super::tests::random::{self, Order};
    use super::*;
    use crate::report::customer::Past;
    use crate::report::scope;
    use crate::report::spec::BasketScope;
    use proptest::prelude::*;
    use std::collections::{BTreeMap, BTreeSet};

    fn read<T>(orders: &[Order], then: impl FnOnce(&Journeys<'_>, &BasketSet<'_>) -> T) -> T {
        let history = random::history(orders);
        let (window, filters) = random::all_of(&history);
        let past = Past::read(&history, &window);
        let selection = scope::select_from(&past, &random::everybody()).expect("needs no segments");
        let set = BasketSet::build(&history, &selection.orders, BasketScope::Order, &filters);
        then(&Journeys::of(&past, &set), &set)
    }

    /// Times, different customers, days and revenue of each ordered pair of products.
    type Slow = BTreeMap<(String, String), (u32, BTreeSet<u8>, Vec<u32>, Amount)>;

    fn slow(orders: &[Order]) -> (u64, Slow) {
        let (mut steps, mut pairs) = (0, Slow::new());
        for (customer, journey) in random::journeys(orders) {
            for two in journey.windows(2) {
                let (from, to) = (&orders[two[0]], &orders[two[1]]);
                steps += 1;
                for product in from.bought() {
                    for next in to.bought().into_iter().filter(|next| !from.bought().contains(next)) {
                        let pair = pairs.entry((random::name(product), random::name(next))).or_default();
                        pair.0 += 1;
                        pair.1.insert(customer);
                        pair.2.push((to.day - from.day) as u32);
                        pair.3 = pair.3.plus(to.amount(next).unwrap_or_default());
                    }
                }
            }
        }
        pairs.values_mut().for_each(|pair| pair.2.sort_unstable());
        (steps, pairs)
    }

    proptest! {
        #[test]
        fn steps_are_what_the_obvious_way_finds(orders in random::orders()) {
            read(&orders, |journeys, set| {
                let steps = steps(journeys);
                let items = most_bought(journeys, &steps, set.item_count());
                let counts = Counts::of(journeys, &steps, &items, set.item_count());
                let width = items.len();
                let all: Vec<Pair> = (0..width * width)
                    .filter(|at| counts.times[*at] > 0)
                    .map(|at| Pair {
                        places: [at / width, at % width],
                        times: counts.times[at],
                        customers: counts.customers[at],
                        product_times: counts.product_times[at / width],
                        next_times: counts.next_times[at % width],
                        p_value: 0.0,
                        q_value: 0.0,
                    })
                    .collect();
                let sales = sales(journeys, &steps, &items, &all, set);
                let mut found = BTreeMap::new();
                for (pair, mut sales) in all.into_iter().zip(sales) {
                    sales.days.sort_unstable();
                    let names = pair.places.map(|place| set.name(items[place]).to_owned());
                    found.insert(names.into(), (pair.times, pair.customers as usize, sales.days, sales.revenue));
                }
                let (expected_steps, expected) = slow(&orders);
                let expected: BTreeMap<(String, String), _> =
                    expected.into_iter().map(|(names, (n, who, days, money))| (names, (n, who.len(), days, money))).collect();
                assert_eq!((steps.len() as u64, found), (expected_steps, expected));
            });
        }
    }

    fn order(customer: u8, day: i64, products: &[u8]) -> Order {
        Order { customer: Some(customer), day, lines: products.iter().map(|p| (*p, (2, Some(150)))).collect() }
    }

    /// A razor, then blades; or soap, then soap and something else.
    fn shop() -> Vec<Order> {
        let razors = (0..30)
            .flat_map(|customer| [order(customer, 0, &[0]), order(customer, 30 + i64::from(customer % 3), &[0, 1])]);
        let soaps = (30..90)
            .flat_map(|customer| [order(customer, 0, &[2]), order(customer, 9, &[2 + u8::from(customer > 60)])]);
        razors.chain(soaps).collect()
    }

    #[test]
    fn what_comes_next_is_found_with_its_days_and_its_money() {
        read(&shop(), |journeys, set| {
            let names = Names::of(set);
            let next = Found::read(journeys, set, &Charges::of(set), Ratio::ONE).report(&names);
            assert_eq!((next.steps, next.customers, &next.reason), (90, 90, &None));
            let pair = &next.pairs[0];
            assert_eq!((pair.product.get(), pair.next_product.get()), ("\"product 0\"", "\"product 1\""));
            assert_eq!([pair.times, pair.customers, pair.product_times, pair.next_product_times], [30; 4]);
            assert_eq!((pair.rate, pair.lift, pair.median_days), (1.0, 3.0, Some(31.0)));
            assert_eq!(pair.revenue.to_text(), "90");
            // What was bought before is no next purchase.
            assert!(next.pairs.iter().all(|pair| pair.product.get() != pair.next_product.get()));
        });
    }

    #[test]
    fn one_customers_habit_is_no_finding() {
        let habit: Vec<Order> = (0..60).map(|at| order(0, at, &[(at % 2) as u8])).collect();
        let others = (1..120).flat_map(|customer| [order(customer, 0, &[2]), order(customer, 1, &[3])]);
        let orders: Vec<Order> = habit.into_iter().chain(others).collect();
        read(&orders, |journeys, set| {
            let names = Names::of(set);
            let next = Found::read(journeys, set, &Charges::of(set), Ratio::ONE).report(&names);
            assert_eq!(next.pairs.len(), 1, "{next:?}");
            assert_eq!((next.pairs[0].product.get(), next.pairs[0].customers), ("\"product 2\"", 119));
        });
    }

    #[test]
    fn no_next_purchase_is_explained() {
        let check = |orders: &[Order], expected: &str| {
            let reason = read(orders, |journeys, set| {
                let names = Names::of(set);
                Found::read(journeys, set, &Charges::of(set), Ratio::ONE).report(&names).reason
            });
            assert!(reason.as_deref().is_some_and(|reason| reason.contains(expected)), "{reason:?}");
        };
        check(&[], "No customer has two");
        check(&[order(0, 0, &[1]), order(1, 0, &[2])], "No customer has two");
        check(&shop()[..2], "1 pairs of consecutive orders are too few");
        let mixed: Vec<Order> =
            shop().into_iter().map(|order| Order { day: 0, lines: shop()[1].lines.clone(), ..order }).collect();
        check(&mixed, "too few");
    }
}
