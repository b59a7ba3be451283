//! The real thing: the functions' own binaries on the local stack, over HTTP, with the SDK and the queues between.
//!
//! Tests that run at the same time share one stack; it ends with the last of them. Waiting is polling with a
//! deadline of minutes, which only a lost report reaches.

mod access;
mod binaries;
mod events;
mod golden;
mod lists;
mod logs;
mod loops;
mod once;
mod quickstart;
mod restart;
mod run;
mod uploads;
mod webhooks;

use run::{Client, Stack};
