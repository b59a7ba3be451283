//! The order log and the key table behind the weather; here deeds come to stand.

use super::World;
use crate::mutants::Mutant;
use crate::sim::lock;
use affinsy_app::ports::*;
use affinsy_core::ids::{Tenant, User};
use affinsy_core::runs::RunId;
use affinsy_core::time::Instant;
use async_trait::async_trait;

impl World {
    async fn committed(&self, tenant: &Tenant, new: &NewSegments<'_>) -> PortResult<Commit> {
        if self.is(Mutant::ErasureLost) && new.purge.is_some() {
            self.landed(new);
            return Ok(Commit::Done);
        }
        let mut done = self.book.commit(tenant, new).await?;
        if done == Commit::Conflict {
            self.sim.counted("sequences taken");
        }
        if done == Commit::Conflict && self.is(Mutant::SequenceTwice) && self.overlay(tenant, new).await? {
            done = Commit::Done;
        }
        if done == Commit::Done {
            self.landed(new);
        }
        Ok(done)
    }

    fn landed(&self, new: &NewSegments<'_>) {
        let deed = self.sim.deed();
        self.ledger().landed(deed, &new.head.incarnation, new.head.sequence);
    }

    /// What an unconditional write would do: the item of the other push is no more.
    async fn overlay(&self, tenant: &Tenant, new: &NewSegments<'_>) -> PortResult<bool> {
        let stored = self.book.head(tenant, &new.head.dataset_id).await?;
        let same = stored
            .is_some_and(|stored| stored.incarnation == new.head.incarnation && stored.sequence >= new.head.sequence);
        if same {
            let key = (new.head.log(tenant), new.head.sequence);
            lock(&self.overlaid).insert(key, new.segments[0].clone());
        }
        Ok(same)
    }

    /// A mutant's object, now that its commit is made.
    async fn write_late(&self) -> PortResult<()> {
        let late = self.sim.deed().and_then(|deed| lock(&self.late).remove(&deed));
        if let Some((key, bytes)) = late {
            self.sim.step("objects.create late", Objects::create(&self.objects, &key, bytes)).await?;
        }
        Ok(())
    }
}

#[async_trait]
impl OrderLog for World {
    async fn head(&self, tenant: &Tenant, dataset_id: &str) -> PortResult<Option<DatasetRecord>> {
        self.sim.step("log.head", self.book.head(tenant, dataset_id)).await
    }
    async fn commit(&self, tenant: &Tenant, new: &NewSegments<'_>) -> PortResult<Commit> {
        let done = self.sim.step("log.commit", self.committed(tenant, new)).await;
        self.write_late().await?;
        match done {
            Err(PortError::Unavailable(_)) if self.is(Mutant::AcknowledgesUncommitted) => Ok(Commit::Done),
            done => done,
        }
    }
    async fn segments(&self, log: &LogId, from: u64, to: u64) -> PortResult<Vec<SegmentRecord>> {
        let mut segments = self.sim.step("log.segments", self.book.segments(log, from, to)).await?;
        for segment in &mut segments {
            if let Some(other) = lock(&self.overlaid).get(&(log.clone(), segment.sequence)) {
                *segment = other.clone();
            }
        }
        Ok(segments)
    }
    async fn run_segments(&self, log: &LogId, run: RunId) -> PortResult<Vec<SegmentRecord>> {
        self.sim.step("log.run_segments", self.book.run_segments(log, run)).await
    }
    async fn datasets(&self, tenant: &Tenant, after: Option<&str>, limit: usize) -> PortResult<Page<DatasetRecord>> {
        self.sim.step("log.datasets", self.book.datasets(tenant, after, limit)).await
    }
    async fn import(&self, tenant: &Tenant, import_id: &str) -> PortResult<Option<ImportRecord>> {
        self.sim.step("log.import", self.book.import(tenant, import_id)).await
    }
    async fn imports(&self, tenant: &Tenant, after: Option<&str>, limit: usize) -> PortResult<Page<ImportRecord>> {
        self.sim.step("log.imports", self.book.imports(tenant, after, limit)).await
    }
}

#[async_trait]
impl KeyTable for World {
    async fn find(&self, hash: &str) -> PortResult<Option<(KeyRecord, UserRecord)>> {
        self.sim.step("keys.find", self.keys.find(hash)).await
    }
    async fn user(&self, tenant: &Tenant, user: &User) -> PortResult<Option<UserRecord>> {
        self.sim.step("keys.user", self.keys.user(tenant, user)).await
    }
    async fn create(&self, key: &KeyRecord, user: &UserRecord) -> PortResult<()> {
        self.sim.step("keys.create", KeyTable::create(&self.keys, key, user)).await
    }
    async fn add(&self, key: &KeyRecord) -> PortResult<KeyRecord> {
        self.sim.step("keys.add", self.keys.add(key)).await
    }
    async fn expire(&self, tenant: &Tenant, key_id: &str, at: Instant) -> PortResult<bool> {
        self.sim.step("keys.expire", self.keys.expire(tenant, key_id, at)).await
    }
    async fn used(&self, tenant: &Tenant, key_id: &str, now: Instant) -> PortResult<()> {
        self.sim.step("keys.used", self.keys.used(tenant, key_id, now)).await
    }
    async fn list(&self, tenant: &Tenant) -> PortResult<Vec<KeyRecord>> {
        self.sim.step("keys.list", KeyTable::list(&self.keys, tenant)).await
    }
    async fn revoke(&self, tenant: &Tenant, key_id: &str, now: Instant) -> PortResult<bool> {
        self.sim.step("keys.revoke", self.keys.revoke(tenant, key_id, now)).await
    }
}

#[async_trait]
impl RateWindows for World {
    async fn take(&self, tenant: &Tenant, user: &User, limit: u32, now: Instant) -> PortResult<RateDecision> {
        self.sim.step("rates.take", RateWindows::take(&self.rates, tenant, user, limit, now)).await
    }
}
