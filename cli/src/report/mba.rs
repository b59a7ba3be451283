//! What a market basket report found, as text tables: rules with lift and money, bundles, anchors, substitutes.

use serde_json::Value;

use super::json::{fixed, list, money, percent, products, text};
use crate::layout::{Align, TextTable, wrapped};

const SHOWN_RULES: usize = 10;
const SHOWN_OTHERS: usize = 5;

pub fn findings(report: &Value) -> String {
    let mut out = rules(report, SHOWN_RULES);
    out.push_str(&bundles(report, SHOWN_OTHERS));
    out.push_str(&anchors(report, SHOWN_OTHERS));
    out.push_str(&substitutes(report, SHOWN_OTHERS));
    out
}

/// The best rules as the report sorts them.
pub fn rules(report: &Value, shown: usize) -> String {
    let rules = list(report, "association_rules");
    let summary = &report["summary"];
    if rules.is_empty() {
        let why = &summary["reason"];
        return format!("\n{}", wrapped(why.as_str().unwrap_or("No rules."), 100, "  "));
    }
    let found = &summary["rules_found"];
    let mut out = format!("\n  The best of {} rules\n", text(found));
    let mut table = TextTable::new(&[
        ("who buys", Align::Left),
        ("also buys", Align::Left),
        ("orders", Align::Right),
        ("confidence", Align::Right),
        ("lift", Align::Right),
        ("revenue", Align::Right),
    ]);
    for rule in rules.iter().take(shown) {
        table.row(vec![
            products(&rule["antecedents"]),
            products(&rule["consequents"]),
            text(&rule["support_count"]),
            percent(&rule["confidence"]),
            fixed(&rule["lift"], 2),
            money(&rule["revenue"], currency(report)),
        ]);
    }
    out.push_str(&table.render());
    out
}

fn bundles(report: &Value, shown: usize) -> String {
    let mut table = TextTable::new(&[
        ("bundle", Align::Left),
        ("orders", Align::Right),
        ("list price", Align::Right),
        ("revenue", Align::Right),
    ]);
    for bundle in list(report, "bundles").iter().take(shown) {
        table.row(vec![
            products(&bundle["products"]),
            text(&bundle["support_count"]),
            money(&bundle["list_price"], currency(report)),
            money(&bundle["revenue"], currency(report)),
        ]);
    }
    titled("Bundles", &table)
}

fn anchors(report: &Value, shown: usize) -> String {
    let mut table =
        TextTable::new(&[("product", Align::Left), ("leads to", Align::Right), ("mean attach rate", Align::Right)]);
    for anchor in list(report, "anchors").iter().take(shown) {
        table.row(vec![text(&anchor["product"]), text(&anchor["out_degree"]), percent(&anchor["mean_confidence"])]);
    }
    titled("Anchor products", &table)
}

fn substitutes(report: &Value, shown: usize) -> String {
    let mut table = TextTable::new(&[
        ("instead of each other", Align::Left),
        ("orders with both", Align::Right),
        ("expected", Align::Right),
        ("lift", Align::Right),
    ]);
    for pair in list(report, "substitutes").iter().take(shown) {
        table.row(vec![
            products(&pair["products"]),
            text(&pair["support_count"]),
            fixed(&pair["expected_count"], 1),
            fixed(&pair["lift"], 2),
        ]);
    }
    titled("Substitutes", &table)
}

fn titled(title: &str, table: &TextTable) -> String {
    if table.is_empty() { String::new() } else { format!("\n  {title}\n{}", table.render()) }
}

pub fn currency(report: &Value) -> Option<&str> {
    report["data"]["currency"].as_str().or(report["currency"].as_str())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn rules_show_lift_and_money() {
        let rule = json!({"antecedents": ["tea"], "consequents": ["jam"], "support_count": 1208, "confidence": 0.5,
            "lift": 3.136, "revenue": 1234.5});
        let report = json!({"summary": {"rules_found": 7}, "association_rules": [rule], "data": {"currency": "GBP"}});
        let shown = rules(&report, 5);
        assert!(shown.contains("The best of 7 rules"), "{shown}");
        assert!(shown.contains("tea       jam         1,208     50.00 %  3.14  1,234.50 GBP"), "{shown}");
    }

    #[test]
    fn no_rules_are_explained() {
        let report = json!({"summary": {"reason": "No rules: too high."}, "association_rules": []});
        assert_eq!(rules(&report, 5), "\n  No rules: too high.\n");
    }
}
