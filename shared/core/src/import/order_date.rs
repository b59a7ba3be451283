//! Dates as shops write them: year first with or without an offset, day or month first as the whole file has it, or
//! in the caller's form. No clock: "now" is an argument.

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;

use super::findings::DateStyle;
use super::number::Seen;
use super::{ImportProblem, Settings};
use crate::order::check_date;
use crate::time::{Instant, parse_instant};

/// Reads the dates of one file.
#[derive(Debug)]
pub(super) struct DateReader {
    format: Option<String>,
    style: DateStyle,
    zone: TimeZone,
    now: Instant,
    /// The cell read last: rows of one order carry the same.
    last: (String, Option<Dated>),
}

/// A date, and whether the cell said where its clock hangs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Dated {
    pub instant: Instant,
    pub has_offset: bool,
}

impl DateReader {
    pub fn new(settings: &Settings, style: DateStyle, now: Instant) -> Self {
        let zone = settings.time_zone.as_deref().and_then(crate::time::zone).unwrap_or(TimeZone::UTC);
        Self { format: settings.date_format.clone(), style, zone, now, last: (String::new(), None) }
    }

    /// The date of a cell, which is trimmed and not empty.
    pub fn read(&mut self, cell: &str) -> Result<Dated, String> {
        if let (last, Some(dated)) = &self.last
            && last == cell
        {
            return Ok(*dated);
        }
        let dated = self.parse(cell).ok_or_else(|| self.hint())?;
        check_date(dated.instant, self.now)?;
        self.last.0.clear();
        self.last.0.push_str(cell);
        self.last.1 = Some(dated);
        Ok(dated)
    }

    fn parse(&self, cell: &str) -> Option<Dated> {
        if let Some(format) = &self.format {
            return self.with_format(cell, format);
        }
        if let Some((instant, has_offset)) = year_first(cell) {
            if has_offset || self.zone == TimeZone::UTC {
                return Some(Dated { instant, has_offset });
            }
            let timestamp = jiff::Timestamp::from_microsecond(instant.0).ok()?;
            return self.in_zone(TimeZone::UTC.to_datetime(timestamp));
        }
        self.in_zone(Numeric::parse(cell)?.wall(self.style)?)
    }

    fn with_format(&self, cell: &str, format: &str) -> Option<Dated> {
        let parts = jiff::fmt::strtime::parse(format, cell).ok()?;
        if let Ok(timestamp) = parts.to_timestamp() {
            return Some(Dated { instant: Instant(timestamp.as_microsecond()), has_offset: true });
        }
        self.in_zone(parts.to_datetime().or_else(|_| parts.to_date().map(|day| day.at(0, 0, 0, 0))).ok()?)
    }

    fn in_zone(&self, wall: DateTime) -> Option<Dated> {
        let zoned = wall.to_zoned(self.zone.clone()).ok()?;
        Some(Dated { instant: Instant(zoned.timestamp().as_microsecond()), has_offset: false })
    }

    fn hint(&self) -> String {
        match &self.format {
            Some(format) => format!("is not a date of the form {format}"),
            None => "is not a date such as 2025-03-15 or 2025-03-15T10:30:00Z".to_owned(),
        }
    }
}

/// A date whose year stands first, and whether it names its offset. Beyond the API's dates: slashes, a space before the
/// offset, UTC by its name.
fn year_first(cell: &str) -> Option<(Instant, bool)> {
    if !cell.as_bytes().first_chunk::<4>()?.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let has_offset = |text: &str| text.get(10..).is_some_and(|clock| clock.contains(['Z', 'z', '+', '-']));
    if let Some(instant) = parse_instant(cell) {
        return Some((instant, has_offset(cell)));
    }
    let mut text = cell.get(..10)?.replace('/', "-");
    let clock = &cell[10..];
    let (clock, offset) = match clock.rfind(' ').filter(|at| *at > 0).map(|at| clock.split_at(at)) {
        Some((clock, " UTC" | " GMT" | " Z")) => (clock, "Z"),
        Some((clock, offset)) if offset.starts_with([' ']) && offset[1..].starts_with(['+', '-']) => {
            (clock, &offset[1..])
        }
        _ => (clock, ""),
    };
    text.extend([clock, offset]);
    parse_instant(&text).map(|instant| (instant, has_offset(&text)))
}

/// `7/10/2025 9:50 PM`: three numbers of which the last is the year, and perhaps a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Numeric {
    first: i8,
    second: i8,
    year: i16,
    dotted: bool,
    time: Time,
}

