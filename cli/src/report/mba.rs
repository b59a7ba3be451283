//! What a market basket report found: rules with lift and money, what changed, and what to offer whom.

use serde_json::Value;

use super::json::{list, percent, text};
use super::section::{Cell, Section};

const SHOWN_RULES: usize = 10;
const SHOWN_OTHERS: usize = 5;

pub fn sections(report: &Value) -> Vec<Section> {
    let parts = [rules, drift, bundles, anchors, gateways, next_purchases, substitutes];
    parts.iter().map(|part| part(report)).collect()
}

/// The best rules as the report sorts them; without one, why.
fn rules(report: &Value) -> Section {
    let listed = list(report, "association_rules");
    let found = &report["summary"]["rules_found"];
    let title = if listed.is_empty() { "No rules".to_owned() } else { format!("The best of {} rules", text(found)) };
    let columns = ["who buys", "also buys", "#orders", "#confidence", "#lift", "#q", "#revenue"];
    let why = listed.is_empty().then(|| report["summary"]["reason"].as_str().unwrap_or("The report lists none."));
    Section::new(&title, &columns, SHOWN_RULES).note(why.map(str::to_owned)).rows(listed, |rule| {
        vec![
            Cell::products(&rule["antecedents"]),
            Cell::products(&rule["consequents"]),
            Cell::of(&rule["support_count"]),
            Cell::bar(&rule["confidence"]),
            Cell::fixed(&rule["lift"], 2),
            Cell::said(rule["q_value"].as_f64().map_or("–".to_owned(), |q| format!("{q:.1e}"))),
            Cell::money(&rule["revenue"], currency(report)),
        ]
    })
}

/// The rules that changed against the report before, kind by kind.
fn drift(report: &Value) -> Section {
    let section = Section::new("What changed", &["", "who buys", "also buys", "#before", "#now"], SHOWN_OTHERS * 2);
    let drift = &report["drift"];
    if !drift.is_object() {
        return section;
    }
    let kinds = ["stronger", "weaker", "new", "gone"];
    let counts: Vec<String> = kinds.iter().map(|kind| format!("{} {kind}", text(&drift[*kind]))).collect();
    let since = text(&drift["previous"]["completed_at"]);
    let said =
        format!("Against the report of {since}: {} rules, {} unchanged.", counts.join(", "), text(&drift["unchanged"]));
    let mut section = section.note(Some(said));
    for kind in kinds {
        let confidence = |of: &Value| Cell::percent(&of["confidence"]);
        let changes = list(drift, &format!("{kind}_rules")).iter().map(|change| {
            vec![
                Cell::said(kind.to_owned()),
                Cell::products(&change["antecedents"]),
                Cell::products(&change["consequents"]),
                confidence(&change["before"]),
                confidence(&change["now"]),
            ]
        });
        section.rows.extend(changes);
    }
    section
}

fn bundles(report: &Value) -> Section {
    let columns = ["bundle", "#orders", "#list price", "#revenue"];
    Section::new("Bundles", &columns, SHOWN_OTHERS).rows(list(report, "bundles"), |bundle| {
        vec![
            Cell::products(&bundle["products"]),
            Cell::of(&bundle["support_count"]),
            Cell::money(&bundle["list_price"], currency(report)),
            Cell::money(&bundle["revenue"], currency(report)),
        ]
    })
}

fn anchors(report: &Value) -> Section {
    let columns = ["product", "#leads to", "#mean attach rate"];
    Section::new("Anchor products", &columns, SHOWN_OTHERS).rows(list(report, "anchors"), |anchor| {
        vec![Cell::of(&anchor["product"]), Cell::of(&anchor["out_degree"]), Cell::bar(&anchor["mean_confidence"])]
    })
}

fn gateways(report: &Value) -> Section {
    let gateways = &report["gateway_products"];
    let columns = ["in a first order", "#customers", "#come back", "#of others", "#spend later", "#others spend"];
    let horizon = text(&gateways["horizon_days"]);
    let rate = gateways["second_order_rate"].as_f64().map(|_| percent(&gateways["second_order_rate"]));
    let said = rate.map(|rate| format!("Of all first-time customers {rate} order again within {horizon} days."));
    let listed = list(gateways, "products");
    let why = gateways["reason"].as_str().map(str::to_owned);
    Section::new("Gateway products", &columns, SHOWN_OTHERS).note(why.or(said)).rows(listed, |product| {
        vec![
            Cell::of(&product["product"]),
            Cell::of(&product["customers"]),
            Cell::bar(&product["second_order_rate"]),
            Cell::percent(&product["second_order_rate_others"]),
            Cell::money(&product["average_later_revenue"], currency(report)),
            Cell::money(&product["average_later_revenue_others"], currency(report)),
        ]
    })
}

