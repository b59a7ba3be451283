//! The plan's row cap: new lines beyond it are refused and counted, updates always go in.

use super::ORDERS;
use crate::kit::{Shop, caller, json};
use affinsy_app::http::Caller;
use serde_json::Value;

fn capped(rows: u64) -> Caller {
    Caller { max_rows: Some(rows), ..caller("shop") }
}

fn line(order: &str, product: &str, quantity: u32) -> String {
    format!(
        r#"{{"dataset_id": "my-store", "orders": [{{"order_id": "{order}", "order_date": "2025-03-01",
            "line_items": [{{"product_name": "{product}", "quantity": {quantity}}}]}}]}}"#
    )
}

/// Pushes; what its import says of (inserted, updated, rejected).
async fn pushed(shop: &Shop, ann: &Caller, body: &str) -> (Value, Value, u64) {
    let answer = shop.post(ann, "/data/orders", body.to_owned()).await;
    assert_eq!(answer.status, 202, "{answer:?}");
    let accepted = json(&answer);
    let import =
        json(&shop.get(ann, &format!("/data/imports/{}", accepted["import_id"].as_str().expect("an id"))).await);
    let rejected = import["rejected"].as_u64().expect("a count");
    assert_eq!(accepted.get("warning").is_some(), rejected > 0, "{accepted}");
    (import["inserted"].clone(), import["updated"].clone(), rejected)
}

/// The lines there are, counted.
async fn lines(shop: &Shop, ann: &Caller) -> Value {
    shop.sweep().await;
    shop.settle().await;
    json(&shop.get(ann, "/datasets/my-store").await)["line_items"].clone()
}

#[tokio::test]
async fn new_lines_go_in_up_to_the_cap_and_updates_beyond_it() {
    let (shop, ann) = (Shop::new(), capped(4));
    assert_eq!(pushed(&shop, &ann, ORDERS).await, (4.into(), 0.into(), 1));
    assert_eq!(lines(&shop, &ann).await, 4);
    assert_eq!(pushed(&shop, &ann, &line("new", "Tea", 1)).await, (0.into(), 0.into(), 1));
    assert_eq!(pushed(&shop, &ann, ORDERS).await, (0.into(), 4.into(), 1), "what is there is updated");
    assert_eq!(pushed(&shop, &ann, &line("new", "Tea", 0)).await, (0.into(), 0.into(), 0), "a removal is no new line");
    assert_eq!(lines(&shop, &ann).await, 4);
}

#[tokio::test]
async fn what_is_removed_makes_room() {
    let (shop, ann) = (Shop::new(), capped(2));
    for (order, quantity, expected) in [("a", 1, (1, 0, 0)), ("b", 1, (1, 0, 0)), ("c", 1, (0, 0, 1))] {
        let (inserted, updated, rejected) = pushed(&shop, &ann, &line(order, "Tea", quantity)).await;
        // Far from the cap a push does not look.
        let looked = (inserted.as_u64().unwrap_or(1), updated.as_u64().unwrap_or(0), rejected);
        assert_eq!(looked, expected, "{order}");
    }
    pushed(&shop, &ann, &line("a", "Tea", 0)).await;
    assert_eq!(pushed(&shop, &ann, &line("c", "Tea", 1)).await, (1.into(), 0.into(), 0));
    assert_eq!(lines(&shop, &ann).await, 2);
}

#[tokio::test]
async fn pushes_at_once_do_not_pass_the_cap_together() {
    let (shop, ann) = (Shop::new(), capped(10));
    let bodies: Vec<String> = (0..30).map(|at| line(&format!("o{at}"), "Tea", 1)).collect();
    futures::future::join_all(bodies.iter().map(|body| pushed(&shop, &ann, body))).await;
    assert_eq!(lines(&shop, &ann).await, 10);
}

#[tokio::test]
async fn a_plan_without_a_cap_takes_all() {
    let (shop, ann) = (Shop::new(), caller("shop"));
    assert_eq!(pushed(&shop, &ann, ORDERS).await, (Value::Null, Value::Null, 0));
    assert_eq!(lines(&shop, &ann).await, 5);
}
