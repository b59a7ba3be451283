//! The actions of SQS by their names: reads the input, calls the queues, shapes the output.

use std::collections::BTreeSet;

use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::error::{ErrorKind, SqsError};
use super::message::{MAX_MESSAGE_BYTES, NewMessage};
use super::queues::{Queues, ReceiveOptions};
use super::settings::{queue_arn, with_defaults};
use super::store::{Counts, Queue, Result};
use super::wire::{self, *};
use crate::services::ACCOUNT_ID;

/// Answers one request. `base_url` is where the queue URLs begin.
pub(super) async fn answer(queues: &Queues, base_url: &str, action: &str, body: &[u8]) -> Result<Value> {
    match action {
        "CreateQueue" => create_queue(queues, base_url, input(body)?).await,
        "GetQueueUrl" => get_queue_url(queues, base_url, input(body)?).await,
        "ListQueues" => list_queues(queues, base_url, input(body)?).await,
        "DeleteQueue" => empty(queues.delete_queue(queue_of(&input::<QueueInput>(body)?.queue_url)?).await),
        "PurgeQueue" => empty(queues.purge(&queue_of(&input::<QueueInput>(body)?.queue_url)?).await),
        "GetQueueAttributes" => get_attributes(queues, input(body)?).await,
        "SetQueueAttributes" => set_attributes(queues, input(body)?).await,
        "SendMessage" => send(queues, input(body)?).await,
        "SendMessageBatch" => send_batch(queues, input(body)?).await,
        "ReceiveMessage" => receive(queues, input(body)?).await,
        "DeleteMessage" => delete(queues, input(body)?).await,
        "DeleteMessageBatch" => delete_batch(queues, input(body)?).await,
        "ChangeMessageVisibility" => change_visibility(queues, input(body)?).await,
        "ChangeMessageVisibilityBatch" => change_visibility_batch(queues, input(body)?).await,
        _ => {
            let message = format!("The action {action} is not valid for this endpoint.");
            Err(SqsError::new(ErrorKind::InvalidAction, message))
        }
    }
}

async fn create_queue(queues: &Queues, base_url: &str, input: QueueNameInput) -> Result<Value> {
    queues.create(input.queue_name.clone(), input.attributes).await?;
    Ok(json!({"QueueUrl": queue_url(base_url, &input.queue_name)}))
}

async fn get_queue_url(queues: &Queues, base_url: &str, input: QueueNameInput) -> Result<Value> {
    queues.describe(input.queue_name.clone()).await?;
    Ok(json!({"QueueUrl": queue_url(base_url, &input.queue_name)}))
}

async fn list_queues(queues: &Queues, base_url: &str, input: ListInput) -> Result<Value> {
    let mut names = queues.names(input.queue_name_prefix).await?;
    names.retain(|name| input.next_token.as_ref().is_none_or(|last| name > last));
    let limit = input.max_results.unwrap_or(1000);
    let next = (names.len() > limit).then(|| names[limit.max(1) - 1].clone());
    names.truncate(limit);
    let urls: Vec<_> = names.iter().map(|name| queue_url(base_url, name)).collect();
    let mut output = json!({"QueueUrls": urls});
    if let Some(token) = next.filter(|_| input.max_results.is_some()) {
        output["NextToken"] = json!(token);
    }
    Ok(output)
}

async fn get_attributes(queues: &Queues, input: GetAttributesInput) -> Result<Value> {
    let (queue, counts) = queues.describe(queue_of(&input.queue_url)?).await?;
    let wants = |name: &str| input.attribute_names.iter().any(|wanted| wanted == "All" || wanted == name);
    let mut attributes = with_defaults(&queue.attributes);
    attributes.extend(state_attributes(&queue, counts));
    attributes.retain(|name, _| wants(name));
    Ok(if attributes.is_empty() { json!({}) } else { json!({"Attributes": attributes}) })
}

fn state_attributes(queue: &Queue, counts: Counts) -> impl Iterator<Item = (String, String)> {
    let attributes = [
        ("ApproximateNumberOfMessages", counts.visible.to_string()),
        ("ApproximateNumberOfMessagesNotVisible", counts.in_flight.to_string()),
        ("ApproximateNumberOfMessagesDelayed", counts.delayed.to_string()),
        ("CreatedTimestamp", (queue.created_ms / 1000).to_string()),
        ("LastModifiedTimestamp", (queue.modified_ms / 1000).to_string()),
        ("QueueArn", queue_arn(&queue.name)),
    ];
    attributes.into_iter().map(|(name, value)| (name.to_owned(), value))
}

async fn set_attributes(queues: &Queues, input: SetAttributesInput) -> Result<Value> {
    empty(queues.set_attributes(queue_of(&input.queue_url)?, input.attributes).await)
}

async fn send(queues: &Queues, input: SendInput) -> Result<Value> {
    let sent = queues.send(&queue_of(&input.queue_url)?, input.message.into()).await?;
    Ok(wire::sent(sent))
}

