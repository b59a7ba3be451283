//! Who is scored, and on what: each customer's qualifying orders and net spend among the orders that count.
//! Knows no segment text and writes nothing.

use super::model::Model;
use crate::decimal::Amount;
use crate::report::customer::{OrderFacts, Past, distinct_days};
use crate::report::scope::Selection;
use crate::time::Day;
use affinsy_mining::rfm::{Observation, Score};

/// One scored customer.
#[derive(Debug, Clone, Copy)]
pub struct Customer {
    /// Code into `History::customer`.
    pub code: u32,
    /// Dates of the first and the last qualifying order.
    pub first: Day,
    pub last: Day,
    pub recency_days: i64,
    /// Number of qualifying orders; at least one.
    pub frequency: u32,
    /// Net of all orders that count; may be zero or negative.
    pub monetary: Amount,
    pub score: Score,
    /// Place in `Model::segments`.
    pub segment: usize,
}

/// Everybody with an order that counts.
#[derive(Debug)]
pub struct Population<'p> {
    pub past: &'p Past<'p>,
    /// Highest spend first, then by customer id.
    pub customers: Vec<Customer>,
    pub not_scored: NotScored,
    /// Parallel to `History::orders`: whether the order counts.
    counts: Vec<bool>,
}

/// Customers with an order that counts but none that qualifies (only refunds, free goods).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct NotScored {
    pub customers: u64,
    pub orders: u64,
    pub net: Amount,
}

impl<'p> Population<'p> {
    pub fn score(past: &'p Past<'p>, selection: &Selection, model: &Model) -> Self {
        let mut counts = vec![false; past.history.orders().len()];
        selection.orders.iter().for_each(|order| counts[*order as usize] = true);
        let mut population = Self { past, customers: Vec::new(), not_scored: NotScored::default(), counts };
        for code in &selection.customers {
            population.admit(*code);
        }
        population.rate(model);
        population.sort();
        population
    }

    /// A customer's orders that count, oldest first.
    pub fn orders_of(&self, code: u32) -> impl Iterator<Item = &OrderFacts> {
        let orders = self.past.orders_of(code).iter();
        orders.filter(|order| self.counts[**order as usize]).map(|order| self.past.facts(*order))
    }

    /// Days between a customer's consecutive purchase days.
    pub fn gaps_of(&self, code: u32) -> Vec<i64> {
        let days = distinct_days(self.orders_of(code).filter(|facts| facts.qualifies));
        days.windows(2).map(|pair| pair[1].days_since(pair[0])).collect()
    }

    pub fn revenue(&self) -> Amount {
        self.customers.iter().map(|customer| customer.monetary).sum()
    }

    fn admit(&mut self, code: u32) {
        let (mut orders, mut frequency, mut net) = (0, 0, Amount::ZERO);
        let mut span: Option<(Day, Day)> = None;
        for facts in self.orders_of(code) {
            orders += 1;
            net = net.plus(facts.net);
            if facts.qualifies {
                frequency += 1;
                let (first, last) = span.unwrap_or((facts.day, facts.day));
                span = Some((first.min(facts.day), last.max(facts.day)));
            }
        }
        match (span, self.past.window.as_of) {
            (Some((first, last)), Some(as_of)) => self.customers.push(Customer {
                code,
                first,
                last,
                recency_days: as_of.days_since(last),
                frequency,
                monetary: net,
                score: Score { r: 1, f: 1, m: 1 },
                segment: 0,
            }),
            _ if orders == 0 => {}
            _ => {
                self.not_scored.customers += 1;
                self.not_scored.orders += orders;
                self.not_scored.net = self.not_scored.net.plus(net);
            }
        }
    }

    fn rate(&mut self, model: &Model) {
        let observation = |customer: &Customer| Observation {
            recency_days: customer.recency_days,
            frequency: customer.frequency,
            monetary: customer.monetary.billionths(),
        };
        let observations: Vec<Observation> = self.customers.iter().map(observation).collect();
        for (customer, score) in self.customers.iter_mut().zip(model.score(&observations)) {
            customer.score = score;
            customer.segment = model.map.place(score);
        }
    }

    fn sort(&mut self) {
        let history = self.past.history;
        self.customers.sort_unstable_by(|a, b| {
            b.monetary.cmp(&a.monetary).then_with(|| history.customer(a.code).cmp(history.customer(b.code)))
        });
    }
}
