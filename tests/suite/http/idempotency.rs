//! `Idempotency-Key`: what is replayed, what is refused, and that one key has one effect, also where the first call died
//! half way or fifty come at once.

use super::check_refusal;
use crate::kit::{Shop, caller, json};
use affinsy_app::http::{self, Answer, Caller, Request, Verdict};
use affinsy_app::ports::{
    Begun, CallRecord, Idempotency, Job, Objects, OrderLog, Page, PortResult, Put, Queue, StoredAnswer, StoredObject,
};
use affinsy_app::run_report::Ran;
use affinsy_core::ids::Tenant;
use affinsy_core::time::Instant;
use async_trait::async_trait;
use bytes::Bytes;
use futures::FutureExt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

const ORDERS: &str = r#"{"dataset_id":"d","orders":[{"order_id":"1","customer_id":"c","line_items":[{"product_name":"Tea","quantity":1}]}]}"#;
const REPORT: &str = r#"{"report_type":"MBA","dataset_id":"d"}"#;
const DAY_MS: i64 = 86_400_000;
/// Longer than a dead call's lease.
const LEASE_MS: i64 = 35_000;

fn keyed(caller: &Caller, target: &str, body: &str, key: &str) -> Request {
    let mut request = Shop::request("POST", target, Verdict::Allow(caller.clone()));
    request.headers.push(("content-type".to_owned(), "application/json".to_owned()));
    request.headers.push(("idempotency-key".to_owned(), key.to_owned()));
    request.body = body.to_owned().into();
    request
}

async fn post(shop: &Shop, caller: &Caller, target: &str, body: &str, key: &str) -> Answer {
    shop.answer(&keyed(caller, target, body, key)).await
}

fn is_replay(answer: &Answer) -> bool {
    answer.header("idempotent-replayed") == Some("true")
}

async fn listed(shop: &Shop, caller: &Caller, list: &str) -> usize {
    json(&shop.get(caller, list).await)["data"].as_array().map_or(0, Vec::len)
}

async fn shop() -> (Shop, Caller) {
    let (shop, ann) = (Shop::new(), caller("shop"));
    shop.push(&ann, ORDERS).await;
    (shop, ann)
}

#[tokio::test]
async fn the_same_request_gets_the_first_answer_for_a_day() {
    let (shop, ann) = shop().await;
    let calls = [
        ("/reports", REPORT, "/reports"),
        ("/data/orders", ORDERS, "/data/imports"),
        ("/data/uploads", "{}", "/data/imports"),
    ];
    for (target, body, list) in calls {
        let before = listed(&shop, &ann, list).await;
        let first = post(&shop, &ann, target, body, "k").await;
        assert!(matches!(first.status, 201 | 202) && !is_replay(&first), "{target}: {first:?}");
        shop.clock.advance_ms(DAY_MS - 1);
        let second = post(&shop, &ann, target, body, "k").await;
        assert!(is_replay(&second), "{target}: {second:?}");
        assert_eq!((first.status, &first.body), (second.status, &second.body), "{target}");
        for header in ["content-type", "location"] {
            assert_eq!(first.header(header), second.header(header), "{target}");
        }
        assert!(second.header("x-ratelimit-remaining").is_some() && second.header("x-request-id").is_some());
        assert_eq!(listed(&shop, &ann, list).await, before + 1, "{target} has one effect");
        shop.clock.advance_ms(1);
        let third = post(&shop, &ann, target, body, "k").await;
        assert!(third.status == first.status && !is_replay(&third) && third.body != first.body, "{target}: {third:?}");
        assert_eq!(listed(&shop, &ann, list).await, before + 2, "{target}: a day later the key is free");
        shop.clock.advance_ms(DAY_MS);
    }
}

