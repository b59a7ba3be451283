//! Twins of the ports in memory: they keep every promise that [`crate::conformance`] checks but durability.

mod book;
mod bus;
mod deliveries;
mod endpoints;
mod idempotency;
mod keys;
mod model;
mod objects;
mod orders;
mod queue;
mod reports;
mod schedules;
mod sender;
mod tending;
mod uploads;
mod world;

pub use book::MemoryBook;
pub use bus::MemoryBus;
pub use idempotency::MemoryIdempotency;
pub use keys::{MemoryKeys, MemoryRates};
pub use model::MemoryModel;
pub use objects::MemoryObjects;
pub use queue::MemoryQueue;
pub use sender::{MemorySender, Received};
pub use uploads::MemoryLinks;
pub use world::{MemoryClock, SeededRandom};

use std::sync::{Mutex, MutexGuard, PoisonError};

/// A panicking test must not hide its own message behind a poisoned lock.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
