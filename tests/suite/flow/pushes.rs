//! What an acknowledged push means: every line is there, once, with its last value.

use super::ORDERS;
use crate::kit::{Shop, caller, json};
use affinsy_app::http::Caller;
use serde_json::Value;

fn line(order: &str, product: &str, fields: &str) -> String {
    format!(
        r#"{{"dataset_id": "my-store", "orders": [{{"order_id": "{order}", "customer_id": "ann",
            "order_date": "2025-03-01", "line_items": [{{"product_name": "{product}"{fields}}}]}}]}}"#
    )
}

/// The dataset as the API shows it, counted.
async fn dataset(shop: &Shop, ann: &Caller) -> Value {
    shop.sweep().await;
    shop.settle().await;
    json(&shop.get(ann, "/datasets/my-store").await)
}

async fn check(pushes: &[String], orders: u64, line_items: u64) {
    let (shop, ann) = (Shop::new(), caller("shop"));
    for push in pushes {
        shop.push(&ann, push).await;
    }
    let dataset = dataset(&shop, &ann).await;
    assert_eq!((&dataset["orders"], &dataset["line_items"]), (&orders.into(), &line_items.into()), "{pushes:?}");
    assert_eq!(dataset["pending_line_items"], 0);
}

#[tokio::test]
async fn the_last_acknowledged_value_wins() {
    check(&[line("o", "Tea", ""), line("o", "Tea", "")], 1, 1).await;
    check(&[line("o", "Tea", ""), line("o", "Mug", ""), line("p", "Tea", "")], 2, 3).await;
    check(&[line("o", "Tea", ""), line("o", "Tea", r#", "quantity": 0"#)], 0, 0).await;
    check(&[line("o", "Tea", r#", "quantity": 0"#), line("o", "Tea", "")], 1, 1).await;
}

#[tokio::test]
async fn pushes_at_once_are_all_there() {
    let (shop, ann) = (Shop::new(), caller("shop"));
    let bodies: Vec<String> = (0..20).map(|at| line(&format!("o{at}"), "Tea", "")).collect();
    futures::future::join_all(bodies.iter().map(|body| shop.push(&ann, body))).await;
    let dataset = dataset(&shop, &ann).await;
    assert_eq!((&dataset["orders"], &dataset["line_items"]), (&20.into(), &20.into()));
    let imports = json(&shop.get(&ann, "/data/imports?limit=100").await);
    assert_eq!(imports["data"].as_array().map(Vec::len), Some(20));
}

#[tokio::test]
async fn a_push_is_shown_as_an_import_and_counted_soon() {
    let (shop, ann) = (Shop::new(), caller("shop"));
    let accepted = json(&shop.post(&ann, "/data/orders", ORDERS).await);
    let expected = [("status", Value::from("Completed")), ("orders", 3.into()), ("line_items", 5.into())];
    expected.iter().for_each(|(field, value)| assert_eq!(accepted[field], *value, "{accepted}"));
    let import = json(&shop.get(&ann, &format!("/data/imports/{}", accepted["import_id"].as_str().unwrap())).await);
    expected.iter().for_each(|(field, value)| assert_eq!(import[field], *value, "{import}"));
    assert_eq!((&import["source"], &import["inserted"]), (&"push".into(), &Value::Null));
    let pending = json(&shop.get(&ann, "/datasets/my-store").await);
    assert_eq!((&pending["pending_line_items"], &pending["counted_at"]), (&5.into(), &Value::Null));
    let counted = dataset(&shop, &ann).await;
    for (field, value) in [("customers", 2), ("products", 3), ("guest_orders", 1), ("orders", 3), ("line_items", 5)] {
        assert_eq!(counted[field], value, "{field} of {counted}");
    }
    assert_eq!(counted["first_order_date"], "2025-03-01T10:00:00Z");
    assert_eq!(counted["last_order_date"], "2025-03-03T10:00:00Z");
}

#[tokio::test]
async fn a_datasets_currency_is_its_first() {
    let (shop, ann) = (Shop::new(), caller("shop"));
    let with = |currency: &str| ORDERS.replacen('{', &format!(r#"{{"currency": "{currency}", "#), 1);
    shop.push(&ann, ORDERS).await;
    shop.push(&ann, &with("EUR")).await;
    let refused = shop.post(&ann, "/data/orders", with("USD")).await;
    assert_eq!((refused.status, &json(&refused)["errors"][0]["pointer"]), (422, &"/currency".into()));
    shop.push(&ann, ORDERS).await;
    assert_eq!(json(&shop.get(&ann, "/datasets/my-store").await)["currency"], "EUR");
}
