//! What best means, as a number where more is better. Ties are broken elsewhere, by counts and items.

use super::metrics::Counts;

/// The metric by which rules are ordered, best first: the largest, but for p and q the smallest. Formulas are with
/// [`Metrics`](super::Metrics). Ties: more support first, then antecedent and consequent ascending, so that the
/// order never depends on chance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum RuleSort {
    #[default]
    Lift,
    Confidence,
    Support,
    Leverage,
    /// Infinite before finite; undefined, as the consequent is in every basket, last.
    Conviction,
    /// Undefined, as the antecedent is in every basket, last.
    Zhang,
    Jaccard,
    Certainty,
    Kulczynski,
    Cosine,
    /// Smallest first. p-values below 5e-324 are 0 and tie, so that among the most certain rules those of most
    /// support come first.
    PValue,
    /// Smallest first. Ties are more common than among p-values, as several of these may share one q-value.
    QValue,
}

impl RuleSort {
    /// The key of a rule: larger is better, never NaN.
    pub(super) fn key(self, counts: Counts, p_value: f64, q_value: f64) -> f64 {
        match self {
            Self::Lift => counts.lift(),
            Self::Confidence => counts.confidence(),
            Self::Support => counts.support(),
            Self::Leverage => counts.leverage(),
            // 0 / 0 says nothing of a rule, unlike a positive number over 0.
            Self::Conviction if counts.c >= counts.n => f64::NEG_INFINITY,
            Self::Conviction => counts.conviction().unwrap_or(f64::INFINITY),
            Self::Zhang => counts.zhang().unwrap_or(f64::NEG_INFINITY),
            Self::Jaccard => counts.jaccard(),
            Self::Certainty => counts.certainty(),
            Self::Kulczynski => counts.kulczynski(),
            Self::Cosine => counts.cosine(),
            Self::PValue => -p_value,
            Self::QValue => -q_value,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_consequent_of_every_basket_convinces_least() {
        let key = |both, antecedent, consequent| {
            RuleSort::Conviction.key(Counts::new(10, both, antecedent, consequent), 0.0, 0.0)
        };
        let (always, undefined, weak) = (key(4, 4, 4), key(4, 4, 10), key(1, 9, 9));
        assert!(always > weak && weak > undefined, "{always} {weak} {undefined}");
    }
}
