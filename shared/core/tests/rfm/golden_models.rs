//! What the value models say at the other program's own parameters, where nothing but the formulas can differ: to the
//! digit. Skipped without `AFFINSY_SHARED`.

use crate::cdnow::{Row, golden, json, number, rows, shared};
use affinsy_mining::rfm::clv::{BgNbd, GammaGamma, Purchases, Spend};
use serde_json::Value;

fn models() -> Option<Value> {
    shared().map(|_| json("clv_models.json"))
}

/// Equal but for the last digits of the golden files, which round at the twelfth decimal at the latest.
fn same(found: f64, wanted: f64, what: &str) {
    assert!((found - wanted).abs() <= 1e-8 * wanted.abs().max(1.0), "{what}: {found}, not {wanted}");
}

/// The other program's BG/NBD.
fn bg_nbd(models: &Value) -> BgNbd {
    let at = |name: &str| models["bgnbd_cdnow"]["lifetimes_params"][name].as_f64().expect("a parameter");
    BgNbd { r: at("r"), alpha: at("alpha"), a: at("a"), b: at("b") }
}

/// The other program's Gamma-Gamma.
fn gamma_gamma(models: &Value) -> GammaGamma {
    let at = |name: &str| models["gamma_gamma_cdnow"]["lifetimes_params"][name].as_f64().expect("a parameter");
    GammaGamma { p: at("p"), q: at("q"), v: at("v") }
}

fn purchases(row: &Row, last: &str, age: &str) -> Purchases {
    Purchases { repeats: number(row, "frequency") as u32, last: number(row, last), age: number(row, age) }
}

#[test]
fn orders_are_predicted_to_the_digit() {
    let Some(models) = models() else { return };
    let model = bg_nbd(&models);
    let mut customers = Vec::new();
    for file in ["cdnow_bgnbd_customers.csv.gz", "cdnow_bgnbd_first10.csv"] {
        customers.clear();
        for row in &golden(file) {
            let customer = purchases(row, "recency_weeks", "T_weeks");
            customers.push(customer);
            let (p_alive, ahead) = (model.p_alive(&customer), model.expected_purchases(&customer, 39.0));
            same(p_alive, number(row, "p_alive"), "p_alive");
            same(p_alive, number(row, "p_alive_formula"), "p_alive_formula");
            same(ahead, number(row, "expected_purchases_39w"), "expected_purchases_39w");
            same(ahead, number(row, "exp39_formula"), "exp39_formula");
            same(model.log_likelihood(&[customer]), number(row, "loglik"), "loglik");
        }
        if file.ends_with(".gz") {
            let of_all = &models["bgnbd_cdnow"];
            assert_eq!(customers.len() as u64, of_all["n"].as_u64().expect("a count"));
            let sum = of_all["ll_at_lifetimes_params"].as_f64().expect("a sum");
            same(model.log_likelihood(&customers), sum, "ll_at_lifetimes_params");
        }
    }
    let newcomer = Purchases { repeats: 0, last: 0.0, age: 0.0 };
    for (weeks, wanted) in models["bgnbd_expected_new_customer"].as_object().expect("weeks") {
        let found = model.expected_purchases(&newcomer, weeks.parse().expect("weeks"));
        same(found, wanted.as_f64().expect("purchases"), weeks);
    }
}

/// The answers stand in the sample's order, beside the sample's own numbers.
#[test]
fn the_answers_are_about_the_sample() {
    let Some(folder) = shared() else { return };
    let sample = rows(&std::fs::read_to_string(folder.join("data/cdnow_customers_summary.csv")).expect("the data"));
    let check = |file: &str, columns: [&str; 4]| {
        for (place, (found, wanted)) in golden(file).iter().zip(&sample).enumerate() {
            assert_eq!(number(found, columns[0]), (place + 1) as f64, "{file}");
            for (column, of_sample) in columns[1..].iter().zip(["frequency", "recency", "T"]) {
                assert_eq!(number(found, column), number(wanted, of_sample), "{column} of {place} in {file}");
            }
        }
    };
    for file in ["cdnow_bgnbd_customers.csv.gz", "cdnow_bgnbd_first10.csv"] {
        check(file, ["ID", "frequency", "recency_weeks", "T_weeks"]);
    }
    check("cdnow_gg_clv_customers.csv.gz", ["row", "frequency", "recency", "T"]);
    check("cdnow_gg_clv_first10.csv", ["", "frequency", "recency", "T"]);
}

