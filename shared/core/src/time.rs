//! Instants, calendar dates and the one date parser of the contract. No clock: "now" is an argument.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// An instant in microseconds since 1970-01-01T00:00:00Z.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant(pub i64);

/// A calendar date as days since 1970-01-01, in whichever time zone it was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day(pub i32);

const MICROS_PER_SECOND: i64 = 1_000_000;
const MICROS_PER_DAY: i64 = 86_400 * MICROS_PER_SECOND;

impl Instant {
    pub const fn from_unix_ms(ms: i64) -> Self {
        Self(ms * 1_000)
    }
    pub const fn unix_ms(self) -> i64 {
        self.0.div_euclid(1_000)
    }
    pub const fn unix_s(self) -> i64 {
        self.0.div_euclid(MICROS_PER_SECOND)
    }
    #[must_use]
    pub const fn plus_ms(self, ms: i64) -> Self {
        Self(self.0.saturating_add(ms.saturating_mul(1_000)))
    }
    /// The calendar date of this instant in a zone.
    pub fn day_in(self, zone: &TimeZone) -> Day {
        if *zone == TimeZone::UTC {
            return Day(self.0.div_euclid(MICROS_PER_DAY) as i32);
        }
        match jiff::Timestamp::from_microsecond(self.0) {
            Ok(timestamp) => Day::from_date(zone.to_datetime(timestamp).date()),
            // The last hours of year 9999, which no zone can tell from UTC.
            Err(_) => Day(self.0.div_euclid(MICROS_PER_DAY) as i32),
        }
    }
    /// `2025-03-15T10:32:00Z`, with a fraction only where there is one.
    pub fn to_rfc3339(self) -> String {
        jiff::Timestamp::from_microsecond(self.0).unwrap_or_default().to_string()
    }
    /// `2025-03-15T10:32:00Z`: whole seconds, as the webhook body has it.
    pub fn to_rfc3339_seconds(self) -> String {
        Self(self.unix_s() * MICROS_PER_SECOND).to_rfc3339()
    }
}

impl Serialize for Instant {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.to_rfc3339())
    }
}

/// How records keep an instant: the number of microseconds, which sorts and compares in a table.
pub mod micros {
    use super::{Deserialize, Deserializer, Instant, Serializer};

    pub fn serialize<S: Serializer>(instant: &Instant, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_i64(instant.0)
    }
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Instant, D::Error> {
        i64::deserialize(deserializer).map(Instant)
    }

    /// The same for an instant that may be missing; the field needs `#[serde(default)]`.
    pub mod option {
        use super::{Deserialize, Deserializer, Instant, Serializer};

        pub fn serialize<S: Serializer>(instant: &Option<Instant>, serializer: S) -> Result<S::Ok, S::Error> {
            match instant {
                Some(instant) => serializer.serialize_some(&instant.0),
                None => serializer.serialize_none(),
            }
        }
        pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Instant>, D::Error> {
            Ok(Option::<i64>::deserialize(deserializer)?.map(Instant))
        }
    }
}

impl Day {
    pub fn from_date(date: Date) -> Self {
        let since = date - Date::constant(1970, 1, 1);
        Self(since.get_days())
    }
    pub fn date(self) -> Date {
        Date::constant(1970, 1, 1).saturating_add(jiff::Span::new().days(self.0))
    }
    /// The first instant of this date in a zone (DST days are 23 or 25 hours long; this knows).
    pub fn start_in(self, zone: &TimeZone) -> Instant {
        let zoned = self.date().to_zoned(zone.clone());
        Instant(zoned.map(|z| z.timestamp().as_microsecond()).unwrap_or(i64::from(self.0) * MICROS_PER_DAY))
    }
    pub const fn days_since(self, earlier: Self) -> i64 {
        self.0 as i64 - earlier.0 as i64
    }
}

/// `2025-03-15`.
impl std::fmt::Display for Day {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.date())
    }
}

