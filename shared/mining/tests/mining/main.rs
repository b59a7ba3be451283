//! The miner and the rules against slow, obvious versions of themselves, and at the edges of their input.

mod ceiling;
mod edges;
mod random;
mod reference;
mod rules;
mod sweep;
