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
        let count_attempts = stored.map_or(0, |stored| stored.count_attempts);
        state.datasets.insert(key, DatasetRecord { counts, count_attempts, ..head.clone() });
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
    async fn claim_count(&self, tenant: &Tenant, dataset_id: &str, now: Instant, until: Instant) -> PortResult<bool> {
        let mut state = lock(&self.state);
        let key = (tenant.clone(), dataset_id.to_owned());
        if state.count_leases.get(&key).is_some_and(|lease| *lease > now) {
            return Ok(false);
        }
        let Some(head) = state.datasets.get_mut(&key) else { return Ok(false) };
        head.count_attempts += 1;
        state.count_leases.insert(key, until);
        state.due.insert((DueKind::Dataset, tenant.clone(), dataset_id.to_owned()), until);
        Ok(true)
    }
    async fn save_counts(&self, tenant: &Tenant, dataset_id: &str, counts: &CountsRecord) -> PortResult<()> {
        let mut state = lock(&self.state);
        let key = (tenant.clone(), dataset_id.to_owned());
        let Some(head) = state.datasets.get_mut(&key) else { return Ok(()) };
        if head.counts.as_ref().is_some_and(|stored| stored.sequence > counts.sequence) {
            return Ok(());
        }
        head.count_attempts = 0;
        head.counts = Some(counts.clone());
        let up_to_date = head.sequence == counts.sequence;
        state.count_leases.remove(&key);
        let due = (DueKind::Dataset, tenant.clone(), dataset_id.to_owned());
        if up_to_date {
            state.due.remove(&due);
        } else {
            state.due.insert(due, counts.counted_at);
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
