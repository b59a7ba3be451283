//! Fisher's exact test, one-sided: are two things together more often than chance would have it?

use super::LogFactorials;

/// The test for tables of counts over one number of baskets.
#[derive(Debug, Clone)]
pub struct FisherExact {
    baskets: u32,
    factorials: LogFactorials,
}

impl FisherExact {
    /// Builds a table of log factorials: 16 bytes a basket.
    pub fn new(baskets: u32) -> Self {
        Self { baskets, factorials: LogFactorials::up_to(baskets) }
    }

    /// The p-value of positive association: P(X ≥ `both`) where X is hypergeometric, as `a` of the N baskets hold
    /// the one thing and `b` the other, independently
    ///
    /// ```text
    /// P(X = k) = C(a, k) · C(N − a, b − k) / C(N, b)
    /// ```
    ///
    /// (R. A. Fisher, *Statistical Methods for Research Workers*, § 21.02): `scipy.stats.fisher_exact` with
    /// `alternative="greater"`. Tests hold it to the definition within 1e-11 on small tables and to SciPy within 1e-9
    /// with up to a million baskets. A p-value below 5e-324, the least positive double, is 0. `a` and `b` may change places. Counts must fit: `both` ≤ `a`, `b` ≤ N.
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
    if log > -700.0 { log.exp() * sum } else { (log + sum.ln()).exp() }
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

    /// `scipy.stats.hypergeom(N, a, b).sf(both - 1)` of SciPy 1.17.1, where `fisher_exact` agrees.
    #[test]
    fn tables_of_every_size_equal_those_of_scipy() {
        check_scipy(8, 4, 4, 4, 0.014285714285714284);
        check_scipy(10, 3, 5, 4, 0.2619047619047619);
        check_scipy(20, 7, 9, 11, 0.0798999761848059);
        check_scipy(50, 1, 10, 10, 0.9174807658075715);
        check_scipy(50, 10, 20, 15, 0.013985119259116626);
        check_scipy(100, 5, 30, 40, 0.9997500375505102);
        check_scipy(100, 30, 40, 50, 4.154329353119574e-05);
        check_scipy(100, 1, 1, 1, 0.01);
        check_scipy(100, 40, 40, 41, 2.982635066820732e-27);
        check_scipy(500, 2, 3, 400, 0.8965786995678103);
        check_scipy(1_000, 5, 50, 60, 0.1747094227849466);
        check_scipy(1_000, 30, 100, 100, 1.8838095431238297e-09);
        check_scipy(1_000, 100, 150, 120, 2.9591715817001766e-78);
        check_scipy(1_000, 9, 100, 100, 0.6909666052215031);
        check_scipy(4_627, 12, 30, 200, 1.3374553890740087e-09);
        check_scipy(9_835, 91, 174, 2_513, 2.6526968507372743e-14);
        check_scipy(9_835, 10, 30, 400, 1.6026630183538626e-07);
        check_scipy(9_835, 200, 1_000, 1_300, 1.5396095424210488e-10);
        check_scipy(9_835, 737, 1_903, 2_513, 6.5836236199578904e-46);
        check_scipy(9_835, 128, 1_300, 1_000, 0.6748991722483557);
        check_scipy(18_536, 100, 700, 900, 8.989467778948796e-23);
        check_scipy(19_960, 60, 65, 70, 2.9071047443351724e-158);
        check_scipy(19_960, 60, 400, 500, 1.8731937462005374e-29);
        check_scipy(19_960, 60, 1_500, 800, 0.5267562674700099);
        check_scipy(19_960, 120, 130, 1_800, 1.125842231040725e-113);
        check_scipy(88_162, 500, 5_000, 6_000, 1.8440704714056767e-18);
        check_scipy(88_162, 9, 40, 50, 7.629804751733296e-22);
        check_scipy(100_000, 200, 3_000, 3_000, 1.857051196296839e-25);
        check_scipy(100_000, 900, 30_000, 3_000, 0.5070573453908045);
        check_scipy(1_000_000, 60, 5_000, 10_000, 0.09063299013277731);
        check_scipy(1_000_000, 1_000, 300_000, 2_500, 1.1810366131067842e-26);
        check_scipy(1_000_000, 30, 500, 300, 5.874546098910519e-59);
        check_scipy(1_000_000, 20, 5_000, 4_000, 0.5301430977916541);
        check_scipy(1_000_000, 10, 11, 12, 2.6346225659270863e-51);
    }

    fn check_scipy(baskets: u32, both: u32, a: u32, b: u32, expected: f64) {
        let p = FisherExact::new(baskets).p_value(both, a, b);
        assert!((p - expected).abs() <= 1e-9 * expected, "p({both} of {a} and {b} in {baskets}) = {p:e}");
        assert_eq!(p, FisherExact::new(baskets).p_value(both, b, a));
    }

    #[test]
    fn the_smallest_p_values_fade_to_zero() {
        let p_value = |both| FisherExact::new(10_000).p_value(both, 400, 400);
        let tiny: Vec<f64> = (200..=400).map(p_value).collect();
        assert!(tiny.is_sorted_by(|more, less| less < more || (*more == 0.0 && *less == 0.0)), "{tiny:?}");
        assert!(tiny[0] > 0.0 && tiny.iter().any(|p| p.is_subnormal()) && tiny.last() == Some(&0.0));
    }
}
