//! Queues as SQS keeps them: at least once, in no order, delayed; a message that was received is hidden for a while,
//! and after so many receptions it goes to the dead letters, from where nobody takes it: the sweeper goes on from the
//! record. The numbers are those of `infra/template.yaml`.

use super::World;
use crate::sim::lock;
use affinsy_app::ports::{Job, PortResult, Queue};
use async_trait::async_trait;
use std::collections::BTreeMap;
use std::sync::Mutex;
use std::task::{Poll, Waker};

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum QueueName {
    Reports,
    Store,
    Uploads,
    Webhooks,
}

impl QueueName {
    pub const ALL: [Self; 4] = [Self::Reports, Self::Store, Self::Uploads, Self::Webhooks];

    const fn of(job: &Job) -> Self {
        match job {
            Job::Report { .. } => Self::Reports,
            Job::Tend { .. } | Job::Purge { .. } => Self::Store,
            Job::Import { .. } => Self::Uploads,
            Job::Delivery { .. } => Self::Webhooks,
        }
    }
    const fn hidden_s(self) -> i64 {
        match self {
            Self::Reports | Self::Store | Self::Uploads => 5_400,
            Self::Webhooks => 1_080,
        }
    }
    pub const fn batch(self) -> usize {
        match self {
            Self::Reports | Self::Store | Self::Uploads => 1,
            Self::Webhooks => 10,
        }
    }
    /// How many invocations the queue may have at once.
    pub const fn at_once(self) -> usize {
        match self {
            Self::Reports => 5,
            Self::Store | Self::Uploads => 2,
            Self::Webhooks => 5,
        }
    }
}

const MOST_RECEPTIONS: u32 = 5;

/// A message as a function gets it.
#[derive(Debug, Clone)]
pub struct Message {
    pub id: u64,
    pub asks: Asks,
    pub receipt: String,
}

/// What a message asks for.
#[derive(Debug, Clone)]
pub enum Asks {
    Job(Job),
    /// The bucket tells of a file; this is its key.
    Import(String),
}

/// How a message of the bucket begins: the real one has it in JSON, which `affinsy-aws` reads.
const CREATED: &str = "ObjectCreated ";

impl Asks {
    fn of(body: &str) -> Result<Self, String> {
        match body.strip_prefix(CREATED) {
            Some(key) => Ok(Self::Import(key.to_owned())),
            None => Job::from_message(body).map(Self::Job),
        }
    }
}

#[derive(Debug)]
struct Stored {
    body: String,
    visible_at: i64,
    receptions: u32,
}

#[derive(Debug, Default)]
struct Shelf {
    messages: BTreeMap<u64, Stored>,
    running: usize,
    pump: Option<Waker>,
    changed: bool,
}

impl Shelf {
    fn touch(&mut self) {
        self.changed = true;
        if let Some(waker) = self.pump.take() {
            waker.wake();
        }
    }
}

#[derive(Debug, Default)]
pub struct Queues {
    shelves: Mutex<BTreeMap<QueueName, Shelf>>,
    last_id: Mutex<u64>,
}

impl Queues {
    fn with<T>(&self, queue: QueueName, act: impl FnOnce(&mut Shelf) -> T) -> T {
        act(lock(&self.shelves).entry(queue).or_default())
    }
}

impl World {
    /// A file came, and the bucket tells of it: as a rule.
    pub(super) fn tell_of_file(&self, key: &str) {
        if !self.sim.quirk("arrivals lost") {
            self.enqueue(QueueName::Uploads, &format!("{CREATED}{key}"), 0);
        }
    }

    fn enqueue(&self, queue: QueueName, body: &str, delay_s: u32) {
        let now = self.sim.now().unix_ms();
        let copies = 1 + u64::from(self.sim.quirk("messages twice"));
        for _ in 0..copies {
            let late_ms =
                if self.sim.quirk("messages late") { self.sim.roll(|dice| dice.between(0, 90_000)) } else { 0 };
            let visible_at = now + i64::from(delay_s) * 1_000 + late_ms;
            let stored = Stored { body: body.to_owned(), visible_at, receptions: 0 };
            let mut last = lock(&self.queues.last_id);
            *last += 1;
            self.queues.with(queue, |shelf| {
                shelf.messages.insert(*last, stored);
                shelf.touch();
            });
        }
    }