impl Numeric {
    fn parse(cell: &str) -> Option<Self> {
        let (day, time) = cell.split_once([' ', 'T', ',']).unwrap_or((cell, ""));
        let separator = day.chars().find(|c| matches!(c, '/' | '.' | '-'))?;
        let mut parts = day.split(separator);
        let (first, second, year) = (digits(parts.next()?, 2)?, digits(parts.next()?, 2)?, parts.next()?);
        if parts.next().is_some() || year.len() != 4 {
            return None;
        }
        Some(Self {
            first: i8::try_from(first).ok()?,
            second: i8::try_from(second).ok()?,
            year: i16::try_from(digits(year, 4)?).ok()?,
            dotted: separator == '.',
            time: clock(time.trim())?,
        })
    }

    fn wall(self, style: DateStyle) -> Option<DateTime> {
        let (day, month) = match style {
            _ if self.dotted => (self.first, self.second),
            DateStyle::DayFirst => (self.first, self.second),
            DateStyle::MonthFirst => (self.second, self.first),
            DateStyle::YearFirst => return None,
        };
        Date::new(self.year, month, day).ok().map(|date| date.to_datetime(self.time))
    }
}

/// `9:50`, `09:50:26`, `9:50 PM`; nothing is midnight.
fn clock(text: &str) -> Option<Time> {
    if text.is_empty() {
        return Some(Time::midnight());
    }
    let upper = text.to_ascii_uppercase();
    let (text, half) = match (upper.strip_suffix("AM"), upper.strip_suffix("PM")) {
        (Some(text), _) => (text.trim_end(), Some(0)),
        (_, Some(text)) => (text.trim_end(), Some(12)),
        _ => (upper.as_str(), None),
    };
    let mut parts = text.split(':');
    let (hour, minute) = (digits(parts.next()?, 2)?, digits(parts.next()?, 2)?);
    let second = parts.next().map_or(Some(0), |second| digits(second, 2))?;
    let hour = match half {
        Some(_) if !(1..=12).contains(&hour) => return None,
        Some(half) => hour % 12 + half,
        None => hour,
    };
    let small = |number: i32| i8::try_from(number).ok();
    Time::new(small(hour)?, small(minute)?, small(second)?, 0).ok().filter(|_| parts.next().is_none())
}

fn digits(text: &str, most: usize) -> Option<i32> {
    let plain = (1..=most).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    plain.then(|| text.parse().ok()).flatten()
}

/// What all dates of a file say of the form they are in.
#[derive(Debug, Default)]
pub(super) struct DateEvidence {
    readable: u64,
    day_first: Seen,
    month_first: Seen,
    either: Seen,
    unknown: Seen,
    last: String,
}

impl DateEvidence {
    pub fn add(&mut self, line: u64, cell: &str) {
        if cell == self.last {
            return;
        }
        self.last.clear();
        self.last.push_str(cell);
        if year_first(cell).is_some() {
            self.readable += 1;
            return;
        }
        let Some(date) = Numeric::parse(cell) else { return self.unknown.add(line, cell) };
        let fits = |style| date.wall(style).is_some();
        match (fits(DateStyle::DayFirst), fits(DateStyle::MonthFirst)) {
            (false, false) => self.unknown.add(line, cell),
            _ if date.dotted => self.readable += 1,
            (true, false) => self.day_first.add(line, cell),
            (false, true) => self.month_first.add(line, cell),
            (true, true) if date.first == date.second => self.readable += 1,
            (true, true) => self.either.add(line, cell),
        }
    }

