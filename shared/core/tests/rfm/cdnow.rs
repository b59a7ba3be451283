//! Every customer of CDNOW (1997–98; an order is a customer and a day) against answers worked out by another
//! program. The data may not be copied: without `AFFINSY_SHARED` these tests say so and pass.

use crate::support::{Item, Report, cents, order, report};
use affinsy_core::history::{History, HistoryBuilder};
use serde_json::Value;
use std::collections::BTreeMap;
use std::io::Read;
use std::path::PathBuf;
use std::sync::OnceLock;

pub type Row = BTreeMap<String, String>;

#[expect(clippy::disallowed_methods, reason = "tests may look for the data they need")]
pub fn shared() -> Option<PathBuf> {
    let folder = std::env::var_os("AFFINSY_SHARED").map(PathBuf::from);
    if folder.is_none() {
        println!("skipped: AFFINSY_SHARED does not name the folder with data/ and golden/");
    }
    folder
}

pub fn golden(name: &str) -> Vec<Row> {
    let path = shared().expect("checked by the caller").join("golden/rfm").join(name);
    let bytes = std::fs::read(path).expect("a golden file");
    let mut text = String::new();
    match name.ends_with(".gz") {
        true => flate2::read::GzDecoder::new(&bytes[..]).read_to_string(&mut text).map(|_| ()).expect("gzip"),
        false => text = String::from_utf8(bytes).expect("UTF-8"),
    }
    rows(&text)
}

pub fn json(name: &str) -> Value {
    let path = shared().expect("checked by the caller").join("golden/rfm").join(name);
    serde_json::from_slice(&std::fs::read(path).expect("a golden file")).expect("JSON")
}

/// A CSV file without quotes, by its header.
pub fn rows(text: &str) -> Vec<Row> {
    let mut lines = text.lines();
    let header: Vec<&str> = lines.next().expect("a header").split(',').collect();
    let row =
        |line: &str| header.iter().map(|name| (*name).to_owned()).zip(line.split(',').map(str::to_owned)).collect();
    lines.map(row).collect()
}

pub fn number(row: &Row, field: &str) -> f64 {
    row[field].parse().unwrap_or_else(|_| panic!("{field} is no number"))
}

/// The report by segment model, run once for all tests; `None` without the data.
fn cdnow(model: &str) -> Option<&'static Report> {
    static REPORTS: [OnceLock<Option<Report>>; 2] = [OnceLock::new(), OnceLock::new()];
    let place = usize::from(model == "rf10");
    let params = format!(r#""params": {{"segment_model": "{model}", "compare_to": "1997-12-31"}}"#);
    REPORTS[place].get_or_init(|| shared().map(|_| report(&history(), &params))).as_ref()
}

fn history() -> History {
    let path = shared().expect("checked by the caller").join("data/cdnow_master.txt.xz");
    let mut text = String::new();
    let file = std::fs::File::open(path).expect("the data");
    liblzma::read::XzDecoder::new(file).read_to_string(&mut text).expect("xz");
    let mut purchases = BTreeMap::<(&str, &str), Vec<&str>>::new();
    for line in text.lines().skip(1) {
        purchases.entry((line[1..6].trim(), line[7..15].trim())).or_default().push(line[18..].trim());
    }
    let mut builder = HistoryBuilder::default();
    for ((customer, date), dollars) in &purchases {
        let names: Vec<String> = (1..=dollars.len()).map(|nth| format!("purchase {nth}")).collect();
        let items: Vec<Item<'_>> =
            names.iter().zip(dollars).map(|(name, price)| (name.as_str(), *price, "1")).collect();
        let day = format!("{}-{}-{}", &date[..4], &date[4..6], &date[6..]);
        order(&mut builder, &format!("{customer}/{date}"), customer, &day, &items);
    }
    builder.build()
}

