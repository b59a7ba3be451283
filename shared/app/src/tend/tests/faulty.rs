//! Ports that let one thing happen at one step of a tending, counted over all calls.

use super::world::World;
use crate::ports::*;
use affinsy_core::ids::Tenant;
use affinsy_core::runs::{Retired, RunId};
use affinsy_core::time::Instant;
use async_trait::async_trait;
use bytes::Bytes;
use futures::future::BoxFuture;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

/// What happens at the step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The compactor dies before the call.
    DiesBefore,
    /// It dies after the call, of which it never hears.
    DiesAfter,
    /// The call fails; the compactor lives on.
    FailsBefore,
    /// The call is made, and its answer is lost; the compactor lives on.
    FailsAfter,
    /// It is taken for dead, another compactor does all the work, and then it wakes up.
    Overtaken,
    /// A push comes in between.
    Push,
}

impl Fault {
    pub const ALL: [Self; 6] =
        [Self::DiesBefore, Self::DiesAfter, Self::FailsBefore, Self::FailsAfter, Self::Overtaken, Self::Push];
}

pub struct Faulty {
    world: Arc<World>,
    fault: Fault,
    at: u32,
    step: AtomicU32,
}

impl Faulty {
    pub fn new(world: &Arc<World>, fault: Fault, at: u32) -> Arc<Self> {
        Arc::new(Self { world: Arc::clone(world), fault, at, step: AtomicU32::new(0) })
    }
    /// Whether there were so many steps that the fault came.
    pub fn came(&self) -> bool {
        self.step.load(Ordering::Relaxed) > self.at
    }

    fn meanwhile(&self) -> BoxFuture<'_, ()> {
        match self.fault {
            Fault::Push => Box::pin(self.world.push_late()),
            _ => Box::pin(async {
                self.world.clock.advance_ms(super::world::LEASE_MS + 1);
                self.world.tend().await;
            }),
        }
    }

    async fn step<T>(&self, call: impl Future<Output = PortResult<T>>) -> PortResult<T> {
        let step = self.step.fetch_add(1, Ordering::Relaxed);
        let broken = || Err(PortError::Unavailable(format!("step {step}")));
        if step < self.at {
            return call.await;
        }
        match (self.fault, step == self.at) {
            (Fault::DiesBefore | Fault::FailsBefore, true) | (Fault::DiesBefore | Fault::DiesAfter, false) => broken(),
            (Fault::DiesAfter | Fault::FailsAfter, true) => {
                call.await?;
                broken()
            }
            (Fault::Overtaken | Fault::Push, true) => {
                self.meanwhile().await;
                call.await
            }
            (_, false) => call.await,
        }
    }
}

#[async_trait]
impl OrderLog for Faulty {
    async fn head(&self, tenant: &Tenant, dataset_id: &str) -> PortResult<Option<DatasetRecord>> {
        self.step(self.world.book.head(tenant, dataset_id)).await
    }
    async fn commit(&self, tenant: &Tenant, new: &NewSegments<'_>) -> PortResult<Commit> {
        self.step(self.world.book.commit(tenant, new)).await
    }
    async fn segments(&self, log: &LogId, from: u64, to: u64) -> PortResult<Vec<SegmentRecord>> {
        self.step(self.world.book.segments(log, from, to)).await
    }
    async fn run_segments(&self, log: &LogId, run: RunId) -> PortResult<Vec<SegmentRecord>> {
        self.step(self.world.book.run_segments(log, run)).await
    }
    async fn datasets(&self, tenant: &Tenant, after: Option<&str>, limit: usize) -> PortResult<Page<DatasetRecord>> {
        self.step(self.world.book.datasets(tenant, after, limit)).await
    }
    async fn import(&self, tenant: &Tenant, import_id: &str) -> PortResult<Option<ImportRecord>> {
        self.step(self.world.book.import(tenant, import_id)).await
    }
    async fn imports(&self, tenant: &Tenant, after: Option<&str>, limit: usize) -> PortResult<Page<ImportRecord>> {
        self.step(self.world.book.imports(tenant, after, limit)).await
    }
}

#[async_trait]
impl Tending for Faulty {
    async fn claim_tending(
        &self,
        tenant: &Tenant,
        dataset_id: &str,
        now: Instant,
        until: Instant,
    ) -> PortResult<Option<DatasetRecord>> {
        self.step(self.world.book.claim_tending(tenant, dataset_id, now, until)).await
    }
    async fn put_run(&self, log: &LogId, run: RunId, segments: &[SegmentRecord]) -> PortResult<()> {
        self.step(self.world.book.put_run(log, run, segments)).await
    }
    async fn publish(&self, tenant: &Tenant, head: &DatasetRecord, publication: &Publication) -> PortResult<bool> {
        self.step(self.world.book.publish(tenant, head, publication)).await
    }
    async fn stored_runs(&self, log: &LogId) -> PortResult<Vec<RunId>> {
        self.step(self.world.book.stored_runs(log)).await
    }
    async fn drop_run(&self, log: &LogId, run: RunId) -> PortResult<()> {
        self.step(self.world.book.drop_run(log, run)).await
    }
    async fn drop_segments(&self, log: &LogId, from: u64, to: u64) -> PortResult<()> {
        self.step(self.world.book.drop_segments(log, from, to)).await
    }
    async fn tell_import(&self, tenant: &Tenant, found: &FoundOut) -> PortResult<()> {
        self.step(self.world.book.tell_import(tenant, found)).await
    }
    async fn keep_retired(&self, tenant: &Tenant, head: &DatasetRecord, left: &[Retired]) -> PortResult<bool> {
        self.step(self.world.book.keep_retired(tenant, head, left)).await
    }
    async fn settle(&self, tenant: &Tenant, head: &DatasetRecord, settlement: &Settlement) -> PortResult<bool> {
        self.step(self.world.book.settle(tenant, head, settlement)).await
    }
    async fn give_back(&self, tenant: &Tenant, head: &DatasetRecord, due_at: Instant) -> PortResult<()> {
        self.step(self.world.book.give_back(tenant, head, due_at)).await
    }
}

#[async_trait]
impl Objects for Faulty {
    async fn create(&self, key: &str, bytes: Bytes) -> PortResult<Put> {
        self.step(self.world.objects.create(key, bytes)).await
    }
    async fn read(&self, key: &str) -> PortResult<Option<Bytes>> {
        self.step(self.world.objects.read(key)).await
    }
    async fn read_range(&self, key: &str, start: u64, length: u64) -> PortResult<Option<Bytes>> {
        self.step(self.world.objects.read_range(key, start, length)).await
    }
    async fn delete(&self, key: &str) -> PortResult<()> {
        self.step(self.world.objects.delete(key)).await
    }
    async fn list(&self, prefix: &str, after: Option<&str>) -> PortResult<Page<StoredObject>> {
        self.step(self.world.objects.list(prefix, after)).await
    }
}
