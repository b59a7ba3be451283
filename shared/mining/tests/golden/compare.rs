//! The comparisons: hashes of canonical itemset lists, counts exactly, metrics to 1e-12.

use super::source::Source;
use affinsy_mining::{Baskets, Itemsets, Metrics, MineOptions, Ratio, Rule, RuleOptions, count_itemsets, mine, rules};
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::fmt::Write;

pub fn all_itemsets(source: &Source) {
    for (name, entry) in source.entries() {
        let baskets = source.baskets(&entry);
        assert_eq!(baskets.len() as u64, entry["transactions"].as_u64().unwrap(), "{name}");
        let options = options(&baskets, &entry);
        let itemsets = mine(&baskets, &options).unwrap();
        let by_length = by_length(&entry);
        assert_eq!(itemsets.by_length(), by_length, "{name}");
        assert_eq!(hex::encode(Sha256::digest(canonical(&itemsets))), entry["sha256"].as_str().unwrap(), "{name}");
        assert_eq!(count_itemsets(&baskets, &options).unwrap(), by_length, "{name}");
        for max_size in [2, 3] {
            let bounded = MineOptions { max_itemset_size: Some(max_size), ..options };
            let counted = count_itemsets(&baskets, &bounded).unwrap();
            assert_eq!(counted, by_length[..max_size as usize], "{name} up to {max_size}");
        }
    }
}

pub fn all_rules(source: &Source) {
    for (name, entry) in source.entries().into_iter().filter(|(_, entry)| !entry["rules"].is_null()) {
        let baskets = source.baskets(&entry);
        let itemsets = mine(&baskets, &options(&baskets, &entry)).unwrap();
        let min_confidence = entry["rules"]["min_confidence"].to_string();
        let everything = RuleOptions::everything(Ratio::parse_decimal(&min_confidence).unwrap());
        let found = rules(&itemsets, baskets.len() as u64, &everything).unwrap();
        assert_eq!(found.found, entry["rules"]["count"].as_u64().unwrap(), "{name}");
        let by_items: HashMap<_, _> = found.rules.iter().map(|rule| (key(rule), rule)).collect();
        let mut reader = source.rules(&name, &min_confidence);
        let mut rows = 0;
        for row in reader.deserialize::<HashMap<String, String>>() {
            check_rule(&row.unwrap(), &by_items, baskets.len() as u64);
            rows += 1;
        }
        assert_eq!(rows, found.found, "{name}");
    }
}

fn options(baskets: &Baskets, entry: &Value) -> MineOptions<'static> {
    let share = Ratio::parse_decimal(&decimal(&entry["min_support"])).unwrap();
    let min_count = share.ceil_of(baskets.len() as u64) as u32;
    assert_eq!(u64::from(min_count), entry["min_count"].as_u64().unwrap());
    MineOptions::with_support_count(min_count)
}

/// A JSON number as text, without the exponent that some writers prefer.
fn decimal(value: &Value) -> String {
    value.as_f64().unwrap().to_string()
}

fn by_length(entry: &Value) -> Vec<u64> {
    let lengths = entry["by_length"].as_object().unwrap();
    (1..=lengths.len()).map(|length| lengths[&length.to_string()].as_u64().unwrap()).collect()
}

/// One line an itemset: items, TAB, support, LF.
fn canonical(itemsets: &Itemsets) -> String {
    let mut text = String::new();
    for (items, support) in itemsets.iter() {
        writeln!(text, "{}\t{support}", joined(items)).unwrap();
    }
    text
}

fn joined(items: &[u32]) -> String {
    items.iter().map(u32::to_string).collect::<Vec<_>>().join(" ")
}

fn key(rule: &Rule) -> (String, String) {
    (joined(&rule.antecedent), joined(&rule.consequent))
}

fn check_rule(row: &HashMap<String, String>, rules: &HashMap<(String, String), &Rule>, basket_count: u64) {
    let rule = rules[&(row["antecedent"].clone(), row["consequent"].clone())];
    let counts = [rule.support_count, rule.antecedent_count, rule.consequent_count];
    assert_eq!(counts.map(|count| count.to_string()), ["count", "a_count", "c_count"].map(|name| row[name].clone()));
    for (name, actual) in named(&rule.metrics(basket_count)) {
        let expected: f64 = row[name].parse().unwrap();
        let is_equal = actual == expected || (actual - expected).abs() <= 1e-12 * expected.abs().max(1.0);
        assert!(is_equal, "{name} of {row:?}: {actual}");
    }
}

fn named(metrics: &Metrics) -> [(&'static str, f64); 11] {
    [
        ("antecedent support", metrics.antecedent_support),
        ("consequent support", metrics.consequent_support),
        ("support", metrics.support),
        ("confidence", metrics.confidence),
        ("lift", metrics.lift),
        ("leverage", metrics.leverage),
        ("conviction", metrics.conviction.unwrap_or(f64::INFINITY)),
        ("zhangs_metric", metrics.zhang.unwrap_or(0.0)),
        ("jaccard", metrics.jaccard),
        ("certainty", metrics.certainty),
        ("kulczynski", metrics.kulczynski),
    ]
}
