//! Reads the JSON of a push in one pass: no tree, strings borrowed, numbers by their text. Knows which field
//! stands where; what a field may hold is the reader's to say.

use super::builder::BatchBuilder;
use super::fields::{Key, LeafSeed, Place, Seen};
use super::reader::Reader;
use super::{Currency, MAX_LINE_ITEMS};
use crate::dataset::DEFAULT_ID;
use crate::json;
use crate::problem::BodyProblem;
use crate::time::Instant;
use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
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
        reader.body_end(dataset_id, currency);
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
        reader.line_end(index, name, quantity, price);
        Ok(())
    }
}
