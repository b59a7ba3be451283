//! Scores, cohorts, funnel and migration of random shops against the slow reference; and where somebody is there is a
//! number, for `null` is how JSON would write what is none.

use crate::reference::{Order, Scored, scored};
use crate::support::{Item, Report, order, report};
use affinsy_core::history::{History, HistoryBuilder};
use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

const CUSTOMERS: [&str; 9] = ["ann", "Ann", "bob", "cat", "dan", "eve", "ö", "=1+1", "a,\"b\""];
const PRODUCTS: [&str; 3] = ["Tea", "Mug", "Pot"];
/// Sums stay where a double holds every digit that the report writes.
const PRICES: [&str; 7] = ["", "0", "0.0001", "0.01", "10.1", "999999.99", "-3"];
const QUANTITIES: [&str; 6] = ["1", "1", "3", "-1", "-2", "10000"];
/// 2024-01-01, in days since 1970.
const FIRST_DAY: i32 = 19_723;

fn billionths(text: &str) -> Option<i128> {
    (!text.is_empty()).then(|| {
        let (whole, part) = text.split_once('.').unwrap_or((text, ""));
        format!("{whole}{part:0<9}").parse().expect("digits")
    })
}

/// An order as text, and its day after [`FIRST_DAY`].
#[derive(Debug, Clone)]
struct Sent {
    customer: Option<usize>,
    day: i32,
    items: Vec<(usize, &'static str, &'static str)>,
}

fn shop() -> impl Strategy<Value = Vec<Sent>> {
    let customer = prop_oneof![1 => Just(None), 6 => (0..CUSTOMERS.len()).prop_map(Some)];
    let day = prop_oneof![3 => 0..20i32, 2 => 0..500i32];
    let values = (select(&PRICES[..]), select(&QUANTITIES[..]));
    let items = btree_map(0..PRODUCTS.len(), values, 1..=PRODUCTS.len());
    let sent = (customer, day, items).prop_map(|(customer, day, items)| {
        let items = items.into_iter().map(|(product, (price, quantity))| (product, price, quantity)).collect();
        Sent { customer, day, items }
    });
    vec(sent, 0..40)
}

fn history<'s>(shop: impl Iterator<Item = (usize, &'s Sent)>) -> History {
    let mut builder = HistoryBuilder::default();
    for (at, sent) in shop {
        let items: Vec<Item<'_>> = sent.items.iter().map(|(name, p, q)| (PRODUCTS[*name], *p, *q)).collect();
        let customer = sent.customer.map_or("", |customer| CUSTOMERS[customer]);
        order(&mut builder, &format!("order {at}"), customer, &date(sent.day), &items);
    }
    builder.build()
}

fn date(day: i32) -> String {
    calendar(FIRST_DAY + day)
}

/// The calendar date of a day since 1970 (Hinnant's algorithm), so that the report's own calendar is checked too.
fn calendar(days: i32) -> String {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let of_era = shifted.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    format!("{:04}-{month:02}-{day:02}", year_of_era + era * 400 + i32::from(month <= 2))
}

fn plain(shop: &[Sent]) -> Vec<Order> {
    let item = |(product, price, quantity): &(usize, &str, &str)| {
        (*product, billionths(price), quantity.parse::<i128>().expect("a whole number"))
    };
    shop.iter()
        .map(|sent| Order { customer: sent.customer, day: sent.day, items: sent.items.iter().map(item).collect() })
        .collect()
}

fn rows(report: &Report) -> BTreeMap<&str, &Value> {
    report.customers.iter().map(|row| (row["customer_id"].as_str().expect("an id"), row)).collect()
}

fn check_scores(report: &Report, expected: &BTreeMap<usize, Scored>) {
    let found = rows(report);
    assert_eq!(found.len(), expected.len());
    for (customer, wanted) in expected {
        let row = found[CUSTOMERS[*customer]];
        let [r, f, m] = wanted.scores;
        assert_eq!((&row["r"], &row["f"], &row["m"]), (&r.into(), &f.into(), &m.into()), "{row}");
        assert_eq!(row["recency_days"], wanted.recency_days);
        assert_eq!(row["frequency"], wanted.frequency);
        assert_eq!(row["segment"], wanted.segment);
        let money = wanted.monetary as f64 / 1e9;
        assert!((row["monetary"].as_f64().expect("money") - money).abs() <= 1e-9 * money.abs() + 5e-5, "{row}");
    }
}

fn count(rows: &Value, field: &str) -> u64 {
    rows.as_array().expect("rows").iter().map(|row| row[field].as_u64().expect("a count")).sum()
}

fn check_sums(report: &Report, expected: &BTreeMap<usize, Scored>) {
    let n = expected.len() as u64;
    for rows in ["/segments", "/cells", "/heatmap/rf", "/heatmap/rfm", "/cohorts"] {
        assert_eq!(count(report.at(rows), "customers"), n, "{rows}");
    }
    for dimension in ["r", "f", "m"] {
        assert_eq!(count(report.at(&format!("/score_ranges/{dimension}")), "count"), n);
    }
    let gaps: usize = expected.values().map(|one| one.purchase_days.len() - 1).sum();
    assert_eq!(*report.at("/repurchase_intervals/intervals"), gaps);
    for step in report.at("/repeat_funnel").as_array().expect("steps") {
        let order = step["order"].as_u64().expect("a number") as usize;
        let at_least = |orders| expected.values().filter(|one| one.frequency >= orders).count();
        assert_eq!(
            (&step["customers"], &step["with_next_order"]),
            (&at_least(order).into(), &at_least(order + 1).into())
        );
    }
}

