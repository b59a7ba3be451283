//! An importer is killed at every step, before the step or after it; whoever takes over ends the import, and nothing is
//! lost, doubled or left behind.

use super::bench::{Bench, Held, MINUTE_MS, table};
use crate::import_upload::ImportPorts;
use crate::memory::{MemoryBook, MemoryObjects};
use crate::ports::{
    Clock, Commit, DatasetRecord, ImportRecord, ImportStatus, LogId, NewSegments, Objects, OrderLog, Page, PortError,
    PortResult, Put, SegmentRecord, StoredObject, UploadRefused, Uploads,
};
use affinsy_core::ids::Tenant;
use affinsy_core::runs::RunId;
use affinsy_core::time::Instant;
use async_trait::async_trait;
use bytes::Bytes;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// The ports of a process that dies at one of its calls: that call and all later ones come to nothing, or that one is
/// done and its answer is lost.
struct Mortal {
    book: Arc<MemoryBook>,
    objects: Arc<MemoryObjects>,
    calls: AtomicUsize,
    dies_at: usize,
    is_done: bool,
}

impl Mortal {
    async fn call<T>(&self, call: impl Future<Output = PortResult<T>>) -> PortResult<T> {
        let at = self.calls.fetch_add(1, Ordering::Relaxed);
        let dead = || Err(PortError::Unavailable("killed".to_owned()));
        match at.cmp(&self.dies_at) {
            std::cmp::Ordering::Less => call.await,
            std::cmp::Ordering::Equal if self.is_done => call.await.and_then(|_| dead()),
            _ => dead(),
        }
    }
}

#[async_trait]
impl Objects for Mortal {
    async fn create(&self, key: &str, bytes: Bytes) -> PortResult<Put> {
        self.call(self.objects.create(key, bytes)).await
    }
    async fn read(&self, key: &str) -> PortResult<Option<Bytes>> {
        self.call(self.objects.read(key)).await
    }
    async fn read_range(&self, key: &str, start: u64, length: u64) -> PortResult<Option<Bytes>> {
        self.call(self.objects.read_range(key, start, length)).await
    }
    async fn delete(&self, key: &str) -> PortResult<()> {
        self.call(self.objects.delete(key)).await
    }
    async fn list(&self, prefix: &str, after: Option<&str>) -> PortResult<Page<StoredObject>> {
        self.call(self.objects.list(prefix, after)).await
    }
}

#[async_trait]
impl Uploads for Mortal {
    async fn open(&self, tenant: &Tenant, import: &ImportRecord, due_at: Instant) -> PortResult<()> {
        self.call(Uploads::open(&*self.book, tenant, import, due_at)).await
    }
    async fn tenant_of(&self, tenant_hash: &str) -> PortResult<Option<Tenant>> {
        self.call(self.book.tenant_of(tenant_hash)).await
    }
    async fn take(
        &self,
        tenant: &Tenant,
        import_id: &str,
        now: Instant,
        lease_until: Instant,
    ) -> PortResult<Result<ImportRecord, UploadRefused>> {
        self.call(self.book.take(tenant, import_id, now, lease_until)).await
    }
    async fn save(&self, tenant: &Tenant, import: &mut ImportRecord, due_at: Option<Instant>) -> PortResult<bool> {
        self.call(self.book.save(tenant, import, due_at)).await
    }
}

#[async_trait]
impl OrderLog for Mortal {
    async fn head(&self, tenant: &Tenant, dataset_id: &str) -> PortResult<Option<DatasetRecord>> {
        self.call(self.book.head(tenant, dataset_id)).await
    }
    async fn commit(&self, tenant: &Tenant, new: &NewSegments<'_>) -> PortResult<Commit> {
        self.call(self.book.commit(tenant, new)).await
    }
    async fn segments(&self, log: &LogId, from: u64, to: u64) -> PortResult<Vec<SegmentRecord>> {
        self.call(self.book.segments(log, from, to)).await
    }
    async fn run_segments(&self, log: &LogId, run: RunId) -> PortResult<Vec<SegmentRecord>> {
        self.call(self.book.run_segments(log, run)).await
    }
    async fn datasets(&self, tenant: &Tenant, after: Option<&str>, limit: usize) -> PortResult<Page<DatasetRecord>> {
        self.call(self.book.datasets(tenant, after, limit)).await
    }
    async fn import(&self, tenant: &Tenant, import_id: &str) -> PortResult<Option<ImportRecord>> {
        self.call(self.book.import(tenant, import_id)).await
    }
    async fn imports(&self, tenant: &Tenant, after: Option<&str>, limit: usize) -> PortResult<Page<ImportRecord>> {
        self.call(self.book.imports(tenant, after, limit)).await
    }
}

/// Kills the importer at one call, then lets others end its work; whether it lived on to the end.
async fn outlived(dies_at: usize, is_done: bool, (text, held): &(String, Held)) -> bool {
    let bench = Bench::new();
    let import_id = bench.sent("{}", text.clone()).await;
    let (book, objects) = (bench.book.clone(), bench.objects.clone());
    let mortal = Arc::new(Mortal { book, objects, calls: AtomicUsize::new(0), dies_at, is_done });
    let ports: ImportPorts = bench.ports_over(mortal.clone(), mortal.clone(), mortal.clone());
    let lived = bench.run(&import_id, &ports).await.is_ok() && mortal.calls.load(Ordering::Relaxed) <= dies_at;
    let place = format!("killed at call {dies_at}, done: {is_done}");
    for _ in 0..3 {
        let is_visible = !bench.held("default").await.is_empty();
        let import = bench.import(&import_id).await;
        let is_completed = import.status == ImportStatus::Completed;
        assert_eq!(is_visible, is_completed, "{place}: Completed says what is visible");
        bench.clock.advance_ms(16 * MINUTE_MS);
        // What nobody took yet is still the queue's, whose message comes back.
        let is_seen_to = import.claims == 0 || bench.is_due(&import_id, bench.clock.now()).await;
        assert!(is_completed || is_seen_to, "{place}: the sweeper sees to it");
        bench.run(&import_id, &bench.ports()).await.expect("nothing is wrong any more");
    }
    let import = bench.import(&import_id).await;
    assert_eq!(
        (import.status, import.orders, import.line_items, import.rejected),
        (ImportStatus::Completed, 90, 400, 1),
        "{place}"
    );
    assert_eq!(bench.held("default").await, *held, "{place}");
    bench.check_tidy();
    lived
}

#[tokio::test]
async fn nothing_is_lost_or_doubled_wherever_an_importer_is_killed() {
    let (text, held) = table();
    let file = (text + "bad,,,,,\n", held);
    for is_done in [false, true] {
        let mut dies_at = 0;
        while !outlived(dies_at, is_done, &file).await {
            dies_at += 1;
        }
        assert!(dies_at > 60, "an import takes many steps: {dies_at}");
    }
}
