//! The pure domain of Affinsy: orders, datasets, reports, webhooks.
//!
//! Modules stand in the order in which data meets them. Nothing here awaits, reads a clock, draws a
//! random number or names AWS: whatever comes from outside is an argument.

// The words everything is said in.
pub mod cells;
pub mod decimal;
pub mod ids;
pub mod json;
pub mod names;
pub mod problem;
pub mod time;

// Who asks.
pub mod key;
pub mod plan;

// What is pushed, and how it rests.
pub mod order;

pub mod import;

pub mod segment;

pub mod runs;

pub mod history;

pub mod dataset;

// How others read it where it lies.
pub mod delta;

// What is asked for, and what is said of it.
pub mod report;

pub mod insight;

// Who is told.
pub mod webhook;
