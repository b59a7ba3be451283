//! Orders that are odd and valid: what was sent is what a report says, and what cannot be said is explained.

use crate::kit::{Shop, caller, json};
use affinsy_app::http::Caller;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// A push of orders, each with its products, one of each.
fn orders(dataset_id: &str, orders: &[(&str, Vec<Value>)]) -> String {
    let order = |(id, lines): &(&str, Vec<Value>)| json!({"order_id": id, "customer_id": "ann", "order_date": "2025-03-01", "line_items": lines});
    json!({"dataset_id": dataset_id, "orders": orders.iter().map(order).collect::<Vec<_>>()}).to_string()
}

fn line(product: &str) -> Value {
    json!({"product_name": product, "unit_price": 2})
}

/// Every rule that there is, whatever it is worth.
const ALL: &str = r#"{"min_support_count": 1, "max_itemset_size": 2, "min_lift": 0, "max_q_value": 1,
    "include_redundant": true}"#;

async fn mba(shop: &Shop, ann: &Caller, dataset_id: &str, params: &str) -> Value {
    let body = format!(r#"{{"report_type": "MBA", "dataset_id": "{dataset_id}", "params": {params}}}"#);
    let report_id = shop.submit(ann, &body).await;
    shop.settle().await;
    json(&shop.get(ann, &format!("/reports/{report_id}")).await)
}

fn rules(report: &Value) -> &Vec<Value> {
    assert_eq!(report["status"], "Completed", "{report}");
    report["association_rules"].as_array().unwrap_or_else(|| panic!("{report}"))
}

#[tokio::test]
async fn names_are_kept_byte_for_byte_from_push_to_report() {
    let (shop, ann) = (Shop::new(), caller("shop"));
    // Composed and decomposed, with a space and without: each is a product of its own.
    let names = ["\u{e9}", "e\u{301}", "Tea", "Tea ", "tea", "\u{202e}gnp.exe", "a\u{200b}b", "👟", "=1+1", "a#b/../c"];
    let lines: Vec<Value> = names.into_iter().map(line).collect();
    let same: Vec<(&str, Vec<Value>)> = ["1", "2", "3"].map(|id| (id, lines.clone())).to_vec();
    shop.push(&ann, &orders("my-store", &same)).await;
    let report = mba(&shop, &ann, "my-store", ALL).await;
    let named: BTreeSet<&str> = rules(&report).iter().filter_map(|rule| rule["antecedents"][0].as_str()).collect();
    assert_eq!(named, BTreeSet::from(names));
}

#[tokio::test]
async fn ids_that_look_like_keys_and_paths_do_not_meet() {
    let (shop, ann, eve) = (Shop::new(), caller("shop"), caller("shop-d"));
    let datasets = ["d", "d#o", "d/o", "../d", "D", "d ", "T#shop", "%64"];
    let ids = ["o", "o#p", "o/p", "..", "O", "o\u{301}", "%6F", "d"];
    for (at, dataset_id) in datasets.iter().enumerate() {
        let own: Vec<(&str, Vec<Value>)> = ids[at..].iter().map(|id| (*id, vec![line("Tea")])).collect();
        shop.push(&ann, &orders(dataset_id, &own)).await;
    }
    shop.push(&eve, &orders("d", &[("eves", vec![line("Tea")])])).await;
    shop.sweep().await;
    shop.settle().await;
    let counted = async |caller: &Caller| {
        let listed = json(&shop.get(caller, "/datasets?limit=100").await);
        let rows = listed["data"].as_array().unwrap_or_else(|| panic!("{listed}")).iter();
        let row = |row: &Value| (row["dataset_id"].as_str().expect("an id").to_owned(), row["orders"].as_u64());
        rows.map(row).collect::<BTreeSet<_>>()
    };
    let expected = datasets.iter().enumerate().map(|(at, id)| ((*id).to_owned(), Some((ids.len() - at) as u64)));
    assert_eq!(counted(&ann).await, expected.collect());
    assert_eq!(counted(&eve).await, BTreeSet::from([("d".to_owned(), Some(1))]));
}

#[tokio::test]
async fn a_dataset_whose_lines_were_all_removed_completes_with_reasons() {
    let (shop, ann) = (Shop::new(), caller("shop"));
    shop.push(&ann, &orders("my-store", &[("o", vec![line("Tea")])])).await;
    let none = json!({"product_name": "Tea", "quantity": 0});
    shop.push(&ann, &orders("my-store", &[("o", vec![none])])).await;
    for template in ["standard_mba", "standard_rfm", "churning_analysis", "first_order"] {
        let body = format!(r#"{{"template": "{template}", "dataset_id": "my-store"}}"#);
        let report_id = shop.submit(&ann, &body).await;
        shop.settle().await;
        let report = json(&shop.get(&ann, &format!("/reports/{report_id}")).await);
        assert_eq!(report["status"], "Completed", "{report}");
        assert!(report["warnings"].as_array().is_some_and(|reasons| !reasons.is_empty()), "{report}");
        assert_eq!(report["data"]["orders"], 0, "{report}");
    }
}

#[tokio::test]
async fn an_order_of_a_hundred_thousand_lines_ends_with_advice() {
    let (shop, ann) = (Shop::new(), caller("shop"));
    for push in 0..10 {
        let lines = (0..10_000).map(|at| line(&format!("product {push} {at}"))).collect();
        shop.push(&ann, &orders("my-store", &[("o", lines)])).await;
    }
    let report = mba(&shop, &ann, "my-store", r#"{"min_support_count": 1, "max_itemset_size": null}"#).await;
    assert_eq!((&report["status"], &report["failure"]["code"]), (&"Failed".into(), &"too_many_itemsets".into()));
    assert!(report["failure"]["message"].to_string().contains("max_itemset_size"), "{report}");
    let report = mba(&shop, &ann, "my-store", "{}").await;
    assert_eq!(rules(&report).len(), 0, "left to itself a report asks for more than one basket");
}

#[tokio::test]
async fn a_product_in_every_order_says_nothing_and_breaks_nothing() {
    let (shop, ann) = (Shop::new(), caller("shop"));
    let ids: Vec<String> = (0..30).map(|at| format!("o{at}")).collect();
    let others = ["Tea", "Mug", "Jam"];
    let all: Vec<(&str, Vec<Value>)> =
        ids.iter().enumerate().map(|(at, id)| (&**id, vec![line("Bag"), line(others[at % 3])])).collect();
    shop.push(&ann, &orders("my-store", &all)).await;
    let report = mba(&shop, &ann, "my-store", ALL).await;
    let bags: Vec<&Value> = rules(&report).iter().filter(|rule| rule["consequents"] == json!(["Bag"])).collect();
    assert_eq!(bags.len(), 3, "{report}");
    for rule in bags {
        assert_eq!((rule["confidence"].as_f64(), rule["lift"].as_f64()), (Some(1.0), Some(1.0)), "{rule}");
        assert_eq!(rule["conviction"], Value::Null, "infinite: {rule}");
    }
    let usual = mba(&shop, &ann, "my-store", "{}").await;
    assert_eq!(rules(&usual).len(), 0);
    assert!(usual["insights"].to_string().contains("No rules"), "{usual}");
}
