//! The pure domain of Affinsy: orders, datasets, reports, webhooks.
//!
//! Modules stand in the order in which data meets them. Nothing here awaits, reads a clock, draws a
//! random number or names AWS: whatever comes from outside is an argument.

pub mod decimal;
pub mod history;
pub mod json;
pub mod problem;
pub mod time;
pub mod insight;
pub mod report;
pub mod ids;
pub mod key;
pub mod plan;
pub mod webhook;
pub mod dataset;
pub mod names;
pub mod order;
pub mod segment;
