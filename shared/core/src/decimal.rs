//! Exact decimals for prices, quantities and money. Never a float: two reports over the same orders agree to the last digit.

use serde::{Serialize, Serializer};

/// A unit price in millionths, |price| < 10^12.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Price(i64);

/// A quantity in thousandths (goods by weight have decimals). Negative: a refund.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Quantity(i64);

/// Money in 10^-9 of the dataset's currency: price × quantity without rounding. Sums of 10^8 of the
/// greatest line amounts still fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Amount(i128);

/// Why a number's text is not a price or quantity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DecimalProblem {
    #[error("is not a number")]
    NotANumber,
    #[error("has more than {0} decimals")]
    TooPrecise(u32),
    #[error("is out of range")]
    OutOfRange,
}

impl Price {
    pub const DECIMALS: u32 = 6;
    /// Reads the text of a JSON number (exponents included) without rounding.
    pub fn parse(text: &str) -> Result<Self, DecimalProblem> {
        let millionths = scaled(text, Self::DECIMALS)?;
        if millionths.unsigned_abs() >= 10u128.pow(12 + Self::DECIMALS) {
            return Err(DecimalProblem::OutOfRange);
        }
        i64::try_from(millionths).map(Self).map_err(|_| DecimalProblem::OutOfRange)
    }
    pub const fn from_millionths(millionths: i64) -> Result<Self, DecimalProblem> {
        match millionths.unsigned_abs() < 10u64.pow(12 + Self::DECIMALS) {
            true => Ok(Self(millionths)),
            false => Err(DecimalProblem::OutOfRange),
        }
    }
    pub fn times(self, quantity: Quantity) -> Amount {
        Amount(i128::from(self.0) * i128::from(quantity.0))
    }
    pub const fn millionths(self) -> i64 {
        self.0
    }
}

