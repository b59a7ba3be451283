//! Objects in a map.

use super::lock;
use crate::ports::{Objects, PortResult, Put};
use async_trait::async_trait;
use bytes::Bytes;
use std::collections::BTreeMap;
use std::sync::Mutex;

#[derive(Debug, Default)]
pub struct MemoryObjects(Mutex<BTreeMap<String, Bytes>>);

impl MemoryObjects {
    pub fn keys(&self) -> Vec<String> {
        lock(&self.0).keys().cloned().collect()
    }
    /// Puts other bytes in an object's place, as a damaged disk would.
    pub fn damage(&self, key: &str, bytes: Bytes) {
        lock(&self.0).insert(key.to_owned(), bytes);
    }
}

#[async_trait]
impl Objects for MemoryObjects {
    async fn create(&self, key: &str, bytes: Bytes) -> PortResult<Put> {
        let mut objects = lock(&self.0);
        if objects.contains_key(key) {
            return Ok(Put::AlreadyThere);
        }
        objects.insert(key.to_owned(), bytes);
        Ok(Put::Created)
    }
    async fn read(&self, key: &str) -> PortResult<Option<Bytes>> {
        Ok(lock(&self.0).get(key).cloned())
    }
    async fn read_range(&self, key: &str, start: u64, length: u64) -> PortResult<Option<Bytes>> {
        let objects = lock(&self.0);
        let Some(bytes) = objects.get(key) else { return Ok(None) };
        let start = usize::try_from(start).unwrap_or(usize::MAX).min(bytes.len());
        let end = start.saturating_add(usize::try_from(length).unwrap_or(usize::MAX)).min(bytes.len());
        Ok(Some(bytes.slice(start..end)))
    }
}
