//! Gateway products: what is in the first orders of customers who come back. Compares customers who had the same time
//! to come back: those whose first order is too recent are left out, or whatever is new in the shop would look like a
//! product that drives customers away.

use super::charges::Charges;
use super::journeys::{Journeys, median_days};
use super::ledger::share_of;
use super::names::Names;
use crate::decimal::Amount;
use affinsy_mining::{Ratio, stats};
use rayon::prelude::*;
use serde::Serialize;
use serde_json::value::RawValue;

/// So many of the products that most first orders hold are compared: the more there are, the stronger the evidence must
/// be, and what few newcomers buy is no way to win them.
const COMPARED: usize = 400;
/// A second order counts within so many days of the first, and every customer compared had them.
pub const HORIZON_DAYS: u32 = 90;
/// Of a product that chance would give fewer returning customers, too few bought it to say anything.
const MIN_EXPECTED: u64 = 5;
/// The most products a report names.
const MAX_PRODUCTS: usize = 20;
/// The greatest share of false findings where the report's own bound is off.
const MAX_Q: f64 = 0.05;

/// First orders, and how many of them had a second.
#[derive(Debug, Serialize)]
pub struct Gateway<'n> {
    pub horizon_days: u32,
    /// Customers whose first order ever is one of the report's, and who had the whole horizon to come back.
    pub customers: u64,
    /// Customers left out because their first order is too recent.
    pub too_recent_customers: u64,
    /// Customers with a second order within the horizon.
    pub returned: u64,
    pub second_order_rate: Option<f64>,
    /// What a customer's orders after the first come to within the horizon, refunds taken off.
    pub average_later_revenue: Option<Amount>,
    /// Products tested, the number that `q_value` corrects for.
    pub products_tested: u64,
    pub products: Vec<GatewayProduct<'n>>,
    /// Why no product is named; null where there are some.
    pub reason: Option<String>,
}

/// A product whose first buyers come back more often than others.
#[derive(Debug, Serialize)]
pub struct GatewayProduct<'n> {
    product: &'n RawValue,
    /// Customers whose first order holds it.
    customers: u64,
    returned: u64,
    second_order_rate: f64,
    /// Wilson's 95 % interval of the rate.
    second_order_rate_low: f64,
    second_order_rate_high: f64,
    /// The rate of the customers whose first order does not hold it; null where it is in all of them.
    second_order_rate_others: Option<f64>,
    median_days_to_second_order: Option<f64>,
    average_later_revenue: Option<Amount>,
    average_later_revenue_others: Option<Amount>,
    /// Fisher's exact test, one-sided; `q_value` over all products tested.
    p_value: f64,
    q_value: f64,
}

/// Some customers by what they did after their first order.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Group {
    customers: u64,
    returned: u64,
    later_revenue: Amount,
}

impl Group {
    fn add(&mut self, is_returned: bool, later_revenue: Amount) {
        self.customers += 1;
        self.returned += u64::from(is_returned);
        self.later_revenue = self.later_revenue.plus(later_revenue);
    }
    const fn minus(self, part: Self) -> Self {
        Self {
            customers: self.customers - part.customers,
            returned: self.returned - part.returned,
            later_revenue: self.later_revenue.minus(part.later_revenue),
        }
    }
    fn rate(self) -> Option<f64> {
        (self.customers > 0).then(|| self.returned as f64 / self.customers as f64)
    }
    fn average(self) -> Option<Amount> {
        share_of(self.later_revenue, self.customers)
    }
}

/// What is known of every first order, before products are tested and named.
#[derive(Debug, Default)]
pub struct FirstOrders {
    all: Group,
    too_recent_customers: u64,
    by_item: Vec<Group>,
    /// By item: days to the second order, of those who came back.
    days: Vec<Vec<u32>>,
}

impl FirstOrders {
    /// Reads each customer's orders once.
    pub fn read(journeys: &Journeys<'_>, item_count: usize) -> Self {
        let mut firsts =
            Self { by_item: vec![Group::default(); item_count], days: vec![Vec::new(); item_count], ..Self::default() };
        journeys.past().customers().for_each(|customer| firsts.add(journeys, customer));
        firsts
    }

