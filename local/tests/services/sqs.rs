//! SQS: delivery, visibility, delays, dead letters and batches, on a clock that the tests move.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use affinsy_local::services::{ManualClock, NewMessage, ReceiveOptions, ServiceConfig, Sqs, SqsErrorKind};
use aws_sdk_sqs::Client;
use aws_sdk_sqs::error::ProvideErrorMetadata;
use aws_sdk_sqs::primitives::Blob;
use aws_sdk_sqs::types::{
    ChangeMessageVisibilityBatchRequestEntry, DeleteMessageBatchRequestEntry, Message, MessageAttributeValue,
    MessageSystemAttributeName, QueueAttributeName, SendMessageBatchRequestEntry,
};
use serde_json::json;
use tempfile::TempDir;

use crate::kit::sqs_client;

/// A server with the queue `work`, whose messages go to `dead` after two receives.
struct Bench {
    dir: TempDir,
    clock: Arc<ManualClock>,
    service: Sqs,
    client: Client,
    url: String,
}

impl Bench {
    async fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let clock = Arc::new(ManualClock::at(1_700_000_000_000));
        let (service, client) = start(&dir, &clock, None).await;
        let url = service.queue_url("work");
        Self { dir, clock, service, client, url }
    }

    async fn restart(self) -> Self {
        let Self { dir, clock, service, url, .. } = self;
        let port = service.addr().port();
        service.shutdown().await.unwrap();
        let (service, client) = start(&dir, &clock, Some(port)).await;
        Self { dir, clock, service, client, url }
    }

    async fn send(&self, body: &str) {
        self.client.send_message().queue_url(&self.url).message_body(body).send().await.unwrap();
    }

    async fn receive_from(&self, url: &str) -> Vec<Message> {
        let receive = self.client.receive_message().queue_url(url).max_number_of_messages(10);
        let receive = receive.message_system_attribute_names(MessageSystemAttributeName::All);
        receive.message_attribute_names("All").send().await.unwrap().messages.unwrap_or_default()
    }

    async fn receive(&self) -> Vec<Message> {
        self.receive_from(&self.url).await
    }

    /// Receives, and compares the bodies.
    async fn check(&self, expected: &[&str]) -> Vec<Message> {
        let messages = self.receive().await;
        assert_eq!(bodies(&messages), expected);
        messages
    }

    fn advance(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
    }
}

async fn start(dir: &TempDir, clock: &Arc<ManualClock>, port: Option<u16>) -> (Sqs, Client) {
    let config = ServiceConfig { port, ..ServiceConfig::new(dir.path()) };
    let service = Sqs::start_with_clock(config, clock.clone()).await.unwrap();
    service.ensure_queue("dead", &json!({})).await.unwrap();
    let redrive = json!({"deadLetterTargetArn": service.queue_arn("dead"), "maxReceiveCount": 2});
    service.ensure_queue("work", &json!({"VisibilityTimeout": 60, "RedrivePolicy": redrive})).await.unwrap();
    let client = sqs_client(service.url());
    (service, client)
}

fn bodies(messages: &[Message]) -> Vec<&str> {
    messages.iter().map(|message| message.body().unwrap()).collect()
}

