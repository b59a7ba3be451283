//! Queue batches: each message on its own, and a partial batch answer that names exactly those to try again.

use affinsy_app::ports::Job;
use aws_lambda_events::sqs::{BatchItemFailure, SqsBatchResponse, SqsEvent, SqsMessage};
use futures::future::join_all;
use std::ops::AsyncFn;

/// Whether a message is done with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Handled {
    Done,
    Again,
}

/// A message as a function gets it.
#[derive(Debug)]
pub struct Message {
    pub job: Job,
    pub receipt: String,
}

/// Handles the messages of a batch side by side. One that is no job of ours never gets better: it is logged and
/// goes to the dead letters by coming back.
pub async fn each(event: SqsEvent, handle: impl AsyncFn(Message) -> Handled) -> SqsBatchResponse {
    each_body(event, Job::from_message, async |job, receipt| handle(Message { job, receipt }).await).await
}

/// The same for messages that are not all jobs of ours: `read` says what a body means, and `handle` gets it with the
/// message's receipt.
pub async fn each_body<T>(
    event: SqsEvent,
    read: impl Fn(&str) -> Result<T, String>,
    handle: impl AsyncFn(T, String) -> Handled,
) -> SqsBatchResponse {
    let handled = join_all(event.records.into_iter().map(|record| one(record, &read, &handle))).await;
    let mut response = SqsBatchResponse::default();
    response.batch_item_failures = handled.into_iter().flatten().collect();
    response
}

async fn one<T>(
    record: SqsMessage,
    read: &impl Fn(&str) -> Result<T, String>,
    handle: &impl AsyncFn(T, String) -> Handled,
) -> Option<BatchItemFailure> {
    let message_id = record.message_id.unwrap_or_default();
    let handled = match read(record.body.as_deref().unwrap_or_default()) {
        Ok(work) => handle(work, record.receipt_handle.unwrap_or_default()).await,
        Err(reason) => {
            tracing::error!(message.id = message_id, reason, "message is no job of this version");
            Handled::Again
        }
    };
    (handled == Handled::Again).then(|| {
        let mut failure = BatchItemFailure::default();
        failure.item_identifier = message_id;
        failure
    })
}
