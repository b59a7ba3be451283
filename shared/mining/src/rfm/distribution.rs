//! Summaries of many values: quantiles, means, and how unevenly something is spread. Empty input has none.

/// Type 7 of Hyndman & Fan (1996), the default of R and NumPy: linear between the order statistics around
/// (n − 1) × p. `sorted` is ascending, `p` 0 … 1.
pub fn quantile(sorted: &[i64], p: f64) -> Option<f64> {
    let last = sorted.len().checked_sub(1)?;
    let place = last as f64 * p;
    let below = (place.floor() as usize).min(last);
    let above = (below + 1).min(last);
    let part = place - below as f64;
    Some(sorted[below] as f64 + part * (sorted[above] - sorted[below]) as f64)
}

pub fn mean(values: &[i64]) -> Option<f64> {
    let total: i128 = values.iter().map(|value| i128::from(*value)).sum();
    (!values.is_empty()).then(|| total as f64 / values.len() as f64)
}

/// The middle value, or the integer mean of the two in the middle. `sorted` is ascending.
pub fn median_i128(sorted: &[i128]) -> Option<i128> {
    let last = sorted.len().checked_sub(1)?;
    let (low, high) = (sorted[last / 2], sorted[last.div_ceil(2)]);
    Some(low + (high - low) / 2)
}

/// Gini coefficient: 0 when all have the same, near 1 when one has everything. Values below zero count as
/// zero; `None` when nobody has anything. `sorted` is ascending.
pub fn gini(sorted: &[i128]) -> Option<f64> {
    let n = sorted.len() as f64;
    let positive = || sorted.iter().map(|value| (*value).max(0) as f64);
    let total: f64 = positive().sum();
    let weighted: f64 = positive().enumerate().map(|(at, value)| (at + 1) as f64 * value).sum();
    (total > 0.0).then(|| (2.0 * weighted / (n * total) - (n + 1.0) / n).clamp(0.0, 1.0))
}

/// The sum of the greatest `count` values. `sorted` is ascending.
pub fn top_sum(sorted: &[i128], count: usize) -> i128 {
    sorted.iter().rev().take(count).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_lie_between_order_statistics() {
        let check = |sorted: &[i64], p, expected| assert_eq!(quantile(sorted, p), expected);
        check(&[], 0.5, None);
        check(&[7], 0.9, Some(7.0));
        check(&[1, 2], 0.5, Some(1.5));
        check(&[1, 2, 3, 4, 5], 1.0, Some(5.0));
        check(&[10, 20, 30, 40], 0.25, Some(17.5));
    }

    #[test]
    fn medians_of_money_stay_whole() {
        let check = |sorted: &[i128], expected| assert_eq!(median_i128(sorted), expected);
        check(&[], None);
        check(&[1, 5], Some(3));
        check(&[-4, 1, 9], Some(1));
        check(&[i128::MAX - 2, i128::MAX], Some(i128::MAX - 1));
    }

    #[test]
    fn gini_knows_its_ends() {
        let check = |sorted: &[i128], expected: Option<f64>| {
            let found = gini(sorted);
            let close = found.zip(expected).is_some_and(|(found, wanted)| (found - wanted).abs() < 1e-12);
            assert!(close || found == expected, "{found:?} {expected:?}");
        };
        check(&[], None);
        check(&[-3, 0], None);
        check(&[5, 5, 5], Some(0.0));
        check(&[0, 0, 0, 8], Some(0.75));
        check(&[-8, 0, 0, 8], Some(0.75));
        check(&[1, 2, 3, 4], Some(0.25));
    }

    #[test]
    fn the_top_may_be_everybody() {
        assert_eq!(top_sum(&[1, 2, 3], 2), 5);
        assert_eq!(top_sum(&[1, 2, 3], 9), 6);
    }
}
