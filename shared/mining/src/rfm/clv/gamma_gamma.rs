//! Gamma-Gamma: what an order brings, differing between customers (gamma: q, v) and between orders of one
//! (gamma: p). Fader & Hardie (2013), "The Gamma-Gamma Model of Monetary Value".

use super::math::ln_gamma;
use super::minimise::minimise;

/// One customer's repeat orders.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Spend {
    pub orders: u32,
    /// Mean value of an order; above zero.
    pub mean: f64,
}

/// A shop's parameters.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct GammaGamma {
    pub p: f64,
    pub q: f64,
    /// In the unit of the values.
    pub v: f64,
}

const STARTS: [[f64; 3]; 3] = [[0.0, 0.7, 0.0], [1.8, 1.3, -0.8], [0.7, 0.3, 0.7]];
/// Above so many customers every nth is fitted, in the order of orders and value: a fit must end.
const MAX_FITTED: usize = 5_000;
const PLAUSIBLE: std::ops::RangeInclusive<f64> = 1e-4..=1e4;

impl GammaGamma {
    /// Maximum likelihood over customers with at least one order of a value above zero; `None` when the data
    /// do not settle on parameters with a finite mean.
    pub fn fit(customers: &[Spend]) -> Option<Self> {
        let (scale, sample) = scaled_sample(customers);
        if !(scale.is_finite() && scale > 0.0) {
            return None;
        }
        let minus = |logs: &[f64; 3]| -Self::of_logs(logs).log_likelihood(&sample);
        let found = STARTS.map(|start| minimise(start, minus));
        let (logs, _) = found.into_iter().min_by(|a, b| a.1.total_cmp(&b.1))?;
        let model = Self::of_logs(&logs);
        let plausible = [model.p, model.q, model.v].iter().all(|value| PLAUSIBLE.contains(value)) && model.q > 1.0;
        plausible.then_some(Self { v: model.v * scale, ..model })
    }

    /// Equation 1a of the note, in logs, summed over customers.
    pub fn log_likelihood(&self, customers: &[Spend]) -> f64 {
        customers.iter().map(|spend| self.of_customer(spend)).sum()
    }

    /// The expected value of a customer's orders (equation 5): between that seen and that of the shop.
    pub fn expected_value(&self, spend: &Spend) -> f64 {
        let Self { p, q, v } = *self;
        let x = f64::from(spend.orders);
        p * (v + x * spend.mean) / (p * x + q - 1.0)
    }

    fn of_logs(logs: &[f64; 3]) -> Self {
        let [p, q, v] = logs.map(f64::exp);
        Self { p, q, v }
    }

    fn of_customer(&self, spend: &Spend) -> f64 {
        let Self { p, q, v } = *self;
        let (x, mean) = (f64::from(spend.orders), spend.mean);
        let px = p * x;
        ln_gamma(px + q) - ln_gamma(px) - ln_gamma(q) + q * v.ln() + (px - 1.0) * mean.ln() + px * x.ln()
            - (px + q) * (x * mean + v).ln()
    }
}

/// Values with a mean of 1, and what they were divided by.
fn scaled_sample(customers: &[Spend]) -> (f64, Vec<Spend>) {
    let mut known: Vec<Spend> =
        customers.iter().copied().filter(|spend| spend.orders > 0 && spend.mean > 0.0).collect();
    known.sort_unstable_by(|a, b| a.orders.cmp(&b.orders).then(a.mean.total_cmp(&b.mean)));
    let scale = known.iter().map(|spend| spend.mean).sum::<f64>() / known.len() as f64;
    let step = known.len().div_ceil(MAX_FITTED).max(1);
    let sample = known.into_iter().skip(step / 2).step_by(step);
    (scale, sample.map(|spend| Spend { mean: spend.mean / scale, ..spend }).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expects_between_the_customer_and_the_shop() {
        let cdnow = GammaGamma { p: 6.248_802_496_1, q: 3.744_588_461, v: 15.447_748_064_9 };
        let check = |orders, mean, expected: f64| {
            let found = cdnow.expected_value(&Spend { orders, mean });
            assert!((found - expected).abs() < 1e-6, "{found} {expected}");
        };
        check(2, 22.35, 24.658_616_189_2);
        check(1, 11.77, 18.911_479_869_9);
        check(0, 0.0, 35.171_002_152_5);
    }

    #[test]
    fn nothing_to_fit_is_no_model() {
        assert_eq!(GammaGamma::fit(&[]), None);
        assert_eq!(GammaGamma::fit(&[Spend { orders: 0, mean: 0.0 }]), None);
    }
}
