//! Product names as JSON, quoted once and written many times. Knows no row.

use crate::report::basket::BasketSet;
use serde_json::value::{RawValue, to_raw_value};

/// The quoted name of each item.
#[derive(Debug)]
pub struct Names(Vec<Box<RawValue>>);

impl Names {
    pub fn of(set: &BasketSet<'_>) -> Self {
        let quoted = |item| to_raw_value(set.name(item)).expect("text always serializes");
        Self((0..set.item_count() as u32).map(quoted).collect())
    }

    pub fn one(&self, item: u32) -> &RawValue {
        &self.0[item as usize]
    }

    pub fn list(&self, items: &[u32]) -> Vec<&RawValue> {
        items.iter().map(|item| self.one(*item)).collect()
    }
}