/// Who bought in which month after that of the first purchase: (cohort, age) → customers.
fn check_cohorts(report: &Report, expected: &BTreeMap<usize, Scored>) {
    let month = |day: &i32| {
        let text = date(*day);
        (
            text[..7].to_owned(),
            text[..4].parse::<u64>().expect("a year") * 12 + text[5..7].parse::<u64>().expect("a month"),
        )
    };
    let mut wanted = BTreeMap::<(String, u64), u64>::new();
    for one in expected.values() {
        let (cohort, born) = month(one.purchase_days.first().expect("a purchase"));
        let ages: BTreeSet<u64> = one.purchase_days.iter().map(|day| month(day).1 - born).collect();
        ages.into_iter().for_each(|age| *wanted.entry((cohort.clone(), age)).or_default() += 1);
    }
    let mut found = BTreeMap::new();
    for cohort in report.at("/cohorts").as_array().expect("cohorts") {
        let name = cohort["cohort"].as_str().expect("a month");
        for period in cohort["periods"].as_array().expect("periods").iter().filter(|period| period["customers"] != 0) {
            let age = period["age"].as_u64().expect("months");
            found.insert((name.to_owned(), age), period["customers"].as_u64().expect("a count"));
        }
    }
    assert_eq!(found, wanted);
}

/// Flows between what the two dates say on their own.
fn check_migration(report: &Report, then: &BTreeMap<usize, Scored>, now: &BTreeMap<usize, Scored>) {
    let mut expected = BTreeMap::<(String, String), u64>::new();
    for customer in 0..CUSTOMERS.len() {
        let side =
            |side: &BTreeMap<usize, Scored>| side.get(&customer).map_or("not_scored", |one| one.segment).to_owned();
        let flow = (side(then), side(now));
        if flow.0 != flow.1 || flow.0 != "not_scored" {
            *expected.entry(flow).or_default() += 1;
        }
    }
    let text = |value: &Value| value.as_str().expect("an id").to_owned();
    let flows = report.at("/migration/matrix").as_array().expect("flows").iter();
    let found: BTreeMap<_, _> = flows
        .map(|flow| ((text(&flow["from"]), text(&flow["to"])), flow["customers"].as_u64().expect("a count")))
        .collect();
    assert_eq!(found, expected);
}

/// Where somebody is there is something to tell, and JSON would write what is no number as `null`.
fn check_numbers(report: &Report) {
    let whole = |row: &Value, fields: &[&str]| {
        for field in fields {
            let value = row.pointer(field).unwrap_or_else(|| panic!("no {field} in {row}"));
            assert!(value.is_number(), "{field} is {value} in {row}");
        }
    };
    let spreads = ["/recency_days/mean", "/recency_days/median", "/frequency/mean", "/frequency/median"];
    let money = ["/monetary/mean", "/monetary/median", "/aov"];
    let somebody = *report.at("/summary/customers_scored") != 0;
    if somebody {
        whole(report.at("/summary"), &[&spreads[..], &money, &["/one_time_share", "/repeat_rate"]].concat());
    }
    for segment in report.at("/segments").as_array().expect("segments").iter().filter(|row| row["customers"] != 0) {
        whole(segment, &[&spreads[..], &money, &["/share"]].concat());
    }
    for dimension in ["r", "f", "m"] {
        let ranges = report.at(&format!("/score_ranges/{dimension}")).as_array().expect("ranges");
        ranges.iter().filter(|range| range["count"] != 0).for_each(|range| whole(range, &["/min", "/max"]));
    }
    report.customers.iter().for_each(|row| whole(row, &["/monetary", "/aov", "/recency_days"]));
    if *report.at("/repurchase_intervals/intervals") != 0 {
        whole(report.at("/repurchase_intervals"), &["/mean_days", "/p10_days", "/median_days", "/p95_days"]);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn reports_say_what_the_definition_says(shop in shop(), back in 1..400i32) {
        let orders = plain(&shop);
        let as_of = orders.iter().map(|order| order.day).max().unwrap_or_default();
        let then = as_of - back;
        let params = format!(r#""params": {{"compare_to": "{}"}}"#, date(then));
        let report = report(&history(shop.iter().enumerate()), &params);
        let now = scored(&orders, as_of, 5);
        check_scores(&report, &now);
        check_sums(&report, &now);
        check_cohorts(&report, &now);
        check_numbers(&report);
        if !shop.is_empty() {
            prop_assert_eq!(report.at("/meta/as_of"), &Value::from(date(as_of)));
            check_migration(&report, &scored(&orders, then, 5), &now);
        }
        let guests = orders.iter().filter(|order| order.customer.is_none()).count();
        prop_assert_eq!(report.at("/data/exclusions/guest_orders"), &Value::from(guests));
    }

    #[test]
    fn any_number_of_bins_scores_by_the_definition(shop in shop(), bins in 2..=10usize) {
        let orders = plain(&shop);
        let as_of = orders.iter().map(|order| order.day).max().unwrap_or_default();
        let report = report(&history(shop.iter().enumerate()), &format!(r#""params": {{"bins": {bins}}}"#));
        let found = rows(&report);
        for (customer, wanted) in scored(&orders, as_of, bins) {
            let row = found[CUSTOMERS[customer]];
            prop_assert_eq!(["r", "f", "m"].map(|name| row[name].as_u64()), wanted.scores.map(|s| Some(s as u64)));
        }
        prop_assert_eq!(report.at("/cells").as_array().map(Vec::len), Some(bins.pow(3)));
        check_numbers(&report);
    }
}
