//! Checks the fields of a push as they are read and gathers either a batch or the mistakes, each with its JSON
//! pointer. Knows what a field may hold and nothing of how JSON is parsed.

use super::builder::{BatchBuilder, LineDraft};
use super::fields::{Leaf, NumberText, UnknownFields};
use super::{Currency, check_date, check_id, check_product_name, customer_id};
use crate::decimal::{DecimalProblem, Price, Quantity};
use crate::problem::{FieldProblem, MAX_FIELD_PROBLEMS};
use crate::time::{Instant, parse_instant};
use std::borrow::Cow;

/// What was read so far. Once there is a problem, only further problems are kept.
pub(super) struct Reader {
    now: Instant,
    pub problems: Vec<FieldProblem>,
    pub unknown: UnknownFields,
    pub dataset_id: Option<String>,
    pub currency: Option<Currency>,
    pub builder: BatchBuilder,
    pub orders: usize,
    pub line_items: usize,
    /// The lines of the order that is being read.
    pub lines: Vec<LineDraft>,
}

/// Where in the body a field stands.
#[derive(Clone, Copy)]
enum At {
    Body,
    Order(usize),
    Line(usize, usize),
}

impl At {
    fn pointer(self, field: &str) -> String {
        match self {
            Self::Body => format!("/{field}"),
            Self::Order(order) => format!("/orders/{order}/{field}"),
            Self::Line(order, line) => format!("/orders/{order}/line_items/{line}/{field}"),
        }
    }
}

impl Reader {
    pub fn new(now: Instant) -> Self {
        Self {
            now,
            problems: Vec::new(),
            unknown: UnknownFields::default(),
            dataset_id: None,
            currency: None,
            builder: BatchBuilder::default(),
            orders: 0,
            line_items: 0,
            lines: Vec::new(),
        }
    }

    pub fn body_end<'de>(&mut self, dataset_id: Option<Leaf<'de>>, currency: Option<Leaf<'de>>) {
        let check = |id: Cow<'de, str>, _| check_id(&id).map(|()| id.into_owned());
        self.dataset_id = self.text(At::Body, "dataset_id", dataset_id, check);
        let check = |code: Cow<'de, str>, _| {
            Currency::parse(&code).ok_or_else(|| "must be a currency code of ISO 4217, such as \"EUR\"".to_owned())
        };
        self.currency = self.text(At::Body, "currency", currency, check);
        if self.orders == 0 {
            self.problem(At::Body, "orders", "must have at least one order");
        }
    }

    pub fn order_end(
        &mut self,
        id: Option<Leaf<'_>>,
        customer: Option<Leaf<'_>>,
        date: Option<Leaf<'_>>,
        has_lines: bool,
    ) {
        let at = At::Order(self.orders);
        let id = self.required(at, "order_id", id, check_id);
        let check = |text: Cow<'_, str>, _| Ok(customer_id(&text)?.map(str::to_owned));
        let customer = self.text(at, "customer_id", customer, check).flatten();
        let date = self.text(at, "order_date", date, |text, now| {
            let date = parse_instant(&text).ok_or("is not a date such as 2025-03-15T10:30:00Z or 2025-03-15")?;
            check_date(date, now).map(|()| date)
        });
        if !has_lines {
            self.problem(at, "line_items", "must have at least one line item");
        }
        if let (Some(id), true) = (id, self.problems.is_empty()) {
            self.builder.order(&id, customer.as_deref(), date, &self.lines);
        }
    }

    pub fn line_end(
        &mut self,
        index: usize,
        name: Option<Leaf<'_>>,
        quantity: Option<NumberText<'_>>,
        price: Option<NumberText<'_>>,
    ) {
        let at = At::Line(self.orders, index);
        let name = self.required(at, "product_name", name, check_product_name);
        let quantity = self.number(at, "quantity", quantity, Quantity::parse).unwrap_or(Quantity::ONE);
        let price = self.number(at, "unit_price", price, Price::parse);
        if let (Some(name), true) = (name, self.problems.is_empty()) {
            let product = self.builder.product(&name);
            self.lines.push(LineDraft { product, quantity, price });
        }
    }

    fn problem(&mut self, at: At, field: &str, detail: impl Into<String>) {
        if self.problems.len() < MAX_FIELD_PROBLEMS {
            self.problems.push(FieldProblem::new(at.pointer(field), detail));
        }
    }

    /// The value of a checked text field; `None` where it is absent, null or wrong.
    fn text<'de, T>(
        &mut self,
        at: At,
        field: &str,
        leaf: Option<Leaf<'de>>,
        check: impl FnOnce(Cow<'de, str>, Instant) -> Result<T, String>,
    ) -> Option<T> {
        let checked = match leaf? {
            Leaf::Null => return None,
            Leaf::Text(text) => check(text, self.now),
            Leaf::Other(kind) => Err(format!("must be a string, not {kind}")),
        };
        checked.map_err(|detail| self.problem(at, field, detail)).ok()
    }

    /// As [`Reader::text`], for a field that has to be there.
    fn required<'de>(
        &mut self,
        at: At,
        field: &str,
        leaf: Option<Leaf<'de>>,
        check: fn(&str) -> Result<(), String>,
    ) -> Option<Cow<'de, str>> {
        if matches!(leaf, None | Some(Leaf::Null)) {
            self.problem(at, field, "is required");
            return None;
        }
        self.text(at, field, leaf, |text, _| check(&text).map(|()| text))
    }

    /// The value of a number field; `None` where it is absent, null or wrong.
    fn number<T>(
        &mut self,
        at: At,
        field: &str,
        number: Option<NumberText<'_>>,
        parse: fn(&str) -> Result<T, DecimalProblem>,
    ) -> Option<T> {
        let parsed = match number? {
            NumberText::Null => return None,
            NumberText::Number(text) => parse(text).map_err(|problem| problem.to_string()),
            NumberText::Other(kind) => Err(format!("must be a number, not {kind}")),
        };
        parsed.map_err(|detail| self.problem(at, field, detail)).ok()
    }
}
