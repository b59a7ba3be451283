//! NDJSON: whether a line is an order or an order line, and the cells of an order line that is a flat object.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::field::Cells;
use super::interpret::{Interpreter, Refusal};
use super::kind::recognise;
use super::ndjson::words;
use super::rows::cut;
use super::{Field, FileFormat, ImportProblem, Kind, Plan, Settings};
use crate::json::duplicate_key;

/// What the first object's keys say of the file.
pub(super) fn plan(text: &str, is_whole: bool, settings: &Settings) -> Result<Plan, ImportProblem> {
    let (nth, first) =
        text.lines().enumerate().find(|(_, line)| !line.trim().is_empty()).ok_or(ImportProblem::Empty)?;
    let ends = is_whole || text.lines().nth(nth + 1).is_some() || text.ends_with('\n');
    let orders = || Plan::new(Kind::Orders, FileFormat::Ndjson, Vec::new(), Vec::new(), settings);
    if settings.source == Some(Kind::Orders) || !ends {
        return Ok(orders());
    }
    let keys: Vec<String> = match serde_json::from_str::<Object<'_>>(first) {
        Ok(Object(fields)) => fields.into_iter().map(|(key, _)| key.into_owned()).collect(),
        Err(_) if first.contains("\"line_items\"") => return Ok(orders()),
        Err(error) => {
            return Err(ImportProblem::Damaged {
                detail: format!("line {} is no JSON object: {}", nth + 1, words(&error)),
            });
        }
    };
    if keys.iter().any(|key| key == "line_items") {
        return Ok(orders());
    }
    if keys.is_empty() {
        return Err(ImportProblem::Empty);
    }
    let (_, wanted) = recognise(&keys, &Settings { source: Some(Kind::Plain), ..settings.clone() })?;
    let typed = Field::NUMBERS.to_vec();
    Ok(Plan { typed, ..Plan::new(Kind::Plain, FileFormat::Ndjson, keys, wanted, settings) })
}

/// Reads flat objects; its memory is used again.
#[derive(Debug)]
pub(super) struct FlatRow {
    names: Vec<(Field, String)>,
    texts: [String; Field::COUNT],
}

impl FlatRow {
    pub fn new(plan: &Plan) -> Self {
        let name = |(field, at): &(Field, usize)| (*field, plan.columns[*at].clone());
        let names = if plan.format == FileFormat::Ndjson { plan.wanted.iter().map(name).collect() } else { Vec::new() };
        Self { names, texts: Default::default() }
    }

    /// The cells of an object: a text's text, a number's digits, nothing for null.
    pub fn read(&mut self, line: &str) -> Result<Cells<'_>, String> {
        let Object(fields) =
            serde_json::from_str(line).map_err(|error| format!("the row is no JSON object: {}", words(&error)))?;
        self.texts.iter_mut().for_each(String::clear);
        for (key, value) in fields {
            let Some((field, _)) = self.names.iter().find(|(_, name)| *name == key) else { continue };
            let text = &mut self.texts[*field as usize];
            match value.get().as_bytes().first() {
                Some(b'"') => {
                    *text = serde_json::from_str(value.get()).map_err(|error| format!("{key}: {}", words(&error)))?
                }
                Some(b'-' | b'0'..=b'9') => text.push_str(value.get()),
                Some(b'n') => {}
                _ => return Err(format!("the row has a {key} that is neither a text nor a number")),
            }
        }
        Ok(std::array::from_fn(|at| self.texts[at].as_str()))
    }
}

pub(super) fn refused(rows: &mut Interpreter, text: &str, reason: String) -> Result<(), Refusal> {
    rows.summary.rows += 1;
    Err(Refusal { field: None, value: cut(text.trim()), reason })
}

/// Each key is compared with those before it.
const MAX_FIELDS: usize = 1_000;

/// An object's fields, keys distinct.
struct Object<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'de: 'a, 'a> Deserialize<'de> for Object<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Fields;
        impl<'de> Visitor<'de> for Fields {
            type Value = Object<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut fields: Vec<(Cow<'de, str>, &'de RawValue)> = Vec::new();
                while let Some((Key(key), value)) = map.next_entry::<Key<'de>, &'de RawValue>()? {
                    if fields.len() == MAX_FIELDS {
                        return Err(A::Error::custom(format!("more than {MAX_FIELDS} fields")));
                    }
                    if fields.iter().any(|(known, _)| *known == key) {
                        return Err(A::Error::custom(duplicate_key(&key)));
                    }
                    fields.push((key, value));
                }
                Ok(Object(fields))
            }
        }
        deserializer.deserialize_map(Fields)
    }
}

#[derive(serde::Deserialize)]
struct Key<'a>(#[serde(borrow)] Cow<'a, str>);
