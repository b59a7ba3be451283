//! What the adapters make of a DynamoDB that throttles, cancels or does not answer, and of an S3 that is busy, refuses
//! or breaks off: a server that answers as it is told to.

use crate::kit::sdk;
use affinsy_app::ports::{Commit, DatasetRecord, NewSegments, Objects, OrderLog, PortError, Put, SegmentRecord};
use affinsy_aws::clients;
use affinsy_aws::objects::S3Objects;
use affinsy_aws::tables::DynamoBook;
use affinsy_core::ids::Tenant;
use affinsy_core::time::Instant;
use aws_config::SdkConfig;
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// The requests that came, head and body.
type Requests = Arc<Mutex<Vec<String>>>;

/// Reads one request. A body of ours is short, and its length is told.
async fn request(stream: &mut TcpStream) -> Option<String> {
    let mut bytes = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length =
                head.to_ascii_lowercase().split("\r\ncontent-length: ").nth(1).map_or(0, |rest| {
                    rest.split("\r\n").next().and_then(|length| length.parse().ok()).expect("a number")
                });
            if body.len() >= length {
                return Some(text);
            }
        }
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    }
}

/// A service whose answer to each request is the next of these, the last again and again. An empty one is none: the
/// connection ends. What stands in the request may be told back.
async fn service(answers: Vec<fn(&[String]) -> String>) -> (SdkConfig, Requests) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = format!("http://{}", listener.local_addr().expect("is bound"));
    let requests = Requests::default();
    let seen = requests.clone();
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.expect("accepts");
            let Some(request) = request(&mut stream).await else { continue };
            let answer = {
                let mut seen = seen.lock().expect("no panic in between");
                seen.push(request);
                answers[(seen.len() - 1).min(answers.len() - 1)](&seen)
            };
            // The other side may have gone.
            drop(stream.write_all(answer.as_bytes()).await);
        }
    });
    // As deployed, but for the first wait.
    let retries = clients::retries().with_initial_backoff(Duration::from_millis(5));
    (sdk(&url).await.into_builder().retry_config(retries).build(), requests)
}

fn http(status: &str, headers: &str, body: &str) -> String {
    format!("HTTP/1.1 {status}\r\n{headers}connection: close\r\ncontent-length: {}\r\n\r\n{body}", body.len())
}

fn dynamodb(status: &str, body: &Value) -> String {
    http(status, "content-type: application/x-amz-json-1.0\r\n", &body.to_string())
}

fn throttled(_: &[String]) -> String {
    let name = "com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException";
    dynamodb("400 Bad Request", &json!({"__type": name, "message": "Slow down."}))
}

fn nothing(_: &[String]) -> String {
    dynamodb("200 OK", &json!({}))
}

fn silence(_: &[String]) -> String {
    String::new()
}

fn cancelled(first: &str) -> String {
    let name = "com.amazonaws.dynamodb.v20120810#TransactionCanceledException";
    let reasons = json!([{"Code": first, "Message": "No."}, {"Code": "None"}]);
    let body = json!({"__type": name, "message": "Transaction cancelled", "CancellationReasons": reasons});
    dynamodb("400 Bad Request", &body)
}

fn condition_failed(_: &[String]) -> String {
    cancelled("ConditionalCheckFailed")
}

fn meets_another(_: &[String]) -> String {
    cancelled("TransactionConflict")
}

fn too_many_at_once(_: &[String]) -> String {
    cancelled("ThrottlingError")
}

/// The segment's item as the first request had it.
fn what_was_put(requests: &[String]) -> String {
    let body = requests[0].split_once("\r\n\r\n").expect("a head and a body").1;
    let body: Value = serde_json::from_str(body).expect("JSON");
    dynamodb("200 OK", &json!({"Item": body["TransactItems"][1]["Put"]["Item"]}))
}

fn count(requests: &Requests) -> usize {
    requests.lock().expect("no panic in between").len()
}

fn tenant() -> Tenant {
    "shop".parse().expect("a plain name")
}

/// A first push's commit: what it comes to, and how many requests that took.
async fn committed(answers: Vec<fn(&[String]) -> String>) -> (Result<Commit, PortError>, usize) {
    let (config, requests) = service(answers).await;
    let book = DynamoBook::new(clients::dynamodb(&config), "control", "segments");
    let now = Instant::from_unix_ms(1_750_000_000_000);
    let head = DatasetRecord { sequence: 1, ..DatasetRecord::new("d", "inc_1".to_owned(), now) };
    let segment = SegmentRecord {
        sequence: 1,
        key: "segments/1".to_owned(),
        rows: 1,
        bytes: 1,
        sha256: "ab".repeat(32),
        schema_version: 1,
        min_date: None,
        max_date: None,
        min_hash: 0,
        max_hash: u64::MAX,
        erases: false,
        gone: false,
        stored_at: now,
    };
    let new = NewSegments { head: &head, segments: &[segment], import: None, purge: None, due_at: now };
    (book.commit(&tenant(), &new).await, count(&requests))
}