async fn send_batch(queues: &Queues, input: BatchInput<MessageInput>) -> Result<Value> {
    check_batch(&input)?;
    let queue = queue_of(&input.queue_url)?;
    let (ids, messages): (Vec<_>, Vec<_>) =
        input.entries.into_iter().map(|entry| (entry.id, NewMessage::from(entry.item))).unzip();
    let bytes: usize = messages.iter().map(NewMessage::size).sum();
    if bytes > MAX_MESSAGE_BYTES {
        let message =
            format!("Batch requests cannot be longer than {MAX_MESSAGE_BYTES} bytes. You have sent {bytes} bytes.");
        return Err(SqsError::new(ErrorKind::BatchRequestTooLong, message));
    }
    let mut output = BatchOutput::default();
    for (id, outcome) in ids.iter().zip(queues.send_all(&queue, messages).await?) {
        output.push(id, outcome.map(wire::sent));
    }
    Ok(json!(output))
}

async fn receive(queues: &Queues, input: ReceiveInput) -> Result<Value> {
    let options = ReceiveOptions {
        max_messages: input.max_number_of_messages.unwrap_or(1),
        wait_seconds: input.wait_time_seconds,
        visibility_timeout_seconds: input.visibility_timeout,
    };
    let messages = queues.receive(&queue_of(&input.queue_url)?, options).await?;
    if messages.is_empty() {
        return Ok(json!({}));
    }
    let messages: Vec<_> = messages.into_iter().map(|message| input.selection.received(message)).collect();
    Ok(json!({"Messages": messages}))
}

async fn delete(queues: &Queues, input: ReceiptInput) -> Result<Value> {
    empty(queues.delete(&queue_of(&input.queue_url)?, &input.receipt_handle).await)
}

async fn delete_batch(queues: &Queues, input: BatchInput<ReceiptEntry>) -> Result<Value> {
    check_batch(&input)?;
    let queue = queue_of(&input.queue_url)?;
    let mut output = BatchOutput::default();
    for entry in &input.entries {
        output.push(&entry.id, empty(queues.delete(&queue, &entry.item.receipt_handle).await));
    }
    Ok(json!(output))
}

async fn change_visibility(queues: &Queues, input: ReceiptInput) -> Result<Value> {
    let timeout = required_timeout(input.visibility_timeout)?;
    empty(queues.change_visibility(&queue_of(&input.queue_url)?, &input.receipt_handle, timeout).await)
}

async fn change_visibility_batch(queues: &Queues, input: BatchInput<ReceiptEntry>) -> Result<Value> {
    check_batch(&input)?;
    let queue = queue_of(&input.queue_url)?;
    let mut output = BatchOutput::default();
    for entry in &input.entries {
        let outcome = match required_timeout(entry.item.visibility_timeout) {
            Ok(timeout) => queues.change_visibility(&queue, &entry.item.receipt_handle, timeout).await,
            Err(error) => Err(error),
        };
        output.push(&entry.id, empty(outcome));
    }
    Ok(json!(output))
}

fn required_timeout(timeout: Option<i64>) -> Result<i64> {
    let message = "The request must contain the parameter VisibilityTimeout.";
    timeout.ok_or_else(|| SqsError::new(ErrorKind::MissingParameter, message))
}

fn check_batch<T>(input: &BatchInput<T>) -> Result<()> {
    let refuse = |kind, message: &str| Err(SqsError::new(kind, message));
    let is_id_char = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    let is_id = |id: &str| (1..=80).contains(&id.len()) && id.chars().all(is_id_char);
    let ids: BTreeSet<&str> = input.entries.iter().map(|entry| entry.id.as_str()).collect();
    match input.entries.len() {
        0 => refuse(ErrorKind::EmptyBatchRequest, "There should be at least one entry in the request."),
        count if count > 10 => {
            let message = format!("Maximum number of entries per request are 10. You have sent {count}.");
            refuse(ErrorKind::TooManyEntries, &message)
        }
        count if ids.len() < count => {
            refuse(ErrorKind::BatchEntryIdsNotDistinct, "Two or more batch entries in the request have the same Id.")
        }
        _ if !ids.into_iter().all(is_id) => {
            let message = "A batch entry id can only contain alphanumeric characters, hyphens and underscores. \
                           It can be at most 80 letters long.";
            refuse(ErrorKind::InvalidBatchEntryId, message)
        }
        _ => Ok(()),
    }
}

pub(super) fn queue_url(base_url: &str, name: &str) -> String {
    format!("{base_url}/{ACCOUNT_ID}/{name}")
}

/// The name in a queue URL. The host is not looked at, so that a client may reach the server by any name.
fn queue_of(url: &str) -> Result<String> {
    let name = url.rsplit('/').next().filter(|name| !name.is_empty());
    name.map(str::to_owned).ok_or_else(SqsError::no_queue)
}

fn input<T: DeserializeOwned>(body: &[u8]) -> Result<T> {
    let body = if body.is_empty() { b"{}" } else { body };
    serde_json::from_slice(body).map_err(|error| {
        let message = error.to_string();
        let missing = message.starts_with("missing field");
        let kind = if missing { ErrorKind::MissingParameter } else { ErrorKind::MalformedInput };
        SqsError::new(kind, message)
    })
}

fn empty(outcome: Result<()>) -> Result<Value> {
    outcome.map(|()| json!({}))
}
