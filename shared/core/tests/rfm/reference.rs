//! The definition `rfm/1` word by word over plain lists: slow, obvious, and written apart from the report. Times are
//! UTC; money is in billionths.

use std::collections::{BTreeMap, BTreeSet};

/// Product, price in billionths if known, quantity.
pub type Sold = (usize, Option<i128>, i128);

#[derive(Debug, Clone)]
pub struct Order {
    /// `None`: a guest.
    pub customer: Option<usize>,
    pub day: i32,
    pub items: Vec<Sold>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scored {
    pub recency_days: i32,
    pub frequency: usize,
    pub monetary: i128,
    pub scores: [usize; 3],
    pub segment: &'static str,
    pub purchase_days: BTreeSet<i32>,
}

impl Order {
    pub fn net(&self) -> i128 {
        self.items.iter().filter_map(|(_, price, quantity)| Some((*price)? * quantity)).sum()
    }

    /// Net above zero, or something bought whose price nobody knows.
    pub fn qualifies(&self) -> bool {
        self.net() > 0 || self.items.iter().any(|(_, price, quantity)| price.is_none() && *quantity > 0)
    }
}

/// Everybody with a purchase up to `as_of`.
pub fn scored(orders: &[Order], as_of: i32, bins: usize) -> BTreeMap<usize, Scored> {
    let known = || orders.iter().filter(|order| order.day <= as_of);
    let mut found = BTreeMap::new();
    for customer in known().filter_map(|order| order.customer).collect::<BTreeSet<_>>() {
        let own = || known().filter(|order| order.customer == Some(customer));
        let purchases: Vec<&Order> = own().filter(|order| order.qualifies()).collect();
        let purchase_days: BTreeSet<i32> = purchases.iter().map(|order| order.day).collect();
        let Some(last) = purchase_days.last() else { continue };
        found.insert(
            customer,
            Scored {
                recency_days: as_of - last,
                frequency: purchases.len(),
                monetary: own().map(Order::net).sum(),
                scores: [0; 3],
                segment: "",
                purchase_days,
            },
        );
    }
    let everybody: Vec<Scored> = found.values().cloned().collect();
    for one in found.values_mut() {
        let n = everybody.len();
        let smaller = |is_smaller: &dyn Fn(&Scored) -> bool| everybody.iter().filter(|o| is_smaller(o)).count();
        let r = bins - bins * smaller(&|other| other.recency_days < one.recency_days) / n;
        let f = 1 + bins * smaller(&|other| other.frequency < one.frequency) / n;
        let m = 1 + bins * smaller(&|other| other.monetary < one.monetary) / n;
        one.scores = [r, f, m];
        one.segment = if bins == 5 { segment(r, (f + m) / 2) } else { "" };
    }
    found
}

/// The table of the definition, as it is printed.
fn segment(r: usize, fm: usize) -> &'static str {
    const TABLE: &str = "
        5 new_customers  potential_loyalists potential_loyalists champions       champions
        4 promising      potential_loyalists potential_loyalists loyal_customers loyal_customers
        3 about_to_sleep about_to_sleep      need_attention      loyal_customers loyal_customers
        2 hibernating    hibernating         at_risk             at_risk         cant_lose_them
        1 hibernating    hibernating         at_risk             at_risk         cant_lose_them";
    let rows = TABLE.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
    let row = rows.into_iter().find(|row| row.first() == Some(&r.to_string().as_str())).expect("a row for each R");
    row[fm]
}
