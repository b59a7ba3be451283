//! A tenant sees its own and learns nothing of others: generated from the route table.

use super::check_refusal;
use crate::kit::{BASE, Shop, caller, json};
use affinsy_app::dispatch_webhook::delivery_id;
use affinsy_app::http::{Caller, ROUTES, Route};

const ORDERS: &str = r#"{"dataset_id": "my-store", "orders": [
    {"order_id": "o1", "customer_id": "c", "order_date": "2025-03-01", "line_items": [{"product_name": "Tea"}, {"product_name": "Mug"}]}]}"#;

/// A tenant with one of everything.
struct Tenant {
    caller: Caller,
    import: String,
    mba: String,
    rfm: String,
    schedule: String,
}

async fn settled(shop: &Shop, name: &str) -> Tenant {
    let caller = caller(name);
    let import =
        json(&shop.post(&caller, "/data/orders", ORDERS).await)["import_id"].as_str().expect("an id").to_owned();
    let told = |template: &str| {
        format!(
            r#"{{"template": "{template}", "dataset_id": "my-store", "webhook_url": "https://example.com/{name}"}}"#
        )
    };
    let (mba, rfm) =
        (shop.submit(&caller, &told("standard_mba")).await, shop.submit(&caller, &told("standard_rfm")).await);
    shop.settle().await;
    let schedule = r#"{"every": "day", "report": {"report_type": "RFM", "dataset_id": "my-store"}}"#;
    let schedule =
        json(&shop.post(&caller, "/schedules", schedule).await)["schedule_id"].as_str().expect("an id").to_owned();
    Tenant { caller, import, mba, rfm, schedule }
}

/// The route's path with the object of `owner` in it; `None` where it names none.
fn target(route: &Route, owner: &Tenant) -> Option<String> {
    let object = match route.operation {
        "GetImport" => &owner.import,
        "GetDataset" => "my-store",
        "ListCustomers" => &owner.rfm,
        "GetSchedule" | "DeleteSchedule" => &owner.schedule,
        _ => &owner.mba,
    };
    let (before, rest) = route.path.split_once('{')?;
    let (_, after) = rest.split_once('}')?;
    if route.operation == "RedeliverEvent" {
        // Asked for below: it is a POST.
        return None;
    }
    Some(format!("{before}{object}{after}").strip_prefix(BASE)?.to_owned())
}

#[tokio::test]
async fn anothers_object_is_unknown_like_one_that_never_was() {
    let shop = Shop::new();
    let owner = settled(&shop, "a-shop").await;
    let other = caller("other-shop");
    let mut checked = 0;
    for route in ROUTES {
        let Some(target) = target(route, &owner) else { continue };
        // Erasures are asked for below: they leave nothing to look at.
        if route.method == "DELETE" {
            continue;
        }
        assert_eq!(route.method, "GET", "{}: say here what it needs to be asked", route.operation);
        // A file lies behind a redirect.
        let expected = if route.operation == "ExportReport" { 302 } else { 200 };
        assert_eq!(shop.get(&owner.caller, &target).await.status, expected, "{target}");
        let foreign = shop.get(&other, &target).await;
        check_refusal(&foreign, 404, "not_found", "", &target);
        let unknown = match route.operation {
            "GetDataset" => "/datasets/none".to_owned(),
            _ => target.replace(|c: char| c.is_ascii_digit(), "z"),
        };
        assert_eq!(shop.get(&other, &unknown).await.body, foreign.body, "{target} and {unknown} look alike");
        checked += 1;
    }
    assert_eq!(checked, 8);
    let target = "/recommendations?dataset_id=my-store&product=Tea";
    assert_eq!(shop.get(&owner.caller, target).await.status, 200);
    check_refusal(&shop.get(&other, target).await, 404, "no_basket_report", "", target);
}

#[tokio::test]
async fn anothers_data_cannot_be_erased() {
    let shop = Shop::new();
    let (owner, other) = (settled(&shop, "a-shop").await, caller("other-shop"));
    let kept = (shop.objects.keys(), json(&shop.get(&owner.caller, "/datasets/my-store").await));
    let ids = [format!("/reports/{}", owner.mba), format!("/schedules/{}", owner.schedule)];
    let named = ["/datasets/my-store", "/datasets/my-store/orders/o1", "/datasets/my-store/customers/c"];
    for target in named.into_iter().chain(ids.iter().map(String::as_str)) {
        let foreign = shop.delete(&other, target).await;
        check_refusal(&foreign, 404, "not_found", "", target);
        let unknown = match target.contains("my-store") {
            true => target.replace("my-store", "none"),
            false => target.replace(|c: char| c.is_ascii_digit(), "z"),
        };
        let unknown = shop.delete(&other, &unknown).await;
        assert_eq!(unknown.body, foreign.body, "{target} looks like one that never was");
    }
    assert_eq!((shop.objects.keys(), json(&shop.get(&owner.caller, "/datasets/my-store").await)), kept);
    for target in &ids {
        assert_eq!(shop.get(&owner.caller, target).await.status, 200, "{target} is still there");
    }
}

