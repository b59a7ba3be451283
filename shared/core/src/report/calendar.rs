//! When something that comes again comes next. No clock: "now" is an argument.

use crate::time::{Day, Instant};
use jiff::civil::{Date, Weekday};
use jiff::tz::TimeZone;

/// How often.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Every {
    Day,
    Week(Weekday),
    /// On this day of each month, or on the last of a month that has fewer.
    Month(i8),
}

/// The instants of a calendar: on these days, at this time in this zone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Calendar {
    pub every: Every,
    pub hour: i8,
    pub minute: i8,
    pub zone: TimeZone,
}

/// A month and its neighbours: one of so many days fits.
const MOST_DAYS: i32 = 63;

impl Calendar {
    /// The first of its instants that lies after another. Where clocks are set forward over the time, it is an hour
    /// later; where they are set back over it, the first of the two.
    pub fn next_after(&self, after: Instant) -> Instant {
        let first = after.day_in(&self.zone);
        let days = (0..MOST_DAYS).map(|ahead| Day(first.0 + ahead)).filter(|day| self.fits(day.date()));
        let mut instants = days.map(|day| self.at(day));
        instants.find(|at| *at > after).unwrap_or(Instant(i64::MAX))
    }

    fn fits(&self, date: Date) -> bool {
        match self.every {
            Every::Day => true,
            Every::Week(weekday) => date.weekday() == weekday,
            Every::Month(day) => date.day() == day.min(date.days_in_month()),
        }
    }

    fn at(&self, day: Day) -> Instant {
        let zoned = day.date().at(self.hour, self.minute, 0, 0).to_zoned(self.zone.clone());
        zoned.map_or_else(|_| day.start_in(&self.zone), |zoned| Instant(zoned.timestamp().as_microsecond()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::{parse_instant, zone};

    #[track_caller]
    fn check(every: Every, at: (i8, i8), zone_name: &str, after: &str, expected: &str) {
        let calendar = Calendar { every, hour: at.0, minute: at.1, zone: zone(zone_name).expect("a zone") };
        let next = calendar.next_after(parse_instant(after).expect("an instant"));
        assert_eq!(next.to_rfc3339(), expected, "{every:?} {at:?} {zone_name} after {after}");
    }

    #[test]
    fn the_next_day_week_or_month() {
        check(Every::Day, (6, 0), "UTC", "2025-03-20T05:59:59Z", "2025-03-20T06:00:00Z");
        check(Every::Day, (6, 0), "UTC", "2025-03-20T06:00:00Z", "2025-03-21T06:00:00Z");
        check(Every::Day, (6, 0), "Asia/Tokyo", "2025-03-20T21:00:00Z", "2025-03-21T21:00:00Z");
        check(Every::Week(Weekday::Monday), (0, 30), "UTC", "2025-03-20T12:00:00Z", "2025-03-24T00:30:00Z");
        check(Every::Week(Weekday::Thursday), (12, 0), "UTC", "2025-03-20T12:00:00Z", "2025-03-27T12:00:00Z");
        check(Every::Month(1), (6, 0), "UTC", "2025-12-31T23:00:00Z", "2026-01-01T06:00:00Z");
        check(Every::Month(31), (6, 0), "UTC", "2025-01-31T06:00:00Z", "2025-02-28T06:00:00Z");
        check(Every::Month(31), (6, 0), "UTC", "2024-02-01T00:00:00Z", "2024-02-29T06:00:00Z");
        check(Every::Month(30), (6, 0), "UTC", "2025-02-28T06:00:00Z", "2025-03-30T06:00:00Z");
    }

    #[test]
    fn clocks_that_are_set() {
        // 2025-03-30: 02:00 becomes 03:00; 2025-10-26: 03:00 becomes 02:00.
        check(Every::Day, (2, 30), "Europe/Berlin", "2025-03-29T12:00:00Z", "2025-03-30T01:30:00Z");
        check(Every::Day, (2, 30), "Europe/Berlin", "2025-03-30T01:30:00Z", "2025-03-31T00:30:00Z");
        check(Every::Day, (2, 30), "Europe/Berlin", "2025-10-25T12:00:00Z", "2025-10-26T00:30:00Z");
        check(Every::Day, (2, 30), "Europe/Berlin", "2025-10-26T00:30:00Z", "2025-10-27T01:30:00Z");
        // Samoa had no 30 December 2011.
        check(Every::Day, (6, 0), "Pacific/Apia", "2011-12-29T16:00:00Z", "2011-12-30T16:00:00Z");
    }
}