    /// Up to a batch of messages that can be seen, whichever the dice say.
    pub(super) fn receive(&self, queue: QueueName) -> Vec<Message> {
        let now = self.sim.now().unix_ms();
        self.queues.with(queue, |shelf| {
            let mut batch = Vec::new();
            while batch.len() < queue.batch() && shelf.running < queue.at_once() {
                let seen: Vec<u64> =
                    shelf.messages.iter().filter(|(_, m)| m.visible_at <= now).map(|(id, _)| *id).collect();
                if seen.is_empty() {
                    break;
                }
                let id = self.sim.roll(|dice| dice.pick(&seen));
                let Some(message) = shelf.messages.get_mut(&id) else { break };
                message.receptions += 1;
                message.visible_at = now + queue.hidden_s() * 1_000;
                let (receptions, body) = (message.receptions, message.body.clone());
                if receptions > MOST_RECEPTIONS {
                    shelf.messages.remove(&id);
                    self.sim.note(format_args!("dead letter {body}"));
                    self.sim.counted("dead letters");
                    continue;
                }
                match Asks::of(&body) {
                    Ok(asks) => batch.push(Message { id, asks, receipt: format!("{id}/{receptions}") }),
                    Err(wrong) => self.ledger().violation(format!("a message cannot be read: {wrong}")),
                }
            }
            shelf.running += usize::from(!batch.is_empty());
            batch
        })
    }

    /// An invocation ended, or died (`done` is empty then).
    pub(super) fn ended(&self, queue: QueueName, done: &[u64]) {
        for id in done {
            // A deletion that is lost lets the message come again.
            if !self.sim.quirk("deletions lost") {
                self.queues.with(queue, |shelf| shelf.messages.remove(id));
            }
        }
        self.queues.with(queue, |shelf| {
            shelf.running -= 1;
            shelf.touch();
        });
    }

    /// Waits until something may be received.
    pub(super) async fn something_on(&self, queue: QueueName) {
        let now = self.sim.now().unix_ms();
        let next = self.queues.with(queue, |shelf| {
            shelf.changed = false;
            let free = shelf.running < queue.at_once();
            shelf.messages.values().map(|message| message.visible_at).min().filter(|_| free)
        });
        let changed = std::future::poll_fn(|context| {
            self.queues.with(queue, |shelf| {
                if shelf.changed {
                    return Poll::Ready(());
                }
                shelf.pump = Some(context.waker().clone());
                Poll::Pending
            })
        });
        match next {
            Some(at) => {
                futures::future::select(Box::pin(changed), self.sim.sleep_ms((at - now).max(0))).await;
            }
            None => changed.await,
        }
    }
}

#[async_trait]
impl Queue for World {
    async fn send(&self, job: &Job, delay_s: u32) -> PortResult<()> {
        let send = async {
            self.enqueue(QueueName::of(job), &job.to_message(), delay_s);
            Ok(())
        };
        self.sim.step("queue.send", send).await
    }
    async fn hide_for(&self, job: &Job, receipt: &str, seconds: u32) -> PortResult<()> {
        let hide = async {
            let now = self.sim.now().unix_ms();
            let (id, reception) = receipt.split_once('/').unwrap_or_default();
            self.queues.with(QueueName::of(job), |shelf| {
                let message = id.parse().ok().and_then(|id: u64| shelf.messages.get_mut(&id));
                // A receipt is good for its reception alone.
                if let Some(message) = message.filter(|message| message.receptions.to_string() == reception) {
                    message.visible_at = now + i64::from(seconds) * 1_000;
                    shelf.touch();
                }
            });
            Ok(())
        };
        self.sim.step("queue.hide_for", hide).await
    }
}
