//! The quota: so many requests in a window that begins with the user's first request in it.

use super::PortResult;
use affinsy_core::ids::{Tenant, User};
use affinsy_core::time::Instant;
use async_trait::async_trait;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RateDecision {
    pub admitted: bool,
    pub limit: u32,
    pub remaining: u32,
    /// Milliseconds until the window ends.
    pub resets_in_ms: i64,
}

#[async_trait]
pub trait RateWindows: Send + Sync {
    /// Takes one request from the user's window. Exact at any concurrency; one conditional write when admitted.
    async fn take(&self, tenant: &Tenant, user: &User, limit: u32, now: Instant) -> PortResult<RateDecision>;
}
