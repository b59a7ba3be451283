//! The metrics of a rule, each with its formula. Counts in, doubles out.

use crate::stats::{Z_95, wilson};

/// Metrics of a rule *a → c* over N baskets. In the formulas *a*, *c* and *ac* are the counts of baskets with the
/// antecedent, the consequent and both; s(x) = x / N. Numerators and denominators are exact integers, so that
/// each value is off by rounding alone.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Metrics {
    /// ac / N
    pub support: f64,
    /// a / N
    pub antecedent_support: f64,
    /// c / N
    pub consequent_support: f64,
    /// ac / a
    pub confidence: f64,
    /// confidence / s(c) = ac · N / (a · c)
    pub lift: f64,
    /// s(ac) − s(a) · s(c) (Piatetsky-Shapiro 1991)
    pub leverage: f64,
    /// (1 − s(c)) / (1 − confidence); `None` when the confidence is 1: then the value is infinite or, with
    /// the consequent in every basket, undefined (Brin et al. 1997)
    pub conviction: Option<f64>,
    /// leverage / max(s(ac) · (1 − s(a)), s(a) · (s(c) − s(ac))) (Zhang 2000); `None` when the antecedent is in
    /// every basket and the value undefined
    pub zhang: Option<f64>,
    /// ac / (a + c − ac)
    pub jaccard: f64,
    /// (confidence − s(c)) / (1 − s(c)); 0 when the consequent is in every basket
    pub certainty: f64,
    /// (ac / a + ac / c) / 2
    pub kulczynski: f64,
    /// ac / √(a · c)
    pub cosine: f64,
    /// |a − c| / (a + c − ac) (Wu, Chen, Han 2010)
    pub imbalance_ratio: f64,
    /// Lower end of the Wilson 95 % interval of the confidence.
    pub confidence_low: f64,
    /// Upper end of the Wilson 95 % interval of the confidence.
    pub confidence_high: f64,
}

impl Metrics {
    /// From the number of baskets and the counts of both, antecedent and consequent. Counts are at least 1.
    pub fn new(basket_count: u64, both: u32, antecedent: u32, consequent: u32) -> Self {
        let [n, ac, a, c] = [i128::from(basket_count), both.into(), antecedent.into(), consequent.into()];
        let ratio = |part: i128, whole: i128| part as f64 / whole as f64;
        let excess = n * ac - a * c;
        let zhang_bound = (ac * (n - a)).max(a * (c - ac));
        let (confidence_low, confidence_high) = wilson(both.into(), antecedent.into(), Z_95);
        Self {
            support: ratio(ac, n),
            antecedent_support: ratio(a, n),
            consequent_support: ratio(c, n),
            confidence: ratio(ac, a),
            lift: ratio(ac * n, a * c),
            leverage: ratio(excess, n * n),
            conviction: (a != ac).then(|| ratio((n - c) * a, n * (a - ac))),
            zhang: (zhang_bound != 0).then(|| ratio(excess, zhang_bound)),
            jaccard: ratio(ac, a + c - ac),
            certainty: if n == c { 0.0 } else { ratio(excess, a * (n - c)) },
            kulczynski: ratio(ac * (a + c), 2 * a * c),
            cosine: ac as f64 / ((a * c) as f64).sqrt(),
            imbalance_ratio: ratio((a - c).abs(), a + c - ac),
            confidence_low,
            confidence_high,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(actual: f64, expected: f64) {
        assert!((actual - expected).abs() < 1e-12, "{actual} {expected}");
    }

    #[test]
    fn a_rule_of_groceries_has_the_published_values() {
        let metrics = Metrics::new(9835, 91, 174, 2513);
        check(metrics.support, 0.009_252_669_039_145_907);
        check(metrics.confidence, 0.522_988_505_747_126_4);
        check(metrics.lift, 2.046_793_455_639_867_7);
        check(metrics.leverage, 0.004_732_101_019_128_791);
        check(metrics.conviction.unwrap(), 1.560_725_464_134_116_4);
        check(metrics.zhang.unwrap(), 0.520_642_074_000_939_4);
        check(metrics.jaccard, 0.035_053_929_121_725_72);
        check(metrics.certainty, 0.359_272_323_685_193_7);
        check(metrics.kulczynski, 0.279_600_102_455_735_9);
        check(metrics.cosine, 91.0 / (174.0f64 * 2513.0).sqrt());
        check(metrics.imbalance_ratio, 2339.0 / 2596.0);
    }

    #[test]
    fn what_is_infinite_or_undefined_is_none() {
        let always = Metrics::new(10, 4, 4, 4);
        assert_eq!((always.conviction, always.zhang, always.confidence), (None, Some(1.0), 1.0));
        let in_every_basket = Metrics::new(10, 10, 10, 10);
        assert_eq!((in_every_basket.conviction, in_every_basket.zhang), (None, None));
        assert_eq!((in_every_basket.certainty, in_every_basket.lift), (0.0, 1.0));
    }
}
