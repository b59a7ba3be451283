//! What is erased is gone from every later report at once, and after some days from everything that is stored.

use super::{HOOK, ORDERS};
use crate::kit::{Shop, caller, json};
use affinsy_app::http::Caller;
use affinsy_app::ports::{Job, Objects, Page, PortResult, Put, ReportStatus, StoredObject};
use affinsy_app::purge::{PurgePorts, purge};
use async_trait::async_trait;
use bytes::Bytes;
use parquet::file::reader::{FileReader, SerializedFileReader};
use std::sync::Arc;

const MINUTE_MS: i64 = 60_000;
const HOUR_MS: i64 = 60 * MINUTE_MS;

/// Customers whose ids stand nowhere by chance, each with two orders.
fn orders(customers: &[&str]) -> String {
    let order = |(at, customer): (usize, &&str)| {
        format!(
            r#"{{"order_id": "ord-{at}", "customer_id": "{customer}", "order_date": "2025-03-0{}",
                "line_items": [{{"product_name": "Tea 77", "unit_price": 4.5}}, {{"product_name": "Mug 77", "unit_price": {at}}}]}}"#,
            1 + at % 5
        )
    };
    let orders: Vec<String> = customers.iter().chain(customers).enumerate().map(order).collect();
    format!(r#"{{"dataset_id": "my-store", "orders": [{}]}}"#, orders.join(", "))
}

/// Lets everything happen that time brings.
pub async fn days_pass(shop: &Shop) {
    for wait_ms in [0, 11 * MINUTE_MS, 61 * MINUTE_MS, 25 * HOUR_MS, 50 * HOUR_MS] {
        shop.clock.advance_ms(wait_ms);
        for _ in 0..3 {
            shop.sweep().await;
            shop.settle().await;
            shop.clock.advance_ms(3 * MINUTE_MS);
        }
    }
}

/// Everything that is stored, as text: the tables, and each object, segments row by row.
async fn stored(shop: &Shop) -> String {
    let mut text = format!("{:?}", shop.book);
    for key in shop.objects.keys() {
        let bytes = shop.objects.read(&key).await.expect("reads").expect("is there");
        text.push_str(&key);
        if key.ends_with(".parquet") {
            let file = SerializedFileReader::new(bytes).expect("a Parquet file");
            let rows = file.get_row_iter(None).expect("rows");
            rows.for_each(|row| text.push_str(&row.expect("a row").to_string()));
        } else {
            text.push_str(&String::from_utf8_lossy(&bytes));
        }
    }
    text
}

