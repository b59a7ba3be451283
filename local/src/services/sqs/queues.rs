//! The queues as an asynchronous library: what the server's protocol calls, and what event sources poll in-process.
//! Refuses to know HTTP.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::Value;
use tokio::sync::watch;

use super::error::SqsError;
use super::message::{Message, NewMessage, SentMessage};
use super::settings::{self, Attributes};
use super::store::{Counts, Queue, Result, Store, require_same_attributes};
use crate::services::Durability;
use crate::services::clock::{Clock, Millis};

/// Queues on disk. A clone is another handle on the same queues.
#[derive(Debug, Clone)]
pub struct Queues {
    store: Arc<Mutex<Store>>,
    clock: Arc<dyn Clock>,
    /// Changes when messages may have become visible, in whatever queue.
    arrivals: Arc<watch::Sender<u64>>,
}

/// How a consumer asks for messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReceiveOptions {
    /// From 1 to 10.
    pub max_messages: usize,
    /// Zero answers at once; `None` waits as long as the queue says.
    pub wait_seconds: Option<i64>,
    /// How long the messages are hidden; `None` is what the queue says.
    pub visibility_timeout_seconds: Option<i64>,
}

impl Default for ReceiveOptions {
    fn default() -> Self {
        Self { max_messages: 1, wait_seconds: None, visibility_timeout_seconds: None }
    }
}

impl ReceiveOptions {
    fn validate(&self) -> Result<()> {
        if !(1..=10).contains(&self.max_messages) {
            let reason = "Must be between 1 and 10, if provided";
            return Err(SqsError::parameter("MaxNumberOfMessages", self.max_messages, reason));
        }
        if let Some(wait) = self.wait_seconds.filter(|wait| !(0..=20).contains(wait)) {
            return Err(SqsError::parameter("WaitTimeSeconds", wait, "Must be >= 0 and <= 20, if provided"));
        }
        if let Some(timeout) = self.visibility_timeout_seconds.filter(|timeout| !(0..=43_200).contains(timeout)) {
            return Err(SqsError::parameter("VisibilityTimeout", timeout, "Must be between 0 and 43200"));
        }
        Ok(())
    }
}

impl Queues {
    pub(super) fn open(path: &Path, durability: Durability, clock: Arc<dyn Clock>) -> rusqlite::Result<Self> {
        let store = Arc::new(Mutex::new(Store::open(path, durability)?));
        Ok(Self { store, clock, arrivals: Arc::new(watch::channel(0).0) })
    }

    /// Makes the queue be as an `AWS::SQS::Queue` with these (resolved) properties: creates it, or sets what differs.
    /// The dead-letter queue that it names must exist.
    pub async fn ensure(&self, name: &str, properties: &Value) -> Result<()> {
        settings::validate_name(name)?;
        let (name, attributes, now) = (name.to_owned(), settings::from_properties(properties), self.clock.now_ms());
        self.change(move |store| {
            let queue = store.create(&name, &attributes, now)?;
            if queue.attributes != attributes {
                store.set_attributes(&name, &attributes, now)?;
            }
            Ok(())
        })
        .await
    }

    /// Sends one message; when this returns, the message survives a kill.
    pub async fn send(&self, queue: &str, message: NewMessage) -> Result<SentMessage> {
        let mut sent = self.send_all(queue, vec![message]).await?;
        sent.pop().unwrap_or_else(|| Err(SqsError::internal("one message gives one outcome")))
    }

    /// Sends those of the messages that are valid, all at once, and says of each what became of it.
    pub async fn send_all(&self, queue: &str, messages: Vec<NewMessage>) -> Result<Vec<Result<SentMessage>>> {
        let (queue, now) = (queue.to_owned(), self.clock.now_ms());
        self.change(move |store| {
            let queue = store.queue(&queue)?;
            let max_bytes = usize::try_from(queue.settings.max_message_bytes).unwrap_or(usize::MAX);
            let verdicts: Vec<_> = messages.iter().map(|message| message.validate(max_bytes)).collect();
            let pairs = messages.into_iter().zip(&verdicts);
            let valid: Vec<_> = pairs.filter(|(_, verdict)| verdict.is_ok()).map(|(message, _)| message).collect();
            let ids = store.send(&queue, &valid, now)?;
            let mut sent = valid.iter().zip(ids).map(|(message, id)| message.sent(id));
            let outcome = |verdict: Result<()>| {
                verdict.and_then(|()| sent.next().ok_or_else(|| SqsError::internal("a stored message has an id")))
            };
            Ok(verdicts.into_iter().map(outcome).collect())
        })
        .await
    }

