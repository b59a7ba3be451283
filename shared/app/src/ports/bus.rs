//! The event bus: what ended is told to whoever listens in the operator's own account.

use super::PortResult;
use affinsy_core::time::Instant;
use async_trait::async_trait;

/// One event. The same end gives the same event, however often it is put.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BusEvent {
    /// `report.completed` and the like.
    pub name: &'static str,
    /// A JSON object, below 2 KiB: names and ids, nothing of a result.
    pub detail: String,
    /// When it happened.
    pub at: Instant,
}

#[async_trait]
pub trait EventBus: Send + Sync {
    /// Returns once the bus has taken the event.
    async fn put(&self, event: &BusEvent) -> PortResult<()>;
}
