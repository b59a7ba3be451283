//! The value models on the CDNOW sample of their papers (2,357 customers, 39 weeks), against the published
//! parameters and another program's predictions. Skipped without `AFFINSY_SHARED`.

use crate::cdnow::{golden, number, rows, shared};
use affinsy_mining::rfm::clv::{BgNbd, GammaGamma, Purchases, Spend};

fn close(found: f64, expected: f64, tolerance: f64) {
    assert!((found - expected).abs() <= tolerance, "{found} {expected}");
}

#[test]
fn orders_follow_the_published_fit() {
    let Some(folder) = shared() else { return };
    let sample = rows(&std::fs::read_to_string(folder.join("data/cdnow_customers_summary.csv")).expect("the data"));
    let purchases = |row: &_| Purchases {
        repeats: number(row, "frequency") as u32,
        last: number(row, "recency"),
        age: number(row, "T"),
    };
    let customers: Vec<Purchases> = sample.iter().map(purchases).collect();
    let model = BgNbd::fit(&customers).expect("a fit");
    close(model.r, 0.242_593, 1e-4);
    close(model.alpha, 4.413_532, 1e-3);
    close(model.a, 0.792_886, 1e-3);
    close(model.b, 2.425_752, 4e-3);
    close(model.log_likelihood(&customers), -9_582.425_6, 1e-4);
    for (customer, wanted) in customers.iter().zip(golden("cdnow_bgnbd_customers.csv.gz")) {
        close(model.p_alive(customer), number(&wanted, "p_alive"), 2e-4);
        let expected = number(&wanted, "expected_purchases_39w");
        close(model.expected_purchases(customer, 39.0), expected, 1e-3 * expected);
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
    close(model.p, 6.248_8, 1e-2);
    close(model.q, 3.744_6, 5e-3);
    close(model.v, 15.447_7, 5e-2);
    for (customer, wanted) in customers.iter().zip(&expected) {
        let wanted = number(wanted, "cond_expected_avg_profit");
        close(model.expected_value(customer), wanted, 1e-3 * wanted);
    }
}
