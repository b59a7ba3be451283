//! What a template asks for, in the local run's own terms. Plain data: no YAML, no references left.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::Value;

use crate::rights::Grant;

/// Everything that runs, by the template's logical ids.
#[derive(Debug, Clone, Default)]
pub struct Template {
    pub functions: Vec<Function>,
    pub api: Option<Api>,
    pub tables: Vec<Table>,
    pub buckets: Vec<Bucket>,
    /// Dead-letter queues before those that name them.
    pub queues: Vec<Queue>,
    pub outputs: BTreeMap<String, String>,
}

#[derive(Debug, Clone)]
pub struct Function {
    pub logical_id: String,
    /// The physical name, such as `affinsy-IngestFunction`.
    pub name: String,
    pub arn: String,
    /// The last part of `CodeUri`: the function's folder and the name of its binary.
    pub folder: String,
    pub handler: String,
    pub memory_mib: u32,
    pub timeout: Duration,
    pub environment: BTreeMap<String, String>,
    pub reserved_concurrency: Option<usize>,
    pub queue_sources: Vec<QueueSource>,
    pub schedules: Vec<Schedule>,
    /// What its policy allows.
    pub grants: Vec<Grant>,
}

/// An SQS event source mapping.
#[derive(Debug, Clone)]
pub struct QueueSource {
    pub queue_arn: String,
    pub batch_size: usize,
    pub batching_window: Duration,
    pub reports_item_failures: bool,
    pub maximum_concurrency: Option<usize>,
}

#[derive(Debug, Clone)]
pub struct Schedule {
    pub name: String,
    pub every: Duration,
    /// What the function is given instead of the event of a schedule.
    pub input: Option<String>,
}

#[derive(Debug, Clone, Default)]
pub struct Api {
    pub routes: Vec<Route>,
}

/// `method` and `path` as API Gateway writes a route key; the default route has neither.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    pub method: Option<String>,
    pub path: Option<String>,
    /// Logical id of the function that answers.
    pub function: String,
    /// ARN of the function that authorizes.
    pub authorizer: Option<String>,
}

/// A table, with what `CreateTable` and `UpdateTimeToLive` are told of it.
#[derive(Debug, Clone)]
pub struct Table {
    pub name: String,
    pub definition: Value,
}

#[derive(Debug, Clone)]
pub struct Bucket {
    pub name: String,
    pub notifications: Vec<Notification>,
}

/// New objects whose keys fit are told to a queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notification {
    pub prefix: String,
    pub suffix: String,
    pub queue_arn: String,
}

/// A queue, with the properties it is made from.
#[derive(Debug, Clone)]
pub struct Queue {
    pub name: String,
    pub arn: String,
    pub visibility: Duration,
    /// ARN of the queue that takes what is received too often; it must be made first.
    pub dead_letters: Option<String>,
    pub definition: Value,
}
