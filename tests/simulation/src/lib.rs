//! Deterministic simulation of the whole suite: handlers, workers, compactor, dispatcher and sweeper over the memory
//! twins of their ports, on one thread, in virtual time, in bad weather that a seed decides. At the end a checker holds
//! everything to the promises of `docs/reliability.md`. The same seed gives the same run, event for event.
//!
//! - [`sim`]: tasks, time and dice; [`weather`]: what goes wrong.
//! - [`world`]: ports, queues, functions, receivers; [`actors`]: clients; [`senders`]: those who send files.
//! - [`ledger`]: what was asked and told; [`reference`]: what a snapshot holds and reports say of it.
//! - [`checker`]: the verdict; [`mutants`]: guards that are taken out, so that the checker is seen to fail.
//!
//! The readers of files wait for objects on threads of their own; a relay lets a thread stand still while its task makes
//! the call, so that they too meet the weather, and nothing is left to chance. Not played here: what knows AWS.
//!
//! I7, `Idempotency-Key`, is checked where it is asked for ([`actors::ask`]): a client that sends the same submission
//! under the same key again and again, also at the same time, is told of one report, and the checker finds no other.

pub mod actors;
pub mod checker;
mod dice;
mod gate;
pub mod ledger;
pub mod mutants;
pub mod reference;
pub mod relay;
pub mod run;
pub mod senders;
pub mod sim;
mod trace;
pub mod weather;
pub mod world;
