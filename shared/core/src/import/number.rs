//! Numbers as shops write them: `1,234.56`, `1.234,56`, `1 234,56`, `1,23,456.78`. Exact or refused; nothing is rounded,
//! and which mark is the decimal one is a question to the whole file.

use std::borrow::Cow;

use super::settings::DecimalMark;
use super::{ImportProblem, problem};
use crate::decimal::{DecimalProblem, Price, Quantity};

/// A price's text.
pub fn price(cell: &str, mark: DecimalMark) -> Result<Price, DecimalProblem> {
    match small(cell, mark, Price::DECIMALS) {
        Some(millionths) => Price::from_millionths(millionths),
        None => Price::parse(&normal(cell, mark).ok_or(DecimalProblem::NotANumber)?),
    }
}

/// A quantity's text.
pub fn quantity(cell: &str, mark: DecimalMark) -> Result<Quantity, DecimalProblem> {
    match small(cell, mark, Quantity::DECIMALS) {
        Some(thousandths) => Ok(Quantity::from_thousandths(thousandths)),
        None => Quantity::parse(&normal(cell, mark).ok_or(DecimalProblem::NotANumber)?),
    }
}

/// The way most cells are: a few digits, perhaps a mark and a few more. `None` for all others.
fn small(cell: &str, mark: DecimalMark, decimals: u32) -> Option<i64> {
    const FEW: usize = 9;
    let (negative, digits) = match cell.as_bytes() {
        [b'-', rest @ ..] => (true, rest),
        rest => (false, rest),
    };
    let (mut value, mut seen, mut behind) = (0i64, 0, None);
    for &byte in digits {
        match byte {
            b'0'..=b'9' => {
                value = value * 10 + i64::from(byte - b'0');
                seen += 1;
                behind = behind.map(|count: u32| count + 1);
            }
            _ if byte == mark.byte() && behind.is_none() => behind = Some(0),
            _ => return None,
        }
        if seen > FEW {
            return None;
        }
    }
    let missing = decimals.checked_sub(behind.unwrap_or(0))?;
    (seen > 0).then(|| value * 10i64.pow(missing) * if negative { -1 } else { 1 })
}

/// The number in JSON's grammar; `None` where it is none in this form.
fn normal(cell: &str, mark: DecimalMark) -> Option<Cow<'_, str>> {
    let (negative, body) = bare(cell);
    let (mantissa, exponent) = body.find(['e', 'E']).map_or((body, ""), |at| body.split_at(at));
    let mut parts = mantissa.split(char::from(mark.byte()));
    let (whole, fraction) = (parts.next()?, parts.next());
    let is_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if parts.next().is_some() || !fraction.is_none_or(is_digits) {
        return None;
    }
    let fraction = fraction.unwrap_or("");
    let whole = if is_digits(whole) { Cow::Borrowed(whole) } else { Cow::Owned(ungrouped(whole, mark)?) };
    if whole.is_empty() && fraction.is_empty() {
        return None;
    }
    let sign = if negative { "-" } else { "" };
    Some(Cow::Owned(format!("{sign}{whole}.{fraction}0{exponent}")))
}

/// A number without its sign, the spaces around it and a currency's symbol.
fn bare(cell: &str) -> (bool, &str) {
    let symbol = |c: char| c.is_whitespace() || matches!(c, '$' | '¢' | '£' | '¤' | '¥' | '₠'..='₿');
    let text = cell.trim_matches(symbol);
    let (negative, text) = match text.strip_prefix(['-', '−']) {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    (negative, text.trim_start_matches(symbol))
}

/// The digits of a whole number in groups: of three, or the last of three and the others of two as India writes.
fn ungrouped(whole: &str, mark: DecimalMark) -> Option<String> {
    let other = char::from(mark.other().byte());
    let separator = whole.chars().find(|c| !c.is_ascii_digit())?;
    if separator != other && !matches!(separator, ' ' | '\u{a0}' | '\u{202f}' | '\u{2009}' | '\'' | '’') {
        return None;
    }
    let groups: Vec<&str> = whole.split(separator).collect();
    let (first, rest) = groups.split_first()?;
    let (last, middle) = rest.split_last()?;
    let middle_of = |len: usize| middle.iter().all(|group| group.len() == len);
    let fits = last.len() == 3 && ((1..=3).contains(&first.len()) && middle_of(3) || first.len() <= 2 && middle_of(2));
    let plain = groups.iter().all(|group| group.bytes().all(|byte| byte.is_ascii_digit()));
    (fits && plain && !first.is_empty() && !first.starts_with('0')).then(|| groups.concat())
}

impl DecimalMark {
    const fn byte(self) -> u8 {
        match self {
            Self::Point => b'.',
            Self::Comma => b',',
        }
    }
    const fn other(self) -> Self {
        match self {
            Self::Point => Self::Comma,
            Self::Comma => Self::Point,
        }
    }
    /// A number in this form, for messages.
    pub(super) const fn example(self) -> &'static str {
        match self {
            Self::Point => "1,234.56",
            Self::Comma => "1.234,56",
        }
    }
}

/// What all numbers of a file say of the form they are in.
#[derive(Debug, Default)]
pub(super) struct Evidence {
    point: Seen,
    comma: Seen,
    either: Seen,
}

/// How often something was seen, and where first.
#[derive(Debug, Default)]
pub(super) struct Seen {
    pub count: u64,
    pub line: u64,
    pub example: String,
}

impl Seen {
    pub fn add(&mut self, line: u64, example: &str) {
        if self.count == 0 {
            self.line = line;
            self.example = problem::shown(example);
        }
        self.count += 1;
    }