    fn add(&mut self, journeys: &Journeys<'_>, customer: u32) {
        let past = journeys.past();
        let mut orders = journeys.of_customer(customer);
        let Some(first) = orders.next() else { return };
        let (Some(items), Some(as_of)) = (journeys.items(first), past.window.as_of) else { return };
        if as_of.days_since(past.facts(first).day) < i64::from(HORIZON_DAYS) {
            self.too_recent_customers += 1;
            return;
        }
        let is_soon = |order: u32| journeys.days_between(first, order) <= HORIZON_DAYS;
        let days = orders.next().filter(|second| is_soon(*second)).map(|second| journeys.days_between(first, second));
        let behind = past.orders_of(customer).iter().copied().skip_while(|order| *order != first).skip(1);
        let later_revenue = behind.filter(|order| is_soon(*order)).map(|order| past.facts(order).net).sum();
        self.all.add(days.is_some(), later_revenue);
        for item in items {
            self.by_item[*item as usize].add(days.is_some(), later_revenue);
            self.days[*item as usize].extend(days);
        }
    }

    /// The products whose first buyers come back more often than chance explains; those that gain the most
    /// returning customers first, charges last.
    pub fn report<'n>(mut self, max_q_value: Ratio, names: &'n Names, charges: &Charges) -> Gateway<'n> {
        let tested = self.tested();
        let p_values: Vec<f64> = tested.iter().map(|(_, p_value)| *p_value).collect();
        let q_values = stats::benjamini_hochberg(&p_values);
        let bound = max_q_value.to_f64().min(MAX_Q);
        let products_tested = tested.len() as u64;
        let mut kept: Vec<(u32, f64, f64)> = tested.into_iter().zip(q_values).map(|((i, p), q)| (i, p, q)).collect();
        kept.retain(|(item, _, q_value)| *q_value <= bound && self.gain(*item) > 0);
        kept.sort_by_key(|(item, ..)| (charges.are_in(&[*item]), std::cmp::Reverse(self.gain(*item)), *item));
        kept.truncate(MAX_PRODUCTS);
        let products: Vec<GatewayProduct<'n>> = kept.into_iter().map(|found| self.row(found, names)).collect();
        Gateway {
            horizon_days: HORIZON_DAYS,
            customers: self.all.customers,
            too_recent_customers: self.too_recent_customers,
            returned: self.all.returned,
            second_order_rate: self.all.rate(),
            average_later_revenue: self.all.average(),
            products_tested,
            reason: products.is_empty().then(|| self.reason(products_tested)),
            products,
        }
    }

    /// The items of most first orders of which chance would give at least [`MIN_EXPECTED`] returning customers, with
    /// their p-values. Which side of chance they are on is no matter here: choosing by it would make the q-values too
    /// small.
    fn tested(&self) -> Vec<(u32, f64)> {
        let (total, returned) = (self.all.customers, self.all.returned);
        let fisher = stats::FisherExact::new(total as u32);
        let mut items: Vec<u32> = (0..self.by_item.len() as u32).collect();
        items.sort_by_key(|item| (std::cmp::Reverse(self.by_item[*item as usize].customers), *item));
        items.truncate(COMPARED);
        let test = |item: u32| {
            let group = self.by_item[item as usize];
            let is_enough = total > 0 && group.customers * returned >= MIN_EXPECTED * total;
            is_enough.then(|| (item, fisher.p_value(group.returned as u32, group.customers as u32, returned as u32)))
        };
        items.into_par_iter().filter_map(test).collect()
    }

    /// Returning customers beyond what chance would give, times the number of all customers.
    fn gain(&self, item: u32) -> i128 {
        let group = self.by_item[item as usize];
        let product = |a: u64, b: u64| i128::from(a) * i128::from(b);
        product(group.returned, self.all.customers) - product(group.customers, self.all.returned)
    }

    fn row<'n>(&mut self, (item, p_value, q_value): (u32, f64, f64), names: &'n Names) -> GatewayProduct<'n> {
        let group = self.by_item[item as usize];
        let others = self.all.minus(group);
        let (low, high) = stats::wilson(group.returned, group.customers, stats::Z_95);
        GatewayProduct {
            product: names.one(item),
            customers: group.customers,
            returned: group.returned,
            second_order_rate: group.rate().unwrap_or_default(),
            second_order_rate_low: low,
            second_order_rate_high: high,
            second_order_rate_others: others.rate(),
            median_days_to_second_order: median_days(&mut self.days[item as usize]),
            average_later_revenue: group.average(),
            average_later_revenue_others: others.average(),
            p_value,
            q_value,
        }
    }

    fn reason(&self, products_tested: u64) -> String {
        let Group { customers, returned, .. } = self.all;
        if customers == 0 && self.too_recent_customers > 0 {
            return format!(
                "The first orders of all {} customers are fewer than {HORIZON_DAYS} days old: too early to say who \
                 comes back. Ask again later.",
                self.too_recent_customers
            );
        }
        if customers == 0 {
            return "None of these orders is a known customer's first. Push orders with customer_id, and ask for a \
                    customer_scope and dates that take first orders."
                .to_owned();
        }
        if products_tested == 0 {
            return format!(
                "{returned} of {customers} customers ordered again within {HORIZON_DAYS} days: too few to compare \
                 products. A longer date range would give more."
            );
        }
        format!(
            "None of the {products_tested} products compared brings customers back more often than chance explains."
        )
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::random::{self, Order};
    use super::*;
    use crate::report::basket::BasketSet;
    use crate::report::customer::Past;
    use crate::report::scope;
    use crate::report::spec::BasketScope;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    fn read(orders: &[Order], scope: BasketScope, then: impl FnOnce(FirstOrders, &BasketSet<'_>)) {
        let history = random::history(orders);
        let (window, filters) = random::all_of(&history);
        let past = Past::read(&history, &window);
        let selection = scope::select_from(&past, &random::everybody()).expect("needs no segments");
        let set = BasketSet::build(&history, &selection.orders, scope, &filters);
        then(FirstOrders::read(&Journeys::of(&past, &set), set.item_count()), &set);
    }

    type ByProduct = BTreeMap<String, (Group, Vec<u32>)>;

    /// Customer by customer, product by product.
    fn slow(orders: &[Order]) -> (Group, u64, ByProduct) {
        let (mut all, mut too_recent, mut by_product) = (Group::default(), 0, BTreeMap::new());
        let as_of = orders.iter().map(|order| order.day).max().unwrap_or(0);
        for (customer, journey) in random::journeys(orders) {
            let first = journey[0];
            if as_of - orders[first].day < i64::from(HORIZON_DAYS) {
                too_recent += 1;
                continue;
            }
            let days = |at: usize| orders[at].day - orders[first].day;
            let is_soon = |at: usize| days(at) <= i64::from(HORIZON_DAYS);
            let second = journey.get(1).copied().filter(|at| is_soon(*at));
            let is_later = |at: usize| (orders[at].day, at) > (orders[first].day, first) && is_soon(at);
            let hers = (0..orders.len()).filter(|at| orders[*at].customer == Some(customer));
            let later: Amount = hers.filter(|at| is_later(*at)).map(|at| orders[at].net()).sum();
            all.add(second.is_some(), later);
            for product in orders[first].bought() {
                let (group, gaps): &mut (Group, Vec<u32>) = by_product.entry(random::name(product)).or_default();
                group.add(second.is_some(), later);
                gaps.extend(second.map(|at| days(at) as u32));
            }
        }
        (all, too_recent, by_product)
    }

    fn sorted(mut days: Vec<u32>) -> Vec<u32> {
        days.sort_unstable();
        days
    }

    proptest! {
        #[test]
        fn first_orders_are_what_the_obvious_way_finds(orders in random::orders(), by_customer in any::<bool>()) {
            // Customers' baskets are net of refunds: who returned everything has none, and is not compared.
            let scope = if by_customer { BasketScope::Customer } else { BasketScope::Order };
            let (all, too_recent, by_product) = slow(&orders);
            read(&orders, scope, |firsts, set| {
                let found = (0..set.item_count() as u32).filter(|item| firsts.by_item[*item as usize].customers > 0);
                let found: ByProduct = found
                    .map(|item| (set.name(item).to_owned(), (firsts.by_item[item as usize], sorted(firsts.days[item as usize].clone()))))
                    .collect();
                let expected: ByProduct =
                    by_product.into_iter().map(|(name, (group, days))| (name, (group, sorted(days)))).collect();
                if !by_customer {
                    assert_eq!((firsts.all, firsts.too_recent_customers), (all, too_recent));
                    assert_eq!(found, expected);
                }
                let at_most = |name: &String| expected.get(name).map_or(0, |(group, _)| group.customers);
                assert!(found.iter().all(|(name, (group, _))| group.customers <= at_most(name)));
            });
        }
    }

    /// Forty customers start with a mug and come back; sixty start with a pen and mostly do not.
    fn mugs_and_pens() -> Vec<Order> {
        let order = |customer: u8, day: i64, product: u8| Order {
            customer: Some(customer),
            day,
            lines: BTreeMap::from([(product, (1, Some(500)))]),
        };
        let mut orders: Vec<Order> = (0..100).map(|customer| order(customer, 0, u8::from(customer >= 40))).collect();
        orders.extend((0..30).map(|customer| order(customer, 10 + i64::from(customer % 2), 2)));
        orders.extend((40..50).map(|customer| order(customer, 90, 2)));
        // One day too late, a customer too recent to count, and the order that sets the date.
        orders.extend([order(99, 91, 2), order(200, 91, 0), order(201, 180, 2)]);
        orders
    }

    #[test]
    fn a_product_that_newcomers_return_after_is_found_and_priced() {
        read(&mugs_and_pens(), BasketScope::Order, |firsts, set| {
            let names = Names::of(set);
            let gateway = firsts.report(Ratio::ONE, &names, &Charges::of(set));
            let counts = [gateway.customers, gateway.too_recent_customers, gateway.returned, gateway.products_tested];
            assert_eq!(counts, [100, 2, 40, 2]);
            assert_eq!((gateway.products.len(), &gateway.reason), (1, &None));
            let mug = &gateway.products[0];
            assert_eq!((mug.product.get(), mug.customers, mug.returned), ("\"product 0\"", 40, 30));
            assert_eq!((mug.second_order_rate, mug.second_order_rate_others), (0.75, Some(10.0 / 60.0)));
            assert_eq!(mug.median_days_to_second_order, Some(10.5));
            assert_eq!(mug.average_later_revenue.map(Amount::to_text).as_deref(), Some("3.75"));
            assert!(mug.q_value < 1e-7 && mug.second_order_rate_low > 0.55, "{mug:?}");
        });
    }

    #[track_caller]
    fn check_reason(orders: &[Order], expected: &str) {
        read(orders, BasketScope::Order, |firsts, set| {
            let names = Names::of(set);
            let gateway = firsts.report(Ratio::ONE, &names, &Charges::of(set));
            assert!(gateway.reason.as_deref().is_some_and(|reason| reason.contains(expected)), "{:?}", gateway.reason);
        });
    }

    #[test]
    fn no_gateway_is_explained() {
        let orders = mugs_and_pens();
        check_reason(&[], "known customer's first");
        check_reason(&orders[..100], "all 100 customers are fewer than 90 days old");
        check_reason(&[&orders[..2], &orders[orders.len() - 1..]].concat(), "0 of 2 customers ordered again");
        let alike: Vec<Order> = orders.iter().map(|order| Order { lines: orders[0].lines.clone(), ..*order }).collect();
        check_reason(&alike, "None of the 1 products");
    }
}
