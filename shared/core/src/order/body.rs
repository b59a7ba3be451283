//! Reads the JSON of a push straight into a batch builder: one pass, no tree, strings borrowed, numbers by
//! their text. Every mistake is collected with its JSON pointer. Knows the field names and nothing of storage.

use super::builder::{BatchBuilder, LineDraft};
use super::fields::{Key, Leaf, LeafSeed, NumberText, Place, Seen, UnknownFields};
use super::{Currency, MAX_LINE_ITEMS, check_date, check_id, check_product_name, customer_id};
use crate::dataset::DEFAULT_ID;
use crate::decimal::{DecimalProblem, Price, Quantity};
use crate::json;
use crate::problem::{BodyProblem, FieldProblem, MAX_FIELD_PROBLEMS};
use crate::time::{Instant, parse_instant};
use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use std::borrow::Cow;
use std::fmt;

/// A body without a mistake.
pub(super) struct Body {
    pub dataset_id: String,
    pub currency: Option<Currency>,
    pub builder: BatchBuilder,
    pub warnings: Vec<String>,
}

pub(super) fn read(body: &[u8], now: Instant) -> Result<Body, BodyProblem> {
    let text = json::text(body)?;
    let mut reader = Reader::new(now);
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let parsed = deserializer.deserialize_map(BodyVisitor(&mut reader)).and_then(|()| deserializer.end());
    match parsed {
        _ if reader.line_items > MAX_LINE_ITEMS => Err(too_large()),
        Err(error) => Err(json::malformed(&error)),
        Ok(()) if reader.problems.is_empty() => Ok(Body {
            dataset_id: reader.dataset_id.unwrap_or_else(|| DEFAULT_ID.to_owned()),
            currency: reader.currency,
            builder: reader.builder,
            warnings: reader.unknown.into_warnings(),
        }),
        Ok(()) => Err(BodyProblem::Invalid { errors: reader.problems }),
    }
}

fn too_large() -> BodyProblem {
    let detail = format!("a push takes at most {MAX_LINE_ITEMS} line items: send the orders in several requests");
    BodyProblem::TooLarge { detail }
}

/// What was read so far. Once there is a problem, only further problems are kept.
struct Reader {
    now: Instant,
    problems: Vec<FieldProblem>,
    unknown: UnknownFields,
    dataset_id: Option<String>,
    currency: Option<Currency>,
    builder: BatchBuilder,
    orders: usize,
    line_items: usize,
    /// The lines of the order that is being read.
    lines: Vec<LineDraft>,
}

/// Where in the body a field stands.
#[derive(Clone, Copy)]
enum At {
    Top,
    Order(usize),
    Line(usize, usize),
}

impl At {
    fn pointer(self, field: &str) -> String {
        match self {
            Self::Top => format!("/{field}"),
            Self::Order(order) => format!("/orders/{order}/{field}"),
            Self::Line(order, line) => format!("/orders/{order}/line_items/{line}/{field}"),
        }
    }
}

impl Reader {
    fn new(now: Instant) -> Self {
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

struct BodyVisitor<'r>(&'r mut Reader);

impl<'de> Visitor<'de> for BodyVisitor<'_> {
    type Value = ();
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with `orders`")
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let reader = self.0;
        let (mut seen, mut dataset_id, mut currency) = (Seen::default(), None, None);
        while let Some(Key(key)) = map.next_key()? {
            let known = seen.enter(&["dataset_id", "orders", "currency"], Place::Body, &key, &mut reader.unknown);
            match known.map_err(A::Error::custom)? {
                Some(0) => dataset_id = Some(map.next_value_seed(LeafSeed)?),
                Some(1) => map.next_value_seed(OrdersSeed(reader))?,
                Some(_) => currency = Some(map.next_value_seed(LeafSeed)?),
                None => map.next_value_seed(json::Skip)?,
            }
        }
        let check = |id: Cow<'de, str>, _| check_id(&id).map(|()| id.into_owned());
        reader.dataset_id = reader.text(At::Top, "dataset_id", dataset_id, check);
        let check = |code: Cow<'de, str>, _| {
            Currency::parse(&code).ok_or_else(|| "must be a currency code of ISO 4217, such as \"EUR\"".to_owned())
        };
        reader.currency = reader.text(At::Top, "currency", currency, check);
        if reader.orders == 0 {
            reader.problem(At::Top, "orders", "must have at least one order");
        }
        Ok(())
    }
}

