//! Tending and erasure over [`MemoryBook`].

use super::book::{MemoryBook, State};
use super::lock;
use crate::ports::{
    DatasetRecord, DueKind, Erasures, FoundOut, LogId, PortResult, Publication, PurgeRecord, SegmentRecord, Settlement,
    Tending,
};
use affinsy_core::ids::Tenant;
use affinsy_core::runs::{Retired, RunId};
use affinsy_core::time::Instant;
use async_trait::async_trait;

/// The stored head of a claim that is still good.
fn claimed<'a>(state: &'a mut State, tenant: &Tenant, head: &DatasetRecord) -> Option<&'a mut DatasetRecord> {
    let stored = state.datasets.get_mut(&(tenant.clone(), head.dataset_id.clone()))?;
    let is_good = stored.incarnation == head.incarnation && stored.tending.token == head.tending.token;
    is_good.then_some(stored)
}

#[async_trait]
impl Tending for MemoryBook {
    async fn claim_tending(
        &self,
        tenant: &Tenant,
        dataset_id: &str,
        now: Instant,
        until: Instant,
    ) -> PortResult<Option<DatasetRecord>> {
        let mut state = lock(&self.state);
        let Some(head) = state.datasets.get_mut(&(tenant.clone(), dataset_id.to_owned())) else { return Ok(None) };
        if head.tending.lease_until.is_some_and(|lease| lease > now) {
            return Ok(None);
        }
        head.tending.token += 1;
        head.tending.attempts += 1;
        head.tending.lease_until = Some(until);
        let head = head.clone();
        state.due.insert((DueKind::Dataset, tenant.clone(), dataset_id.to_owned()), until);
        Ok(Some(head))
    }
    async fn put_run(&self, log: &LogId, run: RunId, segments: &[SegmentRecord]) -> PortResult<()> {
        lock(&self.state).run_segments.insert((log.clone(), run), segments.to_vec());
        Ok(())
    }
    async fn publish(&self, tenant: &Tenant, head: &DatasetRecord, publication: &Publication) -> PortResult<bool> {
        let mut state = lock(&self.state);
        let Some(stored) = claimed(&mut state, tenant, head) else { return Ok(false) };
        if stored.generation != head.generation {
            return Ok(false);
        }
        stored.generation += 1;
        stored.runs.clone_from(&publication.runs);
        stored.retired.clone_from(&publication.retired);
        stored.bytes = stored.bytes.saturating_add_signed(publication.bytes_change);
        stored.tending.settled_at = publication.settled_at.or(stored.tending.settled_at);
        Ok(true)
    }
    async fn stored_runs(&self, log: &LogId) -> PortResult<Vec<RunId>> {
        let state = lock(&self.state);
        Ok(state.run_segments.keys().filter(|(of, _)| of == log).map(|(_, run)| *run).collect())
    }
    async fn drop_run(&self, log: &LogId, run: RunId) -> PortResult<()> {
        lock(&self.state).run_segments.remove(&(log.clone(), run));
        Ok(())
    }
    async fn drop_segments(&self, log: &LogId, from: u64, to: u64) -> PortResult<()> {
        lock(&self.state).segments.retain(|(of, sequence), _| of != log || !(from..=to).contains(sequence));
        Ok(())
    }
    async fn tell_import(&self, tenant: &Tenant, found: &FoundOut) -> PortResult<()> {
        let mut state = lock(&self.state);
        let import = state.imports.get_mut(&(tenant.clone(), found.import_id.clone()));
        if let Some(import) = import.filter(|import| import.inserted.is_none()) {
            (import.inserted, import.updated) = (Some(found.inserted), Some(found.updated));
        }
        Ok(())
    }
    async fn keep_retired(&self, tenant: &Tenant, head: &DatasetRecord, left: &[Retired]) -> PortResult<bool> {
        let mut state = lock(&self.state);
        let Some(stored) = claimed(&mut state, tenant, head) else { return Ok(false) };
        stored.retired = left.to_vec();
        Ok(true)
    }
    async fn settle(&self, tenant: &Tenant, head: &DatasetRecord, settlement: &Settlement) -> PortResult<bool> {
        let mut state = lock(&self.state);
        let Some(stored) = claimed(&mut state, tenant, head) else { return Ok(false) };
        stored.tending.lease_until = None;
        stored.tending.attempts = 0;
        stored.tending.swept_at = settlement.swept_at.or(stored.tending.swept_at);
        stored.tending.table = settlement.table.or(stored.tending.table);
        stored.counts = settlement.counts.clone().or_else(|| stored.counts.take());
        // A push that came meanwhile made the dataset due again, and it stays so.
        if stored.sequence == head.sequence {
            let key = (DueKind::Dataset, tenant.clone(), head.dataset_id.clone());
            match settlement.next_due {
                Some(at) => state.due.insert(key, at),
                None => state.due.remove(&key),
            };
        }
        Ok(true)
    }
    async fn give_back(&self, tenant: &Tenant, head: &DatasetRecord, due_at: Instant) -> PortResult<()> {
        let mut state = lock(&self.state);
        if let Some(stored) = claimed(&mut state, tenant, head) {
            stored.tending.lease_until = None;
            state.due.insert((DueKind::Dataset, tenant.clone(), head.dataset_id.clone()), due_at);
        }
        Ok(())
    }
}

