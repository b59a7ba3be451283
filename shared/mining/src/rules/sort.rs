//! What best means, as a number where more is better. Ties are broken elsewhere, by counts and items.

use super::metrics::Metrics;

/// The metric by which rules are ordered, best first. Ties: more support first, then antecedent and consequent
/// ascending, so that the order never depends on chance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum RuleSort {
    #[default]
    Lift,
    Confidence,
    Support,
    Leverage,
    Conviction,
    Zhang,
    Jaccard,
    Certainty,
    Kulczynski,
    Cosine,
    /// Smallest first.
    PValue,
    /// Smallest first.
    QValue,
}

impl RuleSort {
    /// The key of a rule: larger is better, never NaN.
    pub(super) fn key(self, metrics: &Metrics, p_value: f64, q_value: f64) -> f64 {
        match self {
            Self::Lift => metrics.lift,
            Self::Confidence => metrics.confidence,
            Self::Support => metrics.support,
            Self::Leverage => metrics.leverage,
            Self::Conviction => metrics.conviction.unwrap_or(f64::INFINITY),
            Self::Zhang => metrics.zhang.unwrap_or(f64::NEG_INFINITY),
            Self::Jaccard => metrics.jaccard,
            Self::Certainty => metrics.certainty,
            Self::Kulczynski => metrics.kulczynski,
            Self::Cosine => metrics.cosine,
            Self::PValue => -p_value,
            Self::QValue => -q_value,
        }
    }
}
