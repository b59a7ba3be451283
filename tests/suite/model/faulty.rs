//! The order store's ports as one process sees them: each call may fail, be late, or be the last. What is committed is
//! written down in the ledger by whoever commits it, at the moment it is.

use super::faults::Faults;
use super::ledger::{Change, Ledger};
use super::sabotage::Sabotage;
use affinsy_app::memory::MemoryClock;
use affinsy_app::ports::{
    Clock, Commit, DatasetRecord, Erasures, FoundOut, ImportRecord, LogId, NewSegments, Objects, OrderLog, Page,
    PortResult, Publication, PurgeRecord, Put, SegmentRecord, Settlement, StoredObject, Tending,
};
use affinsy_core::ids::Tenant;
use affinsy_core::runs::{Retired, RunId};
use affinsy_core::time::Instant;
use async_trait::async_trait;
use bytes::Bytes;
use std::sync::{Arc, Mutex, PoisonError};

/// Everything that a dataset's manifest does.
pub trait Book: OrderLog + Tending + Erasures + 'static {}
impl<B: OrderLog + Tending + Erasures + 'static> Book for B {}

/// What a process commits is told to the ledger as `change`.
#[derive(Clone)]
pub struct FaultyBook {
    pub book: Arc<dyn Book>,
    pub faults: Faults,
    pub ledger: Arc<Mutex<Ledger>>,
    pub clock: Arc<MemoryClock>,
    pub change: Option<Change>,
    pub sabotage: Sabotage,
}

impl std::fmt::Debug for FaultyBook {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("FaultyBook")
    }
}

/// A commit that owns what it says: it may come late.
struct Owned {
    head: DatasetRecord,
    segments: Vec<SegmentRecord>,
    import: Option<ImportRecord>,
    purge: Option<PurgeRecord>,
    due_at: Instant,
}

impl FaultyBook {
    fn written(&self, log: &LogId, owned: &Owned) {
        let (mut ledger, now) = (self.ledger.lock().unwrap_or_else(PoisonError::into_inner), self.clock.now());
        let import = owned.import.as_ref();
        for segment in &owned.segments {
            let mut change = self.change.clone();
            if let (Some(Change::Push(_, received)), Some(import)) = (&mut change, import) {
                *received = import.created_at.0;
            }
            ledger.committed(log, segment.sequence, change, import.map(|import| import.import_id.as_str()), now);
        }
    }
}

#[async_trait]
impl OrderLog for FaultyBook {
    async fn head(&self, tenant: &Tenant, dataset_id: &str) -> PortResult<Option<DatasetRecord>> {
        self.faults.read(self.book.head(tenant, dataset_id)).await
    }
    async fn commit(&self, tenant: &Tenant, new: &NewSegments<'_>) -> PortResult<Commit> {
        let (own, tenant) = (self.clone(), tenant.clone());
        let owned = Owned {
            head: new.head.clone(),
            segments: self.sabotage.segments(new.segments.to_vec()),
            import: new.import.cloned(),
            purge: new.purge.cloned(),
            due_at: new.due_at,
        };
        let call = async move {
            let new = NewSegments {
                head: &owned.head,
                segments: &owned.segments,
                import: owned.import.as_ref(),
                purge: owned.purge.as_ref(),
                due_at: owned.due_at,
            };
            if let Some(forgotten) = own.sabotage.forgotten(new.head.sequence) {
                return Ok(forgotten);
            }
            let committed = own.book.commit(&tenant, &new).await;
            if committed == Ok(Commit::Done) {
                own.written(&owned.head.log(&tenant), &owned);
            }
            committed
        };
        self.faults.write(call).await
    }
    async fn segments(&self, log: &LogId, from: u64, to: u64) -> PortResult<Vec<SegmentRecord>> {
        self.faults.read(self.book.segments(log, from, self.sabotage.last(to))).await
    }
    async fn run_segments(&self, log: &LogId, run: RunId) -> PortResult<Vec<SegmentRecord>> {
        self.faults.read(self.book.run_segments(log, run)).await
    }
    async fn datasets(&self, tenant: &Tenant, after: Option<&str>, limit: usize) -> PortResult<Page<DatasetRecord>> {
        self.faults.read(self.book.datasets(tenant, after, limit)).await
    }
    async fn import(&self, tenant: &Tenant, import_id: &str) -> PortResult<Option<ImportRecord>> {
        self.faults.read(self.book.import(tenant, import_id)).await
    }
    async fn imports(&self, tenant: &Tenant, after: Option<&str>, limit: usize) -> PortResult<Page<ImportRecord>> {
        self.faults.read(self.book.imports(tenant, after, limit)).await
    }
}

