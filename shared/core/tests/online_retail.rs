//! A whole report over a year of a real shop (UCI Online Retail), against counts from independent programs.
//! Runs where `AFFINSY_SHARED` names the folder that holds `data/online_retail.parquet`.

#![allow(clippy::disallowed_methods, reason = "a test finds its data by an environment variable")]

use affinsy_core::decimal::{Amount, Price, Quantity};
use affinsy_core::history::{History, HistoryBuilder, Line};
use affinsy_core::report::spec::ReportSpec;
use affinsy_core::report::{Budget, ReportOutput, run};
use affinsy_core::time::{Instant, parse_instant};
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::{Field, Row};
use serde_json::Value;
use std::collections::{BTreeMap, HashMap};

/// Lines of one order by product.
type Lines = BTreeMap<u32, (Quantity, Option<Amount>)>;

fn online_retail() -> Option<History> {
    let Some(shared) = std::env::var_os("AFFINSY_SHARED") else {
        eprintln!("skipped: AFFINSY_SHARED is not set");
        return None;
    };
    let path = std::path::Path::new(&shared).join("data/online_retail.parquet");
    let reader = SerializedFileReader::try_from(path.as_path()).expect("a Parquet file");
    let mut builder = HistoryBuilder::default();
    let mut names: HashMap<String, String> = HashMap::new();
    let mut orders: BTreeMap<String, (Option<u32>, Instant, Lines)> = BTreeMap::new();
    for row in reader.get_row_iter(None).expect("rows") {
        let row = row.expect("a row");
        let code = text(&row, "StockCode").expect("a stock code");
        let name = names.entry(code.clone()).or_insert_with(|| match text(&row, "Description") {
            Some(description) => format!("{code} {description}"),
            None => code.clone(),
        });
        let product = builder.product_code(name);
        let customer = text(&row, "CustomerID").map(|id| builder.customer_code(&id));
        let invoice = text(&row, "InvoiceNo").expect("an invoice");
        let quantity = Quantity::parse(&text(&row, "Quantity").expect("a quantity")).expect("a quantity");
        let price = Price::parse(&text(&row, "UnitPrice").expect("a price")).expect("a price");
        let order = orders.entry(invoice).or_insert_with(|| (customer, date(&row), Lines::new()));
        let line = order.2.entry(product).or_insert((Quantity::ZERO, Some(Amount::ZERO)));
        *line = (line.0.plus(quantity), line.1.map(|amount| amount.plus(price.times(quantity))));
    }
    for (id, (customer, date, lines)) in orders {
        let lines = lines.into_iter().map(|(product, (quantity, amount))| Line { product, quantity, amount });
        builder.order(&id, customer, date, lines);
    }
    Some(builder.build())
}

fn field<'r>(row: &'r Row, name: &str) -> &'r Field {
    row.get_column_iter().find(|(column, _)| *column == name).map(|(_, field)| field).expect("a column")
}

fn text(row: &Row, name: &str) -> Option<String> {
    match field(row, name) {
        Field::Null => None,
        Field::Str(text) => Some(text.clone()),
        Field::Double(number) => Some(format!("{number}")),
        other => Some(other.to_string()),
    }
}

fn date(row: &Row) -> Instant {
    parse_instant(&text(row, "InvoiceDate").expect("a date")).expect("a date")
}

fn report(history: &History, body: &str) -> (Value, ReportOutput) {
    let spec = ReportSpec::parse(body.as_bytes()).expect("a valid body");
    let started = std::time::Instant::now();
    let progress = |stage, done| eprintln!("{stage} {done}: {} ms", started.elapsed().as_millis());
    let budget = Budget { threads: 2, memory_bytes: None, stop: &|| false, progress: &progress };
    let output = run(history, &spec, &budget).expect("a report");
    eprintln!("{} ms, {} bytes", started.elapsed().as_millis(), output.result.get().len());
    (serde_json::from_str(output.result.get()).expect("JSON"), output)
}