#[async_trait]
impl Erasures for MemoryBook {
    async fn delete_dataset(
        &self,
        tenant: &Tenant,
        head: &DatasetRecord,
        purge: &PurgeRecord,
        due_at: Instant,
    ) -> PortResult<bool> {
        let mut state = lock(&self.state);
        let key = (tenant.clone(), head.dataset_id.clone());
        if state.purges.contains_key(&(tenant.clone(), purge.purge_id.clone())) {
            return Ok(true);
        }
        if state.datasets.get(&key).is_none_or(|stored| stored.incarnation != head.incarnation) {
            return Ok(false);
        }
        state.datasets.remove(&key);
        state.due.remove(&(DueKind::Dataset, tenant.clone(), head.dataset_id.clone()));
        state.purges.insert((tenant.clone(), purge.purge_id.clone()), purge.clone());
        state.due.insert((DueKind::Purge, tenant.clone(), purge.purge_id.clone()), due_at);
        Ok(true)
    }
    async fn drop_log(&self, log: &LogId) -> PortResult<()> {
        let mut state = lock(&self.state);
        state.segments.retain(|(of, _), _| of != log);
        state.run_segments.retain(|(of, _), _| of != log);
        Ok(())
    }
    async fn purge(&self, tenant: &Tenant, purge_id: &str) -> PortResult<Option<PurgeRecord>> {
        Ok(lock(&self.state).purges.get(&(tenant.clone(), purge_id.to_owned())).cloned())
    }
    async fn purges(&self, tenant: &Tenant) -> PortResult<Vec<PurgeRecord>> {
        let state = lock(&self.state);
        Ok(state.purges.iter().filter(|((of, _), _)| of == tenant).map(|(_, purge)| purge.clone()).collect())
    }
    async fn put_off_purge(&self, tenant: &Tenant, purge_id: &str, due_at: Instant) -> PortResult<()> {
        let mut state = lock(&self.state);
        if state.purges.contains_key(&(tenant.clone(), purge_id.to_owned())) {
            state.due.insert((DueKind::Purge, tenant.clone(), purge_id.to_owned()), due_at);
        }
        Ok(())
    }
    async fn redact_import(&self, tenant: &Tenant, import_id: &str) -> PortResult<()> {
        let mut state = lock(&self.state);
        if let Some(import) = state.imports.get_mut(&(tenant.clone(), import_id.to_owned())) {
            import.warnings.clear();
        }
        Ok(())
    }
    async fn finish_purge(&self, tenant: &Tenant, purge_id: &str) -> PortResult<()> {
        let mut state = lock(&self.state);
        state.purges.remove(&(tenant.clone(), purge_id.to_owned()));
        state.due.remove(&(DueKind::Purge, tenant.clone(), purge_id.to_owned()));
        Ok(())
    }
}
