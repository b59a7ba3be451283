//! Rows into order lines: fills an order's fields forward, leaves out orders that never were, checks every value.
//! Knows cells by what they hold, not where they came from.

use serde::{Deserialize, Serialize};

use super::field::Cells;
use super::kind::Filling;
use super::line::{Line, Sink};
use super::order_date::DateReader;
use super::rows::cut;
use super::{Checkpoint, DecimalMark, Field, Findings, Kind, Plan, Summary, number, packed};
use crate::decimal::{DecimalProblem, Price, Quantity};
use crate::order::{Currency, check_id, check_product_name, customer_id};
use crate::time::Instant;

/// Why a row is not used: which cell, and what is wrong with it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    /// `None`: the row as a whole.
    pub field: Option<Field>,
    pub value: String,
    pub reason: String,
}

/// What the rows of one order share.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Header {
    order_id: String,
    customer_id: Option<String>,
    #[serde(default, with = "crate::time::micros::option")]
    order_date: Option<Instant>,
    state: State,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum State {
    Counts,
    LeftOut,
    /// The row that tells the order's fields, on this line, was rejected.
    Rejected(u64),
}

/// Reads the rows of one file, in its order.
#[derive(Debug)]
pub(super) struct Interpreter {
    kind: Kind,
    filling: Filling,
    has_items: bool,
    /// Whether a row without any of the order's own fields must have its order's first row above it.
    tells_first_rows: bool,
    marks: [DecimalMark; Field::COUNT],
    dates: DateReader,
    currency: Option<String>,
    /// The order of the row before.
    pub header: Option<Header>,
    pub summary: Summary,
}

/// An order's own fields, none of which stands on its further rows.
const HEADER_FIELDS: [Field; 6] =
    [Field::Customer, Field::Email, Field::Date, Field::Currency, Field::Status, Field::Cancelled];

impl Interpreter {
    pub fn new(plan: &Plan, findings: &Findings, now: Instant) -> Self {
        let mut marks = [findings.decimal; Field::COUNT];
        plan.typed.iter().for_each(|field| marks[*field as usize] = DecimalMark::Point);
        Self {
            kind: plan.kind,
            filling: plan.kind.filling(),
            has_items: plan.has(Field::Items),
            tells_first_rows: plan.has(Field::Date) || plan.has(Field::Status),
            marks,
            dates: DateReader::new(&plan.settings, findings.dates, now),
            currency: findings.currency.clone(),
            header: None,
            summary: Summary::default(),
        }
    }

    pub fn resume(plan: &Plan, findings: &Findings, now: Instant, from: &Checkpoint) -> Self {
        let start = Self::new(plan, findings, now);
        Self { header: from.header.clone(), summary: from.summary.clone(), ..start }
    }

    /// Hands over the lines of a row, all or none.
    pub fn row(&mut self, number: u64, cells: &Cells<'_>, sink: &mut dyn Sink) -> Result<(), Refusal> {
        self.summary.rows += 1;
        let cells = cells.map(str::trim);
        if self.filling == Filling::None {
            let order_id = checked(Field::Order, &cells, check_id)?;
            let (customer, date) = (self.customer(&cells)?, self.date(&cells)?);
            self.check_currency(&cells)?;
            return self.items(number, (order_id, customer, date), &cells, sink);
        }
        let mut known = self.header.take();
        let header = self.header_of(number, &cells, &mut known);
        let result = match (&header, &known) {
            (Ok(()), Some(Header { state: State::LeftOut, .. })) => Ok(()),
            (Ok(()), Some(header)) => {
                let order = (header.order_id.as_str(), header.customer_id.as_deref(), header.order_date);
                self.items(number, order, &cells, sink)
            }
            _ => header,
        };
        self.header = known;
        result
    }

    /// Brings the header up to date with a row, whose order may be the one before.
    fn header_of(&mut self, number: u64, cells: &Cells<'_>, known: &mut Option<Header>) -> Result<(), Refusal> {
        let id = cells[Field::Order as usize];
        let same = match known {
            Some(header) => id == header.order_id || id.is_empty() && self.filling == Filling::FirstRowWithNumber,
            None => false,
        };
        if !same {
            *known = None;
        }
        let says_nothing = HEADER_FIELDS.iter().all(|field| cells[*field as usize].is_empty());
        if says_nothing && self.filling != Filling::Repeated {
            match known {
                Some(Header { state: State::Rejected(line), .. }) => {
                    let reason = format!("the row belongs to the order whose first row, line {line}, was rejected");
                    return Err(Refusal { field: None, value: cut(id), reason });
                }
                Some(_) => return Ok(()),
                None if self.tells_first_rows && !id.is_empty() => {
                    let reason = "the row says nothing of its order, whose first row does not stand above it: keep the rows \
                                  of an order together";
                    return Err(Refusal { field: None, value: cut(id), reason: reason.to_owned() });
                }
                None => {}
            }
        }
        let read = self.read_header(cells, known.as_ref());
        if read.is_err() && !id.is_empty() {
            let state = State::Rejected(number);
            *known = Some(Header { order_id: id.to_owned(), customer_id: None, order_date: None, state });
        }
        *known = Some(read?);
        Ok(())
    }

