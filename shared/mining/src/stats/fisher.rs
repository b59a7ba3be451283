//! Fisher's exact test, one-sided: are two things together more often than chance would have it?

use super::LogFactorials;

/// The test for tables of one number of baskets; builds its table of log factorials once.
#[derive(Debug, Clone)]
pub struct FisherExact {
    baskets: u32,
    factorials: LogFactorials,
}

impl FisherExact {
    pub fn new(baskets: u32) -> Self {
        Self { baskets, factorials: LogFactorials::up_to(baskets) }
    }

    /// P(X ≥ `both`) where X is hypergeometric: of N baskets `a` hold the one, `b` the other, independently
    ///
    /// ```text
    /// P(X = k) = C(a, k) · C(N − a, b − k) / C(N, b)
    /// ```
    ///
    /// (R. A. Fisher, *Statistical Methods for Research Workers*, § 21.02). Relative error about 1e-12;
    /// below 5e-324 the answer is 0. Counts must fit: `both` ≤ `a`, `b` ≤ N.
    pub fn p_value(&self, both: u32, a: u32, b: u32) -> f64 {
        // Symmetric to the last digit, so that a rule and its reverse never differ.
        let (a, b) = (a.min(b), a.max(b));
        let least = (u64::from(a) + u64::from(b)).saturating_sub(u64::from(self.baskets)) as u32;
        let most = a.min(b);
        if both <= least {
            return 1.0;
        }
        // Sum the tail that falls away from the mean; the other one would lose the digits of a small p.
        let expected = f64::from(a) * f64::from(b) / f64::from(self.baskets);
        if f64::from(both) > expected {
            self.upper_tail(both, most, a, b).min(1.0)
        } else {
            (1.0 - self.lower_tail(both - 1, least, a, b)).clamp(0.0, 1.0)
        }
    }

    /// P(from ≤ X ≤ most), from above the mean: each term is smaller than the one before.
    fn upper_tail(&self, from: u32, most: u32, a: u32, b: u32) -> f64 {
        let (n, a_, b_) = (f64::from(self.baskets), f64::from(a), f64::from(b));
        let (mut sum, mut term) = (1.0, 1.0);
        for k in from..most {
            let k = f64::from(k);
            term *= (a_ - k) * (b_ - k) / ((k + 1.0) * (n - a_ - b_ + k + 1.0));
            sum += term;
            if term < sum * f64::EPSILON / 4.0 {
                break;
            }
        }
        scaled(self.log_probability(from, a, b), sum)
    }

    /// P(least ≤ X ≤ from), from at most the mean: each term downwards is smaller.
    fn lower_tail(&self, from: u32, least: u32, a: u32, b: u32) -> f64 {
        let (n, a_, b_) = (f64::from(self.baskets), f64::from(a), f64::from(b));
        let (mut sum, mut term) = (1.0, 1.0);
        for k in (least + 1..=from).rev() {
            let k = f64::from(k);
            term *= k * (n - a_ - b_ + k) / ((a_ - k + 1.0) * (b_ - k + 1.0));
            sum += term;
            if term < sum * f64::EPSILON / 4.0 {
                break;
            }
        }
        scaled(self.log_probability(from, a, b), sum)
    }

    fn log_probability(&self, k: u32, a: u32, b: u32) -> f64 {
        let n = self.baskets;
        let neither = (u64::from(n) + u64::from(k) - u64::from(a) - u64::from(b)) as u32;
        self.factorials.ratio(&[a, n - a, b, n - b], &[n, k, a - k, b - k, neither])
    }
}

/// e^log × sum, also where e^log alone would already be denormal.
fn scaled(log: f64, sum: f64) -> f64 {
    (log + sum.ln()).exp()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(baskets: u32, both: u32, a: u32, b: u32, expected: f64) {
        let p = FisherExact::new(baskets).p_value(both, a, b);
        assert!(
            (p - expected).abs() <= 1e-11 * expected,
            "p({both} of {a} and {b} in {baskets}) = {p:e}, not {expected:e}"
        );
    }

    /// The definition in 128-bit integers, for tables small enough.
    fn reference(baskets: u32, both: u32, a: u32, b: u32) -> f64 {
        fn choose(n: u32, k: u32) -> u128 {
            if k > n { 0 } else { (0..u128::from(k)).fold(1, |c, i| c * (u128::from(n) - i) / (i + 1)) }
        }
        let ways: u128 = (both..=a.min(b)).map(|k| choose(a, k) * choose(baskets - a, b - k)).sum();
        ways as f64 / choose(baskets, b) as f64
    }

    #[test]
    fn every_small_table_equals_the_definition() {
        for baskets in 1..16u32 {
            for a in 0..=baskets {
                for b in 0..=baskets {
                    for both in (a + b).saturating_sub(baskets)..=a.min(b) {
                        check(baskets, both, a, b, reference(baskets, both, a, b));
                    }
                }
            }
        }
        check(60, 20, 25, 30, reference(60, 20, 25, 30));
        check(64, 3, 31, 33, reference(64, 3, 31, 33));
    }

    #[test]
    fn the_tea_tasting_lady() {
        check(8, 3, 4, 4, 17.0 / 70.0);
        check(8, 4, 4, 4, 1.0 / 70.0);
    }

    #[test]
    fn what_must_happen_has_probability_one() {
        check(10, 10, 10, 10, 1.0);
        check(10, 5, 10, 5, 1.0);
        check(10, 0, 3, 4, 1.0);
    }
}
