//! `GET /recommendations`: what goes with some products, by the newest report.

use crate::kit::{Shop, caller, json};
use affinsy_app::http::Caller;
use serde_json::Value;

/// Tea is bought with a mug twice as often as with jam.
const ORDERS: &str = r#"{"dataset_id": "my-store", "orders": [
    {"order_id": "1", "line_items": [{"product_name": "Tea"}, {"product_name": "Mug"}]},
    {"order_id": "2", "line_items": [{"product_name": "Tea"}, {"product_name": "Mug"}, {"product_name": "Postage"}]},
    {"order_id": "3", "line_items": [{"product_name": "Tea"}, {"product_name": "Jam & more"}]},
    {"order_id": "4", "line_items": [{"product_name": "Hat"}]}]}"#;
const REPORT: &str = r#"{"report_type": "MBA", "dataset_id": "my-store", "params": {"min_support_count": 1,
    "min_lift": 0, "min_confidence": 0, "max_q_value": 1, "include_redundant": true, "max_itemset_size": 2}}"#;

async fn asked(shop: &Shop, ann: &Caller, query: &str) -> Value {
    let answer = shop.get(ann, &format!("/recommendations?dataset_id=my-store&{query}")).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    json(&answer)
}

fn products(answer: &Value) -> Vec<&str> {
    answer["data"].as_array().expect("a list").iter().filter_map(|found| found["product"].as_str()).collect()
}

#[tokio::test]
async fn the_newest_completed_basket_report_answers() {
    let (shop, ann) = (Shop::new(), caller("shop"));
    shop.push(&ann, ORDERS).await;
    let none = shop.get(&ann, "/recommendations?dataset_id=my-store&product=Tea").await;
    assert_eq!((none.status, &json(&none)["code"]), (404, &"no_basket_report".into()));
    let first = shop.submit(&ann, REPORT).await;
    shop.settle().await;
    let found = asked(&shop, &ann, "product=Tea").await;
    assert_eq!(found["report_id"], first.as_str());
    assert_eq!(products(&found), ["Mug", "Jam & more", "Postage"], "postage last: {found}");
    let mug = &found["data"][0];
    assert_eq!((&mug["antecedents"], &mug["support_count"]), (&serde_json::json!(["Tea"]), &2.into()));
    assert!((mug["confidence"].as_f64().expect("a number") - 2.0 / 3.0).abs() < 1e-12, "{mug}");
    assert_eq!(products(&asked(&shop, &ann, "product=Tea&limit=1").await), ["Mug"]);
    assert_eq!(products(&asked(&shop, &ann, "product=Tea&product=Mug").await), ["Jam & more", "Postage"]);
    // Neither one that runs nor one of another kind takes its place.
    shop.submit(&ann, r#"{"template": "standard_rfm", "dataset_id": "my-store"}"#).await;
    shop.settle().await;
    shop.push(&ann, &ORDERS.replace("Jam & more", "Honey")).await;
    shop.clock.advance_ms(1_000);
    let second = shop.submit(&ann, REPORT).await;
    assert_eq!(asked(&shop, &ann, "product=Tea").await["report_id"], first.as_str());
    shop.settle().await;
    let found = asked(&shop, &ann, "product=Tea").await;
    assert_eq!(found["report_id"], second.as_str());
    assert!(products(&found).contains(&"Honey"), "{found}");
    // A report that is deleted answers no more, whoever still holds its rules in memory.
    assert_eq!(shop.delete(&ann, &format!("/reports/{second}")).await.status, 204);
    assert_eq!(asked(&shop, &ann, "product=Tea").await["report_id"], first.as_str());
}

#[tokio::test]
async fn nothing_found_has_a_reason_and_a_bad_question_an_answer() {
    let (shop, ann) = (Shop::new(), caller("shop"));
    shop.push(&ann, ORDERS).await;
    shop.submit(&ann, REPORT).await;
    shop.settle().await;
    for query in ["product=Hat", "product=No%20such", "product=Hat&product=No"] {
        let found = asked(&shop, &ann, query).await;
        assert_eq!(products(&found), Vec::<&str>::new());
        assert!(found["reason"].as_str().is_some_and(|reason| reason.contains("min_support")), "{found}");
    }
    let check = async |query: &str, status: u16, code: &str| {
        let answer = shop.get(&ann, &format!("/recommendations?{query}")).await;
        assert_eq!((answer.status, &json(&answer)["code"]), (status, &code.into()), "{query}: {answer:?}");
    };
    check("dataset_id=my-store", 422, "invalid_request").await;
    check("dataset_id=my-store&product=Tea&limit=0", 422, "invalid_request").await;
    check("dataset_id=my-store&product=Tea&rank_by=luck", 422, "invalid_request").await;
    check("dataset_id=my-store&products=Tea", 422, "unknown_parameter").await;
    check(&vec!["product=Tea"; 101].join("&"), 422, "invalid_request").await;
    check("product=Tea", 404, "no_basket_report").await;
    // Rules that nobody can find anything in are said to be none.
    shop.clock.advance_ms(1_000);
    shop.submit(&ann, &REPORT.replace("\"min_confidence\": 0", "\"min_confidence\": 1").replace("Count", "count"))
        .await;
    shop.settle().await;
    let found = asked(&shop, &ann, "product=Tea").await;
    assert!(products(&found).is_empty() && found["reason"].is_string(), "{found}");
}
