//! Objects behind the weather. A read that was cut off is a read that failed, as the adapter makes it one.

use super::World;
use crate::mutants::Mutant;
use crate::sim::lock;
use affinsy_app::ports::{Objects, Page, PortResult, Put, StoredObject};
use async_trait::async_trait;
use bytes::Bytes;

/// Where files lie, and what is made of them before it is a segment.
pub const FILES: [&str; 3] = ["uploads/", "staging/", "rejects/"];

#[async_trait]
impl Objects for World {
    async fn create(&self, key: &str, bytes: Bytes) -> PortResult<Put> {
        if self.is(Mutant::ObjectAfterManifest)
            && key.starts_with("segments/")
            && let Some(deed) = self.sim.deed()
        {
            lock(&self.late).insert(deed, (key.to_owned(), bytes));
            return Ok(Put::Created);
        }
        let put = match self.sim.step("objects.create", self.objects.create(key, bytes)).await {
            Err(_) if self.is(Mutant::ObjectUnconfirmed) => Put::Created,
            put => put?,
        };
        // The client of the store sent it twice: the second try finds what the first one wrote.
        let told_late = put == Put::Created && self.sim.quirk("objects already there");
        Ok(if told_late { Put::AlreadyThere } else { put })
    }
    async fn read(&self, key: &str) -> PortResult<Option<Bytes>> {
        self.sim.step("objects.read", self.objects.read(key)).await
    }
    async fn read_range(&self, key: &str, start: u64, length: u64) -> PortResult<Option<Bytes>> {
        self.sim.step("objects.read_range", self.objects.read_range(key, start, length)).await
    }
    async fn delete(&self, key: &str) -> PortResult<()> {
        if self.is(Mutant::DeletionsSkipped) && key.starts_with("results/") {
            return Ok(());
        }
        if self.is(Mutant::FilesKept) && FILES.iter().any(|kind| key.starts_with(kind)) {
            return Ok(());
        }
        self.sim.step("objects.delete", self.objects.delete(key)).await
    }
    async fn list(&self, prefix: &str, after: Option<&str>) -> PortResult<Page<StoredObject>> {
        self.sim.step("objects.list", Objects::list(&self.objects, prefix, after)).await
    }
}
