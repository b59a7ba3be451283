//! Immutable objects by key.

use super::{Page, PortResult};
use affinsy_core::time::Instant;
use async_trait::async_trait;
use bytes::Bytes;

/// What became of a write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Put {
    Created,
    /// The key was taken; nothing was written.
    AlreadyThere,
}

/// An object as a list shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredObject {
    pub key: String,
    pub bytes: u64,
    pub modified_at: Instant,
}

#[async_trait]
pub trait Objects: Send + Sync {
    /// Writes an object unless its key is taken. Durable once it returns.
    async fn create(&self, key: &str, bytes: Bytes) -> PortResult<Put>;
    /// The whole object, or `None` when there is none.
    async fn read(&self, key: &str) -> PortResult<Option<Bytes>>;
    /// Up to `length` bytes from `start` on, fewer at the object's end; `None` when there is no object. `start`
    /// lies inside it.
    async fn read_range(&self, key: &str, start: u64, length: u64) -> PortResult<Option<Bytes>>;
    /// Removes an object; one that is not there is removed already.
    async fn delete(&self, key: &str) -> PortResult<()>;
    /// Objects whose keys begin with `prefix`, in the order of their keys, from after `after` on: one page.
    async fn list(&self, prefix: &str, after: Option<&str>) -> PortResult<Page<StoredObject>>;
}
