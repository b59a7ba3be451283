//! Control of the false discovery rate over a family of tests.

/// The q-value of each p-value, in the same order: the smallest rate of false discoveries at which its test is
/// still declared a discovery,
///
/// ```text
/// q(i) = min over j ≥ i of p(j) · (m / j)      (p ascending, m tests; at most 1)
/// ```
///
/// (Y. Benjamini, Y. Hochberg, *Controlling the false discovery rate*, JRSS B 57, 1995). Equal p-values have
/// equal q-values, and no q-value is below its p-value. NaN has no place here.
pub fn benjamini_hochberg(p_values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..p_values.len()).collect();
    order.sort_unstable_by(|&a, &b| p_values[a].total_cmp(&p_values[b]));
    let mut q_values = vec![0.0; p_values.len()];
    let mut steps = StepUp::new(p_values.len() as u64);
    for &test in order.iter().rev() {
        q_values[test] = steps.q_value(p_values[test], 1);
    }
    q_values
}

/// The same, one p-value after the other, from the largest to the smallest: a family of any size in a few bytes.
#[derive(Debug, Clone)]
pub(crate) struct StepUp {
    tests: f64,
    /// Tests not yet met.
    rank: u64,
    least: f64,
}

impl StepUp {
    pub fn new(tests: u64) -> Self {
        Self { tests: tests as f64, rank: tests, least: 1.0 }
    }

    /// The q-value of the next p-value, which so many tests have: that of the highest rank among them.
    pub fn q_value(&mut self, p_value: f64, equal_tests: u64) -> f64 {
        // In this order no q-value is rounded to below its p-value.
        self.least = self.least.min(p_value * (self.tests / self.rank as f64));
        self.rank -= equal_tests;
        self.least
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(p_values: &[f64], expected: &[f64]) {
        let actual = benjamini_hochberg(p_values);
        assert_eq!(actual.len(), expected.len());
        for (actual, expected) in actual.iter().zip(expected) {
            assert!((actual - expected).abs() < 1e-12, "{actual} {expected}");
        }
    }

    #[test]
    fn q_values_step_up() {
        check(&[], &[]);
        check(&[0.2], &[0.2]);
        check(&[0.01, 0.04, 0.03, 0.5], &[0.04, 0.16 / 3.0, 0.16 / 3.0, 0.5]);
        check(&[0.9, 0.9, 0.9], &[0.9, 0.9, 0.9]);
        check(&[1.0, 0.0], &[1.0, 0.0]);
    }

    #[test]
    fn no_q_value_is_below_its_p_value() {
        let p_values: Vec<f64> = (1..400).map(|test| 1.0 / f64::from(test) / 3.0).collect();
        let q_values = benjamini_hochberg(&p_values);
        assert!(p_values.iter().zip(&q_values).all(|(p, q)| p <= q));
    }

    #[test]
    fn the_order_of_the_tests_does_not_matter() {
        let sorted = benjamini_hochberg(&[0.001, 0.008, 0.039, 0.041, 0.042, 0.06]);
        let mut reversed = benjamini_hochberg(&[0.06, 0.042, 0.041, 0.039, 0.008, 0.001]);
        reversed.reverse();
        assert_eq!(sorted, reversed);
    }
}