fn next_purchases(report: &Value) -> Section {
    let next = &report["next_purchases"];
    let columns = ["who bought", "buys next", "#customers", "#rate", "#usual", "#lift", "#days between"];
    let why = next["reason"].as_str().map(str::to_owned);
    Section::new("Next purchases", &columns, SHOWN_OTHERS).note(why).rows(list(next, "pairs"), |pair| {
        vec![
            Cell::of(&pair["product"]),
            Cell::of(&pair["next_product"]),
            Cell::of(&pair["customers"]),
            Cell::bar(&pair["rate"]),
            Cell::percent(&pair["usual_rate"]),
            Cell::fixed(&pair["lift"], 2),
            Cell::fixed(&pair["median_days"], 0),
        ]
    })
}

fn substitutes(report: &Value) -> Section {
    let columns = ["instead of each other", "#orders with both", "#expected", "#lift"];
    Section::new("Substitutes", &columns, SHOWN_OTHERS).rows(list(report, "substitutes"), |pair| {
        vec![
            Cell::products(&pair["products"]),
            Cell::of(&pair["support_count"]),
            Cell::fixed(&pair["expected_count"], 1),
            Cell::fixed(&pair["lift"], 2),
        ]
    })
}

pub fn currency(report: &Value) -> Option<&str> {
    report["data"]["currency"].as_str().or(report["currency"].as_str())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn shown(report: &Value) -> String {
        sections(report).iter().map(Section::render).collect()
    }

    #[test]
    fn rules_show_lift_and_money() {
        let rule = json!({"antecedents": ["tea"], "consequents": ["jam"], "support_count": 1208, "confidence": 0.5,
            "lift": 3.136, "q_value": 0.0004, "revenue": 1234.5});
        let report = json!({"summary": {"rules_found": 7}, "association_rules": [rule], "data": {"currency": "GBP"}});
        let shown = shown(&report);
        assert!(shown.contains("The best of 7 rules"), "{shown}");
        assert!(shown.contains("tea       jam         1,208     50.00 %  3.14  4.0e-4  1,234.50 GBP"), "{shown}");
    }

    #[test]
    fn no_rules_are_explained_and_parts_that_are_not_there_say_nothing() {
        let report = json!({"summary": {"reason": "No rules: too high."}, "association_rules": [], "drift": null});
        assert_eq!(shown(&report), "\n  No rules\n  No rules: too high.\n");
    }

    #[test]
    fn what_changed_is_told_kind_by_kind() {
        let sides = |now: Value, before: Value| json!({"antecedents": ["tea"], "consequents": ["jam"], "now": now, "before": before});
        let report = json!({"drift": {"previous": {"completed_at": "2026-01-02T03:04:05Z"}, "stronger": 1, "weaker": 0,
            "new": 1, "gone": 0, "unchanged": 9, "weaker_rules": [], "gone_rules": [],
            "stronger_rules": [sides(json!({"confidence": 0.5}), json!({"confidence": 0.25}))],
            "new_rules": [sides(json!({"confidence": 0.75}), Value::Null)]}});
        let shown = drift(&report).render();
        assert!(
            shown.contains("of 2026-01-02T03:04:05Z: 1 stronger, 0 weaker, 1 new, 0 gone rules, 9 unchanged."),
            "{shown}"
        );
        assert!(shown.contains("stronger  tea       jam        25.00 %  50.00 %"), "{shown}");
        assert!(shown.contains("new       tea       jam              –  75.00 %"), "{shown}");
    }

    fn last_row(section: &str) -> Vec<&str> {
        let cells = section.lines().last().expect("a row").split("  ").map(str::trim);
        cells.filter(|cell| !cell.is_empty()).collect()
    }

    #[test]
    fn gateways_and_what_comes_next_stand_beside_the_usual() {
        let report = json!({"data": {"currency": "GBP"},
            "gateway_products": {"horizon_days": 90, "second_order_rate": 0.477, "reason": null, "products": [{
                "product": "tin", "customers": 196, "second_order_rate": 0.597, "second_order_rate_others": 0.47,
                "average_later_revenue": 438.4, "average_later_revenue_others": 396.81}]},
            "next_purchases": {"reason": null, "pairs": [{"product": "bag", "next_product": "box", "customers": 109,
                "rate": 0.113, "usual_rate": 0.043, "lift": 2.615, "median_days": 42.0}]}});
        let gateways = gateways(&report).render();
        assert!(gateways.contains("47.70 % order again within 90 days."), "{gateways}");
        assert_eq!(last_row(&gateways), ["tin", "196", "59.70 %", "47.00 %", "438.40 GBP", "396.81 GBP"]);
        let next = next_purchases(&report).render();
        assert_eq!(last_row(&next), ["bag", "box", "109", "11.30 %", "4.30 %", "2.62", "42"]);
    }
}
