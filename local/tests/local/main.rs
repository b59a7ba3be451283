//! The local run from outside: functions, HTTP API, queues and whole stacks, with a function that does what its event
//! says.

#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

mod functions;
mod http;
mod queues;
mod stack;
mod support;