#[async_trait]
impl Tending for FaultyBook {
    async fn claim_tending(
        &self,
        tenant: &Tenant,
        dataset_id: &str,
        now: Instant,
        until: Instant,
    ) -> PortResult<Option<DatasetRecord>> {
        let (book, tenant, dataset_id) = (Arc::clone(&self.book), tenant.clone(), dataset_id.to_owned());
        self.faults.write(async move { book.claim_tending(&tenant, &dataset_id, now, until).await }).await
    }
    async fn put_run(&self, log: &LogId, run: RunId, segments: &[SegmentRecord]) -> PortResult<()> {
        let (book, log, segments) = (Arc::clone(&self.book), log.clone(), self.sabotage.run(segments.to_vec()));
        self.faults.write(async move { book.put_run(&log, run, &segments).await }).await
    }
    async fn publish(&self, tenant: &Tenant, head: &DatasetRecord, publication: &Publication) -> PortResult<bool> {
        let (book, tenant, sabotage) = (Arc::clone(&self.book), tenant.clone(), self.sabotage);
        let (head, publication) = (head.clone(), publication.clone());
        self.faults.write(async move { sabotage.publish(&*book, &tenant, &head, &publication).await }).await
    }
    async fn stored_runs(&self, log: &LogId) -> PortResult<Vec<RunId>> {
        self.faults.read(self.book.stored_runs(log)).await
    }
    async fn drop_run(&self, log: &LogId, run: RunId) -> PortResult<()> {
        let (book, log) = (Arc::clone(&self.book), log.clone());
        self.faults.write(async move { book.drop_run(&log, run).await }).await
    }
    async fn drop_segments(&self, log: &LogId, from: u64, to: u64) -> PortResult<()> {
        let (book, log) = (Arc::clone(&self.book), log.clone());
        self.faults.write(async move { book.drop_segments(&log, from, to).await }).await
    }
    async fn tell_import(&self, tenant: &Tenant, found: &FoundOut) -> PortResult<()> {
        let (book, tenant, found) = (Arc::clone(&self.book), tenant.clone(), found.clone());
        self.faults.write(async move { book.tell_import(&tenant, &found).await }).await
    }
    async fn keep_retired(&self, tenant: &Tenant, head: &DatasetRecord, left: &[Retired]) -> PortResult<bool> {
        let (book, tenant, head, left) = (Arc::clone(&self.book), tenant.clone(), head.clone(), left.to_vec());
        self.faults.write(async move { book.keep_retired(&tenant, &head, &left).await }).await
    }
    async fn settle(&self, tenant: &Tenant, head: &DatasetRecord, settlement: &Settlement) -> PortResult<bool> {
        let (book, tenant) = (Arc::clone(&self.book), tenant.clone());
        let (head, settlement) = (head.clone(), settlement.clone());
        self.faults.write(async move { book.settle(&tenant, &head, &settlement).await }).await
    }
    async fn give_back(&self, tenant: &Tenant, head: &DatasetRecord, due_at: Instant) -> PortResult<()> {
        let (book, tenant, head) = (Arc::clone(&self.book), tenant.clone(), head.clone());
        self.faults.write(async move { book.give_back(&tenant, &head, due_at).await }).await
    }
}

#[async_trait]
impl Erasures for FaultyBook {
    async fn redact_import(&self, tenant: &Tenant, import_id: &str) -> PortResult<()> {
        let (book, tenant, import_id) = (Arc::clone(&self.book), tenant.clone(), import_id.to_owned());
        self.faults.write(async move { book.redact_import(&tenant, &import_id).await }).await
    }
    async fn delete_dataset(
        &self,
        tenant: &Tenant,
        head: &DatasetRecord,
        purge: &PurgeRecord,
        due_at: Instant,
    ) -> PortResult<bool> {
        let (own, tenant, head, purge) = (self.clone(), tenant.clone(), head.clone(), purge.clone());
        let call = async move {
            let deleted = own.book.delete_dataset(&tenant, &head, &purge, due_at).await;
            if deleted == Ok(true) {
                let now = own.clock.now();
                own.ledger.lock().unwrap_or_else(PoisonError::into_inner).deleted(&head.log(&tenant), now);
            }
            deleted
        };
        self.faults.write(call).await
    }
    async fn drop_log(&self, log: &LogId) -> PortResult<()> {
        let (book, log) = (Arc::clone(&self.book), log.clone());
        self.faults.write(async move { book.drop_log(&log).await }).await
    }
    async fn purge(&self, tenant: &Tenant, purge_id: &str) -> PortResult<Option<PurgeRecord>> {
        self.faults.read(self.book.purge(tenant, purge_id)).await
    }
    async fn purges(&self, tenant: &Tenant) -> PortResult<Vec<PurgeRecord>> {
        self.faults.read(self.book.purges(tenant)).await
    }
    async fn put_off_purge(&self, tenant: &Tenant, purge_id: &str, due_at: Instant) -> PortResult<()> {
        let (book, tenant, purge_id) = (Arc::clone(&self.book), tenant.clone(), purge_id.to_owned());
        self.faults.write(async move { book.put_off_purge(&tenant, &purge_id, due_at).await }).await
    }
    async fn finish_purge(&self, tenant: &Tenant, purge_id: &str) -> PortResult<()> {
        let (book, tenant, purge_id) = (Arc::clone(&self.book), tenant.clone(), purge_id.to_owned());
        self.faults.write(async move { book.finish_purge(&tenant, &purge_id).await }).await
    }
}

/// Objects behind the same faults.
#[derive(Clone)]
pub struct FaultyObjects {
    pub objects: Arc<dyn Objects>,
    pub faults: Faults,
}

impl std::fmt::Debug for FaultyObjects {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("FaultyObjects")
    }
}

#[async_trait]
impl Objects for FaultyObjects {
    async fn create(&self, key: &str, bytes: Bytes) -> PortResult<Put> {
        let (objects, key) = (Arc::clone(&self.objects), key.to_owned());
        self.faults.write(async move { objects.create(&key, bytes).await }).await
    }
    async fn read(&self, key: &str) -> PortResult<Option<Bytes>> {
        self.faults.quiet_read(self.objects.read(key)).await
    }
    async fn read_range(&self, key: &str, start: u64, length: u64) -> PortResult<Option<Bytes>> {
        self.faults.quiet_read(self.objects.read_range(key, start, length)).await
    }
    async fn delete(&self, key: &str) -> PortResult<()> {
        let (objects, key) = (Arc::clone(&self.objects), key.to_owned());
        self.faults.write(async move { objects.delete(&key).await }).await
    }
    async fn list(&self, prefix: &str, after: Option<&str>) -> PortResult<Page<StoredObject>> {
        self.faults.read(self.objects.list(prefix, after)).await
    }
}
