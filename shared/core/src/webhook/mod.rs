//! Webhooks, purely: the body, its signature, where it may go, and when it is tried again.

pub mod address;
pub mod body;
pub mod health;
pub mod schedule;
pub mod signature;
pub mod url;
