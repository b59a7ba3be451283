//! The quota: so many requests in a window that begins with the user's first request in it.

use super::PortResult;
use affinsy_core::ids::{Tenant, User};
use affinsy_core::plan::RATE_WINDOW_S;
use affinsy_core::time::Instant;
use async_trait::async_trait;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RateDecision {
    pub admitted: bool,
    pub limit: u32,
    pub remaining: u32,
    /// Milliseconds until the window ends; never more than a whole window.
    pub resets_in_ms: i64,
}

/// The length of a window, in milliseconds.
pub const RATE_WINDOW_MS: i64 = RATE_WINDOW_S * 1_000;

impl RateDecision {
    /// On a window that began at `start_ms` (Unix) and took `count` requests. The window may have been opened by an
    /// instance whose clock is ahead of `now_ms`: no caller is told to wait longer than a window lasts.
    pub fn of_window(admitted: bool, limit: u32, count: u32, start_ms: i64, now_ms: i64) -> Self {
        let resets_in_ms = (start_ms + RATE_WINDOW_MS - now_ms).clamp(0, RATE_WINDOW_MS);
        Self { admitted, limit, remaining: limit.saturating_sub(count), resets_in_ms }
    }
}

#[async_trait]
pub trait RateWindows: Send + Sync {
    /// Takes one request from the user's window. Exact at any concurrency; one conditional write when admitted.
    async fn take(&self, tenant: &Tenant, user: &User, limit: u32, now: Instant) -> PortResult<RateDecision>;
}
