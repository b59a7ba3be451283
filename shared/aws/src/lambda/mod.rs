//! The glue between Lambda's events and the use cases: HTTP requests, the authorizer, queue batches, logs.

pub mod authorizer;
pub mod http;
pub mod logs;
pub mod sqs;
