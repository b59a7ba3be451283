//! DynamoDB, S3, SQS and EventBridge on loopback ports: each speaks the AWS protocol to the unchanged SDK and keeps its data in
//! one folder, so that a stop, a crash or `kill -9` loses nothing that was acknowledged. Refuses to know whose data it
//! is: tables, buckets and queues come from the caller, who read them from the template.

pub mod clock;
mod dynamodb;
mod error;
mod event_bridge;
mod front;
mod guard;
mod s3;
mod server;
mod sqs;

use std::path::PathBuf;

use crate::rights::Rights;

pub use clock::{Clock, ManualClock, SystemClock};
pub use dynamodb::DynamoDb;
pub use error::ServiceError;
pub use event_bridge::EventBridge;
pub use s3::{CreatedBy, ObjectCreated, S3};
pub use sqs::{
    ErrorKind as SqsErrorKind, Message, MessageAttribute, NewMessage, Queues, ReceiveOptions, SentMessage, Sqs,
    SqsError,
};

/// The account owner's credentials. S3 checks signatures against them and those of the functions; the other services
/// take any, and hold a function to its policy all the same.
pub const ACCESS_KEY_ID: &str = "AFFINSYLOCAL";
/// The secret that belongs to [`ACCESS_KEY_ID`]. It guards nothing but a loopback port.
pub const SECRET_ACCESS_KEY: &str = "affinsy-local-secret";
/// The account that queue URLs and ARNs name.
pub const ACCOUNT_ID: &str = "000000000000";
/// The region that ARNs name. Requests signed for any region are accepted.
pub const REGION: &str = "us-east-1";

/// Where a service keeps its data and where it listens.
#[derive(Debug, Clone)]
pub struct ServiceConfig {
    /// Created when missing; one folder for each service.
    pub dir: PathBuf,
    /// A fixed port keeps endpoints and queue URLs the same over restarts; `None` takes a free one.
    pub port: Option<u16>,
    pub durability: Durability,
    /// Who may do what; by default everyone everything.
    pub rights: Rights,
}

/// When a write is acknowledged. Either way an acknowledged write survives `kill -9`, and no crash corrupts anything.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Durability {
    /// Once it is on the disk: it survives a power cut too. Each write waits for the disk.
    #[default]
    Disk,
    /// Once the operating system has it: a power cut loses the last moments.
    OperatingSystem,
}

impl Durability {
    /// SQLite's `synchronous` in WAL mode.
    fn synchronous(self) -> &'static str {
        match self {
            Self::Disk => "FULL",
            Self::OperatingSystem => "NORMAL",
        }
    }
}

impl ServiceConfig {
    /// A service under `dir`, on a free port.
    pub fn new(dir: impl Into<PathBuf>) -> Self {
        Self { dir: dir.into(), port: None, durability: Durability::default(), rights: Rights::default() }
    }

    /// The same, on a fixed port.
    #[must_use]
    pub fn on_port(self, port: u16) -> Self {
        Self { port: Some(port), ..self }
    }

    /// The same, with limits to what keys may do.
    #[must_use]
    pub fn with_rights(self, rights: Rights) -> Self {
        Self { rights, ..self }
    }

    /// The same, with another moment of acknowledgement.
    #[must_use]
    pub fn with_durability(self, durability: Durability) -> Self {
        Self { durability, ..self }
    }
}
