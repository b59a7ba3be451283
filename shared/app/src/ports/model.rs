//! A language model that words insights. What it writes is checked by `affinsy_core::insight`, never trusted.

use affinsy_core::insight::Brief;
use async_trait::async_trait;

/// Why there is no answer; for the log. Insights then keep their templates' words.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ModelError {
    #[error("no answer in time")]
    Timeout,
    #[error("throttled: {0}")]
    Throttled(String),
    /// It ended otherwise than with an answer: cut off, filtered, refused.
    #[error("stopped: {0}")]
    Stopped(String),
    #[error("{0}")]
    Failed(String),
}

#[async_trait]
pub trait InsightModel: Send + Sync {
    /// The model's answer to a brief, as JSON text. Asks once, within bounded time.
    async fn word(&self, brief: &Brief) -> Result<String, ModelError>;
}