/// The array of orders; null is an absent one.
struct OrdersSeed<'r>(&'r mut Reader);

impl<'de> DeserializeSeed<'de> for OrdersSeed<'_> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for OrdersSeed<'_> {
    type Value = ();
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array of orders")
    }
    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        while seq.next_element_seed(OrderSeed(self.0))?.is_some() {
            self.0.orders += 1;
        }
        Ok(())
    }
}

struct OrderSeed<'r>(&'r mut Reader);

impl<'de> DeserializeSeed<'de> for OrderSeed<'_> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for OrderSeed<'_> {
    type Value = ();
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an order object")
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let reader = self.0;
        reader.lines.clear();
        let lines_before = reader.line_items;
        let (mut seen, mut id, mut customer, mut date) = (Seen::default(), None, None, None);
        let fields = &["order_id", "customer_id", "order_date", "line_items"];
        while let Some(Key(key)) = map.next_key()? {
            match seen.enter(fields, Place::Order, &key, &mut reader.unknown).map_err(A::Error::custom)? {
                Some(0) => id = Some(map.next_value_seed(LeafSeed)?),
                Some(1) => customer = Some(map.next_value_seed(LeafSeed)?),
                Some(2) => date = Some(map.next_value_seed(LeafSeed)?),
                Some(_) => map.next_value_seed(LinesSeed(reader))?,
                None => map.next_value_seed(json::Skip)?,
            }
        }
        let has_lines = reader.line_items > lines_before;
        reader.order_end(id, customer, date, has_lines);
        Ok(())
    }
}

impl Reader {
    fn order_end(
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

    fn line_end(
        &mut self,
        at: At,
        name: Option<Leaf<'_>>,
        quantity: Option<NumberText<'_>>,
        price: Option<NumberText<'_>>,
    ) {
        let name = self.required(at, "product_name", name, check_product_name);
        let quantity = self.number(at, "quantity", quantity, Quantity::parse).unwrap_or(Quantity::ONE);
        let price = self.number(at, "unit_price", price, Price::parse);
        if let (Some(name), true) = (name, self.problems.is_empty()) {
            let product = self.builder.product(&name);
            self.lines.push(LineDraft { product, quantity, price });
        }
    }
}

/// The array of an order's line items; null is an absent one.
struct LinesSeed<'r>(&'r mut Reader);

impl<'de> DeserializeSeed<'de> for LinesSeed<'_> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for LinesSeed<'_> {
    type Value = ();
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array of line items")
    }
    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        let mut at = 0;
        while seq.next_element_seed(LineSeed(self.0, at))?.is_some() {
            at += 1;
        }
        Ok(())
    }
}

struct LineSeed<'r>(&'r mut Reader, usize);

impl<'de> DeserializeSeed<'de> for LineSeed<'_> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for LineSeed<'_> {
    type Value = ();
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a line item object")
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let Self(reader, index) = self;
        reader.line_items += 1;
        if reader.line_items > MAX_LINE_ITEMS {
            return Err(A::Error::custom("too many line items"));
        }
        let (mut seen, mut name, mut quantity, mut price) = (Seen::default(), None, None, None);
        let fields = &["product_name", "unit_price", "quantity"];
        while let Some(Key(key)) = map.next_key()? {
            match seen.enter(fields, Place::Line, &key, &mut reader.unknown).map_err(A::Error::custom)? {
                Some(0) => name = Some(map.next_value_seed(LeafSeed)?),
                Some(1) => price = Some(map.next_value()?),
                Some(_) => quantity = Some(map.next_value()?),
                None => map.next_value_seed(json::Skip)?,
            }
        }
        reader.line_end(At::Line(reader.orders, index), name, quantity, price);
        Ok(())
    }
}
