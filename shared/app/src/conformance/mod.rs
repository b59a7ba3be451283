//! What every adapter of a port must do, checked over the memory twins and over the real ones alike.
//!
//! Each suite takes the port alone and panics with the promise that was broken. Names are drawn fresh, so that a
//! suite can run again on a store that keeps what it wrote.

mod deliveries;
mod endpoints;
mod erasures;
mod idempotency;
mod keys;
mod objects;
mod orders;
mod rates;
mod reports;
mod samples;
mod schedules;
mod tending;
mod uploads;

pub use deliveries::deliveries;
pub use endpoints::endpoints;
pub use erasures::erasures;
pub use idempotency::idempotency;
pub use keys::keys;
pub use objects::objects;
pub use orders::orders;
pub use rates::rates;
pub use reports::reports;
pub use schedules::schedules;
pub use tending::tending;
pub use uploads::uploads;

use crate::ports::{DeliveryBook, DueIndex, Erasures, OrderLog, ReportBook, Tending};

/// Everything the tables are asked to be.
pub trait Book: OrderLog + Tending + Erasures + ReportBook + DeliveryBook + DueIndex {}
impl<T: OrderLog + Tending + Erasures + ReportBook + DeliveryBook + DueIndex> Book for T {}
