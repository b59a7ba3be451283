//! When a customer counts as lapsed: `recency_days` above a limit T that fits the customer or the shop, since
//! no fixed number fits every trade. Knows nothing of scores.

use crate::report::customer::Past;
use crate::time::Day;
use serde::Serialize;

/// A shop with fewer gaps between purchase days than this has no percentile worth the name.
const MIN_SHOP_GAPS: usize = 30;
const DEFAULT_LIMIT: Tenths = Tenths::of_days(90);
const SMALLEST_OWN_LIMIT: Tenths = Tenths::of_days(30);

/// Which rule gave a customer's T.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum LapseRule {
    /// The parameter `churn_days`.
    ChurnDays,
    /// At least 3 purchase days: max(30, 2 × the customer's own median gap).
    OwnMedianGap,
    /// The 90th percentile of the shop's gaps.
    ShopPercentile,
    /// 90 days, where the shop has fewer than 30 gaps.
    NinetyDays,
}

/// The limits of a shop, and how many of its customers with a purchase each rule decided.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ChurnRules {
    pub churn_days: Option<u32>,
    pub shop_gaps: u64,
    /// The shop's 90th-percentile gap; `None` with fewer than 30 gaps.
    pub shop_gap_p90_days: Option<f64>,
    /// Median T; `None` where nobody bought.
    pub median_limit_days: Option<f64>,
    pub by_churn_days: u64,
    pub by_own_median_gap: u64,
    pub by_shop_percentile: u64,
    pub by_ninety_days: u64,
    pub lapsed_customers: u64,
    #[serde(skip)]
    shop: Option<Tenths>,
}

/// Days in tenths: the type-7 90th percentile of whole days is always a whole number of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Tenths(i64);

impl Tenths {
    const fn of_days(days: i64) -> Self {
        Self(days * 10)
    }
    fn days(self) -> f64 {
        self.0 as f64 / 10.0
    }
}

impl ChurnRules {
    /// The rules of this shop and the customers they call lapsed, ascending.
    pub fn apply(past: &Past<'_>, churn_days: Option<u32>) -> (Self, Vec<u32>) {
        let mut rules = Self::of_shop(past, churn_days);
        let (mut limits, mut lapsed) = (Vec::new(), Vec::new());
        for customer in past.customers() {
            let days = past.purchase_days(customer);
            let Some((last, as_of)) = days.last().zip(past.window.as_of) else { continue };
            let (rule, limit) = rules.limit(&days);
            rules.count(rule);
            limits.push(limit);
            if Tenths::of_days(as_of.days_since(*last)) > limit {
                lapsed.push(customer);
            }
        }
        limits.sort_unstable();
        rules.median_limit_days = median_twice(&limits, |limit| limit.0).map(|twice| twice as f64 / 20.0);
        rules.lapsed_customers = lapsed.len() as u64;
        (rules, lapsed)
    }

    fn of_shop(past: &Past<'_>, churn_days: Option<u32>) -> Self {
        let mut shop_gaps: Vec<i64> = past.customers().flat_map(|c| gaps(&past.purchase_days(c))).collect();
        shop_gaps.sort_unstable();
        let shop = (shop_gaps.len() >= MIN_SHOP_GAPS).then(|| ninetieth_percentile(&shop_gaps));
        Self {
            churn_days,
            shop_gaps: shop_gaps.len() as u64,
            shop_gap_p90_days: shop.map(Tenths::days),
            median_limit_days: None,
            by_churn_days: 0,
            by_own_median_gap: 0,
            by_shop_percentile: 0,
            by_ninety_days: 0,
            lapsed_customers: 0,
            shop,
        }
    }

    fn limit(&self, purchase_days: &[Day]) -> (LapseRule, Tenths) {
        if let Some(days) = self.churn_days {
            return (LapseRule::ChurnDays, Tenths::of_days(i64::from(days)));
        }
        if purchase_days.len() >= 3 {
            let mut own = gaps(purchase_days);
            own.sort_unstable();
            let twice = median_twice(&own, |gap| *gap).expect("three purchase days have two gaps");
            return (LapseRule::OwnMedianGap, Tenths::of_days(twice).max(SMALLEST_OWN_LIMIT));
        }
        match self.shop {
            Some(limit) => (LapseRule::ShopPercentile, limit),
            None => (LapseRule::NinetyDays, DEFAULT_LIMIT),
        }
    }

    fn count(&mut self, rule: LapseRule) {
        *match rule {
            LapseRule::ChurnDays => &mut self.by_churn_days,
            LapseRule::OwnMedianGap => &mut self.by_own_median_gap,
            LapseRule::ShopPercentile => &mut self.by_shop_percentile,
            LapseRule::NinetyDays => &mut self.by_ninety_days,
        } += 1;
    }
}

/// Days between consecutive purchase days; never zero, since the days are distinct.
fn gaps(purchase_days: &[Day]) -> Vec<i64> {
    purchase_days.windows(2).map(|pair| pair[1].days_since(pair[0])).collect()
}

/// Twice the median, which is whole where the values are.
fn median_twice<T>(sorted: &[T], value: impl Fn(&T) -> i64) -> Option<i64> {
    let last = sorted.len().checked_sub(1)?;
    Some(value(&sorted[last / 2]) + value(&sorted[last.div_ceil(2)]))
}

/// Type 7 (Hyndman & Fan 1996): linear between the order statistics around (n − 1) × 0.9.
fn ninetieth_percentile(sorted: &[i64]) -> Tenths {
    let place = 9 * (sorted.len() - 1);
    let (below, tenths) = (sorted[place / 10], (place % 10) as i64);
    let above = sorted[(place / 10 + 1).min(sorted.len() - 1)];
    Tenths(10 * below + tenths * (above - below))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentile_is_exact_in_tenths() {
        assert_eq!(ninetieth_percentile(&[7]), Tenths(70));
        assert_eq!(ninetieth_percentile(&[1, 2]), Tenths(19));
        let to_hundred: Vec<i64> = (0..=100).collect();
        assert_eq!(ninetieth_percentile(&to_hundred), Tenths(900));
    }

    #[test]
    fn medians_of_even_counts_lie_between() {
        assert_eq!(median_twice(&[3, 4], |v| *v), Some(7));
        assert_eq!(median_twice(&[3, 4, 9], |v| *v), Some(8));
        assert_eq!(median_twice::<i64>(&[], |v| *v), None);
    }
}