fn attribute<'a>(message: &'a Message, name: &str) -> Option<&'a str> {
    message.attributes()?.get(&MessageSystemAttributeName::from(name)).map(String::as_str)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_is_hidden_shown_again_and_gone_once_deleted() {
    let bench = Bench::new().await;
    bench.send("one").await;
    let first = bench.check(&["one"]).await;
    assert_eq!(attribute(&first[0], "ApproximateReceiveCount"), Some("1"));
    assert_eq!(attribute(&first[0], "SentTimestamp"), Some("1700000000000"));
    bench.advance(59);
    bench.check(&[]).await;
    bench.advance(1);
    let second = bench.check(&["one"]).await;
    assert_eq!(attribute(&second[0], "ApproximateReceiveCount"), Some("2"));
    assert_eq!(attribute(&second[0], "ApproximateFirstReceiveTimestamp"), Some("1700000000000"));
    assert_ne!(first[0].receipt_handle(), second[0].receipt_handle());

    let delete = |message: &Message| {
        let handle = message.receipt_handle().unwrap();
        bench.client.delete_message().queue_url(&bench.url).receipt_handle(handle).send()
    };
    delete(&first[0]).await.expect("a void handle is no error");
    delete(&second[0]).await.unwrap();
    delete(&second[0]).await.expect("deleting twice is no error");
    bench.advance(600);
    bench.check(&[]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_visibility_of_zero_on_receive_leaves_the_message_where_it_is() {
    let bench = Bench::new().await;
    bench.send("one").await;
    let peek = bench.client.receive_message().queue_url(&bench.url).visibility_timeout(0);
    assert_eq!(peek.send().await.unwrap().messages().len(), 1);
    bench.check(&["one"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn visibility_can_be_made_longer_shorter_and_none() {
    let bench = Bench::new().await;
    bench.send("one").await;
    let received = bench.check(&["one"]).await;
    let change = |seconds| {
        let change = bench.client.change_message_visibility().queue_url(&bench.url).visibility_timeout(seconds);
        change.receipt_handle(received[0].receipt_handle().unwrap()).send()
    };
    change(300).await.unwrap();
    bench.advance(299);
    bench.check(&[]).await;
    change(0).await.unwrap();
    let refused = change(10).await.unwrap_err().into_service_error();
    assert!(refused.is_message_not_inflight(), "{refused:?}");
    bench.check(&["one"]).await;
    let refused = change(43_201).await.unwrap_err();
    assert_eq!(refused.code(), Some("InvalidParameterValue"));
}

#[tokio::test(flavor = "multi_thread")]
async fn delays_hold_a_message_back() {
    let bench = Bench::new().await;
    let send = |body: &str| bench.client.send_message().queue_url(&bench.url).message_body(body);
    send("later").delay_seconds(10).send().await.unwrap();
    bench.service.ensure_queue("work", &json!({"DelaySeconds": 5})).await.unwrap();
    send("soon").send().await.unwrap();
    send("now").delay_seconds(0).send().await.unwrap();
    bench.check(&["now"]).await;
    bench.advance(5);
    bench.check(&["soon"]).await;
    bench.advance(5);
    bench.check(&["later"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_poll_wakes_on_a_send_and_on_a_delay_that_ends() {
    let bench = Bench::new().await;
    let poll = || {
        let receive = bench.client.receive_message().queue_url(&bench.url).wait_time_seconds(20);
        tokio::spawn(receive.send())
    };
    let waiting = poll();
    bench.send("sent").await;
    assert_eq!(bodies(waiting.await.unwrap().unwrap().messages()), ["sent"]);

    let delayed = bench.client.send_message().queue_url(&bench.url).message_body("delayed").delay_seconds(3);
    delayed.send().await.unwrap();
    let waiting = poll();
    bench.advance(3);
    assert_eq!(bodies(waiting.await.unwrap().unwrap().messages()), ["delayed"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_poll_ends_empty_when_its_time_is_over_or_the_server_stops() {
    let bench = Bench::new().await;
    let queues = bench.service.queues();
    let options = ReceiveOptions { wait_seconds: Some(20), ..ReceiveOptions::default() };
    let mut waiting = Box::pin(queues.receive("work", options));
    // The first look is done, and the poll waits, once the clock can move past it.
    tokio::select! {
        biased;
        messages = &mut waiting => panic!("nothing was sent: {messages:?}"),
        () = bench.send_to_other() => {}
    }
    bench.advance(20);
    assert_eq!(waiting.await.unwrap(), []);

    let receive = bench.client.receive_message().queue_url(&bench.url).wait_time_seconds(20);
    let waiting = tokio::spawn(receive.send());
    bench.service.shutdown().await.unwrap();
    if let Ok(answer) = waiting.await.unwrap() {
        assert_eq!(answer.messages(), []);
    }
}

impl Bench {
    /// A round trip that has nothing to do with the queue `work`.
    async fn send_to_other(&self) {
        let url = self.service.queue_url("dead");
        self.client.send_message().queue_url(url).message_body("elsewhere").send().await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_received_too_often_goes_to_the_dead_letters() {
    let bench = Bench::new().await;
    bench.send("poison").await;
    let sent_id = bench.check(&["poison"]).await[0].message_id.clone();
    bench.advance(60);
    bench.check(&["poison"]).await;
    bench.advance(60);
    bench.check(&[]).await;
    let dead = bench.receive_from(&bench.service.queue_url("dead")).await;
    assert_eq!(bodies(&dead), ["poison"]);
    assert_eq!(dead[0].message_id, sent_id);
    assert_eq!(attribute(&dead[0], "ApproximateReceiveCount"), Some("1"));
    assert_eq!(attribute(&dead[0], "SentTimestamp"), Some("1700000000000"));
    let source = bench.service.queue_arn("work");
    assert_eq!(attribute(&dead[0], "DeadLetterQueueSourceArn"), Some(source.as_str()));
}

#[tokio::test(flavor = "multi_thread")]
async fn attributes_and_groups_travel_and_digests_are_right() {
    let bench = Bench::new().await;
    let text = MessageAttributeValue::builder().data_type("String").string_value("blåbær").build().unwrap();
    let number = MessageAttributeValue::builder().data_type("Number").string_value("1493147359900").build().unwrap();
    let binary =
        MessageAttributeValue::builder().data_type("Binary").binary_value(Blob::new([0, 255])).build().unwrap();
    let send = bench.client.send_message().queue_url(&bench.url).message_body("This is a test message");
    let send = send.message_group_id("tenant-1").message_attributes("timestamp", number.clone());
    let sent = send.send().await.unwrap();
    assert_eq!(sent.md5_of_message_body(), Some("fafb00f5732ab283681e124bf8747ed1"));
    assert_eq!(sent.md5_of_message_attributes(), Some("235c5c510d26fb653d073faed50ae77c"));
    let received = bench.receive().await.remove(0);
    assert_eq!(received.md5_of_body(), sent.md5_of_message_body());
    assert_eq!(received.md5_of_message_attributes(), sent.md5_of_message_attributes());
    assert_eq!(attribute(&received, "MessageGroupId"), Some("tenant-1"));

    let all = HashMap::from([("t".to_owned(), text), ("n".to_owned(), number), ("b".to_owned(), binary)]);
    let send = bench.client.send_message().queue_url(&bench.url).message_body("all");
    send.set_message_attributes(Some(all.clone())).send().await.unwrap();
    assert_eq!(bench.receive().await[0].message_attributes(), Some(&all));
}

fn entry(id: &str, body: &str) -> SendMessageBatchRequestEntry {
    SendMessageBatchRequestEntry::builder().id(id).message_body(body).build().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_fails_entry_by_entry() {
    let bench = Bench::new().await;
    let late = SendMessageBatchRequestEntry::builder().id("late").message_body("x").delay_seconds(901).build().unwrap();
    let entries = vec![entry("a", "one"), entry("bad", "\u{1}"), late, entry("b", "two")];
    let send = bench.client.send_message_batch().queue_url(&bench.url).set_entries(Some(entries));
    let sent = send.send().await.unwrap();
    let ids: Vec<_> = sent.successful().iter().map(|entry| entry.id()).collect();
    let failed: Vec<_> = sent.failed().iter().map(|entry| (entry.id(), entry.code(), entry.sender_fault())).collect();
    assert_eq!(ids, ["a", "b"]);
    assert_eq!(failed, [("bad", "InvalidMessageContents", true), ("late", "InvalidParameterValue", true)]);

    let received = bench.check(&["one", "two"]).await;
    let change = |id: &str, handle: &str| {
        let entry = ChangeMessageVisibilityBatchRequestEntry::builder().id(id).receipt_handle(handle);
        entry.visibility_timeout(0).build().unwrap()
    };
    let changes = vec![change("a", received[0].receipt_handle().unwrap()), change("x", "nonsense")];
    let changed = bench.client.change_message_visibility_batch().queue_url(&bench.url).set_entries(Some(changes));
    let changed = changed.send().await.unwrap();
    assert_eq!((changed.successful()[0].id(), changed.failed()[0].code()), ("a", "ReceiptHandleIsInvalid"));

    let again = bench.check(&["one"]).await;
    let delete = |id: &str, handle: &str| {
        DeleteMessageBatchRequestEntry::builder().id(id).receipt_handle(handle).build().unwrap()
    };
    let handles = [again[0].receipt_handle().unwrap(), received[1].receipt_handle().unwrap(), "nonsense"];
    let deletes = ["a", "b", "x"].iter().zip(handles).map(|(id, handle)| delete(id, handle)).collect();
    let deleted = bench.client.delete_message_batch().queue_url(&bench.url).set_entries(Some(deletes));
    let deleted = deleted.send().await.unwrap();
    assert_eq!((deleted.successful().len(), deleted.failed()[0].id()), (2, "x"));
    bench.advance(600);
    bench.check(&[]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_that_is_wrong_as_a_whole_is_refused_by_name() {
    let bench = Bench::new().await;
    let check = async |entries: Vec<SendMessageBatchRequestEntry>, expected: &str| {
        let send = bench.client.send_message_batch().queue_url(&bench.url).set_entries(Some(entries));
        let refused = send.send().await.unwrap_err();
        assert_eq!(refused.code(), Some(format!("AWS.SimpleQueueService.{expected}").as_str()));
    };
    check(vec![], "EmptyBatchRequest").await;
    check(vec![entry("a", "1"), entry("a", "2")], "BatchEntryIdsNotDistinct").await;
    check(vec![entry("a.b", "1")], "InvalidBatchEntryId").await;
    check((0..11).map(|id| entry(&id.to_string(), "1")).collect(), "TooManyEntriesInBatchRequest").await;
    let half = "x".repeat(512 * 1024 + 1);
    check(vec![entry("a", &half), entry("b", &half)], "BatchRequestTooLong").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_may_have_one_mebibyte_and_no_more() {
    let bench = Bench::new().await;
    let send = |bytes: usize| bench.client.send_message().queue_url(&bench.url).message_body("é".repeat(bytes / 2));
    send(1024 * 1024).send().await.unwrap();
    let refused = send(1024 * 1024 + 2).send().await.unwrap_err();
    assert_eq!(refused.code(), Some("InvalidParameterValue"));
    assert_eq!(bench.receive().await[0].body().unwrap().len(), 1024 * 1024);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_queue_is_a_typed_error() {
    let bench = Bench::new().await;
    let url = bench.service.queue_url("nowhere");
    let send = bench.client.send_message().queue_url(&url).message_body("x").send().await.unwrap_err();
    assert!(send.into_service_error().is_queue_does_not_exist());
    let receive = bench.client.receive_message().queue_url(&url).send().await.unwrap_err();
    assert!(receive.into_service_error().is_queue_does_not_exist());
    let find = bench.client.get_queue_url().queue_name("nowhere").send().await.unwrap_err();
    assert!(find.into_service_error().is_queue_does_not_exist());
    let in_process = bench.service.queues().send("nowhere", NewMessage::new("x")).await.unwrap_err();
    assert_eq!(in_process.kind, SqsErrorKind::QueueDoesNotExist);
}

#[tokio::test(flavor = "multi_thread")]
async fn queues_are_created_found_listed_described_purged_and_deleted() {
    let bench = Bench::new().await;
    let create = || bench.client.create_queue().queue_name("other").attributes(QueueAttributeName::DelaySeconds, "3");
    let url = create().send().await.unwrap().queue_url.unwrap();
    assert_eq!(url, bench.service.queue_url("other"));
    create().send().await.expect("the same queue again is no error");
    let different = create().attributes(QueueAttributeName::DelaySeconds, "4").send().await.unwrap_err();
    assert!(different.into_service_error().is_queue_name_exists());
    let found = bench.client.get_queue_url().queue_name("other").send().await.unwrap();
    assert_eq!(found.queue_url(), Some(url.as_str()));
    let listed = bench.client.list_queues().queue_name_prefix("o").send().await.unwrap();
    assert_eq!(listed.queue_urls(), std::slice::from_ref(&url));

    let set = bench.client.set_queue_attributes().queue_url(&bench.url);
    set.attributes(QueueAttributeName::VisibilityTimeout, "10").send().await.unwrap();
    bench.send("one").await;
    bench.receive().await;
    bench.send("two").await;
    let describe = bench.client.get_queue_attributes().queue_url(&bench.url);
    let described = describe.attribute_names(QueueAttributeName::All).send().await.unwrap();
    let attributes = described.attributes().unwrap();
    assert_eq!(attributes[&QueueAttributeName::VisibilityTimeout], "10");
    assert_eq!(attributes[&QueueAttributeName::ApproximateNumberOfMessages], "1");
    assert_eq!(attributes[&QueueAttributeName::ApproximateNumberOfMessagesNotVisible], "1");
    assert_eq!(attributes[&QueueAttributeName::QueueArn], bench.service.queue_arn("work"));

    bench.client.purge_queue().queue_url(&bench.url).send().await.unwrap();
    bench.advance(60);
    bench.check(&[]).await;
    bench.client.delete_queue().queue_url(&url).send().await.unwrap();
    let gone = bench.client.get_queue_url().queue_name("other").send().await.unwrap_err();
    assert!(gone.into_service_error().is_queue_does_not_exist());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_keeps_messages_handles_and_urls() {
    let bench = Bench::new().await;
    bench.send("in flight").await;
    let received = bench.check(&["in flight"]).await;
    bench.send("waiting").await;
    let bench = bench.restart().await;
    assert_eq!(bench.url, bench.service.queue_url("work"));
    bench.check(&["waiting"]).await;
    let handle = received[0].receipt_handle().unwrap();
    bench.client.delete_message().queue_url(&bench.url).receipt_handle(handle).send().await.unwrap();
    bench.advance(60);
    bench.check(&["waiting"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_older_than_the_retention_are_gone() {
    let bench = Bench::new().await;
    bench.service.ensure_queue("work", &json!({"MessageRetentionPeriod": 60})).await.unwrap();
    bench.send("old").await;
    bench.advance(60);
    bench.send("new").await;
    bench.check(&["new"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn competing_consumers_get_every_message_once() {
    let bench = Bench::new().await;
    for batch in 0..10 {
        let entries = (0..10).map(|entry_id| entry(&entry_id.to_string(), &format!("{batch}-{entry_id}"))).collect();
        let send = bench.client.send_message_batch().queue_url(&bench.url).set_entries(Some(entries));
        send.send().await.unwrap();
    }
    let consume = |client: Client, url: String| async move {
        let mut bodies = Vec::new();
        loop {
            let receive = client.receive_message().queue_url(&url).max_number_of_messages(3).send().await.unwrap();
            if receive.messages().is_empty() {
                return bodies;
            }
            bodies.extend(receive.messages().iter().map(|message| message.body().unwrap().to_owned()));
        }
    };
    let consumers: Vec<_> = (0..8).map(|_| tokio::spawn(consume(bench.client.clone(), bench.url.clone()))).collect();
    let mut all = Vec::new();
    for consumer in consumers {
        all.extend(consumer.await.unwrap());
    }
    all.sort();
    let expected: Vec<_> = (0..10).flat_map(|batch| (0..10).map(move |id| format!("{batch}-{id}"))).collect();
    assert_eq!(all, expected);
}