#[test]
fn every_customer_has_the_expected_scores_and_segment() {
    for (model, segment) in [("rfm10", "segment"), ("rf10", "segment_rf")] {
        let Some(report) = cdnow(model) else { return };
        let rows: BTreeMap<&str, &Value> =
            report.customers.iter().map(|row| (row["customer_id"].as_str().expect("an id"), row)).collect();
        let expected = golden("cdnow_rfm_customers.csv.gz");
        assert_eq!((rows.len(), expected.len()), (23_502, 23_502));
        for wanted in &expected {
            let row = rows[wanted["customer_id"].as_str()];
            let texts = [("first_order", "first"), ("last_order", "last"), ("segment", segment)];
            texts.iter().for_each(|(field, column)| assert_eq!(row[field], wanted[*column], "{field} of {row}"));
            for field in ["recency_days", "frequency", "r", "f", "m", "fm"] {
                assert_eq!(row[field].as_f64(), Some(number(wanted, field)), "{field} of {row}");
            }
            assert_eq!(cents(&row["monetary"]) as f64, number(wanted, "monetary_cents"));
        }
    }
}

#[test]
fn segments_add_up() {
    for (model, file, id) in
        [("rfm10", "cdnow_rfm_segments.csv", "segment"), ("rf10", "cdnow_rfm_segments_rf.csv", "segment_rf")]
    {
        let Some(report) = cdnow(model) else { return };
        let found = report.at("/segments").as_array().expect("segments");
        assert_eq!(found.len(), 10);
        let expected: BTreeMap<String, Row> = golden(file).into_iter().map(|row| (row[id].clone(), row)).collect();
        for segment in found {
            match expected.get(segment["id"].as_str().expect("an id")) {
                Some(wanted) => check_segment(segment, wanted),
                None => assert_eq!(segment["customers"], 0),
            }
        }
    }
}

fn check_segment(segment: &Value, wanted: &Row) {
    let pairs = [
        ("/customers", "customers", 0.0),
        ("/orders", "orders", 0.0),
        ("/recency_days/mean", "mean_recency_days", 1e-6),
        ("/recency_days/median", "median_recency_days", 0.0),
        ("/frequency/mean", "mean_frequency", 1e-6),
        ("/monetary/mean", "mean_monetary", 1e-4),
        ("/share", "customer_share", 1e-6),
        ("/revenue_share", "revenue_share", 1e-6),
        ("/aov", "aov", 1e-4),
    ];
    for (pointer, column, tolerance) in pairs {
        let found = segment.pointer(pointer).and_then(Value::as_f64).expect("a number");
        assert!((found - number(wanted, column)).abs() <= tolerance, "{pointer} of {}: {found}", segment["id"]);
    }
    assert_eq!(cents(&segment["revenue"]) as f64, number(wanted, "revenue_cents"));
}

#[test]
fn cells_and_heat_maps_hold_the_same_people() {
    let Some(report) = cdnow("rfm10") else { return };
    assert_eq!(report.at("/cells").as_array().expect("cells").len(), 125);
    check_grid(report.at("/cells"), &golden("cdnow_rfm_cells.csv"), &["r", "f", "m"]);
    check_grid(report.at("/heatmap/rf"), &golden("cdnow_rf_heatmap.csv"), &["r", "f"]);
    check_grid(report.at("/heatmap/rfm"), &golden("cdnow_rfm_heatmap.csv"), &["r", "fm"]);
}

fn check_grid(found: &Value, expected: &[Row], keys: &[&str]) {
    let rows = found.as_array().expect("rows").iter().filter(|row| row["customers"] != 0);
    let key = |row: &Value| keys.iter().map(|key| row[key].to_string()).collect::<Vec<_>>();
    let found: BTreeMap<_, _> =
        rows.map(|row| (key(row), (row["customers"].to_string(), cents(&row["revenue"]).to_string()))).collect();
    let wanted_key = |row: &Row| keys.iter().map(|key| row[*key].clone()).collect::<Vec<_>>();
    let wanted = |row: &Row| (wanted_key(row), (row["customers"].clone(), row["revenue_cents"].clone()));
    assert_eq!(found, expected.iter().map(wanted).collect());
}