/// Every number of every text stands in the report where its fact says.
fn check_insights(result: &Value) {
    let items = result["insights"]["items"].as_array().expect("insights");
    assert!((3..=6).contains(&items.len()), "{} insights", items.len());
    for item in items {
        let text = ["title", "body", "action"].map(|key| item[key].as_str().expect("text")).join(" ");
        eprintln!("- {text}");
        for fact in item["facts"].as_array().expect("facts") {
            let pointer = fact["pointer"].as_str().expect("a pointer");
            assert_eq!(result.pointer(pointer), Some(&fact["value"]), "{pointer}");
            assert!(text.contains(fact["display"].as_str().expect("text")), "{text}: {fact}");
        }
    }
}

#[test]
fn a_year_of_online_retail() {
    let Some(history) = online_retail() else { return };
    let everything = r#"{"report_type": "MBA", "params": {"min_support": 0.01, "min_confidence": 0.3, "max_itemset_size": null,
        "max_consequent_size": null, "min_lift": 0, "max_q_value": 1, "include_redundant": true, "max_rules": null}}"#;
    let (result, output) = report(&history, everything);
    let summary = &result["summary"];
    assert_eq!(
        (&summary["baskets"], &summary["itemsets"], &summary["rules_found"]),
        (&20_728.into(), &1_840.into(), &1_723.into())
    );
    assert_eq!(result["parameters"]["min_support_count"], 208);
    assert_eq!(result["association_rules"].as_array().map(Vec::len), Some(1_000));
    let rows = String::from_utf8(output.parts[0].ndjson.clone()).expect("UTF-8");
    let single = rows.lines().filter(|row| {
        serde_json::from_str::<Value>(row).expect("a row")["consequents"].as_array().is_some_and(|c| c.len() == 1)
    });
    assert_eq!((rows.lines().count(), single.count()), (1_723, 1_466));
    check_insights(&result);
}

#[test]
fn the_defaults_choose_a_threshold_that_fits() {
    let Some(history) = online_retail() else { return };
    let (result, output) = report(&history, r#"{"template": "standard_mba"}"#);
    let itemsets = result["summary"]["itemsets"].as_u64().expect("a count");
    assert!((1..=1_000_000).contains(&itemsets), "{itemsets}");
    assert_eq!(output.parts[1].rows, itemsets);
    assert_eq!(result["summary"]["rules_listed"], 1_000);
    eprintln!("{}", result["summary"]);
    check_insights(&result);
}

/// What DuckDB answers to the queries of tests/statements, by kind of insight.
const ANSWERS: &str = include_str!("../../../tests/statements/answers.json");

#[test]
fn insights_of_customers_say_what_duckdb_finds() {
    let Some(history) = online_retail() else { return };
    let (result, _) = report(&history, r#"{"template": "standard_rfm"}"#);
    let answers: Value = serde_json::from_str(ANSWERS).expect("JSON");
    let items = result["insights"]["items"].as_array().expect("insights");
    let kinds: Vec<&str> = items.iter().filter_map(|item| item["kind"].as_str()).collect();
    assert_eq!(kinds.len(), answers.as_object().expect("kinds").len(), "{kinds:?}");
    let (mut checked, mut of_model) = (0, 0);
    for (item, kind) in items.iter().zip(kinds) {
        for fact in item["facts"].as_array().expect("facts") {
            let pointer = fact["pointer"].as_str().expect("a pointer");
            let (found, wanted) = (fact["value"].as_f64().expect("a number"), answer(&answers[kind], pointer));
            match wanted {
                // Money has four decimals.
                Some(wanted) => assert!((found - wanted).abs() <= 1e-4, "{pointer}: {found} {wanted}"),
                None => assert!(pointer.contains("/expected_"), "no query answers {pointer}"),
            }
            checked += usize::from(wanted.is_some());
            of_model += usize::from(wanted.is_none());
        }
    }
    assert_eq!((checked, of_model), (38, 3));
}

/// By the whole pointer, or by as much of its end as the query names.
fn answer(answers: &Value, pointer: &str) -> Option<f64> {
    let columns = answers.as_object().expect("columns").iter();
    let column = columns.filter(|(name, _)| pointer == *name || pointer.ends_with(&format!("/{name}")));
    column.max_by_key(|(name, _)| name.len()).and_then(|(_, value)| value.as_f64())
}
