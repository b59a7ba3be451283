//! `filters` of a report: which orders, which products, which basket sizes. Applies none of them.

use super::fields::{Fields, MAX_BOUND, in_calendar};
use crate::json::Node;
use crate::order::MAX_NAME_CHARS;
use crate::time::{Day, Instant, parse_day, parse_instant};
use jiff::tz::TimeZone;
use serde::Serialize;

/// Filters on products and on the size of baskets. Empty lists and `None` filter nothing.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Filters {
    /// Only these products stay in baskets; sorted, distinct.
    pub include: Vec<String>,
    /// These products leave the baskets; sorted, distinct.
    pub exclude: Vec<String>,
    pub min_basket_size: Option<u32>,
    pub max_basket_size: Option<u32>,
}

/// The date range as instants: from `start` on, before `end`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DateRange {
    pub start: Option<Instant>,
    pub end: Option<Instant>,
    /// The date, in the report's time zone, on which the range ends.
    pub end_day: Option<Day>,
    /// Start and end as they were written.
    pub text: DateRangeText,
}

/// A date range in its sender's words.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct DateRangeText {
    pub start: Option<String>,
    pub end: Option<String>,
}

const MAX_PRODUCTS: usize = 10_000;

pub(super) fn read(filters: &mut Fields<'_>, zone: &TimeZone) -> (DateRange, Filters) {
    let mut range_fields = filters.object("dateRange");
    let range = read_range(&mut range_fields, zone);
    range_fields.finish();
    if let (Some(start), Some(end)) = (range.start, range.end)
        && start >= end
    {
        filters.problem("dateRange", "its start lies after its end");
    }
    let mut products = filters.object("products");
    let include = products.texts("include", MAX_PRODUCTS, MAX_NAME_CHARS);
    let exclude = products.texts("exclude", MAX_PRODUCTS, MAX_NAME_CHARS);
    products.finish();
    let min_basket_size = filters.integer("min_basket_size", 1..=MAX_BOUND);
    let max_basket_size = filters.integer("max_basket_size", 1..=MAX_BOUND);
    if let (Some(min), Some(max)) = (min_basket_size, max_basket_size)
        && min > max
    {
        filters.problem("min_basket_size", "must not be greater than max_basket_size");
    }
    (range, Filters { include, exclude, min_basket_size, max_basket_size })
}

fn read_range(fields: &mut Fields<'_>, zone: &TimeZone) -> DateRange {
    let start = read_bound(fields, "start");
    let end = read_bound(fields, "end");
    DateRange {
        start: start.as_ref().map(|(bound, _)| bound.first(zone)),
        end: end.as_ref().map(|(bound, _)| bound.after(zone)),
        end_day: end.as_ref().map(|(bound, _)| bound.day(zone)),
        text: DateRangeText { start: start.map(|(_, text)| text), end: end.map(|(_, text)| text) },
    }
}

/// A bound is inclusive on both sides of the range, as a date and as an instant.
#[derive(Debug, Clone, Copy)]
enum Bound {
    Day(Day),
    Instant(Instant),
}

impl Bound {
    fn first(self, zone: &TimeZone) -> Instant {
        match self {
            Self::Day(day) => day.start_in(zone),
            Self::Instant(instant) => instant,
        }
    }
    /// The first instant that lies behind this bound.
    fn after(self, zone: &TimeZone) -> Instant {
        match self {
            Self::Day(day) => Day(day.0 + 1).start_in(zone),
            Self::Instant(instant) => Instant(instant.0 + 1),
        }
    }
    fn day(self, zone: &TimeZone) -> Day {
        match self {
            Self::Day(day) => day,
            Self::Instant(instant) => instant.day_in(zone),
        }
    }
}

fn read_bound(fields: &mut Fields<'_>, name: &'static str) -> Option<(Bound, String)> {
    let bound = match fields.node(name)? {
        Node::String(text) => parse_bound(text).map(|bound| (bound, text.clone())),
        _ => None,
    };
    if bound.is_none() {
        fields.problem(name, "must be a date such as 2025-03-31 or an instant such as 2025-03-31T12:00:00Z");
    }
    bound
}

fn parse_bound(text: &str) -> Option<Bound> {
    let bound = match parse_day(text) {
        Some(day) => Bound::Day(day),
        None => Bound::Instant(parse_instant(text)?),
    };
    in_calendar(bound.day(&TimeZone::UTC)).then_some(bound)
}
