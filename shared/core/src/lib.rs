//! The pure domain of Affinsy: orders, datasets, reports, webhooks.
//!
//! Modules stand in the order in which data meets them. Nothing here awaits, reads a clock, draws a
//! random number or names AWS: whatever comes from outside is an argument.

pub mod dataset;
pub mod decimal;
pub mod history;
pub mod ids;
pub mod insight;
pub mod json;
pub mod key;
pub mod names;
pub mod order;
pub mod plan;
pub mod problem;
pub mod report;
pub mod segment;
pub mod time;
pub mod webhook;