#[test]
fn fits_are_as_likely_as_those_of_another_optimiser() {
    let Some(models) = models() else { return };
    let orders: Vec<Purchases> =
        golden("cdnow_bgnbd_customers.csv.gz").iter().map(|row| purchases(row, "recency_weeks", "T_weeks")).collect();
    let values: Vec<Spend> =
        golden("cdnow_gg_clv_customers.csv.gz").iter().map(spend).filter(|spend| spend.orders > 0).collect();
    let found = [
        BgNbd::fit(&orders).expect("a fit").log_likelihood(&orders),
        GammaGamma::fit(&values).expect("a fit").log_likelihood(&values),
    ];
    for (found, model) in found.into_iter().zip(["bgnbd_cdnow", "gamma_gamma_cdnow"]) {
        let wanted = models[model]["scipy_ll"].as_f64().expect("a sum");
        assert!((found - wanted).abs() < 1e-5, "{model}: {found}, not {wanted}");
    }
}

#[test]
fn the_published_parameters_fit_worse_than_those_found() {
    let Some(models) = models() else { return };
    let rows = golden("cdnow_bgnbd_customers.csv.gz");
    let customers: Vec<Purchases> = rows.iter().map(|row| purchases(row, "recency_weeks", "T_weeks")).collect();
    let golden_model = &models["bgnbd_cdnow"];
    let at = |name: &str| golden_model["published_params"][name].as_f64().expect("a parameter");
    let published = BgNbd { r: at("r"), alpha: at("alpha"), a: at("a"), b: at("b") };
    let likelihood = published.log_likelihood(&customers);
    same(likelihood, golden_model["ll_at_published"].as_f64().expect("a sum"), "ll_at_published");
    let found = BgNbd::fit(&customers).expect("a fit");
    assert!(found.log_likelihood(&customers) > likelihood);
    for (name, value) in [("r", found.r), ("alpha", found.alpha), ("a", found.a), ("b", found.b)] {
        assert!((value - at(name)).abs() < 1e-3, "{name}: {value}, published {}", at(name));
    }
}

#[test]
fn values_are_predicted_to_the_digit() {
    let Some(models) = models() else { return };
    let (orders, value) = (bg_nbd(&models), gamma_gamma(&models));
    for file in ["cdnow_gg_clv_customers.csv.gz", "cdnow_gg_clv_first10.csv"] {
        for row in &golden(file) {
            let customer = purchases(row, "recency", "T");
            let expected = value.expected_value(&spend(row));
            same(expected, number(row, "cond_expected_avg_profit"), "cond_expected_avg_profit");
            same(orders.p_alive(&customer), number(row, "p_alive"), "p_alive");
            same(a_year(&orders, &customer) * expected, number(row, "clv_12m_1pct_monthly"), "clv_12m_1pct_monthly");
        }
    }
    let rows = golden("cdnow_gg_clv_customers.csv.gz");
    let repeat: Vec<Spend> = rows.iter().map(spend).filter(|spend| spend.orders > 0).collect();
    let of_all = &models["gamma_gamma_cdnow"];
    assert_eq!(repeat.len() as u64, of_all["n_repeat"].as_u64().expect("a count"));
    same(value.log_likelihood(&repeat), of_all["ll_at_lifetimes_params"].as_f64().expect("a sum"), "log-likelihood");
    let newcomer = value.expected_value(&Spend { orders: 0, mean: 0.0 });
    same(newcomer, of_all["population_mean"].as_f64().expect("a mean"), "population_mean");
}

fn spend(row: &Row) -> Spend {
    Spend { orders: number(row, "frequency") as u32, mean: number(row, "monetary_value") }
}

/// Purchases of the next twelve months, each month's discounted by one per cent a month. The other program's month
/// has 4.345 weeks.
fn a_year(model: &BgNbd, customer: &Purchases) -> f64 {
    const WEEKS: f64 = 4.345;
    let until = |month: i32| model.expected_purchases(customer, f64::from(month) * WEEKS);
    (1..=12).map(|month| (until(month) - until(month - 1)) / 1.01f64.powi(month)).sum()
}
