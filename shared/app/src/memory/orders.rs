//! The order log over [`MemoryBook`].

use super::book::{MemoryBook, State, page};
use super::lock;
use crate::ports::{
    Commit, DatasetRecord, DueKind, ImportRecord, ImportStatus, LogId, NewSegments, OrderLog, Page, PortResult,
    SegmentRecord,
};
use affinsy_core::ids::Tenant;
use affinsy_core::runs::RunId;
use async_trait::async_trait;

/// Whether the head is what the new segments follow.
fn follows(stored: Option<&DatasetRecord>, new: &NewSegments<'_>) -> bool {
    let before = new.head.sequence - new.segments.len() as u64;
    match stored {
        None => before == 0,
        Some(stored) => stored.incarnation == new.head.incarnation && stored.sequence == before,
    }
}

/// Whether the import may be stored: it is new, or still this claim's.
fn is_open(state: &State, tenant: &Tenant, import: &ImportRecord) -> bool {
    let stored = state.imports.get(&(tenant.clone(), import.import_id.clone()));
    stored.is_none_or(|stored| stored.status == ImportStatus::Processing && stored.claims == import.claims)
}

/// The head moved on; what the compactor keeps in it stays.
fn moved_on(stored: Option<&DatasetRecord>, new: &NewSegments<'_>) -> DatasetRecord {
    let mut head = stored.cloned().unwrap_or_else(|| new.head.clone());
    let added: u64 = new.segments.iter().map(|segment| segment.bytes).sum();
    head.bytes = stored.map_or(0, |stored| stored.bytes) + added;
    head.sequence = new.head.sequence;
    head.rows_pushed = new.head.rows_pushed;
    head.updated_at = new.head.updated_at;
    head.erased_at = new.head.erased_at;
    head.currency.clone_from(&new.head.currency);
    head
}

#[async_trait]
impl OrderLog for MemoryBook {
    async fn head(&self, tenant: &Tenant, dataset_id: &str) -> PortResult<Option<DatasetRecord>> {
        Ok(lock(&self.state).datasets.get(&(tenant.clone(), dataset_id.to_owned())).cloned())
    }
    async fn commit(&self, tenant: &Tenant, new: &NewSegments<'_>) -> PortResult<Commit> {
        let mut state = lock(&self.state);
        let key = (tenant.clone(), new.head.dataset_id.clone());
        if new.import.is_some_and(|import| !is_open(&state, tenant, import)) {
            return Ok(Commit::Void);
        }
        let stored = state.datasets.get(&key);
        if !follows(stored, new) {
            return Ok(Commit::Conflict);
        }
        let head = moved_on(stored, new);
        let log = head.log(tenant);
        state.datasets.insert(key, head);
        let segments = new.segments.iter().map(|segment| ((log.clone(), segment.sequence), segment.clone()));
        state.segments.extend(segments);
        if let Some(import) = new.import {
            let due = (DueKind::Import, tenant.clone(), import.import_id.clone());
            match import.outbox_due_at() {
                Some(at) => state.due.insert(due, at),
                None => state.due.remove(&due),
            };
            state.imports.insert((tenant.clone(), import.import_id.clone()), import.clone());
        }
        if let Some(purge) = new.purge {
            state.purges.insert((tenant.clone(), purge.purge_id.clone()), purge.clone());
            state.due.insert((DueKind::Purge, tenant.clone(), purge.purge_id.clone()), new.due_at);
        }
        state.due.insert((DueKind::Dataset, tenant.clone(), log.dataset_id), new.due_at);
        Ok(Commit::Done)
    }
    async fn segments(&self, log: &LogId, from: u64, to: u64) -> PortResult<Vec<SegmentRecord>> {
        if from > to {
            return Ok(Vec::new());
        }
        let range = (log.clone(), from)..=(log.clone(), to);
        Ok(lock(&self.state).segments.range(range).map(|(_, segment)| segment.clone()).collect())
    }
    async fn run_segments(&self, log: &LogId, run: RunId) -> PortResult<Vec<SegmentRecord>> {
        Ok(lock(&self.state).run_segments.get(&(log.clone(), run)).cloned().unwrap_or_default())
    }
    async fn datasets(&self, tenant: &Tenant, after: Option<&str>, limit: usize) -> PortResult<Page<DatasetRecord>> {
        Ok(page(&lock(&self.state).datasets, tenant, after, limit, false, |_| true))
    }
    async fn import(&self, tenant: &Tenant, import_id: &str) -> PortResult<Option<ImportRecord>> {
        Ok(lock(&self.state).imports.get(&(tenant.clone(), import_id.to_owned())).cloned())
    }
    async fn imports(&self, tenant: &Tenant, after: Option<&str>, limit: usize) -> PortResult<Page<ImportRecord>> {
        Ok(page(&lock(&self.state).imports, tenant, after, limit, true, |_| true))
    }
}
