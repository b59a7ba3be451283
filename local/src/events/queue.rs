//! An SQS event source mapping: receives batches, invokes the function with each, deletes what succeeded.
//!
//! A message whose invocation failed, or that the function names as failed, is left alone: it comes back when its
//! visibility time-out is over, and goes to the dead letters when it was received too often. As in Lambda.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::time::Instant;

use super::batch;
use crate::lambda::Function;
use crate::services::{Message, Queues, ReceiveOptions};
use crate::template::QueueSource;

/// A long poll this short lets a stop come through without cutting one that has just taken messages.
const WAIT_S: i64 = 1;
/// The most that SQS gives at once.
const MAX_RECEIVED: usize = 10;
/// After a failed receive.
const RETRY_PAUSE: Duration = Duration::from_secs(1);

#[derive(Debug, Clone)]
pub struct Poller {
    queues: Queues,
    queue: String,
    source: QueueSource,
    function: Function,
    slots: Arc<Semaphore>,
}

impl Poller {
    pub fn new(queues: Queues, source: QueueSource, function: Function) -> Poller {
        let queue = source.queue_arn.rsplit(':').next().unwrap_or_default().to_owned();
        let concurrency = source.maximum_concurrency.unwrap_or(function.spec().max_instances);
        Poller { queues, queue, source, function, slots: Arc::new(Semaphore::new(concurrency)) }
    }

    /// Polls until the stop, then waits for the invocations that run.
    pub async fn run(self, mut stop: watch::Receiver<bool>) {
        let all = u32::try_from(self.slots.available_permits()).unwrap_or(u32::MAX);
        loop {
            let slot = tokio::select! {
                biased;
                _ = stop.wait_for(|stop| *stop) => break,
                slot = self.slots.clone().acquire_owned() => slot.expect("the slots are never closed"),
            };
            let messages = self.gather(&stop).await;
            if *stop.borrow() {
                self.give_back(messages).await;
                break;
            }
            if !messages.is_empty() {
                let poller = self.clone();
                tokio::spawn(async move { poller.consume(messages, slot).await });
            }
        }
        if self.slots.acquire_many(all).await.is_err() {
            tracing::debug!(queue = self.queue, "the slots are closed");
        }
    }

    /// One batch: full, or what came within the batching window.
    async fn gather(&self, stop: &watch::Receiver<bool>) -> Vec<Message> {
        let mut messages = self.receive(self.source.batch_size, WAIT_S).await;
        let until = Instant::now() + self.source.batching_window;
        while !messages.is_empty() && messages.len() < self.source.batch_size && Instant::now() < until {
            if *stop.borrow() {
                break;
            }
            messages.append(&mut self.receive(self.source.batch_size - messages.len(), WAIT_S).await);
        }
        messages
    }

    async fn receive(&self, most: usize, wait_s: i64) -> Vec<Message> {
        let max_messages = most.min(MAX_RECEIVED);
        let options = ReceiveOptions { max_messages, wait_seconds: Some(wait_s), visibility_timeout_seconds: None };
        match self.queues.receive(&self.queue, options).await {
            Ok(messages) => messages,
            Err(error) => {
                tracing::error!(queue = self.queue, %error, "messages could not be received");
                tokio::time::sleep(RETRY_PAUSE).await;
                Vec::new()
            }
        }
    }

    async fn consume(&self, messages: Vec<Message>, _slot: OwnedSemaphorePermit) {
        for batch in batch::by_size(messages) {
            self.invoke(batch).await;
        }
    }

    async fn invoke(&self, messages: Vec<Message>) {
        let event = batch::event(&messages, &self.source.queue_arn);
        let trace = messages.first().and_then(|message| message.attributes.get("AWSTraceHeader").cloned());
        let answer = match self.function.invoke(event.into(), trace).await {
            Ok(answer) => answer,
            Err(error) => {
                let ids: Vec<_> = messages.iter().map(|message| message.message_id.as_str()).collect();
                tracing::warn!(queue = self.queue, ?ids, %error, "a batch failed and will come back");
                return;
            }
        };
        let failed =
            if self.source.reports_item_failures { batch::failures(&answer, &messages) } else { Default::default() };
        for message in messages.iter().filter(|message| !failed.contains(&message.message_id)) {
            if let Err(error) = self.queues.delete(&self.queue, &message.receipt_handle).await {
                tracing::error!(queue = self.queue, id = message.message_id, %error, "a message could not be deleted");
            }
        }
    }

    /// Makes messages visible again that nobody will work on.
    async fn give_back(&self, messages: Vec<Message>) {
        for message in messages {
            if let Err(error) = self.queues.change_visibility(&self.queue, &message.receipt_handle, 0).await {
                tracing::warn!(queue = self.queue, id = message.message_id, %error, "a message stays hidden");
            }
        }
    }
}
