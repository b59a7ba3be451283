//! Real answers, held against the document: each operation's successes, and refusals of each status.

use super::contract::Contract;
use super::shop::{Shop, orders, route};
use crate::dispatch_webhook::delivery_id;
use crate::http::{Answer, Request, Verdict};
use serde_json::{Value, json};

/// Answers a request, holds the answer against the document, and gives it back.
async fn ask(shop: &Shop, request: Request, status: u16) -> Answer {
    let answer = shop.answer(&request).await;
    let route = route(&request);
    assert_eq!(answer.status, status, "{} {}", route.operation, String::from_utf8_lossy(&answer.body));
    Contract::new().check_answer(route, &answer);
    answer
}

async fn get(shop: &Shop, call: &str, status: u16) -> Value {
    let answer = ask(shop, shop.request(call, ""), status).await;
    serde_json::from_slice(&answer.body).unwrap_or_default()
}

async fn post(shop: &Shop, path: &str, body: &Value, status: u16) -> Value {
    let answer = ask(shop, shop.request(&format!("POST {path}"), &body.to_string()), status).await;
    serde_json::from_slice(&answer.body).expect("JSON")
}

/// Submits and runs a report; gives back its id.
async fn report(shop: &Shop, body: Value) -> String {
    let submitted = post(shop, "/reports", &body, 202).await;
    let id = submitted["report_id"].as_str().expect("an id").to_owned();
    assert!(get(shop, &format!("GET /reports/{id}"), 200).await["progress"].is_object());
    get(shop, &format!("GET /reports/{id}/rules"), 409).await;
    shop.run(&id).await;
    id
}

async fn pushed() -> Shop {
    let shop = Shop::new();
    post(&shop, "/data/orders", &orders(), 202).await;
    shop
}

#[tokio::test]
async fn pushes_and_datasets() {
    let shop = pushed().await;
    let import = get(&shop, "GET /data/imports", 200).await["data"][0]["import_id"].clone();
    get(&shop, &format!("GET /data/imports/{}", import.as_str().expect("an id")), 200).await;
    get(&shop, "GET /data/imports/imp_x", 404).await;
    get(&shop, "GET /datasets", 200).await;
    get(&shop, "GET /datasets/my-store", 200).await;
    get(&shop, "GET /datasets/other", 404).await;
    post(&shop, "/data/orders", &json!({"orders": []}), 422).await;
    post(&shop, "/data/orders", &json!([]), 400).await;
}

#[tokio::test]
async fn uploads() {
    let shop = Shop::new();
    let body = json!({"dataset_id": "my-store", "mapping": {"order_id": "Nr"}, "decimal": ",", "colour": "red"});
    let opened = post(&shop, "/data/uploads", &body, 201).await;
    let import = get(&shop, &format!("GET /data/imports/{}", opened["import_id"].as_str().expect("an id")), 200).await;
    assert_eq!((&import["source"], &import["progress"]["stage"]), (&json!("upload"), &json!("waiting_for_file")));
    get(&shop, "GET /data/imports", 200).await;
    post(&shop, "/data/uploads", &json!({"format": "xlsx", "webhook_url": 7}), 422).await;
    post(&shop, "/data/uploads", &json!({"webhook_url": "http://127.0.0.1/"}), 422).await;
    post(&shop, "/data/uploads", &json!({"bytes": 6_000_000_000u64}), 413).await;
    post(&shop, "/data/uploads", &json!([]), 400).await;
}

#[tokio::test]
async fn keys() {
    let shop = Shop::new();
    post(&shop, "/keys", &json!({}), 422).await;
    shop.register().await;
    let body = json!({"scopes": ["data:read", "*"], "expires_in_days": 3, "colour": "red"});
    let made = post(&shop, "/keys", &body, 201).await;
    let key_id = made["key_id"].as_str().expect("an id");
    post(&shop, "/keys", &json!({"replaces": key_id, "overlap_hours": 1}), 201).await;
    get(&shop, "GET /keys?limit=1", 200).await;
    ask(&shop, shop.request(&format!("DELETE /keys/{key_id}"), ""), 204).await;
    get(&shop, "DELETE /keys/key_x", 404).await;
    get(&shop, "GET /keys?user=ann", 422).await;
    post(&shop, "/keys", &json!([]), 400).await;
}