#[tokio::test]
async fn anothers_event_cannot_be_sent_anew() {
    let shop = Shop::new();
    let (owner, other) = (settled(&shop, "a-shop").await, caller("other-shop"));
    let id = delivery_id(&owner.mba);
    let sent = shop.sender.received().len();
    let ask = async |id: &str| shop.post(&other, &format!("/webhooks/deliveries/{id}/redeliver"), "").await;
    let foreign = ask(&id).await;
    check_refusal(&foreign, 404, "not_found", "", &id);
    assert_eq!(ask(&id.replace(|c: char| c.is_ascii_digit(), "z")).await.body, foreign.body, "they look alike");
    let range = shop.post(&other, "/webhooks/redeliver", r#"{"since": "2000-01-01T00:00:00Z", "state": "delivered"}"#);
    assert_eq!(json(&range.await)["redelivered"], 0);
    shop.settle().await;
    assert_eq!(shop.sender.received().len(), sent);
}

#[tokio::test]
async fn lists_show_ones_own_alone() {
    let shop = Shop::new();
    let (a, b) = (settled(&shop, "a-shop").await, settled(&shop, "b-shop").await);
    let empty = caller("empty-shop");
    for route in
        ROUTES.iter().filter(|route| route.scope.is_some() && route.method == "GET" && !route.path.contains('{'))
    {
        let target = route.path.strip_prefix(BASE).expect("under the base path");
        if matches!(route.operation, "ListTemplates" | "GetWebhookSecret" | "Recommend") {
            continue;
        }
        let of = async |caller: &Caller| json(&shop.get(caller, target).await)["data"].clone();
        assert_eq!(of(&empty).await.as_array().map(Vec::len), Some(0), "{target}");
        let (mine, theirs) = (of(&a.caller).await.to_string(), of(&b.caller).await.to_string());
        let foreign = [&b.import, &b.mba, &b.rfm, &delivery_id(&b.mba), "b-shop"];
        assert!(foreign.iter().all(|id| !mine.contains(*id)), "{target}: {mine}");
        assert!([&a.import, &a.mba, "a-shop"].iter().all(|id| !theirs.contains(*id)), "{target}: {theirs}");
    }
    let secret = async |caller| json(&shop.get(caller, "/webhooks/secret").await)["secret"].clone();
    assert_ne!(secret(&a.caller).await, secret(&b.caller).await);
}

#[tokio::test]
async fn anothers_dataset_cannot_be_analysed() {
    let shop = Shop::new();
    settled(&shop, "a-shop").await;
    let answer =
        shop.post(&caller("other-shop"), "/reports", r#"{"report_type": "MBA", "dataset_id": "my-store"}"#).await;
    check_refusal(&answer, 404, "unknown_dataset", "", "another tenant's dataset");
}

#[tokio::test]
async fn anothers_orders_do_not_mix_in() {
    let shop = Shop::new();
    let (a, _) = (settled(&shop, "a-shop").await, settled(&shop, "b-shop").await);
    let report = json(&shop.get(&a.caller, &format!("/reports/{}", a.mba)).await);
    assert_eq!(report["data"]["orders"], 1, "{report}");
    assert!(
        shop.objects.keys().iter().all(|key| !key.contains("shop") && !key.contains("store")),
        "keys tell no names"
    );
}

#[tokio::test]
async fn a_cursor_is_good_for_its_tenant_list_and_filter() {
    let shop = Shop::new();
    let (a, b) = (settled(&shop, "a-shop").await, settled(&shop, "b-shop").await);
    let page = json(&shop.get(&a.caller, "/reports?limit=1").await);
    let cursor = page["next_cursor"].as_str().expect("two reports are two pages");
    let next = json(&shop.get(&a.caller, &format!("/reports?limit=1&cursor={cursor}")).await);
    // Both were made in the same moment, so that either may come first.
    let mut listed = [&page, &next].map(|page| page["data"][0]["report_id"].as_str().expect("one a page"));
    let mut made = [a.mba.as_str(), a.rfm.as_str()];
    listed.sort_unstable();
    made.sort_unstable();
    assert_eq!((listed, &next["next_cursor"]), (made, &serde_json::Value::Null));
    let refused = async |caller: &Caller, target: String| {
        check_refusal(&shop.get(caller, &target).await, 422, "invalid_request", "/cursor", &target);
    };
    refused(&b.caller, format!("/reports?cursor={cursor}")).await;
    refused(&a.caller, format!("/reports?status=Completed&cursor={cursor}")).await;
    refused(&a.caller, format!("/data/imports?cursor={cursor}")).await;
    refused(&a.caller, format!("/webhooks/deliveries?cursor={cursor}")).await;
    refused(&a.caller, format!("/reports/{}/rules?cursor={cursor}", a.mba)).await;
    refused(&a.caller, format!("/reports?cursor={}", &cursor[1..])).await;
    refused(&a.caller, "/reports?cursor=x".to_owned()).await;
}
