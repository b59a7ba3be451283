//! Bodies of `POST /reports`: everything its sender can mend is refused at once.

use super::check_refusal;
use crate::kit::{Shop, caller, json};

/// A submission to a dataset that exists; nothing is stored or sent when it is refused.
async fn check(body: &str, status: u16, code: &str, pointer: &str) {
    let (shop, ann) = (Shop::new(), caller("shop"));
    let order = r#"{"dataset_id": "my-store", "orders": [{"order_id": "o", "line_items": [{"product_name": "Tea"}]}]}"#;
    shop.push(&ann, order).await;
    let answer = shop.post(&ann, "/reports", body.to_owned()).await;
    if status == 202 {
        assert_eq!(answer.status, 202, "{body}: {answer:?}");
        return;
    }
    check_refusal(&answer, status, code, pointer, body);
    assert_eq!(json(&shop.get(&ann, "/reports").await)["data"].as_array().map(Vec::len), Some(0), "{body}");
    assert_eq!(shop.queue.take(), [], "{body}");
}

/// A report over the dataset with these fields besides.
fn with(fields: &str) -> String {
    format!(r#"{{"report_type": "MBA", "dataset_id": "my-store", {fields}}}"#)
}

#[tokio::test]
async fn what_is_asked_for_must_be_known() {
    check("", 400, "malformed_json", "").await;
    check("[]", 400, "malformed_json", "").await;
    check(r#"{"report_type": "MBA", "report_type": "RFM"}"#, 400, "malformed_json", "").await;
    check("{}", 422, "invalid_request", "/report_type").await;
    check(r#"{"report_type": "mba", "dataset_id": "my-store"}"#, 422, "invalid_request", "/report_type").await;
    check(r#"{"template": "none", "dataset_id": "my-store"}"#, 422, "invalid_request", "/template").await;
    check(r#"{"report_type": "MBA", "dataset_id": "other"}"#, 404, "unknown_dataset", "").await;
    check(r#"{"report_type": "MBA", "dataset_id": "../my-store"}"#, 404, "unknown_dataset", "").await;
    check(r#"{"report_type": "MBA"}"#, 404, "unknown_dataset", "").await;
}

#[tokio::test]
async fn parameters_out_of_bounds() {
    let params = async |params: &str, pointer: &str| {
        check(&with(&format!(r#""params": {params}"#)), 422, "invalid_request", pointer).await;
    };
    for support in ["0", "-0.1", "1.01", "\"0.1\"", "1e400", "true"] {
        params(&format!(r#"{{"min_support": {support}}}"#), "/params/min_support").await;
    }
    check(&with(r#""params": {"min_support": NaN}"#), 400, "malformed_json", "").await;
    params(r#"{"min_confidence": 2}"#, "/params/min_confidence").await;
    params(r#"{"max_rules": -1}"#, "/params/max_rules").await;
    params(r#"{"scope": "shop"}"#, "/params/scope").await;
    params(r#"{"customer_scope": "vip"}"#, "/params/customer_scope").await;
    params(r#"{"time_zone": "Mars"}"#, "/params/time_zone").await;
    params("[]", "/params").await;
    check(&with(r#""params": {"min_support": 1e-12}"#), 202, "", "").await;
    check(&with(r#""params": {"min_support": 1}"#), 202, "", "").await;
}

#[tokio::test]
async fn ranges() {
    let range = |start: &str, end: &str| {
        with(&format!(r#""filters": {{"dateRange": {{"start": "{start}", "end": "{end}"}}}}"#))
    };
    check(&range("2025-04-01", "2025-03-31"), 422, "invalid_request", "/filters/dateRange").await;
    check(&range("2025-02-30", "2025-03-31"), 422, "invalid_request", "/filters/dateRange/start").await;
    check(&range("2025-03-31", "2025-03-31"), 202, "", "").await;
    check(&range("1999-01-01", "1999-12-31"), 202, "", "").await;
    check(&with(r#""filters": 3"#), 422, "invalid_request", "/filters").await;
}

#[tokio::test]
async fn webhook_urls() {
    for refused in [
        "http://example.com/",
        "https://localhost/",
        "https://127.0.0.1/",
        "https://2130706433/",
        "https://0x7f.1/",
        "https://①②⑦.0.0.1/",
        "https:///127.0.0.1/",
        "https://[::1]/",
        "https://[::ffff:10.0.0.1]/",
        "https://[64:ff9b::7f00:1]/",
        "https://169.254.169.254/latest/meta-data",
        "https://user:pw@example.com/",
        "https://example.com:22/",
        "ftp://example.com/",
        "example.com/hook",
        "https://",
    ] {
        let url = serde_json::Value::from(refused);
        check(&with(&format!(r#""webhook_url": {url}"#)), 422, "invalid_request", "/webhook_url").await;
    }
    check(&with(r#""webhook_url": 5"#), 422, "invalid_request", "/webhook_url").await;
    check(&with(r#""webhook_url": "https://your-server.com/hooks/affinsy""#), 202, "", "").await;
}

#[tokio::test]
async fn a_submission_is_at_most_128_kib() {
    let padded = |bytes: usize| {
        let body = with(r#""name": "x""#);
        let spaces = " ".repeat(bytes - body.len());
        body + &spaces
    };
    check(&padded(128 << 10), 202, "", "").await;
    check(&padded((128 << 10) + 1), 413, "too_large", "").await;
}

#[tokio::test]
async fn the_answer_is_the_quick_starts() {
    let (shop, ann) = (Shop::new(), caller("shop"));
    let order = r#"{"dataset_id": "my-store", "orders": [{"order_id": "o", "line_items": [{"product_name": "Tea"}]}]}"#;
    shop.push(&ann, order).await;
    let answer = shop.post(&ann, "/reports", r#"{"template": "standard_mba", "dataset_id": "my-store"}"#).await;
    let report_id = json(&answer)["report_id"].as_str().expect("an id").to_owned();
    assert_eq!(answer.body, format!(r#"{{"report_id":"{report_id}","status":"Processing"}}"#));
    assert_eq!(answer.header("location"), Some(&*format!("/api/v1/reports/{report_id}")));
    let odd = r#"{"template": "standard_mba", "dataset_id": "my-store", "colour": 1}"#;
    let answer = shop.post(&ann, "/reports", odd).await;
    assert_eq!(json(&answer)["warnings"].as_array().map(Vec::len), Some(1), "{answer:?}");
}