async fn rfm(shop: &Shop, ann: &Caller) -> String {
    let body = format!(r#"{{"template": "standard_rfm", "dataset_id": "my-store", "webhook_url": "{HOOK}"}}"#);
    let report_id = shop.submit(ann, &body).await;
    shop.settle().await;
    report_id
}

/// The customers that a report names.
async fn customers(shop: &Shop, ann: &Caller, report_id: &str) -> Vec<String> {
    let rows = json(&shop.get(ann, &format!("/reports/{report_id}/customers?sort=customer_id")).await);
    let rows = rows["data"].as_array().unwrap_or_else(|| panic!("{rows}"));
    rows.iter().map(|row| row["customer_id"].as_str().expect("an id").to_owned()).collect()
}

#[tokio::test]
async fn a_customer_is_gone_at_once_and_then_from_everything_that_is_stored() {
    let (shop, ann) = (Shop::new(), caller("shop"));
    shop.push(&ann, &orders(&["cust-eve-77", "cust-bob-77"])).await;
    let before = rfm(&shop, &ann).await;
    assert!(stored(&shop).await.contains("cust-eve-77"), "the test can see her");
    let answer = shop.delete(&ann, "/datasets/my-store/customers/cust-eve-77").await;
    let body = json(&answer);
    assert_eq!((answer.status, &body["customer_id"], &body["status"]), (202, &"cust-eve-77".into(), &"Erased".into()));
    let after = rfm(&shop, &ann).await;
    assert_eq!(customers(&shop, &ann, &after).await, ["cust-bob-77"], "no later report knows her");
    let pending = shop.submit(&ann, r#"{"report_type": "RFM", "dataset_id": "my-store"}"#).await;
    days_pass(&shop).await;
    assert!(!stored(&shop).await.contains("cust-eve-77"), "{}", stored(&shop).await);
    for report_id in [&before, &after, &pending] {
        assert_eq!(customers(&shop, &ann, report_id).await, ["cust-bob-77"], "other rows stay");
        let report = json(&shop.get(&ann, &format!("/reports/{report_id}")).await);
        assert_eq!(report["status"], "Completed");
    }
    shop.push(&ann, &orders(&["cust-eve-77"])).await;
    let again = rfm(&shop, &ann).await;
    assert!(customers(&shop, &ann, &again).await.contains(&"cust-eve-77".to_owned()), "who comes again is there again");
}

#[tokio::test]
async fn an_order_is_gone_at_once_and_then_from_everything_that_is_stored() {
    let (shop, ann) = (Shop::new(), caller("shop"));
    let twice = orders(&["cust-eve-77"]).replace("Mug 77", "Tea 77").replace("ord-0", "ord-gone-77");
    shop.push(&ann, &twice).await;
    assert!(stored(&shop).await.contains("ord-gone-77"), "the test can see it");
    let answer = shop.delete(&ann, "/datasets/my-store/orders/ord-gone-77").await;
    assert_eq!((answer.status, &json(&answer)["order_id"]), (202, &"ord-gone-77".into()));
    days_pass(&shop).await;
    assert!(!stored(&shop).await.contains("ord-gone-77"), "{}", stored(&shop).await);
    assert_eq!(json(&shop.get(&ann, "/datasets/my-store").await)["orders"], 1);
}

#[tokio::test]
async fn a_deleted_dataset_leaves_nothing_and_ends_its_reports() {
    let (shop, ann) = (Shop::new(), caller("shop"));
    shop.push(&ann, &orders(&["cust-eve-77"])).await;
    let done = rfm(&shop, &ann).await;
    let filtered =
        r#"{"report_type": "MBA", "dataset_id": "my-store", "filters": {"products": {"include": ["Tea 77"]}}}"#;
    let running = shop.submit(&ann, filtered).await;
    shop.queue.take();
    let answer = shop.delete(&ann, "/datasets/my-store").await;
    assert_eq!((answer.status, &json(&answer)["status"]), (202, &"Erased".into()));
    assert_eq!(shop.get(&ann, "/datasets/my-store").await.status, 404, "it is gone at once");
    assert_eq!(shop.delete(&ann, "/datasets/my-store").await.status, 404);
    shop.push(&ann, ORDERS).await;
    assert_eq!(json(&shop.get(&ann, "/datasets/my-store").await)["pending_line_items"], 5, "its name is a new one's");
    days_pass(&shop).await;
    let stored = stored(&shop).await;
    for name in ["cust-eve-77", "ord-0", "Tea 77"] {
        assert!(!stored.contains(name), "{name}: {stored}");
    }
    for report_id in [&done, &running] {
        let report = shop.report(&ann.tenant, report_id).await;
        let code = report.failure.map(|failure| failure.code);
        assert_eq!((report.status, code.as_deref()), (ReportStatus::Failed, Some("erased")));
    }
    assert_eq!(json(&shop.get(&ann, "/datasets/my-store").await)["orders"], 3, "the new one is whole");
}

#[tokio::test]
async fn what_is_not_there_cannot_be_erased() {
    let (shop, ann) = (Shop::new(), caller("shop"));
    for target in ["/datasets/none", "/datasets/none/orders/o", "/datasets/none/customers/c"] {
        assert_eq!(shop.delete(&ann, target).await.status, 404, "{target}");
    }
    shop.push(&ann, ORDERS).await;
    for target in ["/datasets/my-store/orders/none", "/datasets/my-store/customers/none"] {
        assert_eq!(shop.delete(&ann, target).await.status, 202, "{target}: afterwards there is none");
    }
    let blank = shop.delete(&ann, "/datasets/my-store/customers/%20").await;
    assert_eq!((blank.status, &json(&blank)["errors"][0]["pointer"]), (422, &"/customer_id".into()));
}

/// Objects that let others go on before each call.
struct Slow(Arc<dyn Objects>);

#[async_trait]
impl Objects for Slow {
    async fn create(&self, key: &str, bytes: Bytes) -> PortResult<Put> {
        tokio::task::yield_now().await;
        self.0.create(key, bytes).await
    }
    async fn read(&self, key: &str) -> PortResult<Option<Bytes>> {
        tokio::task::yield_now().await;
        self.0.read(key).await
    }
    async fn read_range(&self, key: &str, start: u64, length: u64) -> PortResult<Option<Bytes>> {
        tokio::task::yield_now().await;
        self.0.read_range(key, start, length).await
    }
    async fn delete(&self, key: &str) -> PortResult<()> {
        tokio::task::yield_now().await;
        self.0.delete(key).await
    }
    async fn list(&self, prefix: &str, after: Option<&str>) -> PortResult<Page<StoredObject>> {
        tokio::task::yield_now().await;
        self.0.list(prefix, after).await
    }
}

/// The purges that are due.
async fn purges(shop: &Shop) -> Vec<String> {
    shop.sweep().await;
    let jobs = shop.queue.take().into_iter();
    jobs.filter_map(|(job, _)| if let Job::Purge { purge_id, .. } = job { Some(purge_id) } else { None }).collect()
}

/// The second begins when the first has come so many steps far.
async fn purged_at_once(shop: &Shop, ann: &Caller, purges: &[String], steps: usize) {
    let ports = PurgePorts { objects: Arc::new(Slow(shop.objects.clone())), ..shop.purge_ports() };
    let mut first = Box::pin(purge(&ann.tenant, &purges[0], &ports));
    for _ in 0..steps {
        if let std::task::Poll::Ready(ended) = futures::poll!(first.as_mut()) {
            ended.expect("purges");
            return purge(&ann.tenant, &purges[1], &ports).await.expect("purges");
        }
    }
    let second = purge(&ann.tenant, &purges[1], &ports);
    let (first, second) = futures::join!(first, second);
    first.and(second).expect("purge");
}

#[tokio::test]
async fn two_purges_of_one_result_at_once_leave_it_readable_and_name_neither() {
    // One whom the result names, and one whom it does not: her purge only looks for what nobody names.
    for second in ["cust-bob-77", "cust-zoe-77"] {
        for (steps, turned) in (0..12).flat_map(|steps| [(steps, false), (steps, true)]) {
            let (shop, ann) = (Shop::new(), caller("shop"));
            shop.push(&ann, &orders(&["cust-eve-77", "cust-bob-77", "cust-cat-77"])).await;
            let report_id = rfm(&shop, &ann).await;
            for customer in ["cust-eve-77", second] {
                let answer = shop.delete(&ann, &format!("/datasets/my-store/customers/{customer}")).await;
                assert_eq!(answer.status, 202, "{answer:?}");
            }
            let mut purges = purges(&shop).await;
            assert_eq!(purges.len(), 2);
            if turned {
                purges.reverse();
            }
            purged_at_once(&shop, &ann, &purges, steps).await;
            let when = format!("{second} at step {steps}, turned: {turned}");
            let report = shop.get(&ann, &format!("/reports/{report_id}")).await;
            assert_eq!(report.status, 200, "{when}: {report:?}");
            days_pass(&shop).await;
            let left: &[&str] =
                if second == "cust-bob-77" { &["cust-cat-77"] } else { &["cust-bob-77", "cust-cat-77"] };
            assert_eq!(customers(&shop, &ann, &report_id).await, left, "{when}");
        }
    }
}
