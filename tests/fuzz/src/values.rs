//! Dates and decimals: exact, within bounds, and the same when they are written and read again.

use affinsy_core::decimal::{Amount, DecimalProblem, Price, Quantity};
use affinsy_core::time::{Day, Instant, parse_day, parse_instant, zone};

/// Zones of every kind: none, summer time on both halves of the earth, a day that never was, half hours.
const ZONES: [&str; 5] = ["UTC", "Europe/Berlin", "America/Sao_Paulo", "Pacific/Apia", "Asia/Kolkata"];
const MICROS_PER_DAY: i64 = 86_400_000_000;

pub fn dates(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    if let Some(day) = parse_day(text) {
        assert_eq!(day.to_string(), text);
        assert_eq!(parse_instant(text), Some(Instant(i64::from(day.0) * MICROS_PER_DAY)));
        ZONES.iter().for_each(|name| check_day(day, name));
    }
    if let Some(instant) = parse_instant(text) {
        check_instant(text, instant);
    }
    if let Some(zone) = zone(text) {
        let noon = parse_instant("2025-06-15T12:00").expect("a date");
        assert!((noon.day_in(&zone).0 - noon.day_in(&jiff_utc()).0).abs() <= 1, "{text}");
    }
}

fn check_day(day: Day, name: &str) {
    let zone = zone(name).expect("known");
    let start = day.start_in(&zone);
    let off = start.0 - i64::from(day.0) * MICROS_PER_DAY;
    // Apia is where a day was left out.
    assert!(off.abs() <= 2 * MICROS_PER_DAY, "{day} {name} starts at {start:?}");
    assert!((0..=1).contains(&start.day_in(&zone).days_since(day)), "{day} {name} starts at {start:?}");
}

fn check_instant(text: &str, instant: Instant) {
    let day = text.get(..10).and_then(parse_day).expect("every instant begins with its date");
    let off = instant.0 - i64::from(day.0) * MICROS_PER_DAY;
    assert!((-MICROS_PER_DAY..2 * MICROS_PER_DAY).contains(&off), "{text}");
    for name in ZONES {
        let found = instant.day_in(&zone(name).expect("known"));
        assert!(found.days_since(day).abs() <= 2, "{text} in {name} is {found}");
    }
    // An offset can carry a date out of the years that have four digits.
    if (parse_day("0001-01-01").expect("a date").0..=parse_day("9999-12-30").expect("a date").0)
        .contains(&instant.day_in(&jiff_utc()).0)
    {
        assert_eq!(parse_instant(&instant.to_rfc3339()), Some(instant), "{text}");
    }
}

fn jiff_utc() -> jiff::tz::TimeZone {
    zone("UTC").expect("known")
}

pub fn decimals(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    // The parsers take the text of a JSON number; of others they may be lenient, never wrong.
    let number = serde_json::from_str::<serde_json::Number>(text).ok().filter(|_| text.trim() == text);
    let price = Price::parse(text).map(|price| (i128::from(price.millionths()), 1e6));
    let quantity = Quantity::parse(text).map(|quantity| (i128::from(quantity.thousandths()), 1e3));
    let amount = Amount::parse(text).map(|amount| (amount.billionths(), 1e9));
    for read in [price, quantity, amount] {
        match (read, number.as_ref().and_then(serde_json::Number::as_f64)) {
            (Ok((units, per_one)), Some(about)) => {
                let value = units as f64 / per_one;
                assert!((value - about).abs() <= about.abs() * 1e-9 + f64::MIN_POSITIVE, "{text}: {value}");
            }
            (Err(problem), Some(_)) => assert_ne!(problem, DecimalProblem::NotANumber, "{text}"),
            (Ok(_) | Err(_), None) => {}
        }
    }
    if let (Ok(price), Ok(quantity)) = (Price::parse(text), Quantity::parse(text)) {
        assert!(i128::from(price.millionths()).abs() < 10i128.pow(18), "{text}");
        assert!(i128::from(quantity.thousandths()).abs() <= 10i128.pow(12), "{text}");
        let product = i128::from(price.millionths()) * i128::from(quantity.thousandths());
        assert_eq!(price.times(quantity).billionths(), product);
    }
    if let Ok(amount) = Amount::parse(text) {
        let shown = amount.to_text();
        assert!(shown.len() <= 64, "{shown}");
        assert!(serde_json::from_str::<serde_json::Number>(&shown).is_ok(), "{shown}");
        let again = Amount::parse(&shown).map(Amount::to_text);
        assert_eq!(again.as_ref(), Ok(&shown), "{text}");
    }
}