    /// Takes messages that are due, and waits for one if there are none.
    pub async fn receive(&self, queue: &str, options: ReceiveOptions) -> Result<Vec<Message>> {
        options.validate()?;
        let started_ms = self.clock.now_ms();
        // Before the first look, so that no arrival between a look and the wait is missed.
        let mut arrivals = self.arrivals.subscribe();
        loop {
            arrivals.mark_unchanged();
            let look = self.look(queue, options).await?;
            let until_ms = started_ms + look.wait_seconds * 1000;
            if !look.messages.is_empty() || self.clock.now_ms() >= until_ms {
                return Ok(look.messages);
            }
            let wake_ms = look.next_visible_ms.map_or(until_ms, |next| next.min(until_ms));
            tokio::select! {
                () = self.clock.sleep_until(wake_ms) => {}
                // `self` holds the sender, so this only ever says that something arrived.
                Ok(()) = arrivals.changed() => {}
            }
        }
    }

    async fn look(&self, queue: &str, options: ReceiveOptions) -> Result<Look> {
        let (queue, now) = (queue.to_owned(), self.clock.now_ms());
        let (look, moved) = self
            .with_store(move |store| {
                let queue = store.queue(&queue)?;
                let visibility_s = options.visibility_timeout_seconds.unwrap_or(queue.settings.visibility_s);
                let delivery = store.receive(&queue, options.max_messages, visibility_s, now)?;
                let next_visible_ms = store.next_visible_ms(&queue.name, now)?;
                let wait_seconds = options.wait_seconds.unwrap_or(queue.settings.wait_s);
                Ok((Look { messages: delivery.messages, wait_seconds, next_visible_ms }, delivery.moved))
            })
            .await?;
        if moved {
            self.announce();
        }
        Ok(look)
    }

    /// Deletes the message that the receipt handle was given for.
    pub async fn delete(&self, queue: &str, receipt_handle: &str) -> Result<()> {
        let (queue, handle) = (queue.to_owned(), receipt_handle.to_owned());
        self.with_store(move |store| {
            store.queue(&queue)?;
            store.delete(&queue, &handle)
        })
        .await
    }

    /// Hides a received message for so long from now; zero makes it visible at once.
    pub async fn change_visibility(&self, queue: &str, receipt_handle: &str, timeout_seconds: i64) -> Result<()> {
        let (queue, handle, now) = (queue.to_owned(), receipt_handle.to_owned(), self.clock.now_ms());
        self.change(move |store| {
            store.queue(&queue)?;
            store.change_visibility(&queue, &handle, timeout_seconds, now)
        })
        .await
    }

    /// Deletes all messages of the queue.
    pub async fn purge(&self, queue: &str) -> Result<()> {
        let queue = queue.to_owned();
        self.with_store(move |store| store.purge(&queue)).await
    }

    pub(super) async fn create(&self, name: String, attributes: Attributes) -> Result<()> {
        settings::validate_name(&name)?;
        let now = self.clock.now_ms();
        self.with_store(move |store| {
            let queue = store.create(&name, &attributes, now)?;
            require_same_attributes(&queue, &attributes)
        })
        .await
    }

    pub(super) async fn delete_queue(&self, name: String) -> Result<()> {
        self.change(move |store| store.delete_queue(&name)).await
    }

    pub(super) async fn set_attributes(&self, name: String, changes: Attributes) -> Result<()> {
        let now = self.clock.now_ms();
        self.change(move |store| store.set_attributes(&name, &changes, now)).await
    }

    pub(super) async fn names(&self, prefix: String) -> Result<Vec<String>> {
        self.with_store(move |store| store.names(&prefix)).await
    }

    pub(super) async fn describe(&self, name: String) -> Result<(Queue, Counts)> {
        let now = self.clock.now_ms();
        self.with_store(move |store| {
            let queue = store.queue(&name)?;
            let counts = store.counts(&queue, now)?;
            Ok((queue, counts))
        })
        .await
    }

    /// Does what may make messages visible, and wakes the long polls.
    async fn change<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Store) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let done = self.with_store(work).await?;
        self.announce();
        Ok(done)
    }

    fn announce(&self) {
        self.arrivals.send_modify(|count| *count = count.wrapping_add(1));
    }

    async fn with_store<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Store) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let store = self.store.clone();
        // A panic rolls its transaction back, so the store behind a poisoned lock is whole.
        let work = move || work(&mut store.lock().unwrap_or_else(PoisonError::into_inner));
        tokio::task::spawn_blocking(work).await.map_err(SqsError::internal)?
    }
}

/// One look at a queue.
#[derive(Debug)]
struct Look {
    messages: Vec<Message>,
    wait_seconds: i64,
    next_visible_ms: Option<Millis>,
}
