//! From the orders that count to baskets of products: net quantities, product filters, basket sizes. Knows
//! nothing of mining results; scopes and date ranges were applied before.

use super::spec::{BasketScope, Filters};
use crate::decimal::{Amount, Quantity};
use crate::history::History;
use affinsy_mining::Baskets;
use rustc_hash::FxHashSet;
use serde::Serialize;

/// The baskets of a report. Items are its products, numbered by name, so that equal data give equal numbers.
#[derive(Debug)]
pub struct BasketSet<'h> {
    history: &'h History,
    scope: BasketScope,
    baskets: Baskets,
    /// Orders of basket `b` are `orders[order_offsets[b]..order_offsets[b + 1]]`.
    order_offsets: Vec<u32>,
    orders: Vec<u32>,
    /// Product code of each item.
    products: Vec<u32>,
    /// Item of each product code; `NO_ITEM` where it is in no basket.
    items: Vec<u32>,
    pub exclusions: BasketExclusions,
    /// Products named by a filter that the history does not know.
    pub unknown_products: usize,
}

/// One product of a basket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BasketLine {
    pub item: u32,
    /// Net, positive.
    pub quantity: Quantity,
    /// What the priced part of the quantity comes to; `None` where no price is known.
    pub amount: Option<Amount>,
}

/// Orders, customers and baskets that did not become one of the N baskets.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct BasketExclusions {
    /// Orders without one product of positive quantity (scope `order`).
    pub refund_only_orders: u64,
    /// Customers without one product of positive net quantity (scope `customer`).
    pub refund_only_customers: u64,
    /// Orders without a customer (scope `customer`).
    pub guest_orders_without_basket: u64,
    pub baskets_below_min_size: u64,
    pub baskets_above_max_size: u64,
}

const NO_ITEM: u32 = u32::MAX;

impl<'h> BasketSet<'h> {
    /// `selected` are the places of the orders that count, ascending.
    pub fn build(history: &'h History, selected: &[u32], scope: BasketScope, filters: &Filters) -> Self {
        let mut exclusions = BasketExclusions::default();
        let groups = match scope {
            BasketScope::Order => Groups::single(selected),
            BasketScope::Customer => Groups::by_customer(history, selected, &mut exclusions),
        };
        let products = ProductFilter::new(history, filters);
        let unknown_products = products.unknown;
        let draft = Draft::collect(history, scope, &groups, &products, filters, &mut exclusions);
        let (products, items) = number_by_name(history, &draft.codes);
        Self {
            history,
            scope,
            baskets: draft.baskets(&items),
            order_offsets: draft.order_offsets,
            orders: draft.orders,
            products,
            items,
            exclusions,
            unknown_products,
        }
    }

    /// About what it holds in memory, the history aside.
    pub fn memory_bytes(&self) -> u64 {
        let numbers = self.order_offsets.len() + self.orders.len() + self.products.len() + self.items.len();
        let baskets = 8 * self.baskets.len() + 4 * self.baskets.occurrence_count();
        (4 * numbers + baskets) as u64
    }