    /// The order's fields by this row; what it leaves out is as the rows before had it.
    fn read_header(&mut self, cells: &Cells<'_>, known: Option<&Header>) -> Result<Header, Refusal> {
        let order_id = match known {
            Some(header) if cells[Field::Order as usize].is_empty() => &header.order_id,
            _ => checked(Field::Order, cells, check_id)?,
        };
        let (status, cancelled) = (cells[Field::Status as usize], cells[Field::Cancelled as usize]);
        let left_out = self.kind.left_out(status, cancelled);
        let is_new = known.is_none();
        let was_left_out = known.is_some_and(|header| header.state == State::LeftOut);
        if let Some(state) = left_out.filter(|_| !was_left_out) {
            *self.summary.orders_left_out.entry(state.to_owned()).or_default() += 1;
        }
        let state = if was_left_out || left_out.is_some() { State::LeftOut } else { State::Counts };
        let mut header = Header { order_id: order_id.to_owned(), customer_id: None, order_date: None, state };
        // Whatever else it says of itself does not matter.
        if state == State::LeftOut {
            return Ok(header);
        }
        self.check_currency(cells)?;
        let before = |header: &Header| (header.customer_id.clone(), header.order_date);
        let (customer_before, date_before) = known.map(before).unwrap_or_default();
        header.customer_id = self.customer(cells)?.map(str::to_owned).or(customer_before);
        header.order_date = self.date(cells)?.or(date_before);
        if is_new && (Kind::is_partly_refunded(status) || self.refunded(cells)) {
            self.summary.partly_refunded_orders += 1;
        }
        Ok(header)
    }

    fn refunded(&self, cells: &Cells<'_>) -> bool {
        let mark = self.marks[Field::RefundedAmount as usize];
        number::price(cells[Field::RefundedAmount as usize], mark).is_ok_and(|amount| amount.millionths() != 0)
    }

    fn check_currency(&self, cells: &Cells<'_>) -> Result<(), Refusal> {
        let (cell, Some(expected)) = (cells[Field::Currency as usize], &self.currency) else { return Ok(()) };
        if cell.is_empty() || cell.eq_ignore_ascii_case(expected) {
            return Ok(());
        }
        Err(match Currency::parse(&cell.to_ascii_uppercase()) {
            Some(_) => refusal(Field::Currency, cell, format!("is not {expected}; a dataset has one currency")),
            None => refusal(Field::Currency, cell, "is no currency code of ISO 4217, such as EUR".to_owned()),
        })
    }

