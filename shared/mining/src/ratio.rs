//! The exact rational of a decimal text, so that a bound such as `min_confidence: 0.3` can be tested in
//! integers. Knows no bound by name.

use std::cmp::Ordering;

/// A non-negative rational in lowest terms.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Ratio {
    num: u64,
    den: u64,
}

impl Ratio {
    pub const ZERO: Ratio = Ratio { num: 0, den: 1 };
    pub const ONE: Ratio = Ratio { num: 1, den: 1 };

    /// `num / den`, reduced. Panics when `den` is 0.
    pub const fn new(num: u64, den: u64) -> Self {
        assert!(den != 0, "a ratio needs a denominator other than 0");
        let divisor = gcd(num, den);
        Self { num: num / divisor, den: den / divisor }
    }

    /// The value of a decimal text as JSON writes it (`0.3`, `1`, `2.5e-3`). `None` when the text is no
    /// non-negative decimal or needs more than 19 digits.
    pub fn parse_decimal(text: &str) -> Option<Self> {
        let (mantissa, exponent) = match text.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, parse_exponent(exponent)?),
            None => (text, 0),
        };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        if whole.is_empty() || (fraction.is_empty() && mantissa.contains('.')) {
            return None;
        }
        let fraction = fraction.trim_end_matches('0');
        let num = digits(whole, fraction)?;
        if num == 0 {
            return Some(Self::ZERO);
        }
        scaled(num, exponent - i32::try_from(fraction.len()).ok()?)
    }

    pub const fn numerator(&self) -> u64 {
        self.num
    }

    pub const fn denominator(&self) -> u64 {
        self.den
    }

    /// ⌈self × n⌉, at most `u64::MAX`: the absolute threshold of a share of `n`.
    pub fn ceil_of(&self, n: u64) -> u64 {
        let product = u128::from(self.num) * u128::from(n);
        u64::try_from(product.div_ceil(u128::from(self.den))).unwrap_or(u64::MAX)
    }

    /// The nearest double.
    pub fn to_f64(&self) -> f64 {
        self.num as f64 / self.den as f64
    }

    /// How `part / whole` compares with this ratio, exactly. `whole` must not be 0.
    pub(crate) fn compare_share(&self, part: u128, whole: u128) -> Ordering {
        wide_product(part, self.den).cmp(&wide_product(whole, self.num))
    }
}

impl Ord for Ratio {
    fn cmp(&self, other: &Self) -> Ordering {
        let product = |a: u64, b: u64| u128::from(a) * u128::from(b);
        product(self.num, other.den).cmp(&product(other.num, self.den))
    }
}

impl PartialOrd for Ratio {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// `a × b` in 192 bits, as (high, low) so that tuples compare like numbers.
fn wide_product(a: u128, b: u64) -> (u128, u64) {
    let low = (a & u128::from(u64::MAX)) * u128::from(b);
    let high = (a >> 64) * u128::from(b) + (low >> 64);
    (high, low as u64)
}

const fn gcd(a: u64, b: u64) -> u64 {
    let (mut a, mut b) = (a, b);
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

fn digits(whole: &str, fraction: &str) -> Option<u64> {
    whole.bytes().chain(fraction.bytes()).try_fold(0u64, |value, byte| {
        let digit = byte.is_ascii_digit().then(|| u64::from(byte - b'0'))?;
        value.checked_mul(10)?.checked_add(digit)
    })
}

fn parse_exponent(text: &str) -> Option<i32> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    // More than four digits of exponent cannot fit 64 bits whatever the mantissa (but 0, which needs none).
    let size = digits.parse::<i32>().unwrap_or(9_999).min(9_999);
    Some(if text.starts_with('-') { -size } else { size })
}

/// `num × 10^power`, where powers of ten that the numerator carries already are taken out first.
fn scaled(mut num: u64, mut power: i32) -> Option<Ratio> {
    while power < 0 && num.is_multiple_of(10) {
        num /= 10;
        power += 1;
    }
    let ten_to = 10u64.checked_pow(power.unsigned_abs())?;
    if power < 0 { Some(Ratio::new(num, ten_to)) } else { Some(Ratio::new(num.checked_mul(ten_to)?, 1)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Option<(u64, u64)>) {
        assert_eq!(Ratio::parse_decimal(text), expected.map(|(num, den)| Ratio::new(num, den)), "{text}");
    }

    #[test]
    fn decimals_are_exact() {
        check("0.3", Some((3, 10)));
        check("1", Some((1, 1)));
        check("0.0200", Some((1, 50)));
        check("2.5e-3", Some((1, 400)));
        check("1E2", Some((100, 1)));
        check("0e99999999999", Some((0, 1)));
        check("0.30000000000000004", Some((30000000000000004, 100_000_000_000_000_000)));
    }

    #[test]
    fn what_is_no_short_decimal_is_refused() {
        for text in ["", ".", ".5", "5.", "-1", "+1", "1e", "1e+", "abc", "1.2.3", "0x1", "1 ", "1e30", "1e-30", "∞"]
        {
            check(text, None);
        }
        check("0.33333333333333333333", None);
    }

    #[test]
    fn thresholds_round_up() {
        assert_eq!(Ratio::new(1, 100).ceil_of(9835), 99);
        assert_eq!(Ratio::new(2, 100).ceil_of(20_000), 400);
        assert_eq!(Ratio::new(1, 100).ceil_of(0), 0);
        assert_eq!(Ratio::new(u64::MAX, 1).ceil_of(u64::MAX), u64::MAX);
    }

    #[test]
    fn a_share_equal_to_the_bound_is_equal() {
        assert_eq!(Ratio::new(3, 10).compare_share(84, 280), Ordering::Equal);
        assert_eq!(Ratio::new(3, 10).compare_share(83, 280), Ordering::Less);
        assert_eq!(Ratio::new(u64::MAX, 1).compare_share(u128::MAX, 1), Ordering::Greater);
        assert_eq!(Ratio::new(1, u64::MAX).compare_share(u128::MAX, u128::MAX), Ordering::Greater);
        assert!(Ratio::new(1, 3) < Ratio::new(1, 2));
    }
}