    pub const fn scope(&self) -> BasketScope {
        self.scope
    }
    pub const fn baskets(&self) -> &Baskets {
        &self.baskets
    }
    /// N, the number that every share is of.
    pub fn len(&self) -> usize {
        self.order_offsets.len() - 1
    }
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
    /// Orders behind the baskets: as many, but with scope `customer`.
    pub const fn order_count(&self) -> u64 {
        self.orders.len() as u64
    }
    pub fn item_count(&self) -> usize {
        self.products.len()
    }
    /// The item of a product's name; `None` where no basket holds it.
    pub fn item(&self, name: &str) -> Option<u32> {
        let place = self.products.binary_search_by(|code| self.history.product(*code).cmp(name)).ok()?;
        u32::try_from(place).ok()
    }
    pub fn name(&self, item: u32) -> &'h str {
        self.history.product(self.products[item as usize])
    }

    /// The lines of a basket's products, in no particular order.
    pub fn lines_into(&self, basket: usize, lines: &mut Vec<BasketLine>) {
        net_lines(self.history, self.scope, self.orders_of(basket), lines);
        lines.retain_mut(|line| {
            line.item = self.items[line.item as usize];
            line.quantity.is_positive() && line.item != NO_ITEM
        });
    }

    /// An order's products with positive quantity that are in baskets, each once, in no particular order.
    pub fn items_of_order(&self, order: u32) -> impl Iterator<Item = u32> {
        let lines = self.history.lines(&self.history.orders()[order as usize]);
        let bought = lines.filter(|line| line.quantity.is_positive());
        bought.map(|line| self.items[line.product as usize]).filter(|item| *item != NO_ITEM)
    }

    /// What an item's line of an order comes to; `None` where it has none, or no price is known.
    pub fn amount_in_order(&self, order: u32, item: u32) -> Option<Amount> {
        let product = self.products[item as usize];
        self.history.lines(&self.history.orders()[order as usize]).find(|line| line.product == product)?.amount
    }

    /// The single lines by which a basket's products were bought at a known price, in no particular order.
    pub fn sales(&self, basket: usize) -> impl Iterator<Item = BasketLine> {
        let orders = self.orders_of(basket).iter().map(|at| &self.history.orders()[*at as usize]);
        orders.flat_map(|order| self.history.lines(order)).filter_map(|line| {
            let item = self.items[line.product as usize];
            let bought = line.quantity.is_positive() && line.amount.is_some() && item != NO_ITEM;
            bought.then_some(BasketLine { item, quantity: line.quantity, amount: line.amount })
        })
    }

    /// What the orders of a basket come to: all their lines, refunds and filtered products too.
    pub fn value(&self, basket: usize) -> Amount {
        let orders = self.orders_of(basket).iter().map(|at| &self.history.orders()[*at as usize]);
        orders.flat_map(|order| self.history.lines(order)).filter_map(|line| line.amount).sum()
    }

    /// The places in `History::orders` of the orders behind a basket.
    pub fn orders_of(&self, basket: usize) -> &[u32] {
        &self.orders[self.order_offsets[basket] as usize..self.order_offsets[basket + 1] as usize]
    }
}

/// Orders that make one basket together.
struct Groups {
    offsets: Vec<u32>,
    orders: Vec<u32>,
}

impl Groups {
    fn single(selected: &[u32]) -> Self {
        Self { offsets: (0..=selected.len() as u32).collect(), orders: selected.to_vec() }
    }

    fn by_customer(history: &History, selected: &[u32], exclusions: &mut BasketExclusions) -> Self {
        let customer = |order: u32| history.orders()[order as usize].customer;
        let mut orders: Vec<u32> = selected.iter().copied().filter(|order| customer(*order).is_some()).collect();
        exclusions.guest_orders_without_basket = (selected.len() - orders.len()) as u64;
        orders.sort_by_key(|order| customer(*order));
        let mut offsets = vec![0];
        for at in 1..=orders.len() {
            if at == orders.len() || customer(orders[at]) != customer(orders[at - 1]) {
                offsets.push(at as u32);
            }
        }
        Self { offsets, orders }
    }

    fn iter(&self) -> impl Iterator<Item = &[u32]> {
        self.offsets.windows(2).map(|ends| &self.orders[ends[0] as usize..ends[1] as usize])
    }
}

/// Which products may stay in baskets.
struct ProductFilter {
    /// By product code; `None` keeps all.
    kept: Option<Vec<bool>>,
    unknown: usize,
}

impl ProductFilter {
    fn new(history: &History, filters: &Filters) -> Self {
        if filters.include.is_empty() && filters.exclude.is_empty() {
            return Self { kept: None, unknown: 0 };
        }
        let include: FxHashSet<&str> = filters.include.iter().map(String::as_str).collect();
        let exclude: FxHashSet<&str> = filters.exclude.iter().map(String::as_str).collect();
        let mut unknown = include.len() + exclude.len();
        let mut stays = |name: &str| {
            let (included, excluded) = (include.contains(name), exclude.contains(name));
            unknown -= usize::from(included) + usize::from(excluded);
            (include.is_empty() || included) && !excluded
        };
        let kept = (0..history.product_count() as u32).map(|code| stays(history.product(code))).collect();
        Self { kept: Some(kept), unknown }
    }

