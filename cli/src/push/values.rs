//! Cells as the API takes them: numbers as JSON, dates as instants. Exact or refused; nothing is rounded.

use std::borrow::Cow;

use affinsy_core::decimal::{DecimalProblem, Price, Quantity};
use affinsy_core::time::{Instant, parse_instant};
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

/// How the file writes its dates.
#[derive(Debug, Clone)]
pub struct DateForm {
    /// strptime form; `None`: RFC 3339 or `YYYY-MM-DD[ hh:mm[:ss]]`.
    pub format: Option<String>,
    /// Zone of dates that name no offset.
    pub zone: TimeZone,
}

/// A price's text as a JSON number.
pub fn price(cell: &str, decimal_comma: bool) -> Result<Cow<'_, str>, DecimalProblem> {
    let text = json_number(cell, decimal_comma);
    Price::parse(&text).map(|_| text)
}

/// A quantity's text as a JSON number.
pub fn quantity(cell: &str, decimal_comma: bool) -> Result<Cow<'_, str>, DecimalProblem> {
    let text = json_number(cell, decimal_comma);
    Quantity::parse(&text).map(|_| text)
}

/// An order's date as RFC 3339 text; `None` when it is no date.
pub fn date<'a>(cell: &'a str, form: &DateForm) -> Option<Cow<'a, str>> {
    let cell = cell.trim();
    if let Some(format) = &form.format {
        return with_format(cell, format, &form.zone).map(|instant| instant.to_rfc3339().into());
    }
    let instant = parse_instant(cell)?;
    if form.zone == TimeZone::UTC || has_offset(cell) {
        return Some(Cow::Borrowed(cell));
    }
    // Read as UTC above: the wall clock's digits, which now get their zone.
    let wall = TimeZone::UTC.to_datetime(jiff::Timestamp::from_microsecond(instant.0).ok()?);
    in_zone(wall, &form.zone).map(|instant| instant.to_rfc3339().into())
}

/// Whether a date says where its clock hangs.
pub fn has_offset(date: &str) -> bool {
    date.trim().get(10..).is_some_and(|clock| clock.contains(['Z', 'z', '+', '-']))
}

fn with_format(cell: &str, format: &str, zone: &TimeZone) -> Option<Instant> {
    let broken_down = jiff::fmt::strtime::parse(format, cell).ok()?;
    if let Ok(instant) = broken_down.to_timestamp() {
        return Some(Instant(instant.as_microsecond()));
    }
    let wall = broken_down.to_datetime().or_else(|_| broken_down.to_date().map(|day| day.at(0, 0, 0, 0)));
    in_zone(wall.ok()?, zone)
}

fn in_zone(wall: DateTime, zone: &TimeZone) -> Option<Instant> {
    wall.to_zoned(zone.clone()).ok().map(|zoned| Instant(zoned.timestamp().as_microsecond()))
}

/// The same number in JSON's grammar: no plus, no zeros before it, digits around the point.
fn json_number(cell: &str, decimal_comma: bool) -> Cow<'_, str> {
    let text = cell.trim();
    let text = if decimal_comma {
        Cow::Owned(text.replace(['.', ' ', '\u{a0}', '\u{202f}', '\''], "").replace(',', "."))
    } else {
        Cow::Borrowed(text)
    };
    if is_json_number(&text) {
        return text;
    }
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => ("-", digits),
        None => ("", text.strip_prefix('+').unwrap_or(&text)),
    };
    if !digits.starts_with(|c: char| c.is_ascii_digit() || c == '.') {
        return text;
    }
    let (whole, rest) = digits.split_at(digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len()));
    let whole = whole.trim_start_matches('0');
    let whole = if whole.is_empty() { "0" } else { whole };
    let rest = if rest == "." { "" } else { rest };
    Cow::Owned(format!("{sign}{whole}{rest}"))
}

fn is_json_number(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text).as_bytes();
    let plain = digits.iter().all(|b| b.is_ascii_digit() || *b == b'.');
    let starts = match digits {
        [b'0', second, ..] => !second.is_ascii_digit(),
        [first, ..] => first.is_ascii_digit(),
        [] => false,
    };
    plain && starts && digits.last().is_some_and(u8::is_ascii_digit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_become_json_without_changing() {
        let check = |cell: &str, comma, expected: Option<&str>| {
            assert_eq!(price(cell, comma).ok().as_deref(), expected, "{cell}")
        };
        check("2.550", false, Some("2.550"));
        check(" +05 ", false, Some("5"));
        check(".5", false, Some("0.5"));
        check("5.", false, Some("5"));
        check("-0.10", false, Some("-0.10"));
        check("1e3", false, Some("1e3"));
        check("1.234,50", true, Some("1234.50"));
        check("1,50", false, None);
        check("12 EUR", false, None);
        check("1.2345678", false, None);
        check("", false, None);
        check("-", false, None);
        check("1.2.3", false, None);
    }

    #[test]
    fn dates_get_the_zone_they_lack() {
        let form = |format: Option<&str>, zone: &str| DateForm {
            format: format.map(str::to_owned),
            zone: TimeZone::get(zone).expect("known"),
        };
        let check = |cell: &str, form: &DateForm, expected: Option<&str>| {
            assert_eq!(date(cell, form).as_deref(), expected, "{cell}")
        };
        check("2025-07-01 10:00", &form(None, "UTC"), Some("2025-07-01 10:00"));
        check("2025-07-01 10:00", &form(None, "Europe/Berlin"), Some("2025-07-01T08:00:00Z"));
        check("2025-07-01T10:00:00Z", &form(None, "Europe/Berlin"), Some("2025-07-01T10:00:00Z"));
        check("12/1/2010 8:26", &form(Some("%m/%d/%Y %H:%M"), "UTC"), Some("2010-12-01T08:26:00Z"));
        check("1.12.2010", &form(Some("%d.%m.%Y"), "UTC"), Some("2010-12-01T00:00:00Z"));
        check("12/1/2010 8:26", &form(None, "UTC"), None);
    }
}
