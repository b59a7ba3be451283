//! HTTP out: one POST to a receiver nobody vouches for.

use async_trait::async_trait;

/// What the receiver answered, as far as we read it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    pub status: u16,
    pub retry_after: Option<String>,
    /// The receiver asked for no more (`webhook-delivery: disable`).
    pub disable: bool,
    /// The first KiB.
    pub body: String,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// The name resolves to an address that is not public.
    #[error("blocked_address: {0}")]
    BlockedAddress(String),
    #[error("timeout")]
    Timeout,
    #[error("{0}")]
    Failed(String),
}

#[async_trait]
pub trait Sender: Send + Sync {
    /// Posts once: no redirect followed, no address that is not public, bounded time and bytes.
    async fn post(&self, url: &str, headers: &[(&str, String)], body: &str) -> Result<Answer, SendError>;
}