#[tokio::test]
async fn throttled_tables_are_asked_again_and_then_said_to_be_away() {
    let head = async |answers: Vec<fn(&[String]) -> String>| {
        let (config, requests) = service(answers).await;
        let book = DynamoBook::new(clients::dynamodb(&config), "control", "segments");
        (book.head(&tenant(), "d").await, count(&requests))
    };
    assert_eq!(head(vec![throttled, throttled, nothing]).await, (Ok(None), 3));
    let (away, asked) = head(vec![throttled]).await;
    assert!(matches!(&away, Err(PortError::Unavailable(words)) if words.contains("Slow down")), "{away:?}");
    assert_eq!(asked, 5, "and no more often");
}

#[tokio::test]
async fn a_cancelled_transaction_is_a_conflict_or_trouble_by_its_reasons() {
    assert_eq!(committed(vec![condition_failed, nothing]).await, (Ok(Commit::Conflict), 2));
    assert_eq!(committed(vec![meets_another, nothing]).await, (Ok(Commit::Conflict), 2));
    let (throttled, _) = committed(vec![too_many_at_once, nothing]).await;
    assert!(matches!(throttled, Err(PortError::Unavailable(_))), "{throttled:?}");
}

#[tokio::test]
async fn a_commit_whose_answer_is_lost_is_read_before_it_is_decided() {
    // It stands; the SDK sends it again, and its own condition refuses it.
    assert_eq!(committed(vec![silence, condition_failed, what_was_put]).await, (Ok(Commit::Done), 3));
    // Another push has the sequence.
    assert_eq!(committed(vec![silence, condition_failed, nothing]).await, (Ok(Commit::Conflict), 3));
    // Nobody can tell: the caller gets 503, and may send it again.
    let (unknown, _) = committed(vec![silence]).await;
    assert!(matches!(unknown, Err(PortError::Unavailable(_))), "{unknown:?}");
}

fn s3_error(status: &str, code: &str) -> String {
    let body = format!("<?xml version=\"1.0\"?><Error><Code>{code}</Code><Message>No.</Message></Error>");
    http(status, "content-type: application/xml\r\n", &body)
}

fn busy(_: &[String]) -> String {
    s3_error("503 Slow Down", "SlowDown")
}

fn both_at_once(_: &[String]) -> String {
    s3_error("409 Conflict", "ConditionalRequestConflict")
}

fn is_there(_: &[String]) -> String {
    s3_error("412 Precondition Failed", "PreconditionFailed")
}

fn stored(_: &[String]) -> String {
    http("200 OK", "etag: \"1\"\r\n", "")
}

async fn created(answers: Vec<fn(&[String]) -> String>) -> (Result<Put, PortError>, usize) {
    let (config, requests) = service(answers).await;
    let created = S3Objects::new(clients::s3(&config), "bucket").create("key", "orders".into()).await;
    (created, count(&requests))
}

#[tokio::test]
async fn a_busy_s3_is_asked_again_and_a_key_that_is_taken_is_said_to_be() {
    assert_eq!(created(vec![busy, busy, stored]).await, (Ok(Put::Created), 3));
    assert_eq!(created(vec![is_there]).await, (Ok(Put::AlreadyThere), 1));
    assert_eq!(created(vec![both_at_once, is_there]).await, (Ok(Put::AlreadyThere), 2), "S3 had decided neither");
    let (away, asked) = created(vec![busy]).await;
    assert!(matches!(away, Err(PortError::Unavailable(_))), "{away:?}");
    assert_eq!(asked, 5);
}

fn cut(_: &[String]) -> String {
    http("200 OK", "etag: \"1\"\r\n", "orders").replace("content-length: 6", "content-length: 600")
}

fn another_checksum(_: &[String]) -> String {
    http("200 OK", "etag: \"1\"\r\nx-amz-checksum-crc32: AAAAAA==\r\n", "orders")
}

fn whole(_: &[String]) -> String {
    http("200 OK", "etag: \"1\"\r\n", "orders")
}

#[tokio::test]
async fn an_object_that_breaks_off_or_has_another_checksum_is_not_taken_for_it() {
    let read = async |answer: fn(&[String]) -> String| {
        let (config, _) = service(vec![answer]).await;
        S3Objects::new(clients::s3(&config), "bucket").read("key").await
    };
    assert_eq!(read(whole).await, Ok(Some("orders".into())));
    for answer in [cut, another_checksum] as [fn(&[String]) -> String; 2] {
        let refused = read(answer).await;
        assert!(matches!(refused, Err(PortError::Unavailable(_))), "{refused:?}");
    }
}
