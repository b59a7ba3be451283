//! The two special functions the models need.

/// ln Γ(x) for x > 0, by Lanczos's approximation (g = 7, 9 coefficients; about 15 digits).
pub fn ln_gamma(x: f64) -> f64 {
    const COEFFICIENTS: [f64; 8] = [
        676.520_368_121_885_1,
        -1_259.139_216_722_402_8,
        771.323_428_777_653_1,
        -176.615_029_162_140_6,
        12.507_343_278_686_905,
        -0.138_571_095_265_720_12,
        9.984_369_578_019_572e-6,
        1.505_632_735_149_311_6e-7,
    ];
    let z = x - 1.0;
    let series: f64 = (1..).zip(COEFFICIENTS).map(|(at, coefficient)| coefficient / (z + f64::from(at))).sum();
    let t = z + 7.5;
    0.5 * (2.0 * std::f64::consts::PI).ln() + (z + 0.5) * t.ln() - t + (0.999_999_999_999_809_9 + series).ln()
}

/// Gauss's ₂F₁(a, b; c; z) by its series, for 0 ≤ z < 1.
pub fn hypergeometric(a: f64, b: f64, c: f64, z: f64) -> f64 {
    const MAX_TERMS: u32 = 20_000;
    let (mut term, mut sum) = (1.0f64, 1.0f64);
    for n in 0..MAX_TERMS {
        let n = f64::from(n);
        term *= (a + n) * (b + n) / ((c + n) * (n + 1.0)) * z;
        sum += term;
        if term.abs() <= 1e-15 * sum.abs() {
            break;
        }
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(found: f64, expected: f64) {
        assert!((found - expected).abs() <= 1e-12 * expected.abs().max(1.0), "{found} {expected}");
    }

    #[test]
    fn ln_gamma_of_known_points() {
        close(ln_gamma(1.0), 0.0);
        close(ln_gamma(0.5), std::f64::consts::PI.sqrt().ln());
        close(ln_gamma(6.0), 120f64.ln());
        close(ln_gamma(171.0), 706.573_062_245_787_4);
    }

    #[test]
    fn hypergeometric_of_known_points() {
        close(hypergeometric(1.0, 1.0, 2.0, 0.5), 2.0 * 2f64.ln());
        close(hypergeometric(2.0, 3.0, 3.0, 0.5), 4.0);
        close(hypergeometric(0.7, 0.0, 1.3, 0.9), 1.0);
    }
}