    /// Who bought: shops write 0 for a guest whose address may still be known.
    fn customer<'a>(&self, cells: &Cells<'a>) -> Result<Option<&'a str>, Refusal> {
        let field = match cells[Field::Customer as usize] {
            "" => Field::Email,
            "0" if self.filling != Filling::None => Field::Email,
            _ => Field::Customer,
        };
        let cell = cells[field as usize];
        customer_id(cell).map_err(|reason| refusal(field, cell, reason))
    }

    fn date(&mut self, cells: &Cells<'_>) -> Result<Option<Instant>, Refusal> {
        let cell = cells[Field::Date as usize];
        if cell.is_empty() {
            return Ok(None);
        }
        self.order_date(cell).map(Some).map_err(|reason| refusal(Field::Date, cell, reason))
    }

    /// A date that stands outside a table.
    pub fn order_date(&mut self, text: &str) -> Result<Instant, String> {
        let dated = self.dates.read(text)?;
        self.summary.dates_without_offset += u64::from(!dated.has_offset);
        Ok(dated.instant)
    }

    fn items(
        &mut self,
        number: u64,
        (order_id, customer_id, order_date): (&str, Option<&str>, Option<Instant>),
        cells: &Cells<'_>,
        sink: &mut dyn Sink,
    ) -> Result<(), Refusal> {
        let line = |product_name, unit_price, quantity| Line {
            number,
            order_id,
            customer_id,
            order_date,
            product_name,
            unit_price,
            quantity,
        };
        if self.has_items {
            let cell = cells[Field::Items as usize];
            let items = packed::items(self.kind, cell).map_err(|reason| refusal(Field::Items, cell, reason))?;
            self.summary.rows_without_item += u64::from(items.is_empty());
            self.summary.lines += items.len() as u64;
            items.iter().for_each(|item| sink.line(&line(item.product_name, item.unit_price, item.quantity)));
            return Ok(());
        }
        let [product, price, quantity] = [Field::Product, Field::Price, Field::Quantity].map(|at| cells[at as usize]);
        if self.filling != Filling::None && [product, price, quantity].iter().all(|cell| cell.is_empty()) {
            self.summary.rows_without_item += 1;
            return Ok(());
        }
        let name = checked(Field::Product, cells, check_product_name)?;
        let bought = self.number(Field::Quantity, cells, number::quantity)?.unwrap_or(Quantity::ONE);
        let price = match self.number(Field::Price, cells, number::price)? {
            Some(price) => Some(price),
            None => self.number(Field::Total, cells, number::price)?.and_then(|total| share(total, bought)),
        };
        // Shops write the pieces that came back with either sign.
        let back = self.number(Field::Refunded, cells, number::quantity)?.unwrap_or(Quantity::ZERO).thousandths().abs();
        let kept = Quantity::from_thousandths(bought.thousandths().saturating_sub(back));
        if !kept.is_in_range() {
            let problem = DecimalProblem::OutOfRange.to_string();
            return Err(refusal(Field::Refunded, cells[Field::Refunded as usize], problem));
        }
        self.summary.lines += 1;
        sink.line(&line(name, price, kept));
        Ok(())
    }

    fn number<T>(
        &self,
        field: Field,
        cells: &Cells<'_>,
        parse: fn(&str, DecimalMark) -> Result<T, DecimalProblem>,
    ) -> Result<Option<T>, Refusal> {
        let (cell, mark) = (cells[field as usize], self.marks[field as usize]);
        if cell.is_empty() {
            return Ok(None);
        }
        parse(cell, mark).map(Some).map_err(|problem| {
            let reason = match problem {
                DecimalProblem::NotANumber => format!("is not a number such as {}", mark.example()),
                problem => problem.to_string(),
            };
            refusal(field, cell, reason)
        })
    }

    /// Writes what the rows above said of the order into the blank cells of a rejected one, so that it can be sent by
    /// itself.
    pub fn fill(&self, plan: &Plan, row: &mut [String]) {
        let Some(header) = self.header.as_ref().filter(|_| plan.kind.filling() != Filling::None) else { return };
        let first = plan.columns.len() - plan.reject_columns().len();
        let date = header.order_date.map(Instant::to_rfc3339);
        let values = [
            (Field::Order, Some(header.order_id.as_str())),
            (Field::Customer, header.customer_id.as_deref()),
            (Field::Date, date.as_deref()),
        ];
        for (field, value) in values {
            let at = plan.wanted.iter().find(|(known, _)| *known == field).and_then(|(_, at)| at.checked_sub(first));
            if let (Some(cell), Some(value)) = (at.and_then(|at| row.get_mut(at)), value)
                && cell.trim().is_empty()
            {
                value.clone_into(cell);
            }
        }
    }
}

/// The price of one of so many pieces, rounded to the price's decimals; `None` where there is no piece.
fn share(total: Price, quantity: Quantity) -> Option<Price> {
    let (total, pieces) = (i128::from(total.millionths()) * 1_000, i128::from(quantity.thousandths()));
    if pieces == 0 {
        return None;
    }
    let half = pieces.abs() / 2 * if (total < 0) == (pieces < 0) { 1 } else { -1 };
    let rounded = (total + half * pieces.signum()) / pieces;
    i64::try_from(rounded).ok().and_then(|millionths| Price::from_millionths(millionths).ok())
}

/// The cell of a field that every row needs.
fn checked<'a>(field: Field, cells: &Cells<'a>, check: fn(&str) -> Result<(), String>) -> Result<&'a str, Refusal> {
    let cell = cells[field as usize];
    match cell {
        "" => Err(refusal(field, cell, "is empty".to_owned())),
        _ => check(cell).map(|()| cell).map_err(|reason| refusal(field, cell, reason)),
    }
}

pub(super) fn refusal(field: Field, value: &str, reason: String) -> Refusal {
    Refusal { field: Some(field), value: cut(value), reason }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_s_total_is_shared_among_its_pieces() {
        let check = |total: &str, quantity: &str, expected: Option<&str>| {
            let total = Price::parse(total).expect("valid");
            let got = share(total, Quantity::parse(quantity).expect("valid"));
            assert_eq!(got, expected.map(|text| Price::parse(text).expect("valid")), "{total:?} {quantity}");
        };
        check("10", "4", Some("2.5"));
        check("10", "3", Some("3.333333"));
        check("20", "3", Some("6.666667"));
        check("-20", "3", Some("-6.666667"));
        check("-20", "-3", Some("6.666667"));
        check("20", "-3", Some("-6.666667"));
        check("10", "0.5", Some("20"));
        check("10", "0", None);
        check("999999999999", "0.001", None);
    }
}
