//! Which orders each customer scope counts, and when the anchor date is.

use crate::support::{Item, history};
use affinsy_core::history::History;
use affinsy_core::report::CustomerScope;
use affinsy_core::report::scope::{Selection, select};
use affinsy_core::report::spec::ReportSpec;
use affinsy_core::report::window::{AskedTime, Window};
use affinsy_core::time::{parse_day, parse_instant, zone};

const TEA: &[Item<'static>] = &[("Tea", "10", "1")];
const REFUND: &[Item<'static>] = &[("Tea", "10", "-1")];

fn window(history: &History, zone_name: &str, as_of: &str, start: &str) -> Window {
    let asked = AskedTime { as_of: parse_day(as_of), start: parse_instant(start), ..AskedTime::default() };
    Window::new(zone(zone_name).expect("a zone"), asked, history)
}

/// A basket analysis of a scope.
fn asked(customer_scope: CustomerScope, churn_days: Option<u32>) -> ReportSpec {
    let plain = ReportSpec::parse(br#"{"report_type": "MBA"}"#).expect("a valid request");
    ReportSpec { customer_scope, churn_days, ..plain }
}

fn selection(history: &History, scope: CustomerScope, as_of: &str, start: &str) -> Selection {
    chosen(history, &window(history, "UTC", as_of, start), &asked(scope, None))
}

fn chosen(history: &History, window: &Window, spec: &ReportSpec) -> Selection {
    select(history, window, spec).expect("a segment model that makes sense")
}

fn check(history: &History, scope: CustomerScope, as_of: &str, start: &str, expected: &str) {
    let orders = selection(history, scope, as_of, start).orders;
    let ids: Vec<&str> = orders.iter().map(|order| history.order_id(*order as usize)).collect();
    assert_eq!(ids.join(" "), expected, "{scope:?} {as_of} {start}");
}

fn shop() -> History {
    history(&[
        ("a0", "ann", "2024-12-31T00:00:00Z", REFUND),
        ("a2", "ann", "2025-01-01T10:00:00Z", TEA),
        ("a1", "ann", "2025-01-01T10:00:00Z", TEA),
        ("a3", "ann", "2025-03-01T00:00:00Z", TEA),
        ("b1", "bob", "2025-02-01T00:00:00Z", TEA),
        ("g1", "", "2025-02-02T00:00:00Z", TEA),
        ("c1", "cat", "2025-06-01T00:00:00Z", TEA),
    ])
}

#[test]
fn scopes_look_at_the_whole_history_and_the_range_comes_after() {
    use CustomerScope::{All, FirstOrder, New90d, Repeat};
    let shop = shop();
    check(&shop, All, "", "", "a0 a2 a1 a3 b1 g1 c1");
    check(&shop, All, "2025-02-28", "2025-01-15", "b1 g1");
    check(&shop, FirstOrder, "", "", "a1 b1 c1");
    check(&shop, FirstOrder, "", "2025-01-15", "b1 c1");
    check(&shop, FirstOrder, "2025-01-31", "", "a1");
    check(&shop, Repeat, "", "", "a2 a3");
    check(&shop, Repeat, "", "2025-01-15", "a3");
    check(&shop, New90d, "", "", "c1");
    check(&shop, New90d, "2025-03-31", "", "a0 a2 a1 a3 b1");
    check(&shop, New90d, "2025-04-01", "", "b1");
    check(&shop, New90d, "2025-04-01", "2025-05-01", "");
}

#[test]
fn each_order_left_out_is_counted_under_its_first_reason() {
    let left_out = selection(&shop(), CustomerScope::FirstOrder, "2025-04-01", "2025-01-15").exclusions;
    let counts = (left_out.orders_after_as_of, left_out.guest_orders_out_of_scope, left_out.orders_out_of_scope);
    assert_eq!((counts, left_out.orders_outside_date_range), ((1, 1, 3), 1));
}

/// One customer for each spend; who of them belongs to the top 20 %.
fn check_high_value(spends: &[&str], expected: &[usize]) {
    let names: Vec<String> = (0..spends.len()).map(|at| at.to_string()).collect();
    let items: Vec<[Item<'_>; 1]> = spends.iter().map(|spend| [("Tea", *spend, "1")]).collect();
    let orders: Vec<_> = names
        .iter()
        .zip(&items)
        .map(|(name, items)| (name.as_str(), name.as_str(), "2025-01-01", &items[..]))
        .collect();
    let selection = selection(&history(&orders), CustomerScope::HighValue, "", "");
    assert_eq!(selection.orders.iter().map(|order| *order as usize).collect::<Vec<_>>(), expected);
}

#[test]
fn high_value_counts_ties_once_and_for_all() {
    check_high_value(&["5", "4", "3", "2", "1"], &[0]);
    check_high_value(&["5", "4", "3", "2", "1", "0"], &[0]);
    check_high_value(&["6", "5", "4", "3", "2", "1"], &[0, 1]);
    check_high_value(&["5", "5", "5", "5", "5"], &[0, 1, 2, 3, 4]);
    check_high_value(&["1", "5", "5", "2", "3"], &[1, 2]);
    check_high_value(&["-1", "0"], &[]);
    check_high_value(&[], &[]);
}

#[test]
fn the_limit_of_lapsing_fits_the_customer() {
    let shop = history(&[
        ("a1", "ann", "2025-01-01", TEA),
        ("a2", "ann", "2025-01-11", TEA),
        ("a3", "ann", "2025-01-21", TEA),
        ("b1", "bob", "2025-01-01", TEA),
        ("b2", "bob", "2025-01-31", TEA),
        ("b3", "bob", "2025-03-02", TEA),
        ("c1", "cat", "2025-01-01", TEA),
        ("d1", "dan", "2025-01-01", REFUND),
    ]);
    let check = |as_of: &str, churn_days: Option<u32>, expected: &[&str]| {
        let selection = chosen(&shop, &window(&shop, "UTC", as_of, ""), &asked(CustomerScope::Churning, churn_days));
        let customers: Vec<&str> = selection.customers.iter().map(|code| shop.customer(*code)).collect();
        assert_eq!(customers, expected, "{as_of} {churn_days:?}");
        selection.churn.expect("the rules of this scope")
    };
    check("2025-02-20", None, &[]);
    check("2025-02-21", None, &["ann"]);
    check("2025-04-01", None, &["ann"]);
    check("2025-04-02", None, &["ann", "cat"]);
    check("2025-05-01", None, &["ann", "cat"]);
    let rules = check("2025-05-02", None, &["ann", "bob", "cat"]);
    assert_eq!((rules.by_own_median_gap, rules.by_ninety_days, rules.by_churn_days), (2, 1, 0));
    assert_eq!((rules.median_limit_days, rules.shop_gaps, rules.shop_gap_p90_days), (Some(60.0), 4, None));
    let rules = check("2025-03-10", Some(8), &["ann", "cat"]);
    assert_eq!((rules.by_churn_days, rules.median_limit_days), (3, Some(8.0)));
}

#[test]
fn the_anchor_never_comes_from_a_clock() {
    let shop = shop();
    let anchor = |window: Window| window.as_of.map(|day| day.to_string());
    assert_eq!(anchor(window(&shop, "UTC", "", "")).as_deref(), Some("2025-06-01"));
    assert_eq!(anchor(window(&shop, "America/New_York", "", "")).as_deref(), Some("2025-05-31"));
    assert_eq!(anchor(window(&shop, "UTC", "2025-02-02", "")).as_deref(), Some("2025-02-02"));
    let range = AskedTime { range_end_day: parse_day("2025-03-31"), ..AskedTime::default() };
    assert_eq!(anchor(Window::new(zone("UTC").expect("a zone"), range, &shop)).as_deref(), Some("2025-03-31"));
    assert_eq!(anchor(window(&history(&[]), "UTC", "", "")), None);
}

#[test]
fn the_zone_decides_which_orders_are_known() {
    let shop = history(&[("1", "ann", "2025-03-30T23:30:00Z", TEA)]);
    let known = |zone_name: &str| {
        let window = window(&shop, zone_name, "2025-03-30", "");
        chosen(&shop, &window, &asked(CustomerScope::All, None)).orders.len()
    };
    assert_eq!((known("UTC"), known("Europe/Berlin")), (1, 0));
}

#[test]
fn dates_decide_where_clocks_go_back_across_midnight() {
    // In St. John's, at 00:01 on 2010-11-07 it was 23:01 on the 6th again.
    let shop = history(&[("1", "ann", "2010-11-07T02:30:30Z", TEA), ("2", "ann", "2010-11-07T03:00:00Z", TEA)]);
    let window = window(&shop, "America/St_Johns", "2010-11-06", "");
    assert_eq!(chosen(&shop, &window, &asked(CustomerScope::All, None)).orders, [1]);
}