#[tokio::test]
async fn calls_with_an_idempotency_key() {
    let shop = pushed().await;
    let call = async |path: &str, body: &str, key: &str, status: u16| {
        let mut request = shop.request(&format!("POST {path}"), body);
        request.headers.push(("idempotency-key".to_owned(), key.to_owned()));
        ask(&shop, request, status).await.header("idempotent-replayed").is_some()
    };
    let too_large = format!(r#"{{"name": "{}"}}"#, "x".repeat(4 << 20));
    for path in ["/data/orders", "/data/uploads", "/reports", "/keys"] {
        for (body, status) in [("[]", 400), (&*too_large, 413)] {
            let key = format!("{path} {status}");
            assert!(!call(path, body, &key, status).await && call(path, body, &key, status).await, "{key}");
        }
        assert!(!call(path, "{}", &format!("{path} 400"), 422).await, "another body");
        assert!(!call(path, "{}", "", 400).await, "no key at all");
    }
    for _ in 0..2 {
        call("/reports", r#"{"report_type": "MBA", "dataset_id": "my-store"}"#, "k", 202).await;
    }
    shop.hold("held").await;
    call("/reports", "", "held", 409).await;
}

#[tokio::test]
async fn a_basket_analysis() {
    let shop = pushed().await;
    let body = json!({
        "report_type": "MBA", "dataset_id": "my-store", "webhook_url": "https://example.com/hook", "colour": "red",
        "params": {"customer_scope": "all", "max_q_value": 1, "include_redundant": true, "churn_days": 30},
    });
    let id = report(&shop, body).await;
    let result = get(&shop, &format!("GET /reports/{id}"), 200).await;
    for list in ["association_rules", "itemsets", "bundles", "anchors", "substitutes"] {
        assert!(result[list].as_array().is_some_and(|rows| !rows.is_empty()), "{list} is empty");
    }
    for (found, list) in [("gateway_products", "products"), ("next_purchases", "pairs")] {
        assert_eq!(
            result[found][list].as_array().map(Vec::is_empty),
            Some(result[found]["reason"].is_string()),
            "{found}"
        );
    }
    assert_eq!(result["drift"], Value::Null, "there is no report before the first");
    get(&shop, &format!("GET /reports/{id}/rules?limit=1&sort=-lift&product=Bread&min_lift=1"), 200).await;
    get(&shop, &format!("GET /reports/{id}/itemsets?sort=size"), 200).await;
    get(&shop, &format!("GET /reports/{id}/customers"), 404).await;
    get(&shop, &format!("GET /reports/{id}/rules?sort=luck"), 422).await;
    for format in ["csv", "json", "ndjson", "parquet"] {
        get(&shop, &format!("GET /reports/{id}/export?part=itemsets&format={format}"), 302).await;
    }
    get(&shop, &format!("GET /reports/{id}/export"), 302).await;
    get(&shop, &format!("GET /reports/{id}/export?part=customers"), 404).await;
    get(&shop, &format!("GET /reports/{id}/export?format=xls"), 422).await;
    let found = get(&shop, "GET /recommendations?dataset_id=my-store&product=Bread&limit=2", 200).await;
    assert!(found["data"].as_array().is_some_and(|found| !found.is_empty()), "{found}");
    get(&shop, "GET /recommendations?dataset_id=my-store&product=Nothing&product=Such&rank_by=lift", 200).await;
    get(&shop, "GET /recommendations?dataset_id=my-store", 422).await;
    get(&shop, "GET /recommendations?dataset_id=other&product=Bread", 404).await;
    let received = shop.sender.received();
    Contract::new().check("ReportCompletedEvent", &serde_json::from_str(&received[0].body).expect("JSON"));
    get(&shop, "GET /webhooks/deliveries", 200).await;
    get(&shop, "GET /webhooks/secret", 200).await;
    webhooks(&shop, &id).await;
}

/// Every route of the webhooks that does something, after one delivery that was taken.
async fn webhooks(shop: &Shop, report_id: &str) {
    let rotated = post(shop, "/webhooks/secret/rotate", &json!({}), 200).await;
    assert_eq!(rotated["retired"].as_array().map(Vec::len), Some(1), "the old one signs on");
    let delivery = delivery_id(report_id);
    post(shop, &format!("/webhooks/deliveries/{delivery}/redeliver"), &json!({}), 202).await;
    post(shop, &format!("/webhooks/deliveries/{delivery}/redeliver"), &json!({}), 409).await;
    post(shop, "/webhooks/deliveries/msg_x/redeliver", &json!({}), 404).await;
    post(shop, "/webhooks/redeliver", &json!({"since": "2020-01-01T00:00:00Z", "state": "delivered"}), 202).await;
    post(shop, "/webhooks/redeliver", &json!({"sinse": "2020-01-01T00:00:00Z"}), 422).await;
    post(shop, "/webhooks/redeliver", &json!([]), 400).await;
    let gone = || Ok(crate::ports::Answer { status: 410, retry_after: None, disable: false, body: String::new() });
    let url = json!({"url": "https://example.com/hook"});
    shop.sender.will_answer([gone()]);
    shop.dispatch(&delivery).await;
    let log = get(shop, &format!("GET /webhooks/deliveries?state=disabled&report_id={report_id}"), 200).await;
    assert_eq!(log["disabled_urls"][0]["reason"], "gone");
    post(shop, &format!("/webhooks/deliveries/{delivery}/redeliver"), &json!({}), 409).await;
    shop.sender.will_answer([gone()]);
    assert_eq!(post(shop, "/webhooks/test", &url, 200).await["accepted"], false);
    assert_eq!(post(shop, "/webhooks/test", &url, 200).await["reenabled"], true);
    post(shop, "/webhooks/test", &json!({"url": "http://127.0.0.1/"}), 422).await;
    get(shop, "GET /webhooks/deliveries?state=lost", 422).await;
    for received in shop.sender.received().iter().filter(|received| received.body.contains("webhook.test")) {
        Contract::new().check("TestEvent", &serde_json::from_str(&received.body).expect("JSON"));
    }
}

#[tokio::test]
async fn a_basket_analysis_after_another() {
    let shop = pushed().await;
    let asked = |name: &str, min_lift: f64| {
        let params = json!({"max_q_value": 1, "include_redundant": true, "min_lift": min_lift});
        json!({"report_type": "MBA", "dataset_id": "my-store", "name": name, "params": params})
    };
    let first = report(&shop, asked("first", 0.0)).await;
    report(&shop, asked("another question", 0.5)).await;
    // Every order takes its bread without butter from now on, and tea with it.
    let lines = json!([{"product_name": "Bread", "unit_price": 2.5}, {"product_name": "Tea", "unit_price": 4}]);
    let order = |at: usize| json!({"order_id": format!("L-{at}"), "order_date": "2024-12-30", "line_items": lines});
    let later = json!({"dataset_id": "my-store", "orders": (0..300).map(order).collect::<Vec<_>>()});
    post(&shop, "/data/orders", &later, 202).await;
    let second = report(&shop, asked("second", 0.0)).await;
    let drift = get(&shop, &format!("GET /reports/{second}"), 200).await["drift"].clone();
    assert_eq!(drift["previous"]["report_id"], json!(first));
    let of_bread = |list: &str| {
        let rules = drift[list].as_array().expect("a list").iter();
        rules
            .filter(|rule| rule["antecedents"] == json!(["Bread"]))
            .map(|rule| rule["consequents"].clone())
            .collect::<Vec<_>>()
    };
    assert!(of_bread("weaker_rules").contains(&json!(["Butter"])), "{drift}");
    assert!(of_bread("new_rules").contains(&json!(["Tea"])), "{drift}");
    // Nothing came since: nothing changed, and the newest report is the one to compare with.
    let third = report(&shop, asked("third", 0.0)).await;
    let drift = get(&shop, &format!("GET /reports/{third}"), 200).await["drift"].clone();
    assert_eq!(drift["previous"]["report_id"], json!(second));
    assert_eq!(["new", "gone", "stronger", "weaker"].map(|kind| drift[kind].as_u64()), [Some(0); 4]);
}

#[tokio::test]
async fn a_segmentation() {
    let shop = pushed().await;
    let segments = json!([{"id": "recent", "r": 2}, {"id": "rest", "r": [1, 1]}]);
    let custom = json!({
        "bins": 2, "segment_model": "custom", "segments": &segments, "insights": false,
        "thresholds": {"recency_days": [30], "monetary": [9.5]},
    });
    let id = report(&shop, json!({"template": "standard_rfm", "dataset_id": "my-store"})).await;
    let result = get(&shop, &format!("GET /reports/{id}"), 200).await;
    assert!(result["lifetime_value"]["total"].is_object(), "{}", result["lifetime_value"]);
    for params in [json!({}), json!({"segment_model": "rf10", "time_zone": "Europe/Berlin"}), custom] {
        let id = report(&shop, json!({"report_type": "RFM", "dataset_id": "my-store", "params": params})).await;
        let result = get(&shop, &format!("GET /reports/{id}"), 200).await;
        assert!(result["migration"]["matrix"].as_array().is_some_and(|flows| !flows.is_empty()));
        get(&shop, &format!("GET /reports/{id}/customers?sort=-monetary&limit=100"), 200).await;
    }
    get(&shop, "GET /reports?report_type=RFM&limit=2", 200).await;
    for params in [
        json!({"customer_scope": "segment:champions", "thresholds": {"frequency": [2, 3, 4, 5]}}),
        json!({"customer_scope": "segment:rest", "segment_model": "custom", "bins": 2, "segments": segments}),
    ] {
        let id = report(&shop, json!({"report_type": "MBA", "dataset_id": "my-store", "params": params})).await;
        let result = get(&shop, &format!("GET /reports/{id}"), 200).await;
        assert!(result["data"]["baskets"].as_u64().is_some_and(|baskets| (1..500).contains(&baskets)));
        assert_eq!(result["parameters"]["customer_scope"], params["customer_scope"]);
    }
    let unknown = json!({"report_type": "MBA", "dataset_id": "my-store", "params": {"customer_scope": "segment:vip"}});
    post(&shop, "/reports", &unknown, 422).await;
}

#[tokio::test]
async fn every_template_with_and_without_orders() {
    let shop = pushed().await;
    let templates = get(&shop, "GET /templates", 200).await;
    for template in templates["data"].as_array().expect("a list") {
        for year in ["2024", "1999"] {
            let range = json!({"start": format!("{year}-01-01"), "end": format!("{year}-12-31")});
            let body = json!({
                "template": template["template"], "dataset_id": "my-store", "filters": {"dateRange": range},
                "params": {"scope": "customer"},
            });
            let id = report(&shop, body).await;
            assert_eq!(get(&shop, &format!("GET /reports/{id}"), 200).await["status"], "Completed");
        }
    }
}

#[tokio::test]
async fn failures_and_unchanged_results() {
    let shop = pushed().await;
    let id = report(&shop, json!({"template": "standard_mba", "dataset_id": "my-store"})).await;
    let mut request = shop.request(&format!("GET /reports/{id}"), "");
    let etag = ask(&shop, request.clone(), 200).await.header("etag").expect("a tag").to_owned();
    request.headers.push(("if-none-match".to_owned(), etag));
    ask(&shop, request, 304).await;
    shop.damage_segments();
    let id = report(&shop, json!({"template": "standard_rfm", "dataset_id": "my-store"})).await;
    assert_eq!(get(&shop, &format!("GET /reports/{id}"), 200).await["status"], "Failed");
}

#[tokio::test]
async fn refusals() {
    let mut shop = pushed().await;
    post(&shop, "/reports", &json!({"template": "standard_mba", "dataset_id": "nope"}), 404).await;
    post(&shop, "/reports", &json!({"template": "standard_mba", "webhook_url": "http://10.0.0.1/"}), 422).await;
    get(&shop, "GET /datasets?limit=101", 422).await;
    get(&shop, "GET /datasets?colour=red", 422).await;
    let with = |name: &str, value: &str| {
        let mut request = shop.request("POST /data/orders", &orders().to_string());
        request.headers.retain(|(header, _)| header != name);
        request.headers.push((name.to_owned(), value.to_owned()));
        request
    };
    ask(&shop, with("content-type", "text/csv"), 415).await;
    ask(&shop, with("content-encoding", "gzip"), 400).await;
    ask(&shop, shop.request("POST /data/orders", &" ".repeat((4 << 20) + 1)), 413).await;
    for (verdict, status) in [(Verdict::Deny, 401), (Verdict::Unavailable, 503)] {
        ask(&shop, Request { verdict, ..shop.request("GET /reports", "") }, status).await;
    }
    let verdict = Verdict::PlanTooLow(shop.caller.clone());
    ask(&shop, Request { verdict, ..shop.request("GET /reports", "") }, 403).await;
    shop.caller.rate_limit = 1;
    get(&shop, "GET /reports", 429).await;
}

#[tokio::test]
async fn open_routes() {
    let shop = Shop::new();
    get(&shop, "GET /health", 200).await;
    get(&shop, "GET /openapi.json", 200).await;
}