    /// Whether this is so rare beside the other that it is a slip.
    pub fn is_slip_beside(&self, other: &Self) -> bool {
        const ONE_IN: u64 = 100;
        self.count.saturating_mul(ONE_IN) <= other.count
    }
}

impl Evidence {
    pub fn add(&mut self, line: u64, cell: &str) {
        let is_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        match cell.split_once('.') {
            None if is_digits(cell) => return,
            // Most numbers: no thousands have one or two digits.
            Some((whole, fraction)) if matches!(fraction.len(), 1 | 2) && is_digits(whole) && is_digits(fraction) => {
                return self.point.add(line, cell);
            }
            _ => {}
        }
        let is = |mark| normal(cell, mark).is_some();
        match (is(DecimalMark::Point), is(DecimalMark::Comma)) {
            (true, false) => self.point.add(line, cell),
            (false, true) => self.comma.add(line, cell),
            (true, true) if cell.contains(['.', ',']) => self.either.add(line, cell),
            // The same in both forms, or no number at all, which is its row's matter.
            _ => {}
        }
    }

    /// The form; `usual` is what the writer of the file is known for.
    pub fn decide(self, usual: Option<DecimalMark>) -> Result<DecimalMark, ImportProblem> {
        let Self { point, comma, either } = self;
        match (point.count, comma.count) {
            (0, 0) if either.count > 0 => {
                usual.ok_or(ImportProblem::AmbiguousNumbers { line: either.line, example: either.example })
            }
            (_, 0) => Ok(DecimalMark::Point),
            (0, _) => Ok(DecimalMark::Comma),
            _ if comma.is_slip_beside(&point) => Ok(DecimalMark::Point),
            _ if point.is_slip_beside(&comma) => Ok(DecimalMark::Comma),
            _ => Err(ImportProblem::MixedNumbers {
                point: point.example,
                point_line: point.line,
                comma: comma.example,
                comma_line: comma.line,
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use DecimalMark::{Comma, Point};

    #[test]
    fn numbers_as_shops_write_them() {
        let check = |cell: &str, mark, expected: Option<&str>| {
            let expected = expected.map(|text| Price::parse(text).expect("valid"));
            assert_eq!(price(cell, mark).ok(), expected, "{cell}");
        };
        check("2.550", Point, Some("2.55"));
        check(" +05 ", Point, Some("5"));
        check(".5", Point, Some("0.5"));
        check("5.", Point, Some("5"));
        check("-0.10", Point, Some("-0.1"));
        check("1e3", Point, Some("1000"));
        check("1,234.56", Point, Some("1234.56"));
        check("1,23,456.78", Point, Some("123456.78"));
        check("12,34,567", Point, Some("1234567"));
        check("1 234 567.5", Point, Some("1234567.5"));
        check("1'234.50", Point, Some("1234.5"));
        check("$1,234.56", Point, Some("1234.56"));
        check("-£5.00", Point, Some("-5"));
        check("999999999999.999999", Point, Some("999999999999.999999"));
        check("1.234,56", Comma, Some("1234.56"));
        check("1\u{a0}234,56 €", Comma, Some("1234.56"));
        check("1.234", Comma, Some("1234"));
        check("0,5", Comma, Some("0.5"));
        for refused in ["1,50", "12 EUR", "1.2345678", "", "-", "1.2.3", "1,2345", ",123", "0,123", "1,,234", "1, 234"]
        {
            check(refused, Point, None);
        }
        for refused in ["1.50", "1,5,0", "12,34.56", "NaN", "١"] {
            check(refused, Comma, None);
        }
        assert_eq!(quantity("1,5", Comma), Ok(Quantity::from_thousandths(1_500)));
        assert_eq!(quantity("1.23456", Point), Err(DecimalProblem::TooPrecise(3)));
        assert_eq!(quantity("-3", Point), Ok(Quantity::from_thousandths(-3_000)));
    }

    fn decided(cells: &[&str]) -> Result<DecimalMark, &'static str> {
        let mut evidence = Evidence::default();
        cells.iter().zip(2..).for_each(|(cell, line)| evidence.add(line, cell));
        evidence.decide(None).map_err(|problem| problem.code())
    }

    #[test]
    fn the_whole_file_decides() {
        let check = |cells: &[&str], expected| assert_eq!(decided(cells), expected, "{cells:?}");
        check(&[], Ok(Point));
        check(&["7", "-12"], Ok(Point));
        check(&["1,234", "12.50"], Ok(Point));
        check(&["1,234", "12,50"], Ok(Comma));
        check(&["1.234", "1.234.567"], Ok(Comma));
        check(&["1 234,567"], Ok(Comma));
        check(&["0,125"], Ok(Comma));
        check(&["1,23,456"], Ok(Point));
        check(&["1.5e3"], Ok(Point));
        check(&["1,234"], Err("ambiguous_numbers"));
        check(&["1.234", "5"], Err("ambiguous_numbers"));
        check(&["12.50", "12,50"], Err("mixed_numbers"));
        check(&[vec!["12.50"; 100], vec!["12,5"]].concat(), Ok(Point));
        check(&["x"], Ok(Point));
    }

    #[test]
    fn the_short_way_is_the_long_way() {
        for cell in ["0", "-0", "12", "12.5", "0.123456", "-7.25", "123456789", "00.10", "5.", ".5", "1234567890"] {
            let long = Price::parse(&normal(cell, Point).expect("a number"));
            assert_eq!(price(cell, Point), long, "{cell}");
        }
    }
}
