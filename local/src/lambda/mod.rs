//! Lambda on this machine: each function's own binary as child processes, each polling a runtime API of its own.
//!
//! As in the cloud, an instance runs one invocation at a time, idle instances are used again, and concurrent
//! invocations start more of them. A crash or a time-out ends that invocation and that process, nothing else. It
//! refuses to know what the events mean, and who sends them.

mod answer;
mod environment;
mod function;
mod instance;
mod invoke_api;
mod log;
mod runtime_api;

pub use answer::{Answer, FunctionError};
pub use environment::{Account, Endpoints, environment};
pub use function::{Function, FunctionSpec};
pub use instance::Launch;
pub use invoke_api::{Functions, router};
pub use log::{LogLine, LogSink, LogSource};

/// What Lambda takes as an event and as a response (6 MB, and what the envelope adds).
pub const MAX_PAYLOAD_BYTES: usize = 6 * 1024 * 1024;
