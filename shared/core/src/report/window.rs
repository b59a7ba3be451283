//! Which stretch of time a report looks at: the zone, the anchor date and the date range. Knows no clock:
//! without a parameter the anchor comes from the data.

use super::spec::ReportSpec;
use crate::history::History;
use crate::time::{Day, Instant};
use jiff::tz::TimeZone;
use serde::Serialize;

/// Where the anchor date came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum AsOfSource {
    Parameter,
    DateRangeEnd,
    LatestOrder,
    /// Nothing was asked for and there is no order: the report has no anchor, and nothing that needs one.
    NoOrders,
}

/// The time a report is about.
#[derive(Debug, Clone)]
pub struct Window {
    pub zone: TimeZone,
    /// The last calendar date (in `zone`) that counts; `None` only with [`AsOfSource::NoOrders`].
    pub as_of: Option<Day>,
    pub as_of_source: AsOfSource,
    /// First instant inside the date range.
    pub start: Option<Instant>,
    /// First instant after the date range.
    pub end: Option<Instant>,
    /// First instant after `as_of`.
    cutoff: Instant,
}

const NEAR_MICROS: u64 = 48 * 3_600 * 1_000_000;

/// What was asked for about time.
#[derive(Debug, Clone, Copy, Default)]
pub struct AskedTime {
    pub as_of: Option<Day>,
    pub start: Option<Instant>,
    pub end: Option<Instant>,
    pub range_end_day: Option<Day>,
}

impl Window {
    pub fn resolve(spec: &ReportSpec, history: &History) -> Self {
        let asked =
            AskedTime { as_of: spec.as_of, start: spec.start, end: spec.end, range_end_day: spec.range_end_day };
        Self::new(spec.time_zone.clone(), asked, history)
    }

    /// The anchor is the parameter, else the end of the date range, else the date of the latest order of any kind.
    pub fn new(zone: TimeZone, asked: AskedTime, history: &History) -> Self {
        let latest = || history.orders().iter().map(|order| order.date).max().map(|date| date.day_in(&zone));
        let (as_of, as_of_source) = match (asked.as_of, asked.range_end_day) {
            (Some(day), _) => (Some(day), AsOfSource::Parameter),
            (None, Some(day)) => (Some(day), AsOfSource::DateRangeEnd),
            (None, None) => match latest() {
                Some(day) => (Some(day), AsOfSource::LatestOrder),
                None => (None, AsOfSource::NoOrders),
            },
        };
        let cutoff = as_of.map_or(Instant(i64::MAX), |day| Day(day.0 + 1).start_in(&zone));
        Self { zone, as_of, as_of_source, start: asked.start, end: asked.end, cutoff }
    }

    /// The same range in the same zone, seen from another date.
    #[must_use]
    pub fn at(&self, as_of: Day) -> Self {
        let cutoff = Day(as_of.0 + 1).start_in(&self.zone);
        Self { as_of: Some(as_of), as_of_source: AsOfSource::Parameter, cutoff, ..self.clone() }
    }

    /// Not later than `as_of`.
    pub fn is_known(&self, date: Instant) -> bool {
        // Where clocks go back across midnight the dates of instants are not in order: near it, dates decide.
        match self.as_of {
            Some(as_of) if date.0.abs_diff(self.cutoff.0) < NEAR_MICROS => self.day(date) <= as_of,
            _ => date < self.cutoff,
        }
    }

    /// Inside the date range; `as_of` is another matter.
    pub fn in_range(&self, date: Instant) -> bool {
        self.start.is_none_or(|start| start <= date) && self.end.is_none_or(|end| date < end)
    }

    pub fn day(&self, date: Instant) -> Day {
        date.day_in(&self.zone)
    }
}
