//! When a shop gets a value model, when not, and why; and that the model is held against what came.

use crate::support::{Report, order, report};
use affinsy_core::history::{History, HistoryBuilder};
use affinsy_core::time::{Day, parse_day, zone};
use std::collections::BTreeSet;

/// A shop of 400 customers who begin during a year and buy at random, each at a pace and price of their own. `pace` and
/// `price` turn two numbers below 1,000, the customer's own and one drawn by lot, into days and money; `comes` says
/// whether an order of a day comes at all.
fn orders(
    pace: impl Fn(u64, u64) -> u64,
    price: impl Fn(u64, u64) -> u64,
    comes: impl Fn(u64, u64) -> bool,
) -> HistoryBuilder {
    let mut builder = HistoryBuilder::default();
    let mut number = 0;
    for customer in 0..400u64 {
        let mut draw = lots(customer);
        let (own_pace, own_price, mut day) = (draw(1_000), draw(1_000), draw(400));
        while day < 730 {
            number += 1;
            let date = Day(first().0 + day as i32).to_string();
            let price = price(own_price, draw(1_000)).to_string();
            if comes(day, draw(1_000)) {
                order(&mut builder, &number.to_string(), &customer.to_string(), &date, &[("Tea", &price, "1")]);
            }
            day += 1 + pace(own_pace, draw(1_000));
        }
    }
    builder
}

fn shop(pace: impl Fn(u64, u64) -> u64, price: impl Fn(u64, u64) -> u64) -> History {
    orders(pace, price, |_, _| true).build()
}

fn first() -> Day {
    parse_day("2023-01-01").expect("a date")
}

/// Numbers below a bound, by lot but always the same (SplitMix64).
fn lots(seed: u64) -> impl FnMut(u64) -> u64 {
    let mut state = seed.wrapping_mul(0x2545_f491_4f6c_dd1d);
    move |below| {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % below
    }
}

/// Waits as of a Poisson process, its mean from 20 to 219 days; one in twelve never comes back.
fn random_pace(own: u64, lot: u64) -> u64 {
    let mean = 20.0 + own as f64 / 5.0;
    if lot < 83 { 10_000 } else { (-((lot - 82) as f64 / 918.0).ln() * mean) as u64 }
}

fn random_price(own: u64, lot: u64) -> u64 {
    20 + own / 10 + lot / 20
}

fn check_refused(report: &Report, words: &str) {
    assert!(report.at("/lifetime_value/model").is_null() && report.at("/lifetime_value/total").is_null());
    let reason = report.at("/lifetime_value/reason").as_str().expect("a reason");
    assert!(reason.contains(words), "{reason}");
    assert!(report.customers.iter().all(|row| row.get("p_alive").is_none()));
}

#[test]
fn a_model_is_put_to_the_test() {
    let report = report(&shop(random_pace, random_price), "");
    assert_eq!(*report.at("/lifetime_value/model"), "bg_nbd_gamma_gamma");
    let test = report.at("/lifetime_value/backtest");
    assert_eq!((&test["fitted_on"], &test["days"]), (&"2024-09-30".into(), &90.into()));
    let ratio = report.number("/lifetime_value/backtest/expected_to_actual");
    assert!((0.8..1.25).contains(&ratio), "{test}");
    let known = |pointer: &str| report.number(&format!("/lifetime_value/{pointer}"));
    let [expected, came] = ["backtest/expected_orders", "backtest/actual_orders"].map(known);
    assert!((expected / came - ratio).abs() < 1e-12);
    let insight = report.at("/insights/items").as_array().expect("insights").iter();
    assert!(insight.map(|item| &item["kind"]).any(|kind| kind == "expected_spend"));
}

#[test]
fn the_purchases_of_the_test_are_those_after_its_day() {
    let history = shop(random_pace, random_price);
    let report = report(&history, r#""params": {"as_of": "2024-12-30"}"#);
    let (utc, fitted_on) = (zone("UTC").expect("a zone"), parse_day("2024-10-01").expect("a date"));
    let days_since = |at: usize| history.orders()[at].date.day_in(&utc).days_since(fitted_on);
    let begun: BTreeSet<Option<u32>> =
        (0..history.orders().len()).filter(|at| days_since(*at) <= 0).map(|at| history.orders()[at].customer).collect();
    let came = (0..history.orders().len())
        .filter(|at| (1..=90).contains(&days_since(*at)) && begun.contains(&history.orders()[*at].customer));
    assert_eq!(report.number("/lifetime_value/backtest/actual_orders"), came.count() as f64);
    assert_eq!(report.number("/lifetime_value/backtest/customers"), begun.len() as f64);
}

#[test]
fn no_model_is_better_than_a_wrong_one() {
    let usual = || shop(random_pace, random_price);
    let fading = orders(random_pace, random_price, |day, lot| day < 640 || lot < 250).build();
    let report_of_fading = report(&fading, "");
    check_refused(&report_of_fading, "wrong by more than a factor of two");
    assert!(report_of_fading.number("/lifetime_value/backtest/expected_to_actual") > 2.0);
    check_refused(&report(&usual(), r#""params": {"customer_scope": "repeat"}"#), "would bias a model");
    check_refused(&report(&usual(), r#""params": {"as_of": "2023-03-01"}"#), "fewer than 100 customers");
    check_refused(&report(&shop(|_, _| 29, random_price), ""), "no BG/NBD model");
    check_refused(&report(&shop(random_pace, |_, _| 50), ""), "no Gamma-Gamma model");
}

#[test]
fn what_was_sent_back_is_not_expected_again() {
    let mut builder = orders(random_pace, random_price, |_, _| true);
    for (id, day, quantity) in [("a", "2023-05-18", "1"), ("b", "2024-11-30", "80000"), ("c", "2024-11-30", "-80000")] {
        order(&mut builder, id, "returner", day, &[("Paper birds", "2.08", quantity)]);
    }
    let report = report(&builder.build(), "");
    let row = report.customers.iter().find(|row| row["customer_id"] == "returner").expect("a row");
    let [orders, value] =
        ["expected_orders_365d", "expected_value_365d"].map(|field| row[field].as_f64().expect("an estimate"));
    assert!(orders > 0.0 && value / orders < 500.0, "{row}");
}
