//! The metrics of a rule, each with its formula. Counts in, doubles out.

use crate::stats::{Z_95, wilson};

/// Metrics of a rule *a → c* over N baskets. In the formulas *a*, *c* and *ac* are the counts of baskets with the
/// antecedent, the consequent and both; s(x) = x / N is the support. Numerators and denominators are exact
/// integers, so that each value is off by rounding alone. None is NaN or infinite.
///
/// Values are those of mlxtend's columns (`zhang` is its `zhangs_metric`), but for `None` where mlxtend has `inf` (conviction) or 0
/// (Zhang). A lift of 1, a leverage, certainty or Zhang of 0 and a conviction of 1 all say the same: the two sides
/// meet as often as chance would have it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Metrics {
    /// Share of all baskets with both sides: ac / N, in (0, 1].
    pub support: f64,
    /// a / N, in (0, 1].
    pub antecedent_support: f64,
    /// c / N, in (0, 1].
    pub consequent_support: f64,
    /// Share of the antecedent's baskets that also hold the consequent: ac / a, in (0, 1]
    /// (Agrawal, Imieliński, Swami 1993).
    pub confidence: f64,
    /// How many times as often as by chance: confidence / s(c) = ac · N / (a · c), above 0
    /// (Brin, Motwani, Ullman, Tsur 1997, as *interest*).
    pub lift: f64,
    /// How much more often than by chance, as a share of all baskets: s(ac) − s(a) · s(c), in [−1/4, 1/4]
    /// (Piatetsky-Shapiro 1991).
    pub leverage: f64,
    /// How many times as often the rule would fail by chance: (1 − s(c)) / (1 − confidence), from 0 up. `None` when
    /// the confidence is 1: then the value is infinite or, with the consequent in every basket, undefined
    /// (Brin, Motwani, Ullman, Tsur 1997).
    pub conviction: Option<f64>,
    /// leverage / max(s(ac) · (1 − s(a)), s(a) · (s(c) − s(ac))), in [−1, 1]. `None` when the antecedent is in every
    /// basket, which leaves the value undefined (Zhang 2000).
    pub zhang: Option<f64>,
    /// Of the baskets with either side, the share with both: ac / (a + c − ac), in (0, 1].
    pub jaccard: f64,
    /// (confidence − s(c)) / (1 − s(c)), at most 1; 0 when the consequent is in every basket. Where the association
    /// is negative it may be below −1: this is mlxtend's formula, not the certainty factor of Shortliffe and
    /// Buchanan (1975), which then divides by s(c).
    pub certainty: f64,
    /// Mean of the confidences of the rule and its reverse: (ac / a + ac / c) / 2, in (0, 1] (Kulczyński 1927).
    pub kulczynski: f64,
    /// Geometric mean of the same two: ac / √(a · c), in (0, 1]. Jaccard ≤ cosine ≤ Kulczyński.
    pub cosine: f64,
    /// How unequal the sides are: |a − c| / (a + c − ac), in [0, 1); 0 when they are equally frequent
    /// (Wu, Chen, Han 2010).
    pub imbalance_ratio: f64,
    /// Lower end of the Wilson 95 % interval of the confidence: see [`wilson`].
    pub confidence_low: f64,
    /// Upper end of the same interval.
    pub confidence_high: f64,
}

impl Metrics {
    /// From the number of baskets and the counts of both, antecedent and consequent. Counts are at least 1.
    pub fn new(basket_count: u64, both: u32, antecedent: u32, consequent: u32) -> Self {
        let counts = Counts::new(basket_count, both, antecedent, consequent);
        let (confidence_low, confidence_high) = wilson(both.into(), antecedent.into(), Z_95);
        Self {
            support: counts.support(),
            antecedent_support: ratio(counts.a, counts.n),
            consequent_support: ratio(counts.c, counts.n),
            confidence: counts.confidence(),
            lift: counts.lift(),
            leverage: counts.leverage(),
            conviction: counts.conviction(),
            zhang: counts.zhang(),
            jaccard: counts.jaccard(),
            certainty: counts.certainty(),
            kulczynski: counts.kulczynski(),
            cosine: counts.cosine(),
            imbalance_ratio: ratio((counts.a - counts.c).abs(), counts.a + counts.c - counts.ac),
            confidence_low,
            confidence_high,
        }
    }
}

/// The counts of a rule, for one metric at a time: a million rules are ordered by one of them.
#[derive(Debug, Clone, Copy)]
pub(super) struct Counts {
    pub n: i128,
    pub ac: i128,
    pub a: i128,
    pub c: i128,
}

impl Counts {
    pub fn new(basket_count: u64, both: u32, antecedent: u32, consequent: u32) -> Self {
        Self { n: basket_count.into(), ac: both.into(), a: antecedent.into(), c: consequent.into() }
    }

    /// n² · (s(ac) − s(a) · s(c)), on which four metrics stand.
    fn excess(self) -> i128 {
        self.n * self.ac - self.a * self.c
    }

    pub fn support(self) -> f64 {
        ratio(self.ac, self.n)
    }

    pub fn confidence(self) -> f64 {
        ratio(self.ac, self.a)
    }

    pub fn lift(self) -> f64 {
        ratio(self.ac * self.n, self.a * self.c)
    }

    pub fn leverage(self) -> f64 {
        ratio(self.excess(), self.n * self.n)
    }

    pub fn conviction(self) -> Option<f64> {
        let Self { n, ac, a, c } = self;
        (a != ac).then(|| ratio((n - c) * a, n * (a - ac)))
    }

    pub fn zhang(self) -> Option<f64> {
        let Self { n, ac, a, c } = self;
        let bound = (ac * (n - a)).max(a * (c - ac));
        (bound != 0).then(|| ratio(self.excess(), bound))
    }

    pub fn jaccard(self) -> f64 {
        ratio(self.ac, self.a + self.c - self.ac)
    }

    pub fn certainty(self) -> f64 {
        if self.n == self.c { 0.0 } else { ratio(self.excess(), self.a * (self.n - self.c)) }
    }

    pub fn kulczynski(self) -> f64 {
        ratio(self.ac * (self.a + self.c), 2 * self.a * self.c)
    }

    pub fn cosine(self) -> f64 {
        real(self.ac) / real(self.a * self.c).sqrt()
    }
}

fn ratio(part: i128, whole: i128) -> f64 {
    real(part) / real(whole)
}

/// The nearest double. Nearly every number fits 64 bits, for which processors have an instruction.
fn real(integer: i128) -> f64 {
    i64::try_from(integer).map_or(integer as f64, |integer| integer as f64)
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