    fn keeps(&self, product: u32) -> bool {
        self.kept.as_ref().is_none_or(|kept| kept[product as usize])
    }
}

/// Baskets in product codes, before products have item numbers.
struct Draft {
    order_offsets: Vec<u32>,
    orders: Vec<u32>,
    code_offsets: Vec<usize>,
    codes: Vec<u32>,
}

impl Draft {
    fn collect(
        history: &History,
        scope: BasketScope,
        groups: &Groups,
        products: &ProductFilter,
        filters: &Filters,
        exclusions: &mut BasketExclusions,
    ) -> Self {
        let mut draft = Self { order_offsets: vec![0], orders: Vec::new(), code_offsets: vec![0], codes: Vec::new() };
        let mut net = Vec::new();
        for orders in groups.iter() {
            net_lines(history, scope, orders, &mut net);
            net.retain(|line| line.quantity.is_positive());
            if net.is_empty() {
                exclusions.count_refunds(scope);
                continue;
            }
            let start = draft.codes.len();
            draft.codes.extend(net.iter().map(|line| line.item).filter(|product| products.keeps(*product)));
            if exclusions.count_size(draft.codes.len() - start, filters) {
                draft.codes.truncate(start);
                continue;
            }
            draft.orders.extend_from_slice(orders);
            draft.order_offsets.push(draft.orders.len() as u32);
            draft.code_offsets.push(draft.codes.len());
        }
        draft
    }

    fn baskets(&self, items: &[u32]) -> Baskets {
        let mut baskets = Baskets::with_capacity(self.code_offsets.len() - 1, self.codes.len());
        let mut row = Vec::new();
        for ends in self.code_offsets.windows(2) {
            row.clear();
            row.extend(self.codes[ends[0]..ends[1]].iter().map(|code| items[*code as usize]));
            baskets.push(&row);
        }
        baskets
    }
}

impl BasketExclusions {
    fn count_refunds(&mut self, scope: BasketScope) {
        match scope {
            BasketScope::Order => self.refund_only_orders += 1,
            BasketScope::Customer => self.refund_only_customers += 1,
        }
    }

    /// Whether a basket of this size is out of bounds.
    fn count_size(&mut self, size: usize, filters: &Filters) -> bool {
        if filters.min_basket_size.is_some_and(|min| size < min as usize) {
            self.baskets_below_min_size += 1;
            return true;
        }
        if filters.max_basket_size.is_some_and(|max| size > max as usize) {
            self.baskets_above_max_size += 1;
            return true;
        }
        false
    }
}

/// The net line of each product over some orders, with product codes for items. An order alone has each
/// product once already.
fn net_lines(history: &History, scope: BasketScope, orders: &[u32], net: &mut Vec<BasketLine>) {
    net.clear();
    for order in orders {
        let lines = history.lines(&history.orders()[*order as usize]);
        net.extend(lines.map(|line| BasketLine { item: line.product, quantity: line.quantity, amount: line.amount }));
    }
    if scope == BasketScope::Customer {
        net.sort_unstable_by_key(|line| line.item);
        net.dedup_by(|later, kept| {
            let same = later.item == kept.item;
            if same {
                kept.quantity = kept.quantity.plus(later.quantity);
                kept.amount = match (kept.amount, later.amount) {
                    (Some(a), Some(b)) => Some(a.plus(b)),
                    (one, other) => one.or(other),
                };
            }
            same
        });
    }
}

