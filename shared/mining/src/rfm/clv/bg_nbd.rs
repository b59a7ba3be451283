//! BG/NBD: purchases as a Poisson process whose rate differs between customers (gamma: r, α), with a chance
//! to leave for good after each (beta: a, b). Fader, Hardie & Lee (2005), Marketing Science 24:275–284.

use super::math::{hypergeometric, ln_gamma};
use super::minimise::minimise;
use std::collections::BTreeMap;

/// One customer's past, in any unit of time.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub struct Purchases {
    /// Purchases after the first (x).
    pub repeats: u32,
    /// From the first purchase to the last (tₓ); 0 without repeats.
    pub last: f64,
    /// From the first purchase to now (T).
    pub age: f64,
}

/// A shop's parameters.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BgNbd {
    pub r: f64,
    /// In the unit of time of the purchases.
    pub alpha: f64,
    pub a: f64,
    pub b: f64,
}

/// With more distinct pasts than this, times are rounded until they are fewer: a fit must end.
const MAX_DISTINCT: usize = 5_000;
const STARTS: [[f64; 4]; 3] = [[0.0, 0.0, 0.0, 0.0], [-1.4, 0.0, -0.2, 0.9], [-0.7, 0.7, -2.3, 0.0]];
/// Parameters beyond these say that the data do not tell them, not what they are.
const PLAUSIBLE: std::ops::RangeInclusive<f64> = 1e-4..=1e4;
/// a and b above say that customers leave at the same rate, and that this one is known.
const GREATEST_LEAVING: f64 = 1e3;
/// A loss of log likelihood that says nothing.
const NO_LOSS: f64 = 0.1;

impl BgNbd {
    /// Maximum likelihood; `None` when the data do not settle on parameters.
    pub fn fit(customers: &[Purchases]) -> Option<Self> {
        let oldest = customers.iter().map(|customer| customer.age).fold(0.0, f64::max);
        if oldest <= 0.0 {
            return None;
        }
        // Times of about 10 make all four parameters of a size; equal pasts are worked out once.
        let scale = 10.0 / oldest;
        let pasts = distinct(customers, scale);
        let minus = |logs: &[f64; 4]| -weighted(&Self::of_logs(logs), &pasts);
        let found = STARTS.map(|start| minimise(start, minus));
        let (logs, best) = found.into_iter().min_by(|a, b| a.1.total_cmp(&b.1))?;
        let scaled = Self::of_logs(&logs).bounded();
        let plausible = [scaled.r, scaled.alpha, scaled.a, scaled.b].iter().all(|value| PLAUSIBLE.contains(value));
        let no_worse = -weighted(&scaled, &pasts) <= best + NO_LOSS;
        (plausible && no_worse).then_some(Self { alpha: scaled.alpha / scale, ..scaled })
    }

    /// Where hardly anybody has left yet, or all leave at the same rate, the data tell a / b and not how large both are:
    /// they are kept in proportion, and in bounds.
    fn bounded(self) -> Self {
        let least = *PLAUSIBLE.start();
        let shrink = (GREATEST_LEAVING / self.a.max(self.b)).min(1.0);
        let (a, b) = (self.a * shrink, self.b * shrink);
        let grow = (least / a).clamp(1.0, (GREATEST_LEAVING / b).max(1.0));
        Self { a: (a * grow).max(least), b: b * grow, ..self }
    }

    /// Equation 6 of the paper, in logs, summed over customers.
    pub fn log_likelihood(&self, customers: &[Purchases]) -> f64 {
        customers.iter().map(|customer| self.of_count(customer.repeats) + self.of_times(customer)).sum()
    }

    /// The chance that the customer has not left. 1 without repeats, which says nothing: the model lets
    /// customers leave only after a repeat purchase.
    pub fn p_alive(&self, customer: &Purchases) -> f64 {
        1.0 / (1.0 + self.odds_of_having_left(customer))
    }

    /// Expected purchases in the next `ahead` (equation 10, after Euler's transformation of ₂F₁, which keeps
    /// the series tame for hundreds of repeats).
    pub fn expected_purchases(&self, customer: &Purchases, ahead: f64) -> f64 {
        let Self { r, alpha, b, .. } = *self;
        let a = off(self.a, 1.0);
        let c = off(a + b + f64::from(customer.repeats) - 1.0, 0.0);
        let z = ahead / (alpha + customer.age + ahead);
        let series = (1.0 - z).powf(a - 1.0) * hypergeometric(a + b - 1.0 - r, a - 1.0, c, z);
        c / (a - 1.0) * (1.0 - series) / (1.0 + self.odds_of_having_left(customer))
    }

