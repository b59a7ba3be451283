//! The miner and the rules against slow, obvious versions of themselves, and at the edges of their input.

#![allow(clippy::unwrap_used, reason = "a test that unwraps says where it failed")]

mod ceiling;
mod edges;
mod itemset_laws;
mod laws;
mod random;
mod reference;
mod rules;
mod sweep;
