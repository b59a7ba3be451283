//! The value models on the CDNOW sample of their papers (2,357 customers, 39 weeks), against the published
//! parameters and another program's predictions. Skipped without `AFFINSY_SHARED`.

use crate::cdnow::{Row, golden, json, number, rows, shared};
use affinsy_mining::rfm::clv::{BgNbd, GammaGamma, Purchases, Spend};
use serde_json::Value;

fn close(found: f64, expected: f64, tolerance: f64) {
    assert!((found - expected).abs() <= tolerance, "{found} {expected}");
}

#[test]
fn orders_follow_the_published_fit() {
    let Some(customers) = sample() else { return };
    let model = BgNbd::fit(&customers).expect("a fit");
    let expected = json("clv_models.json");
    let (expected, newcomers) = (&expected["bgnbd_cdnow"], &expected["bgnbd_expected_new_customer"]);
    let found = [("r", model.r, 2e-4), ("alpha", model.alpha, 2e-3), ("a", model.a, 2e-3), ("b", model.b, 8e-3)];
    for (name, found, tolerance) in found {
        close(found, at(&expected["lifetimes_params"], name), tolerance);
        close(found, at(&expected["scipy_params"], name), tolerance);
        close(found, at(&expected["published_params"], name), 2e-3);
    }
    let likelihood = model.log_likelihood(&customers);
    close(likelihood, at(expected, "ll_at_lifetimes_params"), 1e-4);
    close(likelihood, at(expected, "scipy_ll"), 1e-4);
    close(likelihood, at(expected, "published_ll"), 0.05);
    let newcomer = Purchases { repeats: 0, last: 0.0, age: 0.0 };
    for (weeks, wanted) in newcomers.as_object().expect("weeks") {
        let weeks = weeks.parse().expect("a number");
        let wanted = wanted.as_f64().expect("a number");
        close(model.expected_purchases(&newcomer, weeks), wanted, 1e-3 * wanted);
    }
    for file in ["cdnow_bgnbd_customers.csv.gz", "cdnow_bgnbd_first10.csv"] {
        for ((at, customer), wanted) in (1..).zip(&customers).zip(golden(file)) {
            let past = [("ID", f64::from(at)), ("frequency", f64::from(customer.repeats))];
            let times = [("recency_weeks", customer.last), ("T_weeks", customer.age)];
            past.iter().chain(&times).for_each(|(column, value)| assert_eq!(number(&wanted, column), *value));
            for column in ["p_alive", "p_alive_formula"] {
                close(model.p_alive(customer), number(&wanted, column), 2e-4);
            }
            for column in ["expected_purchases_39w", "exp39_formula"] {
                let expected = number(&wanted, column);
                close(model.expected_purchases(customer, 39.0), expected, 1e-3 * expected);
            }
            close(model.log_likelihood(&[*customer]), number(&wanted, "loglik"), 1e-3);
        }
    }
}

#[test]
fn values_follow_the_published_fit() {
    if shared().is_none() {
        return;
    }
    let expected = golden("cdnow_gg_clv_customers.csv.gz");
    let spend = |row: &_| Spend { orders: number(row, "frequency") as u32, mean: number(row, "monetary_value") };
    let customers: Vec<Spend> = expected.iter().map(spend).collect();
    let model = GammaGamma::fit(&customers).expect("a fit");
    let published = &json("clv_models.json")["gamma_gamma_cdnow"];
    for (name, found, tolerance) in [("p", model.p, 1e-2), ("q", model.q, 5e-3), ("v", model.v, 5e-2)] {
        close(found, at(&published["lifetimes_params"], name), tolerance);
    }
    assert_eq!(customers.iter().filter(|spend| spend.orders > 0).count() as f64, at(published, "n_repeat"));
    let sample = sample().expect("checked above");
    let orders = BgNbd::fit(&sample).expect("a fit");
    for file in ["cdnow_gg_clv_customers.csv.gz", "cdnow_gg_clv_first10.csv"] {
        for ((past, spend), row) in sample.iter().zip(&customers).zip(golden(file)) {
            assert_eq!((*past, spend.mean), (purchases(&row), number(&row, "monetary_value")));
            let wanted = number(&row, "cond_expected_avg_profit");
            close(model.expected_value(spend), wanted, 1e-3 * wanted);
            close(orders.p_alive(past), number(&row, "p_alive"), 2e-4);
            let wanted = number(&row, "clv_12m_1pct_monthly");
            close(discounted(&orders, past) * model.expected_value(spend), wanted, 2e-3 * wanted);
        }
    }
}

/// Purchases expected in the next twelve months (of 4.345 weeks), each month's at one per cent less than that before.
fn discounted(orders: &BgNbd, past: &Purchases) -> f64 {
    let by = |months: u32| orders.expected_purchases(past, f64::from(months) * 4.345);
    let before = |month: u32| if month > 1 { by(month - 1) } else { 0.0 };
    (1..=12).map(|month| (by(month) - before(month)) / 1.01f64.powi(month as i32)).sum()
}

/// `None` without the data.
fn sample() -> Option<Vec<Purchases>> {
    let file = shared()?.join("data/cdnow_customers_summary.csv");
    Some(rows(&std::fs::read_to_string(file).expect("the data")).iter().map(purchases).collect())
}

fn purchases(row: &Row) -> Purchases {
    Purchases { repeats: number(row, "frequency") as u32, last: number(row, "recency"), age: number(row, "T") }
}

fn at(object: &Value, field: &str) -> f64 {
    object[field].as_f64().unwrap_or_else(|| panic!("no number {field} in {object}"))
}
