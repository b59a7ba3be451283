//! `filters` of a report: which orders, which products, which basket sizes. Applies none of them.

use super::fields::{Fields, MAX_BOUND};
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

/// As many as fit the bound on a request's body.
const MAX_PRODUCTS: usize = 1_000;

pub(super) fn read(filters: &mut Fields<'_>, zone: &TimeZone) -> (DateRange, Filters) {
    let mut range_fields = filters.object("dateRange");
    let (range, is_reversed) = read_range(&mut range_fields, zone);
    range_fields.finish();
    if is_reversed {
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

/// The range, and whether its start lies after its end.
fn read_range(fields: &mut Fields<'_>, zone: &TimeZone) -> (DateRange, bool) {
    let start = read_bound(fields, "start");
    let end = read_bound(fields, "end");
    let bounds = start.as_ref().zip(end.as_ref());
    let is_reversed = bounds.is_some_and(|((start, _), (end, _))| start.is_after(*end, zone));
    let range = DateRange {
        start: start.as_ref().map(|(bound, _)| bound.first(zone)),
        end: end.as_ref().map(|(bound, _)| bound.after(zone)),
        end_day: end.as_ref().map(|(bound, _)| bound.day(zone)),
        text: DateRangeText { start: start.map(|(_, text)| text), end: end.map(|(_, text)| text) },
    };
    (range, is_reversed)
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
    /// Days compare as days: a zone that moved across the date line skipped one, which has no instant at all.
    fn is_after(self, end: Self, zone: &TimeZone) -> bool {
        match (self, end) {
            (Self::Day(start), Self::Day(end)) => start > end,
            _ => self.first(zone) >= end.after(zone),
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

/// Any date that exists: 1900-01-01 and 9999-12-31 are how many clients write an open end.
fn parse_bound(text: &str) -> Option<Bound> {
    parse_day(text).map(Bound::Day).or_else(|| parse_instant(text).map(Bound::Instant))
}