#[tokio::test]
async fn a_key_stands_for_one_path_and_body_of_one_tenant() {
    let (shop, ann) = shop().await;
    assert_eq!(post(&shop, &ann, "/reports", REPORT, "k").await.status, 202);
    for (target, body) in [("/reports", r#"{"report_type":"RFM","dataset_id":"d"}"#), ("/data/orders", REPORT)] {
        let refused = post(&shop, &ann, target, body, "k").await;
        check_refusal(&refused, 422, "idempotency_key_reused", "", target);
        assert!(!is_replay(&refused));
    }
    let bob = Caller { user: "bob".parse().expect("a plain name"), ..ann.clone() };
    assert!(is_replay(&post(&shop, &bob, "/reports", REPORT, "k").await), "keys are the tenant's");
    let other = caller("other");
    shop.push(&other, ORDERS).await;
    let theirs = post(&shop, &other, "/reports", REPORT, "k").await;
    assert!(theirs.status == 202 && !is_replay(&theirs), "another tenant's key is another: {theirs:?}");
    assert_eq!((listed(&shop, &ann, "/reports").await, listed(&shop, &other, "/reports").await), (1, 1));
}

#[tokio::test]
async fn a_body_packed_again_is_the_same_body() {
    use std::io::Write;
    let (shop, ann) = shop().await;
    let packed = |mtime: u32| {
        let mut gzip = flate2::GzBuilder::new().mtime(mtime).write(Vec::new(), flate2::Compression::fast());
        gzip.write_all(REPORT.as_bytes()).expect("packs");
        let mut request = keyed(&ann, "/reports", "", "k");
        request.headers.push(("content-encoding".to_owned(), "gzip".to_owned()));
        request.body = gzip.finish().expect("packs").into();
        request
    };
    let (first, second) = (packed(1), packed(2));
    assert_ne!(first.body, second.body);
    assert_eq!(shop.answer(&first).await.status, 202);
    assert!(is_replay(&shop.answer(&second).await));
    assert!(is_replay(&post(&shop, &ann, "/reports", REPORT, "k").await), "nor does it matter whether it is packed");
}

#[tokio::test]
async fn keys_have_one_to_255_printable_characters() {
    let (shop, ann) = shop().await;
    for key in ["", "caf\u{e9}", "a\tb", &"k".repeat(256)] {
        let refused = post(&shop, &ann, "/reports", REPORT, key).await;
        check_refusal(&refused, 400, "invalid_idempotency_key", "", key);
    }
    assert_eq!((shop.calls.records().len(), listed(&shop, &ann, "/reports").await), (0, 0));
    let longest = format!("{} #/", "k".repeat(252));
    assert_eq!(post(&shop, &ann, "/reports", REPORT, &longest).await.status, 202);
    assert!(is_replay(&post(&shop, &ann, "/reports", REPORT, &longest).await));
    assert!(!format!("{:?}", shop.calls.records()).contains("kkk"), "the key itself is not stored");
}

#[tokio::test]
async fn refusals_that_lie_in_the_body_are_kept_and_those_that_may_pass_are_not() {
    let (shop, ann) = shop().await;
    let large = " ".repeat((4 << 20) + 1);
    for (body, status) in [("{", 400), (r#"{"orders":[]}"#, 422), (&*large, 413)] {
        let key = status.to_string();
        let first = post(&shop, &ann, "/data/orders", body, &key).await;
        assert!(first.status == status && !is_replay(&first), "{first:?}");
        let second = post(&shop, &ann, "/data/orders", body, &key).await;
        assert!(is_replay(&second) && (second.status, &second.body) == (status, &first.body), "{second:?}");
    }
    let unknown = REPORT.replace(r#""d""#, r#""new""#);
    for _ in 0..2 {
        let answer = post(&shop, &ann, "/reports", &unknown, "k").await;
        check_refusal(&answer, 404, "unknown_dataset", "", "before its first push");
        assert!(!is_replay(&answer));
    }
    shop.push(&ann, &ORDERS.replace(r#""d""#, r#""new""#)).await;
    let taken = post(&shop, &ann, "/reports", &unknown, "k").await;
    assert!(taken.status == 202 && !is_replay(&taken), "{taken:?}");
    let mut odd = keyed(&ann, "/reports", REPORT, "media");
    odd.headers[0].1 = "text/csv".to_owned();
    assert_eq!(shop.answer(&odd).await.status, 415);
    assert_eq!(post(&shop, &ann, "/reports", REPORT, "media").await.status, 202, "a header that is mended");
}

#[tokio::test]
async fn a_replay_counts_as_a_request_and_a_refused_caller_has_no_call() {
    let (shop, ann) = shop().await;
    let bob = Caller { user: "bob".parse().expect("a plain name"), rate_limit: 2, ..ann.clone() };
    assert_eq!(post(&shop, &bob, "/reports", REPORT, "k").await.header("x-ratelimit-remaining"), Some("1"));
    assert_eq!(post(&shop, &bob, "/reports", REPORT, "k").await.header("x-ratelimit-remaining"), Some("0"));
    check_refusal(&post(&shop, &bob, "/reports", REPORT, "k").await, 429, "rate_limited", "", "the third");
    let known = shop.calls.records();
    assert_eq!(post(&shop, &bob, "/reports", REPORT, "new").await.status, 429);
    let reader = Caller { scopes: affinsy_core::plan::Scopes::parse("data:read").expect("known"), ..ann.clone() };
    assert_eq!(post(&shop, &reader, "/reports", REPORT, "new").await.status, 403);
    assert_eq!(
        shop.answer(&Request { verdict: Verdict::Deny, ..keyed(&ann, "/reports", REPORT, "new") }).await.status,
        401
    );
    assert_eq!((shop.calls.records(), listed(&shop, &ann, "/reports").await), (known, 1), "they leave nothing");
    assert_eq!(post(&shop, &ann, "/reports", REPORT, "new").await.status, 202, "and the key is free");
}

/// The places that a call comes past: before and after each write. It dies at one of them, or lets others in at all.
#[derive(Debug, Clone)]
enum Steps {
    DieAt { passed: Arc<AtomicUsize>, last: usize },
    Yield,
}

impl Steps {
    async fn pass(&self) {
        match self {
            Self::DieAt { passed, last } if passed.fetch_add(1, Ordering::Relaxed) + 1 == *last => {
                std::future::pending().await
            }
            Self::DieAt { .. } => {}
            Self::Yield => tokio::task::yield_now().await,
        }
    }
    async fn around<T>(&self, call: impl Future<Output = T>) -> T {
        self.pass().await;
        let done = call.await;
        self.pass().await;
        done
    }
}

/// A port whose writes are steps.
#[derive(Debug)]
struct Stepped<P>(Arc<P>, Steps);

#[async_trait]
impl<P: Idempotency> Idempotency for Stepped<P> {
    async fn begin(&self, tenant: &Tenant, call: &CallRecord, now: Instant) -> PortResult<Begun> {
        self.1.around(self.0.begin(tenant, call, now)).await
    }
    async fn finish(&self, tenant: &Tenant, call: &CallRecord, answer: &StoredAnswer) -> PortResult<bool> {
        self.1.around(self.0.finish(tenant, call, answer)).await
    }
    async fn release(&self, tenant: &Tenant, call: &CallRecord, now: Instant) -> PortResult<()> {
        self.1.around(self.0.release(tenant, call, now)).await
    }
}

#[async_trait]
impl<P: Queue> Queue for Stepped<P> {
    async fn send(&self, job: &Job, delay_s: u32) -> PortResult<()> {
        self.1.around(self.0.send(job, delay_s)).await
    }
    async fn hide_for(&self, job: &Job, receipt: &str, seconds: u32) -> PortResult<()> {
        self.0.hide_for(job, receipt, seconds).await
    }
}

#[async_trait]
impl<P: Objects> Objects for Stepped<P> {
    async fn create(&self, key: &str, bytes: Bytes) -> PortResult<Put> {
        self.1.around(self.0.create(key, bytes)).await
    }
    async fn read(&self, key: &str) -> PortResult<Option<Bytes>> {
        self.0.read(key).await
    }
    async fn read_range(&self, key: &str, start: u64, length: u64) -> PortResult<Option<Bytes>> {
        self.0.read_range(key, start, length).await
    }
    async fn delete(&self, key: &str) -> PortResult<()> {
        self.0.delete(key).await
    }
    async fn list(&self, prefix: &str, after: Option<&str>) -> PortResult<Page<StoredObject>> {
        self.0.list(prefix, after).await
    }
}

async fn stepped(shop: &Shop, request: &Request, steps: &Steps) -> Answer {
    let calls = Arc::new(Stepped(shop.calls.clone(), steps.clone()));
    if request.path.starts_with("/api/v1/data") {
        let objects = Arc::new(Stepped(shop.objects.clone(), steps.clone()));
        http::data(request, &http::DataPorts { calls, objects, ..shop.data_ports() }).await
    } else {
        let queue = Arc::new(Stepped(shop.queue.clone(), steps.clone()));
        http::reports(request, &http::ReportPorts { calls, queue, ..shop.report_ports() }).await
    }
}

/// Whether the call died at its `last` step.
async fn died(shop: &Shop, request: &Request, last: usize) -> bool {
    let steps = Steps::DieAt { passed: Arc::default(), last };
    stepped(shop, request, &steps).now_or_never().is_none()
}

/// What the next call gets: 409 while the dead one's lease runs, then an answer, and the same again.
async fn taken_over(shop: &Shop, request: &Request, last: usize) -> Answer {
    if shop.calls.records().iter().any(|call| call.answer.is_none()) {
        let early = shop.answer(request).await;
        check_refusal(&early, 409, "idempotency_in_flight", "", &format!("step {last}"));
        assert_eq!(early.header("retry-after"), Some("1"));
    }
    shop.clock.advance_ms(LEASE_MS);
    let answer = shop.answer(request).await;
    let again = shop.answer(request).await;
    assert!(is_replay(&again) && again.body == answer.body, "step {last}: {again:?}");
    answer
}

#[tokio::test]
async fn a_report_whose_call_died_anywhere_is_submitted_once() {
    for last in 1.. {
        let (shop, ann) = shop().await;
        let request = keyed(&ann, "/reports", REPORT, "k");
        if !died(&shop, &request, last).await {
            assert_eq!(last, 7, "begin, send and finish have a step before and one after them");
            return;
        }
        let before = json(&shop.get(&ann, "/reports").await)["data"][0]["report_id"].clone();
        assert_eq!(before.is_string(), last > 2, "stored before the message is sent");
        let answer = taken_over(&shop, &request, last).await;
        assert_eq!(answer.status, 202, "step {last}: {answer:?}");
        let report_id = json(&answer)["report_id"].clone();
        assert!(before.is_null() || before == report_id, "step {last}: {before} is {report_id}");
        assert_eq!(listed(&shop, &ann, "/reports").await, 1, "step {last}");
    }
}

#[tokio::test]
async fn a_push_whose_call_died_anywhere_is_applied_once() {
    for last in 1.. {
        let (shop, ann) = (Shop::new(), caller("shop"));
        let request = keyed(&ann, "/data/orders", ORDERS, "k");
        if !died(&shop, &request, last).await {
            assert_eq!(last, 7, "begin, create and finish have a step before and one after them");
            return;
        }
        let before = json(&shop.get(&ann, "/data/imports").await)["data"][0]["import_id"].clone();
        assert_eq!(before.is_string(), last > 4, "step {last}: visible between the object and the answer");
        // Another push of the same line, which a second application would undo.
        shop.push(&ann, &ORDERS.replace(r#""quantity":1"#, r#""quantity":0"#)).await;
        let answer = taken_over(&shop, &request, last).await;
        assert_eq!(answer.status, 202, "step {last}: {answer:?}");
        let import_id = json(&answer)["import_id"].clone();
        assert!(before.is_null() || before == import_id, "step {last}: {before} is {import_id}");
        let head = shop.book.head(&ann.tenant, "d").await.expect("reads").expect("is there");
        assert_eq!((head.sequence, listed(&shop, &ann, "/data/imports").await), (2, 2), "step {last}");
        let report_id = shop.submit(&ann, REPORT).await;
        assert_eq!(shop.run(&ann.tenant, &report_id).await, Ran::Ended);
        let report = json(&shop.get(&ann, &format!("/reports/{report_id}")).await);
        let live = if before.is_null() { 1 } else { 0 };
        assert_eq!((&report["status"], &report["data"]["baskets"]), (&"Completed".into(), &live.into()), "step {last}");
    }
}

#[tokio::test]
async fn an_upload_whose_call_died_anywhere_is_opened_once() {
    for last in 1.. {
        let (shop, ann) = (Shop::new(), caller("shop"));
        let request = keyed(&ann, "/data/uploads", "{}", "k");
        if !died(&shop, &request, last).await {
            assert_eq!(last, 5, "begin and finish have a step before and one after them");
            return;
        }
        let answer = taken_over(&shop, &request, last).await;
        assert_eq!(answer.status, 201, "step {last}: {answer:?}");
        let imports = json(&shop.get(&ann, "/data/imports").await);
        assert_eq!(
            (imports["data"].as_array().map(Vec::len), &imports["data"][0]["import_id"]),
            (Some(1), &json(&answer)["import_id"])
        );
    }
}

#[tokio::test]
async fn fifty_calls_at_once_have_one_effect() {
    let (shop, ann) = shop().await;
    let before = listed(&shop, &ann, "/data/imports").await;
    for (target, body, list, expected) in
        [("/reports", REPORT, "/reports", 1), ("/data/orders", ORDERS, "/data/imports", before + 1)]
    {
        let request = keyed(&ann, target, body, target);
        let answers = futures::future::join_all((0..50).map(|_| stepped(&shop, &request, &Steps::Yield))).await;
        let count = |status: u16| answers.iter().filter(|answer| answer.status == status).count();
        assert_eq!((count(202), count(409)), (1, 49), "{target}: all came while the first ran");
        assert_eq!(listed(&shop, &ann, list).await, expected, "{target}");
        assert!(is_replay(&shop.answer(&request).await), "{target}");
    }
}

/// Both calls run to their end: the first was slow, not dead.
#[tokio::test]
async fn a_slow_call_and_the_one_that_took_over_have_one_effect() {
    let (shop, ann) = shop().await;
    let request = keyed(&ann, "/reports", REPORT, "k");
    let mut slow = Box::pin(stepped(&shop, &request, &Steps::Yield));
    assert!(futures::poll!(slow.as_mut()).is_pending());
    assert!(futures::poll!(slow.as_mut()).is_pending(), "it has begun");
    shop.clock.advance_ms(LEASE_MS);
    let (second, first) = (shop.answer(&request).await, slow.await);
    assert_eq!((first.status, second.status, &first.body), (202, 202, &second.body));
    assert_eq!(listed(&shop, &ann, "/reports").await, 1);
}
