//! What was acknowledged is there after `kill -9`: the services run in a process of their own, are written to without
//! pause, and are killed in the middle of it.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use affinsy_local::services::{Durability, DynamoDb, ReceiveOptions, S3, ServiceConfig, Sqs};
use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::{Value, json};
use tokio::sync::Notify;
use tokio::task::JoinHandle;

use crate::kit::{dynamodb_client, s3_client, sqs_client};

const FOLDER: &str = "AFFINSY_TEST_SERVICES_DIR";

/// With the weaker promise, which must hold against a kill all the same.
async fn start(dir: &Path) -> (DynamoDb, S3, Sqs) {
    let config = |name: &str| ServiceConfig::new(dir.join(name)).with_durability(Durability::OperatingSystem);
    let dynamodb = DynamoDb::start(config("dynamodb")).await.unwrap();
    let table = json!({
        "TableName": "control",
        "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
        "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
    });
    dynamodb.ensure_table(table).await.unwrap();
    let s3 = S3::start(config("s3")).await.unwrap();
    s3.ensure_bucket("orders").await.unwrap();
    let sqs = Sqs::start(config("sqs")).await.unwrap();
    sqs.ensure_queue("work", &json!({})).await.unwrap();
    (dynamodb, s3, sqs)
}

/// Not a test of its own: what `acknowledged_writes_survive_a_kill` starts and kills.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "started by another test"]
async fn serve_until_killed() {
    #[expect(clippy::disallowed_methods, reason = "how a test tells its child where to serve")]
    let Some(dir) = std::env::var_os(FOLDER) else { return };
    let (dynamodb, s3, sqs) = start(Path::new(&dir)).await;
    let urls = json!({"dynamodb": dynamodb.url(), "s3": s3.url(), "sqs": sqs.url(), "queue": sqs.queue_url("work")});
    println!("\nurls {urls}");
    std::future::pending::<()>().await;
}

fn spawn(dir: &Path) -> (Child, Value) {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["kill::serve_until_killed", "--exact", "--ignored", "--nocapture"]).env(FOLDER, dir);
    let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let urls = lines.map_while(Result::ok).find_map(|line| Some(line.strip_prefix("urls ")?.to_owned()));
    (child, serde_json::from_str(&urls.unwrap()).unwrap())
}

/// How many writes of each service were acknowledged.
#[derive(Debug, Default)]
struct Acknowledged {
    counts: [AtomicU32; 3],
    changed: Notify,
    killed: AtomicBool,
}

impl Acknowledged {
    /// Counts the write, or says that there will be no more.
    fn record(&self, service: usize, outcome: Result<(), String>) -> bool {
        match outcome {
            Ok(()) => {
                self.counts[service].fetch_add(1, Ordering::SeqCst);
                self.changed.notify_one();
                true
            }
            Err(reason) => {
                assert!(self.killed.load(Ordering::SeqCst), "refused before the kill: {reason}");
                false
            }
        }
    }

    fn count(&self, service: usize) -> u32 {
        self.counts[service].load(Ordering::SeqCst)
    }
}

fn write_until_killed(urls: &Value, acknowledged: Arc<Acknowledged>) -> Vec<JoinHandle<()>> {
    let url = |name: &str| urls[name].as_str().unwrap().to_owned();
    let (dynamodb, s3, sqs, queue) =
        (dynamodb_client(url("dynamodb")), s3_client(url("s3")), sqs_client(url("sqs")), url("queue"));
    let all = acknowledged.clone();
    let items = tokio::spawn(async move {
        for number in 0.. {
            let item = dynamodb.put_item().table_name("control").item("pk", AttributeValue::S(number.to_string()));
            if !all.record(0, item.send().await.map(drop).map_err(|error| format!("{error:?}"))) {
                return;
            }
        }
    });
    let all = acknowledged.clone();
    let objects = tokio::spawn(async move {
        for number in 0.. {
            let body = number.to_string().repeat(10_000).into_bytes();
            let put = s3.put_object().bucket("orders").key(number.to_string()).body(body.into()).send().await;
            if !all.record(1, put.map(drop).map_err(|error| format!("{error:?}"))) {
                return;
            }
        }
    });
    let messages = tokio::spawn(async move {
        for number in 0.. {
            let send = sqs.send_message().queue_url(&queue).message_body(number.to_string()).send().await;
            if !acknowledged.record(2, send.map(drop).map_err(|error| format!("{error:?}"))) {
                return;
            }
        }
    });
    vec![items, objects, messages]
}

#[tokio::test(flavor = "multi_thread")]
async fn acknowledged_writes_survive_a_kill() {
    let dir = tempfile::tempdir().unwrap();
    let (mut child, urls) = spawn(dir.path());
    let acknowledged = Arc::new(Acknowledged::default());
    let writers = write_until_killed(&urls, acknowledged.clone());
    while (0..3).any(|service| acknowledged.count(service) < 30) {
        acknowledged.changed.notified().await;
    }
    acknowledged.killed.store(true, Ordering::SeqCst);
    child.kill().unwrap();
    child.wait().unwrap();
    for writer in writers {
        writer.await.unwrap();
    }

    let (dynamodb, s3, sqs) = start(dir.path()).await;
    let (items, objects) = (dynamodb_client(dynamodb.url()), s3_client(s3.url()));
    for number in 0..acknowledged.count(0) {
        let item = items.get_item().table_name("control").key("pk", AttributeValue::S(number.to_string()));
        assert!(item.send().await.unwrap().item.is_some(), "item {number}");
    }
    for number in 0..acknowledged.count(1) {
        let object = objects.get_object().bucket("orders").key(number.to_string()).send().await.unwrap();
        let body = object.body.collect().await.unwrap().to_vec();
        assert_eq!(body, number.to_string().repeat(10_000).into_bytes(), "object {number}");
    }
    let mut bodies = std::collections::HashSet::new();
    let options = ReceiveOptions { max_messages: 10, ..ReceiveOptions::default() };
    loop {
        let received = sqs.queues().receive("work", options).await.unwrap();
        if received.is_empty() {
            break;
        }
        bodies.extend(received.into_iter().map(|message| message.body));
    }
    for number in 0..acknowledged.count(2) {
        assert!(bodies.contains(&number.to_string()), "message {number}");
    }
}
