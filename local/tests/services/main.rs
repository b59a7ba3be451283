//! The local services, asked by the unchanged AWS SDK over real sockets. No clock is waited for: delays and visibility
//! run on a clock that the tests move.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod dynamodb;
mod kill;
mod kit;
mod s3;
mod sqs;