impl Serialize for Day {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// An IANA zone by its name; `None` when there is no such zone.
pub fn zone(name: &str) -> Option<TimeZone> {
    if name.eq_ignore_ascii_case("utc") || name == "Z" {
        return Some(TimeZone::UTC);
    }
    // Placeholders of the database for "not set": they have no place on earth.
    let is_placeholder = ["Factory", "Etc/Unknown"].iter().any(|unset| unset.eq_ignore_ascii_case(name));
    TimeZone::get(name).ok().filter(|zone| !is_placeholder && !zone.is_unknown())
}

/// `YYYY-MM-DD` and nothing else.
pub fn parse_day(text: &str) -> Option<Day> {
    let bytes = text.as_bytes();
    let shaped = bytes.len() == 10 && bytes[4] == b'-' && bytes[7] == b'-';
    let (year, month, day) = (number(bytes.get(..4)?)?, number(bytes.get(5..7)?)?, number(bytes.get(8..10)?)?);
    let date = Date::new(i16::try_from(year).ok()?, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()?;
    shaped.then(|| Day::from_date(date))
}

/// The date parser of the contract: RFC 3339 with `T` or a space, seconds optional, at most 9 decimals of a
/// second (kept to the microsecond), offset `Z`, `±hh:mm`, `±hhmm` or none; or a date alone. Without an
/// offset it is UTC. Leap seconds (`:60`), 24:00 and dates that do not exist are refused.
pub fn parse_instant(text: &str) -> Option<Instant> {
    let day = parse_day(text.get(..10)?)?;
    let midnight = i64::from(day.0) * MICROS_PER_DAY;
    let rest = &text.as_bytes()[10..];
    let Some((separator, clock)) = rest.split_first() else { return Some(Instant(midnight)) };
    if !matches!(separator, b'T' | b't' | b' ') {
        return None;
    }
    let (micros, tail) = clock_micros(clock)?;
    Some(Instant(midnight + micros - offset_micros(tail)?))
}

/// Microseconds of `hh:mm[:ss[.fraction]]` and what stands behind it.
fn clock_micros(clock: &[u8]) -> Option<(i64, &[u8])> {
    let (hour, minute) = (number(clock.get(..2)?)?, number(clock.get(3..5)?)?);
    if clock[2] != b':' || hour > 23 || minute > 59 {
        return None;
    }
    let minutes = (hour * 60 + minute) * 60 * MICROS_PER_SECOND;
    let Some(rest) = clock[5..].strip_prefix(b":") else { return Some((minutes, &clock[5..])) };
    let second = number(rest.get(..2)?)?;
    if second > 59 {
        return None;
    }
    let micros = minutes + second * MICROS_PER_SECOND;
    let Some(fraction) = rest[2..].strip_prefix(b".") else { return Some((micros, &rest[2..])) };
    let len = fraction.iter().take_while(|b| b.is_ascii_digit()).count();
    if len == 0 || len > 9 {
        return None;
    }
    let shown = &fraction[..len.min(6)];
    let part = number(shown)? * 10i64.pow(6 - shown.len() as u32);
    Some((micros + part, &fraction[len..]))
}

fn offset_micros(tail: &[u8]) -> Option<i64> {
    let sign = match tail {
        [] | b"Z" | b"z" => return Some(0),
        [b'+', ..] => 1,
        [b'-', ..] => -1,
        _ => return None,
    };
    let (hours, minutes) = match &tail[1..] {
        [h @ .., b':', m1, m2] if h.len() == 2 => (number(h)?, number(&[*m1, *m2])?),
        digits if digits.len() == 4 => (number(&digits[..2])?, number(&digits[2..])?),
        _ => return None,
    };
    (hours <= 23 && minutes <= 59).then_some(sign * (hours * 60 + minutes) * 60 * MICROS_PER_SECOND)
}

fn number(digits: &[u8]) -> Option<i64> {
    digits.iter().try_fold(0i64, |value, digit| digit.is_ascii_digit().then(|| value * 10 + i64::from(digit - b'0')))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_parser_for_every_date() {
        let check = |text: &str, expected: Option<&str>| {
            assert_eq!(parse_instant(text).map(Instant::to_rfc3339).as_deref(), expected, "{text}")
        };
        check("2025-03-15T10:30:00Z", Some("2025-03-15T10:30:00Z"));
        check("2025-03-15 10:30", Some("2025-03-15T10:30:00Z"));
        check("2025-03-15", Some("2025-03-15T00:00:00Z"));
        check("2025-10-07T09:50:26+02:00", Some("2025-10-07T07:50:26Z"));
        check("2025-10-07 09:50:26.5-0330", Some("2025-10-07T13:20:26.5Z"));
        check("2025-02-30", None);
        check("2025-03-15T10:30:60Z", None);
        check("2025-03-15T24:00:00Z", None);
        check("2025-03-15T10:30:00+", None);
        check("2025-3-15", None);
        check("٢٠٢٥-03-15", None);
        check("", None);
    }

    #[test]
    fn zones_are_places() {
        let check = |name: &str, known: bool| assert_eq!(zone(name).is_some(), known, "{name}");
        check("utc", true);
        check("Europe/Berlin", true);
        check("Factory", false);
        check("factory", false);
        check("Etc/Unknown", false);
        check("Mars/Olympus", false);
    }

    #[test]
    fn the_last_hours_of_the_calendar_have_a_day() {
        let check = |text: &str, name: &str, day: &str| {
            let zone = zone(name).expect("known");
            assert_eq!(parse_instant(text).expect("valid").day_in(&zone).to_string(), day, "{text} {name}")
        };
        check("9999-12-31T23:59:59Z", "UTC", "9999-12-31");
        check("9999-12-31T23:59:59Z", "Europe/Berlin", "9999-12-31");
        check("9999-12-31T23:59:59-12:00", "Europe/Berlin", "9999-12-31");
    }

    #[test]
    fn days_follow_the_zone() {
        let late = parse_instant("2025-03-30T23:30:00Z").expect("valid");
        assert_eq!(late.day_in(&TimeZone::UTC).to_string(), "2025-03-30");
        assert_eq!(late.day_in(&zone("Europe/Berlin").expect("known")).to_string(), "2025-03-31");
        let start = parse_day("2025-03-30").expect("valid").start_in(&zone("Europe/Berlin").expect("known"));
        assert_eq!(start.to_rfc3339(), "2025-03-29T23:00:00Z");
    }
}
