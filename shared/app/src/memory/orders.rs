//! The order log over [`MemoryBook`].

use super::book::{MemoryBook, page};
use super::lock;
use crate::ports::{
    Commit, CountsRecord, DatasetRecord, DueKind, ImportRecord, OrderLog, Page, PortResult, SegmentRecord,
};
use affinsy_core::ids::Tenant;
use affinsy_core::time::Instant;
use async_trait::async_trait;

#[async_trait]
impl OrderLog for MemoryBook {
    async fn head(&self, tenant: &Tenant, dataset_id: &str) -> PortResult<Option<DatasetRecord>> {
        Ok(lock(&self.state).datasets.get(&(tenant.clone(), dataset_id.to_owned())).cloned())
    }
    async fn commit(
        &self,
        tenant: &Tenant,
        head: &DatasetRecord,
        segment: &SegmentRecord,
        import: &ImportRecord,
        count_at: Instant,
    ) -> PortResult<Commit> {
        let mut state = lock(&self.state);
        let key = (tenant.clone(), head.dataset_id.clone());
        let stored = state.datasets.get(&key);
        if stored.map_or(0, |stored| stored.sequence) + 1 != head.sequence {
            return Ok(Commit::Conflict);
        }
        let counts = stored.and_then(|stored| stored.counts.clone());
        state.datasets.insert(key, DatasetRecord { counts, ..head.clone() });
        state.segments.insert((tenant.clone(), head.dataset_id.clone(), segment.sequence), segment.clone());
        state.imports.insert((tenant.clone(), import.import_id.clone()), import.clone());
        state.due.entry((DueKind::Dataset, tenant.clone(), head.dataset_id.clone())).or_insert(count_at);
        Ok(Commit::Done)
    }
    async fn segments(&self, tenant: &Tenant, dataset_id: &str, up_to: u64) -> PortResult<Vec<SegmentRecord>> {
        let from = (tenant.clone(), dataset_id.to_owned(), 0);
        let to = (tenant.clone(), dataset_id.to_owned(), up_to);
        Ok(lock(&self.state).segments.range(from..=to).map(|(_, segment)| segment.clone()).collect())
    }
    async fn datasets(&self, tenant: &Tenant, after: Option<&str>, limit: usize) -> PortResult<Page<DatasetRecord>> {
        Ok(page(&lock(&self.state).datasets, tenant, after, limit, false, |_| true))
    }
    async fn save_counts(&self, tenant: &Tenant, dataset_id: &str, counts: &CountsRecord) -> PortResult<()> {
        let mut state = lock(&self.state);
        let Some(head) = state.datasets.get_mut(&(tenant.clone(), dataset_id.to_owned())) else { return Ok(()) };
        if head.counts.as_ref().is_none_or(|stored| stored.sequence <= counts.sequence) {
            head.counts = Some(counts.clone());
        }
        if head.sequence == counts.sequence {
            state.due.remove(&(DueKind::Dataset, tenant.clone(), dataset_id.to_owned()));
        }
        Ok(())
    }
    async fn import(&self, tenant: &Tenant, import_id: &str) -> PortResult<Option<ImportRecord>> {
        Ok(lock(&self.state).imports.get(&(tenant.clone(), import_id.to_owned())).cloned())
    }
    async fn imports(&self, tenant: &Tenant, after: Option<&str>, limit: usize) -> PortResult<Page<ImportRecord>> {
        Ok(page(&lock(&self.state).imports, tenant, after, limit, true, |_| true))
    }
}
