//! What is read: results and their tags, pages, filters, and paths that lead nowhere.

use super::check_refusal;
use crate::kit::{Shop, caller, json};
use affinsy_app::http::{Answer, Caller, Verdict};
use serde_json::Value;

/// Ten orders of the same three products, and one more of a fourth.
async fn reported(template: &str) -> (Shop, Caller, String) {
    let (shop, ann) = (Shop::new(), caller("shop"));
    let products = |names: &[&str]| -> String {
        names
            .iter()
            .map(|name| format!(r#"{{"product_name": "{name}", "unit_price": 2}}"#))
            .collect::<Vec<_>>()
            .join(",")
    };
    let order = |at: usize, names: &[&str]| {
        format!(
            r#"{{"order_id": "o{at}", "customer_id": "c{at}", "order_date": "2025-03-0{}", "line_items": [{}]}}"#,
            at % 9 + 1,
            products(names)
        )
    };
    let mut orders: Vec<String> = (0..10).map(|at| order(at, &["Tea", "Mug", "Jam"])).collect();
    orders.extend((10..20).map(|at| order(at, &["Nut"])));
    shop.push(&ann, &format!(r#"{{"orders": [{}]}}"#, orders.join(","))).await;
    let body = format!(
        r#"{{"template": "{template}", "params": {}}}"#,
        match template {
            "standard_mba" => r#"{"min_support_count": 2, "max_q_value": 1, "include_redundant": true}"#,
            _ => "{}",
        }
    );
    let report_id = shop.submit(&ann, &body).await;
    shop.settle().await;
    (shop, ann, report_id)
}

async fn conditional(shop: &Shop, ann: &Caller, report_id: &str, tag: &str) -> Answer {
    let mut request = Shop::request("GET", &format!("/reports/{report_id}"), Verdict::Allow(ann.clone()));
    request.headers.push(("if-none-match".to_owned(), tag.to_owned()));
    shop.answer(&request).await
}

#[tokio::test]
async fn a_completed_report_has_a_strong_tag() {
    let (shop, ann, report_id) = reported("standard_mba").await;
    let whole = shop.get(&ann, &format!("/reports/{report_id}")).await;
    let tag = whole.header("etag").expect("a tag").to_owned();
    assert!(tag.starts_with('"') && tag.ends_with('"'), "{tag}");
    for known in [tag.clone(), format!("W/{tag}"), format!("\"x\", {tag}"), "*".to_owned()] {
        let answer = conditional(&shop, &ann, &report_id, &known).await;
        assert_eq!((answer.status, answer.body.len(), answer.header("etag")), (304, 0, Some(&*tag)), "{known}");
        assert!(answer.header("x-ratelimit-remaining").is_some(), "{answer:?}");
    }
    assert_eq!(conditional(&shop, &ann, &report_id, "\"x\"").await.body, whole.body);
}

async fn pages(shop: &Shop, ann: &Caller, target: &str) -> Vec<Value> {
    let (mut rows, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = json(&shop.get(ann, &format!("{target}{cursor}")).await);
        rows.extend(page["data"].as_array().expect("a list").clone());
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return rows,
        }
    }
}

#[tokio::test]
async fn parts_come_page_by_page_filtered_and_sorted() {
    let (shop, ann, report_id) = reported("standard_mba").await;
    let part = |part: &str| format!("/reports/{report_id}/{part}");
    let all = pages(&shop, &ann, &part("rules?limit=100")).await;
    assert!(all.len() >= 6, "{all:?}");
    assert_eq!(pages(&shop, &ann, &part("rules?limit=1")).await, all, "page by page it is the same");
    let with_tea = pages(&shop, &ann, &part("rules?limit=2&product=Tea")).await;
    assert!(!with_tea.is_empty() && with_tea.len() < all.len());
    assert_eq!(pages(&shop, &ann, &part("rules?limit=9&min_lift=1000000")).await, [Value::Null; 0]);
    let sorted = pages(&shop, &ann, &part("rules?limit=3&sort=-confidence")).await;
    let confidences: Vec<f64> = sorted.iter().map(|rule| rule["confidence"].as_f64().expect("a number")).collect();
    assert!(confidences.is_sorted_by(|a, b| a >= b), "{confidences:?}");
    assert!(!pages(&shop, &ann, &part("itemsets?limit=3&sort=-support_count")).await.is_empty());
    let (shop, ann, rfm) = reported("standard_rfm").await;
    let customers = pages(&shop, &ann, &format!("/reports/{rfm}/customers?limit=7&sort=customer_id")).await;
    assert_eq!(customers.len(), 20);
    assert!(customers.is_sorted_by_key(|row| row["customer_id"].as_str().map(str::to_owned)));
}

#[tokio::test]
async fn what_a_list_does_not_know() {
    let (shop, ann, mba) = reported("standard_mba").await;
    let refused = async |target: &str, status, code: &str, pointer: &str| {
        check_refusal(&shop.get(&ann, target).await, status, code, pointer, target);
    };
    for limit in ["0", "101", "-1", "x", "1.5", ""] {
        refused(&format!("/reports?limit={limit}"), 422, "invalid_request", "/limit").await;
    }
    refused("/reports?state=Completed", 422, "unknown_parameter", "").await;
    refused("/reports?status=completed", 422, "invalid_request", "/status").await;
    refused("/reports?report_type=mba", 422, "invalid_request", "/report_type").await;
    refused(&format!("/reports/{mba}/rules?sort=money"), 422, "invalid_request", "/sort").await;
    refused(&format!("/reports/{mba}/rules?min_lift=NaN"), 422, "invalid_request", "/min_lift").await;
    refused(&format!("/reports/{mba}/rules?segment=x"), 422, "invalid_request", "/segment").await;
    refused(&format!("/reports/{mba}/customers"), 404, "no_such_part", "").await;
}

#[tokio::test]
async fn a_report_that_runs_has_no_parts_yet() {
    let (shop, ann, _) = reported("standard_mba").await;
    let report_id = shop.submit(&ann, r#"{"template": "standard_mba"}"#).await;
    let answer = shop.get(&ann, &format!("/reports/{report_id}/rules")).await;
    check_refusal(&answer, 409, "report_processing", "", "a part of a running report");
    assert!(answer.header("retry-after").is_some());
}

#[tokio::test]
async fn paths_that_lead_nowhere() {
    let (shop, ann) = (Shop::new(), caller("shop"));
    for target in ["/nothing", "/reports/", "/reports/a/b/c", "/data", "/datasets/"] {
        check_refusal(&shop.get(&ann, target).await, 404, "no_such_route", "", target);
    }
    for unknown in ["/reports/rpt_x", "/reports/..%2F..", "/reports/%00", "/data/imports/imp_x", "/datasets/none"] {
        check_refusal(&shop.get(&ann, unknown).await, 404, "not_found", "", unknown);
    }
    let answer = shop.answer(&Shop::request("PUT", "/reports", Verdict::Allow(ann))).await;
    check_refusal(&answer, 405, "method_not_allowed", "", "PUT /reports");
    assert_eq!(answer.header("allow"), Some("POST, GET"));
}
