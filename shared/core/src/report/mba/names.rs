//! Product names as JSON, quoted once and written many times. Knows no row.

use crate::report::basket::BasketSet;
use serde_json::value::{RawValue, to_raw_value};

/// The quoted name of each item.
#[derive(Debug)]
pub struct Names(Vec<Box<RawValue>>);

impl Names {
    pub fn of(set: &BasketSet<'_>) -> Self {
        Self::new((0..set.item_count() as u32).map(|item| set.name(item)))
    }

    pub fn new<'n>(names: impl Iterator<Item = &'n str>) -> Self {
        Self(names.map(|name| to_raw_value(name).expect("text always serializes")).collect())
    }

    pub fn one(&self, item: u32) -> &RawValue {
        &self.0[item as usize]
    }

    pub fn text(&self, item: u32) -> &str {
        self.0[item as usize].get()
    }

    pub fn list(&self, items: &[u32]) -> Vec<&RawValue> {
        items.iter().map(|item| self.one(*item)).collect()
    }
}
