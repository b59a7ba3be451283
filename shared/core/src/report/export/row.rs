//! A row as it is stored, field by field, each still in the text it was written in: a number is not rounded by being
//! looked at.

use super::columns::Column;
use rustc_hash::FxHashMap;
use serde_json::value::RawValue;
use std::borrow::Cow;

/// The fields of a JSON object of ours; their names hold nothing that is escaped.
pub struct Row<'a>(FxHashMap<&'a str, &'a RawValue>);

impl<'a> Row<'a> {
    pub fn read(object: &'a [u8]) -> Result<Self, serde_json::Error> {
        serde_json::from_slice(object).map(Self)
    }

    /// The text of a field; `None` where it is null, or there is none.
    pub fn raw(&self, field: &str) -> Option<&'a str> {
        self.0.get(field).map(|value| value.get()).filter(|text| *text != "null")
    }

    /// What stands in a column.
    pub fn cell(&self, column: &Column) -> Result<Option<&'a str>, serde_json::Error> {
        match (self.raw(column.field), column.inner) {
            (Some(text), Some(inner)) => Ok(Self::read(text.as_bytes())?.raw(inner)),
            (cell, _) => Ok(cell),
        }
    }
}

pub fn text(cell: &str) -> Result<Cow<'_, str>, serde_json::Error> {
    // A `Cow` on its own is always read as an owned one.
    if let Ok(borrowed) = serde_json::from_str::<&str>(cell) {
        return Ok(Cow::Borrowed(borrowed));
    }
    serde_json::from_str::<String>(cell).map(Cow::Owned)
}

pub fn names(cell: &str) -> Result<Vec<String>, serde_json::Error> {
    serde_json::from_str(cell)
}
