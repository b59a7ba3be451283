//! Deterministic simulation of the whole suite: handlers, workers, compactor, dispatcher and sweeper over the memory
//! twins of their ports, on one thread, in virtual time, in bad weather that a seed decides. At the end a checker holds
//! everything to the promises of `docs/reliability.md`. The same seed gives the same run, event for event.
//!
//! - [`sim`]: tasks, time and dice; [`weather`]: what goes wrong.
//! - [`world`]: ports, queues, functions, receivers; [`actors`]: clients.
//! - [`ledger`]: what was asked and told; [`reference`]: what a snapshot holds and reports say of it.
//! - [`checker`]: the verdict; [`mutants`]: guards that are taken out, so that the checker is seen to fail.
//!
//! Not played here: uploads, whose readers wait on threads of their own for the runtime that this crate stands still
//! meanwhile (`import_upload/tests` lets everything happen at each of their steps), and what knows AWS.
//!
//! I7, `Idempotency-Key`, has its place beside [`actors::ask`], which sends the key, and in a file of its own in
//! [`checker`], which compares the answers; there is nothing to check before the API takes the header.

pub mod actors;
pub mod checker;
mod dice;
mod gate;
pub mod ledger;
pub mod mutants;
pub mod reference;
pub mod run;
pub mod sim;
mod trace;
pub mod weather;
pub mod world;