    fn odds_of_having_left(&self, customer: &Purchases) -> f64 {
        if customer.repeats == 0 {
            return 0.0;
        }
        let x = f64::from(customer.repeats);
        let silence = (self.alpha + customer.age) / (self.alpha + customer.last);
        self.a / (self.b + x - 1.0) * silence.powf(self.r + x)
    }

    fn of_logs(logs: &[f64; 4]) -> Self {
        let [r, alpha, a, b] = logs.map(f64::exp);
        Self { r, alpha, a, b }
    }

    /// What depends on the number of repeats alone.
    fn of_count(&self, repeats: u32) -> f64 {
        let Self { r, alpha, a, b } = *self;
        let x = f64::from(repeats);
        ln_gamma(r + x) - ln_gamma(r) + r * alpha.ln() + ln_gamma(a + b) + ln_gamma(b + x)
            - ln_gamma(b)
            - ln_gamma(a + b + x)
    }

    fn of_times(&self, customer: &Purchases) -> f64 {
        let x = f64::from(customer.repeats);
        -(self.r + x) * (self.alpha + customer.age).ln() + self.odds_of_having_left(customer).ln_1p()
    }
}

/// Moves a value that a formula cannot take a little aside.
fn off(value: f64, pole: f64) -> f64 {
    if (value - pole).abs() < 1e-6 { pole + 1e-6 } else { value }
}

/// Distinct pasts with their numbers, by repeats.
type Pasts = Vec<(u32, Vec<(Purchases, f64)>)>;

fn distinct(customers: &[Purchases], scale: f64) -> Pasts {
    let mut step = 0.0;
    loop {
        let round = |time: f64| if step > 0.0 { (time / step).round() * step } else { time };
        let mut counts = BTreeMap::<(u32, u64, u64), f64>::new();
        for customer in customers {
            // Bits of floats that are not negative stand in their order.
            let (last, age) = (round(customer.last * scale), round(customer.age * scale));
            *counts.entry((customer.repeats, last.to_bits(), age.to_bits())).or_default() += 1.0;
        }
        if counts.len() <= MAX_DISTINCT || step > 1.0 {
            return by_repeats(counts);
        }
        step = if step > 0.0 { step * 2.0 } else { 0.02 };
    }
}

fn by_repeats(counts: BTreeMap<(u32, u64, u64), f64>) -> Pasts {
    let mut pasts = BTreeMap::<u32, Vec<(Purchases, f64)>>::new();
    for ((repeats, last, age), count) in counts {
        let past = Purchases { repeats, last: f64::from_bits(last), age: f64::from_bits(age) };
        pasts.entry(repeats).or_default().push((past, count));
    }
    pasts.into_iter().collect()
}

fn weighted(model: &BgNbd, pasts: &Pasts) -> f64 {
    let group = |(repeats, group): &(u32, Vec<(Purchases, f64)>)| {
        let shared = model.of_count(*repeats);
        group.iter().map(|(past, count)| count * (shared + model.of_times(past))).sum::<f64>()
    };
    pasts.iter().map(group).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The published parameters for CDNOW, in weeks.
    const CDNOW: BgNbd = BgNbd { r: 0.242_592_928, alpha: 4.413_532_266, a: 0.792_885_966, b: 2.425_752_383 };

    fn check(repeats: u32, last: f64, p_alive: f64, in_39_weeks: f64) {
        let customer = Purchases { repeats, last, age: 38.86 };
        let found = (CDNOW.p_alive(&customer), CDNOW.expected_purchases(&customer, 39.0));
        assert!((found.0 - p_alive).abs() < 1e-7 && (found.1 - in_39_weeks).abs() < 1e-6, "{found:?}");
    }

    #[test]
    fn predicts_as_published_programs_do() {
        check(2, 30.43, 0.726_609_136_8, 1.225_910_424_2);
        check(1, 1.71, 0.212_227_388_1, 0.203_250_624_3);
        check(0, 0.0, 1.0, 0.194_780_857_9);
        check(7, 29.43, 0.641_800_639_4, 3.337_239_646_5);
    }

    #[test]
    fn nothing_to_fit_is_no_model() {
        assert_eq!(BgNbd::fit(&[]), None);
        assert_eq!(BgNbd::fit(&[Purchases { repeats: 0, last: 0.0, age: 0.0 }]), None);
    }
}
