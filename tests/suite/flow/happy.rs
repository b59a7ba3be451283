//! Nothing breaks: push, submit, compute, tell, fetch.

use super::{HOOK, ORDERS, shop, told};
use crate::kit::{Shop, caller, json};
use affinsy_app::dispatch_webhook::{delivery_id, secrets};
use affinsy_app::ports::{ReportStatus, TenantSecrets};

#[tokio::test]
async fn an_order_becomes_a_report_and_its_sender_is_told() {
    let (shop, ann) = shop().await;
    let report_id = shop.submit(&ann, &told("standard_mba")).await;
    let running = shop.get(&ann, &format!("/reports/{report_id}")).await;
    assert_eq!((json(&running)["status"].as_str(), running.header("retry-after")), (Some("Processing"), Some("1")));
    shop.settle().await;
    let report = json(&shop.get(&ann, &format!("/reports/{report_id}")).await);
    assert_eq!((&report["status"], &report["report_type"]), (&"Completed".into(), &"MBA".into()), "{report}");
    assert_eq!((&report["data"]["orders"], &report["data"]["baskets"]), (&3.into(), &3.into()), "{report}");
    let received = shop.sender.received();
    assert_eq!(received.len(), 1, "{received:?}");
    let body = format!(
        r#"{{"event": "report.completed", "report_id": "{report_id}", "report_type": "MBA", "status": "Completed", "timestamp": "2025-03-20T12:00:00Z"}}"#
    );
    assert_eq!((received[0].url.as_str(), &received[0].body), (HOOK, &body));
    let header = |name: &str| received[0].headers.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str());
    let (id, timestamp_s) = (delivery_id(&report_id), "1742472000");
    assert_eq!((header("webhook-id"), header("webhook-timestamp")), (Some(&*id), Some(timestamp_s)));
    let TenantSecrets { webhook, .. } = secrets(&ann.tenant, &*shop.book, &*shop.random).await.expect("reads");
    let signed = standardwebhooks::Webhook::new(&webhook).expect("a secret of the standard's form");
    let signature = signed.sign(&id, timestamp_s.parse().expect("a number"), body.as_bytes()).expect("signs");
    assert_eq!(header("webhook-signature"), Some(&*signature));
    let log = json(&shop.get(&ann, "/webhooks/deliveries").await);
    assert_eq!(
        (&log["data"][0]["state"], &log["data"][0]["attempts"][0]["status"]),
        (&"delivered".into(), &204.into())
    );
    assert_eq!(shop.sweep().await, 1, "nothing is left to the sweeper but to have the dataset tended");
}

#[tokio::test]
async fn every_template_completes_and_states_what_it_used() {
    let (shop, ann) = shop().await;
    let templates = json(&shop.get(&ann, "/templates").await);
    let ids: Vec<&str> =
        templates["data"].as_array().expect("a list").iter().map(|t| t["template"].as_str().unwrap()).collect();
    assert_eq!(ids.len(), 7, "{templates}");
    for id in ids {
        let report_id = shop.submit(&ann, &told(id)).await;
        shop.settle().await;
        let report = json(&shop.get(&ann, &format!("/reports/{report_id}")).await);
        assert_eq!((&report["status"], &report["template"]), (&"Completed".into(), &id.into()), "{report}");
        assert!(report["parameters"].is_object() && report["insights"]["items"].is_array(), "{report}");
    }
    assert_eq!(shop.sender.received().len(), 7);
}

#[tokio::test]
async fn a_report_sees_what_was_pushed_before_it_and_nothing_later() {
    let (shop, ann) = shop().await;
    let report_id = shop.submit(&ann, &told("standard_mba")).await;
    let later = ORDERS.replace("\"o3\"", "\"o4\"").replace("2025-03-03", "2025-03-04");
    shop.push(&ann, &later).await;
    shop.settle().await;
    let report = json(&shop.get(&ann, &format!("/reports/{report_id}")).await);
    assert_eq!(report["data"]["orders"], 3, "{report}");
    let report_id = shop.submit(&ann, &told("standard_mba")).await;
    shop.settle().await;
    let report = json(&shop.get(&ann, &format!("/reports/{report_id}")).await);
    assert_eq!(report["data"]["orders"], 4, "{report}");
}

#[tokio::test]
async fn reports_of_next_to_nothing_complete_with_reasons() {
    let one = r#"{"dataset_id": "my-store", "orders": [{"order_id": "o", "customer_id": "c",
        "order_date": "2025-03-01", "line_items": [{"product_name": "Tea"}]}]}"#;
    let refund = one.replace(r#""Tea""#, r#""Tea", "quantity": -1"#);
    let guest = one.replace(r#""customer_id": "c","#, "");
    let same: Vec<String> = (0..5)
        .map(|at| {
            format!(
                r#"{{"order_id": "o{at}", "customer_id": "c{at}",
        "order_date": "2025-03-01", "line_items": [{{"product_name": "Tea", "unit_price": 1}}]}}"#
            )
        })
        .collect();
    let ties = format!(r#"{{"dataset_id": "my-store", "orders": [{}]}}"#, same.join(","));
    for body in [one, &refund, &guest, &ties] {
        let (shop, ann) = (Shop::new(), caller("shop"));
        shop.push(&ann, body).await;
        for template in ["standard_mba", "first_order", "repeat_purchase", "churning_analysis", "standard_rfm"] {
            let report_id = shop.submit(&ann, &told(template)).await;
            shop.settle().await;
            let report = shop.report(&ann.tenant, &report_id).await;
            assert_eq!(report.status, ReportStatus::Completed, "{template} {body}: {report:?}");
        }
        let range = r#"{"report_type": "MBA", "dataset_id": "my-store",
            "filters": {"dateRange": {"start": "1999-01-01", "end": "1999-12-31"}}}"#;
        let report_id = shop.submit(&ann, range).await;
        shop.settle().await;
        let report = json(&shop.get(&ann, &format!("/reports/{report_id}")).await);
        assert_eq!(report["status"], "Completed", "{report}");
        assert!(report["warnings"].as_array().is_some_and(|reasons| !reasons.is_empty()), "{report}");
    }
}
