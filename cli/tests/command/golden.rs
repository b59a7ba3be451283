//! The golden answers, through the command: the list of itemsets to the byte, every rule and its metrics.

use std::collections::HashMap;
use std::fs::File;
use std::path::{Path, PathBuf};

use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::kit::{project, run};

#[test]
fn what_is_shipped() {
    let folder = project("tests/golden/mba");
    check_all(&folder, &folder);
}

#[test]
fn what_is_at_hand_beside_the_project() {
    #[expect(clippy::disallowed_methods, reason = "a test finds its data by the environment")]
    match std::env::var_os("AFFINSY_SHARED").map(PathBuf::from) {
        Some(shared) => check_all(&shared.join("data/baskets"), &shared.join("golden/mba")),
        None => eprintln!("skipped: AFFINSY_SHARED is not set"),
    }
}

fn check_all(baskets: &Path, answers: &Path) {
    let summary = File::open(answers.join("summary.json")).expect("a summary");
    let summary: serde_json::Map<String, Value> = serde_json::from_reader(summary).expect("JSON");
    assert!(!summary.is_empty());
    for (name, entry) in summary {
        let path = baskets.join(format!("{}.dat.xz", entry["dataset"].as_str().expect("a name")));
        let path = path.to_str().expect("a plain path");
        let min_support = entry["min_support"].as_f64().expect("a share").to_string();
        let list = run(&["mine", path, "--min-support", &min_support, "--itemsets", "-"]);
        assert_eq!(hex::encode(Sha256::digest(&list.stdout)), entry["sha256"].as_str().expect("a hash"), "{name}");
        if let Some(min_confidence) = entry["rules"]["min_confidence"].as_f64() {
            let min_confidence = min_confidence.to_string();
            let bounds = ["--min-support", &min_support, "--min-confidence", &min_confidence];
            let found = run(&[&["mine", path, "--everything", "--rules", "-"], &bounds[..]].concat());
            check_rules(&answers.join(format!("{name}.rules_conf{min_confidence}.csv.gz")), &found.stdout);
        }
    }
}

type Row = HashMap<String, String>;

/// Their column, and ours.
const COLUMNS: [(&str, &str); 14] = [
    ("count", "support_count"),
    ("a_count", "antecedent_count"),
    ("c_count", "consequent_count"),
    ("antecedent support", "antecedent_support"),
    ("consequent support", "consequent_support"),
    ("support", "support"),
    ("confidence", "confidence"),
    ("lift", "lift"),
    ("leverage", "leverage"),
    ("conviction", "conviction"),
    ("zhangs_metric", "zhang"),
    ("jaccard", "jaccard"),
    ("certainty", "certainty"),
    ("kulczynski", "kulczynski"),
];

fn check_rules(expected: &Path, found: &[u8]) {
    let found: Vec<Row> = csv::Reader::from_reader(found).deserialize().map(|row| row.expect("a row")).collect();
    let key = |row: &Row, names: [&str; 2]| names.map(|name| row[name].clone());
    let by_items: HashMap<_, _> = found.iter().map(|row| (key(row, ["antecedents", "consequents"]), row)).collect();
    let file = flate2::read::GzDecoder::new(File::open(expected).expect("rules"));
    let mut rows = 0;
    for row in csv::Reader::from_reader(file).deserialize() {
        let row: Row = row.expect("a row");
        let ours = by_items[&key(&row, ["antecedent", "consequent"])];
        for (theirs, name) in COLUMNS {
            assert!(same(&row[theirs], &ours[name]), "{name} of {row:?}: {ours:?}");
        }
        rows += 1;
    }
    assert!(rows > 0 && rows == found.len(), "{expected:?}: {rows} rules, found {}", found.len());
}

/// An infinite number is an empty cell of ours.
fn same(expected: &str, actual: &str) -> bool {
    let number = |text: &str| text.parse::<f64>().unwrap_or(f64::INFINITY);
    let (expected, actual) = (number(expected), number(actual));
    expected == actual || (expected - actual).abs() <= 1e-12 * expected.abs().max(1.0)
}