/// The cells of a report are the map that its customers' segments come from.
#[test]
fn every_cell_belongs_to_the_expected_segment() {
    for (model, segment) in [("rfm10", "segment"), ("rf10", "segment_rf")] {
        let Some(report) = cdnow(model) else { return };
        let expected = golden("segment_map_125.csv");
        let cells = report.at("/cells").as_array().expect("cells");
        assert_eq!((cells.len(), expected.len()), (125, 125));
        for (cell, wanted) in cells.iter().zip(&expected) {
            ["r", "f", "m"].iter().for_each(|score| assert_eq!(cell[score].as_f64(), Some(number(wanted, score))));
            assert_eq!(cell["segment"], wanted[segment], "{cell}");
            let [f, m] = ["f", "m"].map(|score| cell[score].as_u64().expect("a score"));
            assert_eq!(((f + m) / 2) as f64, number(wanted, "fm"), "{cell}");
        }
    }
}

#[test]
fn score_ranges_leave_nobody_with_two_in_frequency() {
    let Some(report) = cdnow("rfm10") else { return };
    let expected = &json("rfm_info.json")["cdnow"];
    for (dimension, divisor) in [("r", 1.0), ("f", 1.0), ("m", 100.0)] {
        let wanted = expected["score_ranges"][dimension.to_uppercase()].as_array().expect("ranges");
        let found = report.at(&format!("/score_ranges/{dimension}")).as_array().expect("ranges");
        assert_eq!(found.len(), 5);
        for range in found {
            let wanted = wanted.iter().find(|wanted| wanted[dimension] == range["score"]);
            let of = |field: &str| wanted.and_then(|wanted| wanted[field].as_f64());
            let ends = ["min", "max"].map(|field| (range[field].as_f64(), of(field).map(|value| value / divisor)));
            ends.iter().for_each(|(found, wanted)| assert_eq!(found, wanted, "{dimension} {range}"));
            assert_eq!(range["count"].as_f64(), Some(of("count").unwrap_or(0.0)), "{dimension} {range}");
        }
    }
    let counts = [
        ("/data/orders", "orders"),
        ("/data/exclusions/guest_orders", "guest_orders"),
        ("/data/exclusions/orders_without_purchase", "non_positive_orders"),
        ("/data/exclusions/customers_not_scored", "customers_without_purchase"),
        ("/summary/customers_scored", "customers"),
        ("/summary/orders", "purchase_orders"),
        ("/meta/as_of", "as_of"),
        ("/data/date_range/start", "first_date"),
    ];
    counts.iter().for_each(|(pointer, field)| assert_eq!(*report.at(pointer), expected[*field], "{pointer}"));
    assert_eq!(Some(cents(report.at("/summary/revenue"))), expected["revenue_cents"].as_i64());
    assert!(report.warns("nobody has F = 2"));
}

#[test]
fn migration_moves_the_same_people() {
    for (model, file, from) in [
        ("rfm10", "cdnow_migration_segment.csv", "segment_from"),
        ("rf10", "cdnow_migration_segment_rf.csv", "segment_rf_from"),
    ] {
        let Some(report) = cdnow(model) else { return };
        let flows = report.at("/migration/matrix").as_array().expect("flows");
        let text = |value: &Value| value.as_str().expect("an id").to_owned();
        let found: BTreeMap<_, _> = flows
            .iter()
            .map(|flow| ((text(&flow["from"]), text(&flow["to"])), flow["customers"].to_string()))
            .collect();
        let mut wanted = BTreeMap::new();
        for row in golden(file) {
            let cells = row.iter().filter(|(to, customers)| *to != from && *customers != "0");
            cells.for_each(|(to, customers)| drop(wanted.insert((row[from].clone(), to.clone()), customers.clone())));
        }
        assert_eq!(found, wanted);
    }
}

