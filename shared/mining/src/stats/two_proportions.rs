//! Whether a share has changed from one sample to another.

/// The two-sided p-value of the pooled test that two samples have the same share:
///
/// ```text
/// z = (p₂ − p₁) / √(p(1 − p)(1/n₁ + 1/n₂)),   p = (x₁ + x₂)/(n₁ + n₂),   p-value = erfc(|z|/√2)
/// ```
///
/// It takes the samples for independent. Where the second holds the first and more (the same orders, and those that
/// came since), the true p-value is smaller: the test is on the safe side. `None` where the normal distribution is no
/// good approximation: unless both samples expect at least five of either kind.
pub fn two_proportions(before: (u64, u64), now: (u64, u64)) -> Option<f64> {
    const MIN_EXPECTED: f64 = 5.0;
    let [(x1, n1), (x2, n2)] = [before, now].map(|(part, whole)| (part as f64, whole as f64));
    if before.1 == 0 || now.1 == 0 {
        return None;
    }
    let pooled = (x1 + x2) / (n1 + n2);
    if n1.min(n2) * pooled.min(1.0 - pooled) < MIN_EXPECTED {
        return None;
    }
    let z = (x2 / n2 - x1 / n1) / (pooled * (1.0 - pooled) * (1.0 / n1 + 1.0 / n2)).sqrt();
    Some(erfc(z.abs() / std::f64::consts::SQRT_2))
}

/// The complementary error function of x ≥ 0: its series near 0, its continued fraction (modified Lentz) beyond;
/// Abramowitz and Stegun, 7.1.5 and 7.1.14.
fn erfc(x: f64) -> f64 {
    let scale = (-x * x).exp() / std::f64::consts::PI.sqrt();
    if x < 2.0 {
        let (mut term, mut sum, mut n) = (x, x, 0.0);
        while term > sum * f64::EPSILON {
            n += 1.0;
            term *= 2.0 * x * x / (2.0 * n + 1.0);
            sum += term;
        }
        return 1.0 - 2.0 * scale * sum;
    }
    // x + (1/2)/(x + (2/2)/(x + (3/2)/(x + …))), from far enough in.
    let fraction = (1..=60).rev().fold(x, |inner, k| x + f64::from(k) / 2.0 / inner);
    scale / fraction
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn erfc_is_that_of_the_tables() {
        let check = |x: f64, expected: f64| assert!((erfc(x) - expected).abs() <= 1e-13 * expected.max(1e-3), "{x}");
        check(0.0, 1.0);
        check(0.5, 0.479_500_122_186_953_5);
        check(1.0, 0.157_299_207_050_285_13);
        check(1.999_999, 0.004_677_755_648_073_953);
        check(2.0, 0.004_677_734_981_047_266);
        check(3.0, 2.209_049_699_858_544e-5);
        assert!((erfc(5.0) / 1.537_459_794_428_034_8e-12 - 1.0).abs() < 1e-12);
        assert_eq!(erfc(40.0), 0.0);
    }

    #[test]
    fn a_change_is_told_from_none() {
        // `statsmodels.stats.proportion.proportions_ztest([90, 120], [200, 200])`: z = −3.003757.
        let p = two_proportions((90, 200), (120, 200)).expect("enough");
        assert!((p - 0.002_666_681_793_614_1).abs() < 1e-14, "{p}");
        assert_eq!(two_proportions((50, 100), (50, 100)), Some(1.0));
        assert_eq!(two_proportions((1, 100), (50, 100)), two_proportions((50, 100), (1, 100)));
    }

    #[test]
    fn too_little_is_not_tested() {
        let check = |before, now| assert_eq!(two_proportions(before, now), None);
        check((0, 0), (5, 10));
        check((10, 10), (10, 10));
        check((0, 1_000), (0, 1_000));
        check((4, 9), (400, 900));
    }
}
