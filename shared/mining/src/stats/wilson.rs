//! An interval for a share that behaves at 0, at 1 and for small counts.

/// The two-sided 95 % quantile of the normal distribution.
pub const Z_95: f64 = 1.959_963_984_540_054;

/// Wilson's score interval of the share `part / whole`:
///
/// ```text
/// (p + z²/2n ± z √(p(1 − p)/n + z²/4n²)) / (1 + z²/n),   p = part/whole, n = whole
/// ```
///
/// (E. B. Wilson, *Probable inference*, JASA 22, 1927). Of nothing it is (0, 1).
pub fn wilson(part: u64, whole: u64, z: f64) -> (f64, f64) {
    if whole == 0 {
        return (0.0, 1.0);
    }
    let (n, p) = (whole as f64, part as f64 / whole as f64);
    let centre = p + z * z / (2.0 * n);
    let spread = z * (p * (1.0 - p) / n + z * z / (4.0 * n * n)).sqrt();
    let scale = 1.0 + z * z / n;
    // The ends of the scale are exact: rounding may not put an interval below 0 or leave 1 out of 1's.
    let low = if part == 0 { 0.0 } else { (centre - spread) / scale };
    let high = if part == whole { 1.0 } else { (centre + spread) / scale };
    (low, high)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(part: u64, whole: u64, expected: (f64, f64)) {
        let (low, high) = wilson(part, whole, Z_95);
        assert!((low - expected.0).abs() < 5e-5 && (high - expected.1).abs() < 5e-5, "{low} {high}");
    }

    #[test]
    fn intervals_are_those_of_newcombe_1998() {
        check(81, 263, (0.2553, 0.3662));
        check(15, 148, (0.0624, 0.1605));
        check(0, 20, (0.0, 0.1611));
        check(1, 29, (0.0061, 0.1718));
    }

    #[test]
    fn the_ends_are_exact() {
        assert_eq!(wilson(0, 5, Z_95).0, 0.0);
        assert_eq!(wilson(5, 5, Z_95).1, 1.0);
        assert_eq!(wilson(0, 0, Z_95), (0.0, 1.0));
    }
}
