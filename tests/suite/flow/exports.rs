//! `GET /reports/{id}/export`: the lists of a report as files, which go when what they were made from goes.

use super::erasures::days_pass;
use crate::kit::{Shop, caller, json};
use affinsy_app::http::Caller;
use affinsy_app::ports::Objects;
use parquet::file::reader::{FileReader, SerializedFileReader};
use serde_json::Value;
use std::collections::BTreeSet;

/// Everything that there is to find.
const EVERYTHING: &str =
    r#"{"min_support_count": 1, "min_lift": 0, "min_confidence": 0, "max_q_value": 1, "include_redundant": true}"#;

/// Customers who come at random and leave at random, so that a lifetime value model fits; some names that a spreadsheet
/// would take for formulas.
fn orders() -> String {
    let mut state = 7u64;
    let mut chance = move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 40) as f64 / (1u64 << 24) as f64
    };
    let mut orders = Vec::new();
    for customer in 0..250 {
        let name = if customer == 7 { "=cust-eve-77".to_owned() } else { format!("c-{customer}") };
        let (mean_days, leaves) = (5.0 + 60.0 * chance(), 0.05 + 0.3 * chance());
        let (mut day, mut visits) = ((150.0 * chance()) as u32, 0);
        while day < 336 && visits < 40 {
            let (at, date) = (orders.len(), format!("2024-{:02}-{:02}", 1 + day / 28, 1 + day % 28));
            let lines = if at.is_multiple_of(3) { "Tea|Mug" } else { "Tea|+Jam|Mug" };
            let line = |product| format!(r#"{{"product_name": "{product}", "unit_price": {customer}.25}}"#);
            let lines = lines.split('|').map(line).collect::<Vec<_>>().join(", ");
            orders.push(format!(
                r#"{{"order_id": "o-{at}", "customer_id": "{name}", "order_date": "{date}", "line_items": [{lines}]}}"#
            ));
            if chance() < leaves {
                break;
            }
            day += 1 + (-(chance() + 1e-6).ln() * mean_days) as u32;
            visits += 1;
        }
    }
    format!(r#"{{"dataset_id": "my-store", "orders": [{}]}}"#, orders.join(", "))
}

async fn shop() -> (Shop, Caller) {
    let (shop, ann) = (Shop::new(), caller("shop"));
    shop.push(&ann, &orders()).await;
    (shop, ann)
}

async fn report(shop: &Shop, ann: &Caller, report_type: &str, params: &str) -> String {
    let body = format!(r#"{{"report_type": "{report_type}", "dataset_id": "my-store", "params": {params}}}"#);
    let id = shop.submit(ann, &body).await;
    shop.settle().await;
    id
}

/// The key of the object that the answer leads to.
async fn key(shop: &Shop, ann: &Caller, id: &str, query: &str) -> String {
    let answer = shop.get(ann, &format!("/reports/{id}/export?{query}")).await;
    let link = answer.header("location").unwrap_or_else(|| panic!("{answer:?}"));
    assert_eq!((answer.status, answer.header("cache-control")), (302, Some("private, no-store")));
    let (key, rest) = link.strip_prefix("https://objects.example/").expect("a link").split_once('?').expect("a query");
    assert!(rest.starts_with("get=900&name="), "{rest}");
    key.to_owned()
}

async fn file(shop: &Shop, ann: &Caller, id: &str, query: &str) -> Vec<u8> {
    let key = key(shop, ann, id, query).await;
    shop.objects.read(&key).await.expect("reads").expect("is there").to_vec()
}

async fn text(shop: &Shop, ann: &Caller, id: &str, query: &str) -> String {
    String::from_utf8(file(shop, ann, id, query).await).expect("UTF-8")
}

/// The fields of some rows as columns: those of an object inside stand by themselves.
fn fields(rows: &[Value]) -> BTreeSet<String> {
    let all = rows.iter().flat_map(|row| row.as_object().expect("a row"));
    let columns = all.flat_map(|(name, value)| match value {
        Value::Object(inner) => inner.keys().map(|field| format!("{name}_{field}")).collect(),
        _ => vec![name.clone()],
    });
    columns.collect()
}

#[tokio::test]
async fn every_list_is_a_file_in_every_form_with_all_that_its_rows_have() {
    let (shop, ann) = shop().await;
    let mba = report(&shop, &ann, "MBA", EVERYTHING).await;
    let rfm = report(&shop, &ann, "RFM", "{}").await;
    let shown = json(&shop.get(&ann, &format!("/reports/{rfm}")).await);
    assert!(
        shown["lifetime_value"]["total"].is_object(),
        "customers have all their fields: {}",
        shown["lifetime_value"]
    );
    for (id, part) in [(&mba, "rules"), (&mba, "itemsets"), (&rfm, "customers"), (&rfm, "segments")] {
        let rows: Vec<Value> =
            serde_json::from_str(&text(&shop, &ann, id, &format!("part={part}&format=json")).await).expect("an array");
        let lines = text(&shop, &ann, id, &format!("part={part}&format=ndjson")).await;
        let lines: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).expect("a row")).collect();
        assert_eq!(rows, lines, "{part}");
        assert!(rows.len() > 5, "{part}");
        let csv = text(&shop, &ann, id, &format!("part={part}")).await;
        let header: BTreeSet<String> = csv.lines().next().expect("a header").split(',').map(str::to_owned).collect();
        assert_eq!(header, fields(&rows), "{part}: a column for each field of a row");
        let parquet = file(&shop, &ann, id, &format!("part={part}&format=parquet")).await;
        let reader = SerializedFileReader::new(bytes::Bytes::from(parquet)).expect("a Parquet file");
        let columns = reader.metadata().file_metadata().schema().get_fields().iter();
        assert_eq!(columns.map(|column| column.name().to_owned()).collect::<BTreeSet<_>>(), header, "{part}");
        assert_eq!(reader.metadata().file_metadata().num_rows(), rows.len() as i64, "{part}");
    }
    let rules = text(&shop, &ann, &mba, "").await;
    assert!(rules.contains("\r\n'+Jam,"), "no spreadsheet takes a name for a formula: {rules}");
    assert!(text(&shop, &ann, &rfm, "").await.contains("\r\n'=cust-eve-77,"), "the customers, where no part is named");
}

