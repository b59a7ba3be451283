//! A batch of messages as a function gets it, and what its answer says of them. It refuses to touch a queue.

use std::collections::{BTreeMap, HashSet};

use s3s::crypto::{Checksum, Md5};
use serde::{Deserialize, Serialize};

use crate::lambda::MAX_PAYLOAD_BYTES;
use crate::services::{Message, MessageAttribute, REGION};

/// Room for the envelope of a record beside its body.
const RECORD_BYTES: usize = 4096;

#[derive(Serialize)]
struct Event<'a> {
    #[serde(rename = "Records")]
    records: Vec<Record<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Record<'a> {
    message_id: &'a str,
    receipt_handle: &'a str,
    body: &'a str,
    attributes: &'a BTreeMap<String, String>,
    message_attributes: BTreeMap<&'a str, Attribute<'a>>,
    md5_of_body: String,
    event_source: &'static str,
    #[serde(rename = "eventSourceARN")]
    event_source_arn: &'a str,
    aws_region: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Attribute<'a> {
    data_type: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    string_value: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    binary_value: Option<&'a str>,
    string_list_values: [&'static str; 0],
    binary_list_values: [&'static str; 0],
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct BatchResponse {
    batch_item_failures: Option<Vec<ItemFailure>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ItemFailure {
    item_identifier: String,
}

/// The event for one invocation.
pub fn event(messages: &[Message], queue_arn: &str) -> Vec<u8> {
    let records = messages.iter().map(|message| record(message, queue_arn)).collect();
    serde_json::to_vec(&Event { records }).expect("text is JSON")
}

/// Messages in as many batches as their size needs, in order. JSON may write a byte of a body as two.
pub fn by_size(messages: Vec<Message>) -> Vec<Vec<Message>> {
    let mut batches: Vec<Vec<Message>> = Vec::new();
    let mut size = usize::MAX;
    for message in messages {
        let own = message.body.len() * 2 + RECORD_BYTES;
        size = size.saturating_add(own);
        if size > MAX_PAYLOAD_BYTES {
            batches.push(Vec::new());
            size = own;
        }
        batches.last_mut().expect("the first message opens a batch").push(message);
    }
    batches
}

/// The ids that the function says it failed. An answer in another form fails the whole batch, and so does an id
/// that is not in it.
pub fn failures<'a>(answer: &'a [u8], messages: &'a [Message]) -> HashSet<String> {
    let all = || messages.iter().map(|message| message.message_id.clone()).collect();
    let Ok(response) = serde_json::from_slice::<Option<BatchResponse>>(answer) else { return all() };
    let failed = response.unwrap_or_default().batch_item_failures.unwrap_or_default();
    let known: HashSet<&str> = messages.iter().map(|message| message.message_id.as_str()).collect();
    if failed.iter().any(|failure| !known.contains(failure.item_identifier.as_str())) {
        return all();
    }
    failed.into_iter().map(|failure| failure.item_identifier).collect()
}

fn record<'a>(message: &'a Message, queue_arn: &'a str) -> Record<'a> {
    let attributes = message.message_attributes.iter();
    Record {
        message_id: &message.message_id,
        receipt_handle: &message.receipt_handle,
        body: &message.body,
        attributes: &message.attributes,
        message_attributes: attributes.map(|(name, value)| (name.as_str(), attribute(value))).collect(),
        md5_of_body: md5_hex(message.body.as_bytes()),
        event_source: "aws:sqs",
        event_source_arn: queue_arn,
        aws_region: REGION,
    }
}

fn attribute(value: &MessageAttribute) -> Attribute<'_> {
    Attribute {
        data_type: &value.data_type,
        string_value: value.string_value.as_deref(),
        binary_value: value.binary_value.as_deref(),
        string_list_values: [],
        binary_list_values: [],
    }
}

fn md5_hex(bytes: &[u8]) -> String {
    let mut digest = Md5::new();
    digest.update(bytes);
    digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(id: &str, body: &str) -> Message {
        Message {
            message_id: id.to_owned(),
            receipt_handle: format!("handle of {id}"),
            body: body.to_owned(),
            attributes: BTreeMap::from([("ApproximateReceiveCount".to_owned(), "1".to_owned())]),
            message_attributes: BTreeMap::from([("kind".to_owned(), MessageAttribute::text("due"))]),
        }
    }

    #[test]
    fn an_answer_names_what_failed() {
        let messages = [message("a", "1"), message("b", "2")];
        let check = |answer: &str, expected: &[&str]| {
            let expected: HashSet<String> = expected.iter().map(|id| (*id).to_owned()).collect();
            assert_eq!(failures(answer.as_bytes(), &messages), expected, "{answer}");
        };
        check("null", &[]);
        check("{}", &[]);
        check(r#"{"batchItemFailures":[]}"#, &[]);
        check(r#"{"batchItemFailures":null}"#, &[]);
        check(r#"{"batchItemFailures":[{"itemIdentifier":"b"}]}"#, &["b"]);
        check(r#"{"batchItemFailures":[{"itemIdentifier":"c"}]}"#, &["a", "b"]);
        check(r#"{"batchItemFailures":[{"itemIdentifier":""}]}"#, &["a", "b"]);
        check(r#"{"batchItemFailures":[{"id":"b"}]}"#, &["a", "b"]);
        check("\"done\"", &["a", "b"]);
    }

    #[test]
    fn records_have_the_shape_of_lambda() {
        let event: serde_json::Value = serde_json::from_slice(&event(&[message("a", "hello")], "arn:q")).unwrap();
        let expected = serde_json::json!({"Records": [{
            "messageId": "a", "receiptHandle": "handle of a", "body": "hello",
            "attributes": {"ApproximateReceiveCount": "1"},
            "messageAttributes": {"kind": {"dataType": "String", "stringValue": "due",
                "stringListValues": [], "binaryListValues": []}},
            "md5OfBody": "5d41402abc4b2a76b9719d911017c592",
            "eventSource": "aws:sqs", "eventSourceARN": "arn:q", "awsRegion": "us-east-1",
        }]});
        assert_eq!(event, expected);
    }

    #[test]
    fn large_messages_are_spread_over_events() {
        let sizes = |count: usize, bytes: usize| -> Vec<usize> {
            let messages = (0..count).map(|i| message(&i.to_string(), &"x".repeat(bytes))).collect();
            by_size(messages).iter().map(Vec::len).collect()
        };
        assert_eq!(sizes(10, 10), [10]);
        assert_eq!(sizes(5, 1024 * 1024), [2, 2, 1]);
        assert_eq!(sizes(0, 0), [0; 0]);
    }
}