#[test]
fn cohorts_come_back_as_expected() {
    let Some(report) = cdnow("rfm10") else { return };
    let mut found = BTreeMap::new();
    for cohort in report.at("/cohorts").as_array().expect("cohorts") {
        let periods = cohort["periods"].as_array().expect("periods").iter().filter(|period| period["customers"] != 0);
        for period in periods {
            let key = (cohort["cohort"].as_str().expect("a month").to_owned(), period["age"].to_string());
            found.insert(key, (cohort["customers"].clone(), period.clone()));
        }
    }
    let expected = golden("cdnow_cohorts_monthly.csv");
    assert_eq!(found.len(), expected.len());
    for wanted in &expected {
        let (size, period) = &found[&(wanted["cohort"].clone(), wanted["age"].clone())];
        assert_eq!(size.to_string(), wanted["cohort_size"]);
        assert_eq!(period["customers"].to_string(), wanted["customers"]);
        assert_eq!(period["orders"].to_string(), wanted["orders"]);
        assert_eq!(cents(&period["revenue"]).to_string(), wanted["revenue_cents"]);
        assert!((period["retention"].as_f64().expect("a share") - number(wanted, "retention")).abs() < 1e-8);
    }
}

#[test]
fn a_far_anchor_keeps_the_report_small() {
    if shared().is_none() {
        return;
    }
    let (near, far) = (r#""params": {"as_of": "1998-06-30"}"#, r#""filters": {"dateRange": {"end": "9999-12-31"}}"#);
    let [near, far] = [near, far].map(|params| crate::support::output(&history(), params).result.get().len());
    assert!(far < near + 10_000, "{far} bytes, {near} with an anchor at the last order");
}

#[test]
fn customers_come_back_in_the_expected_rhythm() {
    let Some(report) = cdnow("rfm10") else { return };
    let expected = json("cdnow_repurchase.json");
    let close = |found: f64, wanted: &Value| {
        let wanted = wanted.as_f64().expect("a number");
        assert!((found - wanted).abs() < 1e-9, "{found} {wanted}");
    };
    let intervals = &expected["interval_days"];
    close(report.number("/repurchase_intervals/intervals"), &intervals["n"]);
    for name in ["mean", "p10", "p25", "median", "p75", "p80", "p90", "p95"] {
        close(report.number(&format!("/repurchase_intervals/{name}_days")), &intervals[name]);
    }
    for (at, (repeat, wanted)) in (0..10).map(|at| (at, (at + 1, &expected["by_repeat_number"][(at + 1).to_string()])))
    {
        let found = report.at(&format!("/repurchase_intervals/by_repeat/{at}"));
        assert_eq!(found["repeat"], repeat);
        close(found["intervals"].as_f64().expect("a count"), &wanted["n"]);
        close(found["median_days"].as_f64().expect("days"), &wanted["median"]);
    }
    for (order, wanted) in expected["repeat"]["p_next_order"].as_object().expect("steps") {
        let at: usize = order.parse().expect("a number");
        close(report.number(&format!("/repeat_funnel/{}/p_next_order", at - 1)), wanted);
    }
    close(report.number("/summary/one_time_customers"), &expected["repeat"]["one_order"]);
    close(report.number("/summary/repeat_rate"), &expected["repeat"]["repeat_rate"]);
}

#[test]
fn the_outlook_is_near_the_past() {
    let Some(report) = cdnow("rfm10") else { return };
    assert_eq!(*report.at("/lifetime_value/model"), "bg_nbd_gamma_gamma");
    let ratio = report.number("/lifetime_value/parameters/expected_to_actual_repeats");
    assert!((0.9..1.1).contains(&ratio), "{ratio}");
    let mut sum = 0.0;
    for row in &report.customers {
        sum += row["expected_value_90d"].as_f64().expect("an estimate");
        assert_eq!(row["p_alive"].is_null(), row["first_order"] == row["last_order"], "{row}");
    }
    assert!((sum - report.number("/lifetime_value/total/expected_value_90d")).abs() < 0.01);
    let segments = report.at("/lifetime_value/segments").as_array().expect("segments");
    assert!(segments.iter().all(|segment| segment["expected_orders_365d"].as_f64().is_some_and(f64::is_finite)));
}
