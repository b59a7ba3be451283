//! Objects in a map.

use super::lock;
use crate::ports::{Clock, Objects, Page, PortResult, Put, StoredObject};
use affinsy_core::time::Instant;
use async_trait::async_trait;
use bytes::Bytes;
use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::{Arc, Mutex};

#[derive(Default)]
pub struct MemoryObjects {
    objects: Mutex<BTreeMap<String, (Bytes, Instant)>>,
    clock: Option<Arc<dyn Clock>>,
}

impl std::fmt::Debug for MemoryObjects {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.keys()).finish()
    }
}

/// Objects of one page of a list: few, so that tests see more than one.
const PAGE: usize = 10;

impl MemoryObjects {
    /// Objects that grow old as this clock goes; without a clock they never do.
    pub fn with_clock(clock: Arc<dyn Clock>) -> Self {
        Self { objects: Mutex::default(), clock: Some(clock) }
    }
    pub fn keys(&self) -> Vec<String> {
        lock(&self.objects).keys().cloned().collect()
    }
    /// Puts other bytes in an object's place, as a damaged disk would.
    pub fn damage(&self, key: &str, bytes: Bytes) {
        lock(&self.objects).insert(key.to_owned(), (bytes, self.now()));
    }
    fn now(&self) -> Instant {
        self.clock.as_ref().map_or(Instant(i64::MAX), |clock| clock.now())
    }
}

#[async_trait]
impl Objects for MemoryObjects {
    async fn create(&self, key: &str, bytes: Bytes) -> PortResult<Put> {
        let mut objects = lock(&self.objects);
        if objects.contains_key(key) {
            return Ok(Put::AlreadyThere);
        }
        objects.insert(key.to_owned(), (bytes, self.now()));
        Ok(Put::Created)
    }
    async fn read(&self, key: &str) -> PortResult<Option<Bytes>> {
        Ok(lock(&self.objects).get(key).map(|(bytes, _)| bytes.clone()))
    }
    async fn read_range(&self, key: &str, start: u64, length: u64) -> PortResult<Option<Bytes>> {
        let objects = lock(&self.objects);
        let Some((bytes, _)) = objects.get(key) else { return Ok(None) };
        let start = usize::try_from(start).unwrap_or(usize::MAX).min(bytes.len());
        let end = start.saturating_add(usize::try_from(length).unwrap_or(usize::MAX)).min(bytes.len());
        Ok(Some(bytes.slice(start..end)))
    }
    async fn delete(&self, key: &str) -> PortResult<()> {
        lock(&self.objects).remove(key);
        Ok(())
    }
    async fn list(&self, prefix: &str, after: Option<&str>) -> PortResult<Page<StoredObject>> {
        let objects = lock(&self.objects);
        let from = match after {
            Some(after) if after >= prefix => Bound::Excluded(after),
            _ => Bound::Included(prefix),
        };
        let own = objects.range::<str, _>((from, Bound::Unbounded));
        let mut own = own.take_while(|(key, _)| key.starts_with(prefix)).map(|(key, (bytes, at))| StoredObject {
            key: key.clone(),
            bytes: bytes.len() as u64,
            modified_at: *at,
        });
        let items: Vec<StoredObject> = own.by_ref().take(PAGE).collect();
        let next_after = own.next().and(items.last()).map(|last| last.key.clone());
        Ok(Page { items, next_after })
    }
}