impl Quantity {
    pub const DECIMALS: u32 = 3;
    pub const ONE: Self = Self(1_000);
    pub const ZERO: Self = Self(0);
    /// Reads the text of a JSON number: |quantity| ≤ 10^9, at most 3 decimals.
    pub fn parse(text: &str) -> Result<Self, DecimalProblem> {
        let thousandths = scaled(text, Self::DECIMALS)?;
        let quantity = i64::try_from(thousandths).map(Self).map_err(|_| DecimalProblem::OutOfRange)?;
        if quantity.is_in_range() { Ok(quantity) } else { Err(DecimalProblem::OutOfRange) }
    }
    /// Whether it is one that [`Quantity::parse`] takes: sums and differences need not be.
    pub const fn is_in_range(self) -> bool {
        self.0.unsigned_abs() <= 10u64.pow(9 + Self::DECIMALS)
    }
    pub const fn from_thousandths(thousandths: i64) -> Self {
        Self(thousandths)
    }
    pub const fn thousandths(self) -> i64 {
        self.0
    }
    pub const fn is_positive(self) -> bool {
        self.0 > 0
    }
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }
    /// Saturates rather than wraps; a request's bounds keep real sums far away from it.
    pub const fn plus(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl Amount {
    pub const DECIMALS: u32 = 9;
    pub const ZERO: Self = Self(0);
    /// Reads the text of a JSON number, such as [`Amount::to_text`] writes, without rounding.
    pub fn parse(text: &str) -> Result<Self, DecimalProblem> {
        scaled(text, Self::DECIMALS).map(Self)
    }
    pub const fn from_billionths(billionths: i128) -> Self {
        Self(billionths)
    }
    pub const fn billionths(self) -> i128 {
        self.0
    }
    pub const fn is_positive(self) -> bool {
        self.0 > 0
    }
    #[must_use]
    pub const fn plus(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
    #[must_use]
    pub const fn minus(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
    /// For ratios, statistics and display only; sums stay in integers.
    pub fn to_f64(self) -> f64 {
        self.0 as f64 / 1e9
    }
    /// Decimal text with at most 4 decimals, rounded half away from zero, no trailing zeros.
    pub fn to_text(self) -> String {
        let step = 10i128.pow(Self::DECIMALS - 4);
        let (sign, size) = (if self.0 < 0 { "-" } else { "" }, self.0.unsigned_abs());
        let rounded = size.saturating_add(step.unsigned_abs() / 2) / step.unsigned_abs();
        let (whole, part) = (rounded / 10_000, rounded % 10_000);
        if part == 0 {
            let sign = if whole == 0 { "" } else { sign };
            return format!("{sign}{whole}");
        }
        format!("{sign}{whole}.{}", format!("{part:04}").trim_end_matches('0'))
    }
}

/// A list of amounts as JSON numbers with all their decimals: what was asked for is said as it was asked for.
pub fn all_decimals<S: Serializer>(amounts: &Option<Vec<Amount>>, serializer: S) -> Result<S::Ok, S::Error> {
    let text = |amount: &Amount| {
        let (sign, size) = (if amount.0 < 0 { "-" } else { "" }, amount.0.unsigned_abs());
        let one = 10u128.pow(Amount::DECIMALS);
        let text = format!("{sign}{}.{:09}", size / one, size % one);
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    };
    let raw = |amount| serde_json::value::RawValue::from_string(text(amount)).map_err(serde::ser::Error::custom);
    match amounts {
        Some(amounts) => amounts.iter().map(raw).collect::<Result<Vec<_>, _>>()?.serialize(serializer),
        None => serializer.serialize_none(),
    }
}

impl std::iter::Sum for Amount {
    fn sum<I: Iterator<Item = Self>>(iter: I) -> Self {
        iter.fold(Self::ZERO, Self::plus)
    }
}

/// A JSON number, written digit by digit: a float would lose cents of large sums.
impl Serialize for Amount {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let raw = serde_json::value::RawValue::from_string(self.to_text()).map_err(serde::ser::Error::custom)?;
        raw.serialize(serializer)
    }
}

/// The value of a JSON number's text times 10^`decimals`, exactly.
fn scaled(text: &str, decimals: u32) -> Result<i128, DecimalProblem> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let (mantissa, exponent) = match digits.find(['e', 'E']) {
        Some(at) => (&digits[..at], parse_exponent(&digits[at + 1..])?),
        None => (digits, 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    if whole.is_empty() && fraction.is_empty() {
        return Err(DecimalProblem::NotANumber);
    }
    // Zeros at the end say nothing, however many there are: without them the value fits, or is none of ours.
    let fraction = fraction.trim_end_matches('0');
    let significant = if fraction.is_empty() { whole.trim_end_matches('0') } else { whole };
    let zeros = whole.len() - significant.len();
    let shift = exponent + zeros as i64 - fraction.len() as i64 + i64::from(decimals);
    let shifted = match digits_value(significant.bytes().chain(fraction.bytes()))? {
        Some(value) => shift_decimal(value, shift, decimals)?,
        None if shift < 0 => return Err(DecimalProblem::TooPrecise(decimals)),
        None => return Err(DecimalProblem::OutOfRange),
    };
    Ok(if negative { -shifted } else { shifted })
}

/// An exponent far out of every range stands for all beyond it: with a mantissa of zero even that is a number.
fn parse_exponent(text: &str) -> Result<i64, DecimalProblem> {
    const FAR: i64 = 1 << 40;
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|digit| digit.is_ascii_digit()) {
        return Err(DecimalProblem::NotANumber);
    }
    let size = digits.parse::<i64>().unwrap_or(FAR).min(FAR);
    Ok(if text.starts_with('-') { -size } else { size })
}

/// `None` where it is too great.
fn digits_value(digits: impl Iterator<Item = u8>) -> Result<Option<i128>, DecimalProblem> {
    let mut value = Some(0i128);
    for digit in digits {
        if !digit.is_ascii_digit() {
            return Err(DecimalProblem::NotANumber);
        }
        value = value.and_then(|value| value.checked_mul(10)?.checked_add(i128::from(digit - b'0')));
    }
    Ok(value)
}

fn shift_decimal(value: i128, shift: i64, decimals: u32) -> Result<i128, DecimalProblem> {
    if value == 0 {
        return Ok(0);
    }
    let size = u32::try_from(shift.unsigned_abs()).unwrap_or(u32::MAX);
    if shift >= 0 {
        let factor = 10i128.checked_pow(size).ok_or(DecimalProblem::OutOfRange)?;
        return value.checked_mul(factor).ok_or(DecimalProblem::OutOfRange);
    }
    match 10i128.checked_pow(size) {
        Some(divisor) if value % divisor == 0 => Ok(value / divisor),
        _ => Err(DecimalProblem::TooPrecise(decimals)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_decimals_exactly() {
        let check = |text: &str, expected| assert_eq!(Price::parse(text).map(Price::millionths), expected, "{text}");
        check("129.99", Ok(129_990_000));
        check("-0", Ok(0));
        check("0.000001", Ok(1));
        check("1e3", Ok(1_000_000_000));
        check("1.50E-1", Ok(150_000));
        check("0.0000001", Err(DecimalProblem::TooPrecise(6)));
        check("0.1000000000", Ok(100_000));
        check("999999999999.999999", Ok(999_999_999_999_999_999));
        check("1000000000000", Err(DecimalProblem::OutOfRange));
        check("1e400", Err(DecimalProblem::OutOfRange));
        check("1e-400", Err(DecimalProblem::TooPrecise(6)));
        let zeros = "0".repeat(45);
        check(&format!("1.{zeros}"), Ok(1_000_000));
        check(&format!("1{zeros}e-45"), Ok(1_000_000));
        check(&format!("1.{zeros}1"), Err(DecimalProblem::TooPrecise(6)));
        check(&format!("1{zeros}1"), Err(DecimalProblem::OutOfRange));
        check(&format!("0.{zeros}"), Ok(0));
        check("0e99999999999", Ok(0));
        check("-0.0e-99999999999999999999", Ok(0));
        check("1e99999999999", Err(DecimalProblem::OutOfRange));
        check("1e-99999999999", Err(DecimalProblem::TooPrecise(6)));
        check("100e-2", Ok(1_000_000));
        check("1e", Err(DecimalProblem::NotANumber));
        check("NaN", Err(DecimalProblem::NotANumber));
        check("", Err(DecimalProblem::NotANumber));
        assert_eq!(Quantity::parse("1.23456"), Err(DecimalProblem::TooPrecise(3)));
        assert_eq!(Quantity::parse("1099511627776"), Err(DecimalProblem::OutOfRange));
    }

    #[test]
    fn writes_money_with_at_most_four_decimals() {
        let check = |billionths, expected: &str| {
            assert_eq!(serde_json::to_string(&Amount::from_billionths(billionths)).expect("serializes"), expected)
        };
        check(0, "0");
        check(144_980_000_000, "144.98");
        check(-50_000_000_000, "-50");
        check(50_000, "0.0001");
        check(49_999, "0");
        check(-49_999, "0");
        check(123_456_789_012_345_678_000_000_000, "123456789012345678");
    }
}