#[tokio::test]
async fn a_file_is_made_once_and_ndjson_not_at_all() {
    let (shop, ann) = shop().await;
    let id = report(&shop, &ann, "MBA", EVERYTHING).await;
    let before = shop.objects.keys();
    let stored = key(&shop, &ann, &id, "part=rules&format=ndjson").await;
    assert!(before.contains(&stored) && shop.objects.keys() == before, "it is what is stored");
    let first = key(&shop, &ann, &id, "part=rules&format=csv").await;
    let after = shop.objects.keys();
    assert_eq!(after.len(), before.len() + 1);
    assert_eq!((key(&shop, &ann, &id, "part=rules").await, shop.objects.keys()), (first, after));
}

#[tokio::test]
async fn what_cannot_be_exported_is_said() {
    let (shop, ann) = shop().await;
    let running = shop.submit(&ann, r#"{"template": "standard_mba", "dataset_id": "my-store"}"#).await;
    let check = async |id: &str, query: &str, status: u16, code: &str| {
        let answer = shop.get(&ann, &format!("/reports/{id}/export?{query}")).await;
        assert_eq!((answer.status, &json(&answer)["code"]), (status, &code.into()), "{query}: {answer:?}");
    };
    check(&running, "part=rules", 409, "report_processing").await;
    shop.settle().await;
    check(&running, "part=customers", 404, "no_such_part").await;
    check(&running, "part=segments", 404, "no_such_part").await;
    check(&running, "part=bundles", 422, "invalid_request").await;
    check(&running, "format=xlsx", 422, "invalid_request").await;
    check(&running, "fromat=csv", 422, "unknown_parameter").await;
    check("rpt_unknown", "", 404, "not_found").await;
    let cancelled = shop.submit(&ann, r#"{"template": "standard_rfm", "dataset_id": "my-store"}"#).await;
    shop.delete(&ann, &format!("/reports/{cancelled}")).await;
    check(&cancelled, "part=segments", 404, "no_such_part").await;
    check(&cancelled, "", 404, "no_such_part").await;
}

#[tokio::test]
async fn a_result_that_is_damaged_is_no_file() {
    let (shop, ann) = shop().await;
    let id = report(&shop, &ann, "MBA", EVERYTHING).await;
    let part = shop.report(&ann.tenant, &id).await.parts[0].clone();
    shop.objects.damage(&part.key, "{\"antecedents\": 7}".into());
    let before = shop.objects.keys();
    let answer = shop.get(&ann, &format!("/reports/{id}/export?part={}", part.name)).await;
    assert_eq!((answer.status, shop.objects.keys()), (500, before), "{answer:?}");
}

#[tokio::test]
async fn files_that_name_an_erased_customer_go_and_others_are_made_anew() {
    let (shop, ann) = shop().await;
    let (rfm, mba) = (report(&shop, &ann, "RFM", "{}").await, report(&shop, &ann, "MBA", EVERYTHING).await);
    let rules = key(&shop, &ann, &mba, "").await;
    for format in ["csv", "json", "parquet"] {
        key(&shop, &ann, &rfm, &format!("part=customers&format={format}")).await;
        key(&shop, &ann, &rfm, &format!("part=segments&format={format}")).await;
    }
    assert!(text(&shop, &ann, &rfm, "").await.contains("cust-eve-77"), "the test can see her");
    let exports = |shop: &Shop| shop.objects.keys().into_iter().filter(|key| key.contains("/export-")).count();
    assert_eq!(exports(&shop), 7);
    assert_eq!(shop.delete(&ann, "/datasets/my-store/customers/=cust-eve-77").await.status, 202);
    days_pass(&shop).await;
    for key in shop.objects.keys().iter().filter(|key| key.starts_with("results/")) {
        let bytes = shop.objects.read(key).await.expect("reads").expect("is there");
        assert!(!String::from_utf8_lossy(&bytes).contains("cust-eve-77"), "{key}");
    }
    assert!(shop.objects.keys().contains(&rules), "the rules name nobody");
    let csv = text(&shop, &ann, &rfm, "").await;
    assert!(!csv.contains("cust-eve-77") && csv.lines().count() == 250, "{csv}");
    // One that was made since stays: it was made from what the report is now.
    let made = key(&shop, &ann, &rfm, "").await;
    shop.delete(&ann, "/datasets/my-store/customers/c-999").await;
    days_pass(&shop).await;
    assert!(shop.objects.keys().contains(&made));
}

#[tokio::test]
async fn files_of_a_deleted_report_go_with_it() {
    let (shop, ann) = shop().await;
    let id = report(&shop, &ann, "RFM", "{}").await;
    key(&shop, &ann, &id, "").await;
    assert_eq!(shop.delete(&ann, &format!("/reports/{id}")).await.status, 204);
    assert_eq!(shop.get(&ann, &format!("/reports/{id}/export")).await.status, 404);
    days_pass(&shop).await;
    assert_eq!(shop.objects.keys().iter().filter(|key| key.contains(&id)).count(), 0);
}
