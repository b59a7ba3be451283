//! What the report looked at, what it left out, and the scored customers in a few numbers.

use super::model::SegmentText;
use super::result::Findings;
use super::segments::{MoneySpread, Spread, average};
use super::{revenue_share, share};
use crate::decimal::Amount;
use crate::report::scope::Exclusions;
use crate::time::Day;
use affinsy_mining::rfm::BuiltinSegment;
use serde::Serialize;

/// The orders that count, guests' included.
#[derive(Debug, Default, Serialize)]
pub struct Data {
    pub orders: u64,
    /// Orders with at least one product of positive quantity.
    pub baskets: u64,
    pub line_items: u64,
    /// Customers with an order that counts.
    pub customers: u64,
    pub guest_orders: u64,
    pub products: u64,
    /// ISO 4217, of all amounts; null where no push named one.
    pub currency: Option<String>,
    pub date_range: Dates,
    pub exclusions: LeftOut,
}

/// First and last date of the orders that count.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Dates {
    pub start: Option<Day>,
    pub end: Option<Day>,
}

/// What did not count, or counted only in part.
#[derive(Debug, Default, Serialize)]
pub struct LeftOut {
    #[serde(flatten)]
    pub orders: Exclusions,
    /// Orders without a customer: nobody to score.
    pub guest_orders: u64,
    pub guest_revenue: Amount,
    /// Customers with only refunds or free goods.
    pub customers_not_scored: u64,
    pub orders_of_customers_not_scored: u64,
    pub revenue_of_customers_not_scored: Amount,
    /// Orders of a net not above zero: they count for money, not for recency and frequency.
    pub orders_without_purchase: u64,
    /// Lines without a price: they add nothing to money.
    pub unpriced_line_items: u64,
}

/// The scored customers.
#[derive(Debug, Serialize)]
pub struct Summary {
    pub customers_scored: u64,
    /// Qualifying orders.
    pub orders: u64,
    /// Net of all their orders that count.
    pub revenue: Amount,
    pub aov: Option<Amount>,
    pub recency_days: Spread,
    pub frequency: Spread,
    pub monetary: MoneySpread,
    pub one_time_customers: u64,
    pub one_time_share: Option<f64>,
    /// What the one-time customers spent.
    pub one_time_revenue: Amount,
    pub one_time_revenue_share: Option<f64>,
    pub repeat_customers: u64,
    pub repeat_rate: Option<f64>,
    /// Customers whose refunds ate up what they spent.
    pub customers_without_net_spend: u64,
    /// Of the orders that count.
    pub guest_order_share: Option<f64>,
    /// Good customers who have not come back: the segments at risk and not to be lost. `None` for own segments.
    pub at_risk: Option<AtRisk>,
    /// Customers who have been away for longer than the rule of `churn` allows.
    pub lapsed: Lapsed,
}

/// Scored customers who are lapsed.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Lapsed {
    pub customers: u64,
    pub share: Option<f64>,
    pub revenue: Amount,
    pub revenue_share: Option<f64>,
}

/// Good customers who have not come back.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct AtRisk {
    pub customers: u64,
    pub revenue: Amount,
    pub revenue_share: Option<f64>,
    pub median_recency_days: Option<f64>,
}

pub fn data(findings: &Findings<'_>) -> Data {
    let past = findings.population.past;
    let currency = past.history.currency().map(str::to_owned);
    let mut data = Data { currency, ..Data::default() };
    let mut customers = vec![false; past.history.customer_count()];
    let mut products = vec![false; past.history.product_count()];
    for order in &findings.selection.orders {
        let (header, facts) = (&past.history.orders()[*order as usize], past.facts(*order));
        data.orders += 1;
        data.baskets += u64::from(facts.forms_basket);
        data.date_range.widen(facts.day);
        for line in past.history.lines(header) {
            data.line_items += 1;
            products[line.product as usize] = true;
        }
        data.exclusions.unpriced_line_items += u64::from(facts.unpriced_lines);
        match header.customer {
            Some(customer) => {
                customers[customer as usize] = true;
                data.exclusions.orders_without_purchase += u64::from(!facts.qualifies);
            }
            None => {
                data.exclusions.guest_orders += 1;
                data.exclusions.guest_revenue = data.exclusions.guest_revenue.plus(facts.net);
            }
        }
    }
    data.customers = count(&customers);
    data.guest_orders = data.exclusions.guest_orders;
    data.products = count(&products);
    let not_scored = findings.population.not_scored;
    data.exclusions.orders = findings.selection.exclusions;
    data.exclusions.customers_not_scored = not_scored.customers;
    data.exclusions.orders_of_customers_not_scored = not_scored.orders;
    data.exclusions.revenue_of_customers_not_scored = not_scored.net;
    data
}

pub fn summary(findings: &Findings<'_>, data: &Data) -> Summary {
    let all = &findings.population.customers;
    let (scored, revenue) = (all.len() as u64, findings.population.revenue());
    let orders = all.iter().map(|customer| u64::from(customer.frequency)).sum();
    let once = || all.iter().filter(|customer| customer.frequency == 1);
    let (one_time, one_time_revenue) = (once().count() as u64, once().map(|customer| customer.monetary).sum());
    Summary {
        customers_scored: scored,
        orders,
        revenue,
        aov: average(revenue, orders),
        recency_days: Spread::of(all.iter().map(|customer| customer.recency_days)),
        frequency: Spread::of(all.iter().map(|customer| i64::from(customer.frequency))),
        monetary: MoneySpread::of(all.iter().map(|customer| customer.monetary)),
        one_time_customers: one_time,
        one_time_share: share(one_time as f64, scored as f64),
        one_time_revenue,
        one_time_revenue_share: revenue_share(one_time_revenue, revenue),
        repeat_customers: scored - one_time,
        repeat_rate: share((scored - one_time) as f64, scored as f64),
        customers_without_net_spend: all.iter().filter(|customer| !customer.monetary.is_positive()).count() as u64,
        guest_order_share: share(data.exclusions.guest_orders as f64, data.orders as f64),
        at_risk: at_risk(findings, revenue),
        lapsed: lapsed(findings, revenue),
    }
}

fn lapsed(findings: &Findings<'_>, total: Amount) -> Lapsed {
    let all = &findings.population.customers;
    let members = || all.iter().filter(|customer| findings.has_lapsed(customer));
    let (customers, revenue) = (members().count() as u64, members().map(|customer| customer.monetary).sum());
    let share = share(customers as f64, all.len() as f64);
    Lapsed { customers, share, revenue, revenue_share: revenue_share(revenue, total) }
}

fn at_risk(findings: &Findings<'_>, total: Amount) -> Option<AtRisk> {
    let slipping =
        |text: &SegmentText| matches!(text.builtin, Some(BuiltinSegment::AtRisk | BuiltinSegment::CantLoseThem));
    let texts = &findings.model.segments;
    texts.iter().any(slipping).then(|| {
        let members = || findings.population.customers.iter().filter(|customer| slipping(&texts[customer.segment]));
        let revenue: Amount = members().map(|customer| customer.monetary).sum();
        AtRisk {
            customers: members().count() as u64,
            revenue,
            revenue_share: revenue_share(revenue, total),
            median_recency_days: Spread::of(members().map(|customer| customer.recency_days)).median,
        }
    })
}

impl Dates {
    fn widen(&mut self, day: Day) {
        self.start = Some(self.start.map_or(day, |start| start.min(day)));
        self.end = Some(self.end.map_or(day, |end| end.max(day)));
    }
}

fn count(marks: &[bool]) -> u64 {
    marks.iter().filter(|mark| **mark).count() as u64
}