    pub fn decide(self) -> Result<DateStyle, ImportProblem> {
        let Self { readable, day_first, month_first, either, unknown, .. } = self;
        match (day_first.count, month_first.count) {
            (0, 0) if either.count > 0 => {
                Err(ImportProblem::AmbiguousDates { line: either.line, example: either.example })
            }
            (0, 0) if readable == 0 && unknown.count > 0 => {
                Err(ImportProblem::UnknownDates { line: unknown.line, example: unknown.example })
            }
            // A day that is its month as well, or none at all.
            (0, 0) => Ok(if readable > 0 { DateStyle::DayFirst } else { DateStyle::YearFirst }),
            (_, 0) => Ok(DateStyle::DayFirst),
            (0, _) => Ok(DateStyle::MonthFirst),
            _ if month_first.is_slip_beside(&day_first) => Ok(DateStyle::DayFirst),
            _ if day_first.is_slip_beside(&month_first) => Ok(DateStyle::MonthFirst),
            _ => Err(ImportProblem::MixedDates {
                day_first: day_first.example,
                day_line: day_first.line,
                month_first: month_first.example,
                month_line: month_first.line,
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(cell: &str, (format, zone, style): (Option<&str>, &str, DateStyle), expected: Option<(&str, bool)>) {
        let settings = Settings {
            date_format: format.map(str::to_owned),
            time_zone: Some(zone.to_owned()),
            ..Settings::default()
        };
        let now = parse_instant("2026-01-01").expect("valid");
        let dated = DateReader::new(&settings, style, now).read(cell).ok();
        let dated = dated.map(|dated| (dated.instant.to_rfc3339(), dated.has_offset));
        assert_eq!(dated, expected.map(|(text, offset)| (text.to_owned(), offset)), "{cell}");
    }

    #[test]
    fn dates_with_the_year_first() {
        let usual = (None, "UTC", DateStyle::YearFirst);
        check("2025-10-07 09:50:26 +0200", usual, Some(("2025-10-07T07:50:26Z", true)));
        check("2025-10-07 09:50:26 UTC", usual, Some(("2025-10-07T09:50:26Z", true)));
        check("2025/10/07 09:50", usual, Some(("2025-10-07T09:50:00Z", false)));
        check("2025-10-07", usual, Some(("2025-10-07T00:00:00Z", false)));
        check("2025-10-07T09:50:26-05:00", usual, Some(("2025-10-07T14:50:26Z", true)));
        check("2025-07-01 10:00", (None, "Europe/Berlin", usual.2), Some(("2025-07-01T08:00:00Z", false)));
        check("2025-07-01T10:00:00Z", (None, "Europe/Berlin", usual.2), Some(("2025-07-01T10:00:00Z", true)));
        for refused in ["2025-13-01", "yesterday", "7/10/2025", "2026-02-01", "1969-12-31", "2025-10-07 +0200 x"] {
            check(refused, usual, None);
        }
    }

    #[test]
    fn dates_with_the_day_or_the_month_first() {
        let (day, month) = ((None, "UTC", DateStyle::DayFirst), (None, "UTC", DateStyle::MonthFirst));
        check("7/10/2025 9:50", day, Some(("2025-10-07T09:50:00Z", false)));
        check("7/10/2025 9:50 PM", month, Some(("2025-07-10T21:50:00Z", false)));
        check("07.10.2025", month, Some(("2025-10-07T00:00:00Z", false)));
        check("07-10-2025, 12:01:02 am", day, Some(("2025-10-07T00:01:02Z", false)));
        check("1/7/2025 10:00", (None, "Europe/Berlin", day.2), Some(("2025-07-01T08:00:00Z", false)));
        for refused in ["13/13/2025", "7/10/25", "7/10", "1/2/2025 25:00", "1/2/2025 0:30 PM"] {
            check(refused, day, None);
        }
    }

    #[test]
    fn dates_in_the_caller_s_form() {
        let form = |format| (Some(format), "UTC", DateStyle::YearFirst);
        check("12/1/2010 8:26", form("%m/%d/%Y %H:%M"), Some(("2010-12-01T08:26:00Z", false)));
        check("1.12.2010", form("%d.%m.%Y"), Some(("2010-12-01T00:00:00Z", false)));
        check("1.12.2010 10:00 +0100", form("%d.%m.%Y %H:%M %z"), Some(("2010-12-01T09:00:00Z", true)));
        check("2010-12-01", form("%d.%m.%Y"), None);
    }

    #[test]
    fn the_whole_file_decides() {
        let check = |cells: &[&str], expected| {
            let mut evidence = DateEvidence::default();
            cells.iter().zip(2..).for_each(|(cell, line)| evidence.add(line, cell));
            assert_eq!(evidence.decide().map_err(|problem| problem.code()), expected, "{cells:?}");
        };
        check(&["2025-10-07"], Ok(DateStyle::DayFirst));
        check(&[], Ok(DateStyle::YearFirst));
        check(&["1/2/2025", "13/2/2025"], Ok(DateStyle::DayFirst));
        check(&["1/2/2025", "2/13/2025"], Ok(DateStyle::MonthFirst));
        check(&["7.10.2025"], Ok(DateStyle::DayFirst));
        check(&["1/2/2025", "1/1/2025"], Err("ambiguous_dates"));
        check(&["13/2/2025", "2/13/2025"], Err("mixed_dates"));
        check(&["Oct 7, 2025"], Err("unknown_dates"));
        check(&["Oct 7, 2025", "2025-10-08"], Ok(DateStyle::DayFirst));
    }
}