/// Product code of each item in the order of names, and the item of each product code.
fn number_by_name(history: &History, codes: &[u32]) -> (Vec<u32>, Vec<u32>) {
    let mut items = vec![NO_ITEM; history.product_count()];
    codes.iter().for_each(|code| items[*code as usize] = 0);
    let mut products: Vec<u32> = (0..items.len() as u32).filter(|code| items[*code as usize] == 0).collect();
    products.sort_unstable_by_key(|code| history.product(*code));
    for (item, code) in products.iter().enumerate() {
        items[*code as usize] = item as u32;
    }
    (products, items)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decimal::Price;
    use crate::history::{HistoryBuilder, Line};
    use crate::time::Instant;

    /// Orders as `customer: product quantity, …`; every price is 1.
    fn history(orders: &[&str]) -> History {
        let mut builder = HistoryBuilder::default();
        for (at, order) in orders.iter().enumerate() {
            let (customer, lines) = order.split_once(':').expect("customer: lines");
            let customer = Some(customer).filter(|c| !c.is_empty()).map(|c| builder.customer_code(c));
            let lines: Vec<Line> = lines.split(',').map(|line| read_line(&mut builder, line.trim())).collect();
            builder.order(&format!("o{at}"), customer, Instant(at as i64), lines);
        }
        builder.build()
    }

    fn read_line(builder: &mut HistoryBuilder, line: &str) -> Line {
        let (product, quantity) = line.split_once(' ').expect("product quantity");
        let quantity = Quantity::parse(quantity).expect("a quantity");
        let amount = Some(Price::parse("1").expect("a price").times(quantity));
        Line { product: builder.product_code(product), quantity, amount }
    }

    fn check(orders: &[&str], scope: BasketScope, filters: &Filters, expected: &[&str], exclusions: BasketExclusions) {
        let history = history(orders);
        let selected: Vec<u32> = (0..history.orders().len() as u32).collect();
        let set = BasketSet::build(&history, &selected, scope, filters);
        let names = |basket: &[u32]| basket.iter().map(|item| set.name(*item)).collect::<Vec<_>>().join(" ");
        let mut got: Vec<String> = (0..set.len()).map(|at| names(set.baskets().get(at))).collect();
        got.sort_unstable();
        assert_eq!(got, expected);
        assert_eq!((set.exclusions, set.len()), (exclusions, set.baskets().len()));
    }

    #[test]
    fn an_order_is_a_basket_of_what_was_bought() {
        let excluded = BasketExclusions { refund_only_orders: 1, ..Default::default() };
        check(
            &["ann: b 1, a 2, c -1", ": a 0.5", "ann: b -1"],
            BasketScope::Order,
            &Filters::default(),
            &["a", "a b"],
            excluded,
        );
    }

    #[test]
    fn a_customers_basket_is_net_of_refunds() {
        let orders = ["ann: a 1, b 2", ": a 1", "ann: a -1, c 1", "bob: a -1"];
        let excluded =
            BasketExclusions { refund_only_customers: 1, guest_orders_without_basket: 1, ..Default::default() };
        check(&orders, BasketScope::Customer, &Filters::default(), &["b c"], excluded);
    }

    #[test]
    fn product_filters_leave_empty_baskets_and_size_bounds_take_them() {
        let orders = [": a 1, b 1, c 1", ": a 1, b 1", ": c 1", ": b 1"];
        let include = Filters { include: vec!["a".into(), "b".into(), "no such".into()], ..Default::default() };
        check(&orders, BasketScope::Order, &include, &["", "a b", "a b", "b"], BasketExclusions::default());
        let sized = Filters { min_basket_size: Some(1), max_basket_size: Some(1), ..include };
        let excluded = BasketExclusions { baskets_below_min_size: 1, baskets_above_max_size: 2, ..Default::default() };
        check(&orders, BasketScope::Order, &sized, &["b"], excluded);
        let exclude = Filters { exclude: vec!["b".into()], ..Default::default() };
        check(&orders, BasketScope::Order, &exclude, &["", "a", "a c", "c"], BasketExclusions::default());
    }

    #[test]
    fn values_hold_refunds_and_lines_do_not() {
        let history = history(&["ann: a 2, b -1"]);
        let set = BasketSet::build(&history, &[0], BasketScope::Order, &Filters::default());
        let mut lines = Vec::new();
        set.lines_into(0, &mut lines);
        assert_eq!((set.value(0).to_text().as_str(), lines.len()), ("1", 1));
        assert_eq!(lines[0].amount.map(Amount::to_text).as_deref(), Some("2"));
    }
}
