//! What of an order's rows in a stretch has to stay.
//!
//! Of each product the row that wins. But an order's date may come from a row that was updated or removed since, and
//! the erasure of a customer takes back what that customer's rows told. So for each customer of an order (nearly
//! always there is one) it stays on record what its rows tell: the last date, and the earliest time of push. The rows
//! of that customer that stay carry it; where none does, one row of quantity zero is left for it. No row tells what
//! another customer's row said.

use super::compact::Removals;
use super::part::{Row, keep_winners};
use super::rows::Head;
use crate::decimal::Quantity;
use crate::history::Line;
use crate::time::Instant;

/// What the rows of one customer, or of none, tell of an order's date.
struct Told<'a> {
    customer: Option<u32>,
    /// The earliest time of push.
    received_at: Instant,
    /// The row of the highest sequence with a date; where none has one, the row of the highest sequence.
    by: Row<'a>,
}

/// Calls `put` with each row that stays and its new head, by product. `rows` are all rows of an order that no erasure
/// took.
pub(super) fn settle(
    rows: &mut Vec<Row<'_>>,
    erasure: Option<u32>,
    removals: Removals,
    put: &mut dyn FnMut(Head, &Row<'_>),
) {
    let told = told(rows, erasure);
    keep_winners(rows);
    if removals == Removals::Drop {
        rows.retain(|row| !row.line.quantity.is_zero());
    }
    let unsaid = told.iter().filter(|each| !each.is_said_by(rows, erasure, told.len() == 1));
    let mut tellers: Vec<(Head, Row<'_>)> = unsaid.map(Told::teller).collect();
    let head = |row: &Row<'_>| head(row, erasure, &told);
    if tellers.is_empty() {
        return rows.iter().for_each(|row| put(head(row), row));
    }
    tellers.extend(rows.iter().map(|row| (head(row), *row)));
    tellers.sort_by(|(_, a), (_, b)| a.line.product.cmp(&b.line.product).then(b.sequence.cmp(&a.sequence)));
    tellers.iter().for_each(|(head, row)| put(*head, row));
}

/// Erasures and what they left say nothing of dates.
fn tells(row: &Row<'_>, erasure: Option<u32>) -> bool {
    Some(row.line.product) != erasure && !row.head.is_silent()
}

fn told<'a>(rows: &[Row<'a>], erasure: Option<u32>) -> Vec<Told<'a>> {
    let mut all: Vec<Told<'a>> = Vec::with_capacity(1);
    for row in rows.iter().filter(|row| tells(row, erasure)) {
        let (customer, received_at) = (row.head.customer, row.head.received_at);
        match all.iter_mut().find(|told| told.customer == customer) {
            None => all.push(Told { customer, received_at, by: *row }),
            Some(told) => {
                told.received_at = told.received_at.min(received_at);
                let weight = |row: &Row<'_>| (row.head.date.is_some(), row.sequence);
                if weight(row) > weight(&told.by) {
                    told.by = *row;
                }
            }
        }
    }
    all
}

/// A row's head with all that its customer's rows tell. What they tell of the date stands beside what other
/// customers' rows tell, with the sequence it was told at: so it moves only where there are none.
fn head(row: &Row<'_>, erasure: Option<u32>, told: &[Told<'_>]) -> Head {
    let own = Head { sequence: Some(row.sequence), ..*row.head };
    let same = told.iter().find(|told| told.customer == own.customer);
    let Some(same) = same.filter(|_| tells(row, erasure)) else { return own };
    let date = if told.len() == 1 { same.by.head.date } else { own.date };
    Head { date, received_at: same.received_at, ..own }
}

impl<'a> Told<'a> {
    /// Whether a row that stays carries it.
    fn is_said_by(&self, rows: &[Row<'_>], erasure: Option<u32>, is_only_one: bool) -> bool {
        let is_own = |row: &&Row<'_>| row.head.customer == self.customer && tells(row, erasure);
        let may_say = |row: &Row<'_>| is_only_one || self.by.head.date.is_none() || row.sequence == self.by.sequence;
        rows.iter().filter(is_own).any(may_say)
    }

    /// A row that only tells it. A row that stays of the same product has a higher sequence.
    fn teller(&self) -> (Head, Row<'a>) {
        let line = Line { product: self.by.line.product, quantity: Quantity::ZERO, amount: None };
        let head = Head { received_at: self.received_at, sequence: Some(self.by.sequence), ..*self.by.head };
        (head, Row { line, ..self.by })
    }
}
