//! The order log and the key table behind the weather; here deeds come to stand.

use super::World;
use crate::ledger::Purge;
use crate::mutants::Mutant;
use crate::sim::lock;
use affinsy_app::ports::*;
use affinsy_core::ids::{Tenant, User};
use affinsy_core::runs::RunId;
use affinsy_core::time::Instant;
use async_trait::async_trait;

fn is_push(import: &ImportRecord) -> bool {
    import.source != UPLOAD
}

impl World {
    async fn committed(
        &self,
        tenant: &Tenant,
        new: &NewSegments<'_>,
        import: Option<&ImportRecord>,
    ) -> PortResult<Commit> {
        if self.is(Mutant::ErasureLost) && new.purge.is_some() {
            self.landed(tenant, new, import).await;
            return Ok(Commit::Done);
        }
        let mut done = self.book.commit(tenant, new).await?;
        if done == Commit::Conflict {
            self.sim.counted("sequences taken");
        }
        if done == Commit::Conflict && self.is(Mutant::SequenceTwice) && self.overlay(tenant, new).await? {
            done = Commit::Done;
        }
        if done == Commit::Conflict && self.is(Mutant::CapDecidedOnce) && import.is_some_and(is_push) {
            return self.decided_once(tenant, new).await;
        }
        if done == Commit::Void && self.is(Mutant::ImportUnfenced) {
            done = self.book.commit(tenant, &NewSegments { import: None, ..*new }).await?;
        }
        if done == Commit::Done {
            self.landed(tenant, new, import).await;
        }
        Ok(done)
    }

    /// A file is no task's: it is known by its import.
    async fn landed(&self, tenant: &Tenant, new: &NewSegments<'_>, import: Option<&ImportRecord>) {
        let file = import.filter(|import| import.source == UPLOAD);
        let lines = if file.is_some() { self.lines_of(new.segments).await } else { None };
        let mut ledger = self.ledger();
        let deed = match file {
            Some(import) => ledger.file(&import.import_id),
            None => self.sim.deed(),
        };
        ledger.landed(deed, &new.head.incarnation, new.head.sequence);
        if let (Some(import), Some(at)) = (import.filter(|import| is_push(import)), deed) {
            ledger.deeds[at].import_id = Some(import.import_id.clone());
        }
        if let (Some(deed), Some(import), Some(lines)) = (deed, file, &lines) {
            ledger.holds(deed, (tenant, import), lines);
        }
        if let Some(purge) = new.purge {
            ledger.purges.push(Purge::of(tenant, purge));
        }
        if let Some(import) = file {
            self.import_let_go(import);
        }
    }

    /// What a push would do that keeps to what it decided before another came.
    async fn decided_once(&self, tenant: &Tenant, new: &NewSegments<'_>) -> PortResult<Commit> {
        let stored = self.book.head(tenant, &new.head.dataset_id).await?;
        let Some(mut head) = stored.filter(|stored| stored.incarnation == new.head.incarnation) else {
            return Ok(Commit::Conflict);
        };
        head.sequence += 1;
        head.rows_pushed += new.segments[0].rows;
        let segments = [SegmentRecord { sequence: head.sequence, ..new.segments[0].clone() }];
        let new = NewSegments { head: &head, segments: &segments, ..*new };
        let done = self.book.commit(tenant, &new).await?;
        if done == Commit::Done {
            self.landed(tenant, &new, new.import).await;
        }
        Ok(done)
    }

    /// What an importer would do that does not end its import by the commit.
    async fn completed_first(
        &self,
        tenant: &Tenant,
        new: &NewSegments<'_>,
        import: &ImportRecord,
    ) -> PortResult<Commit> {
        let (mut ended, due_at) = (import.clone(), import.outbox_due_at());
        let save = Uploads::save(&*self.book, tenant, &mut ended, due_at);
        if !self.sim.step("uploads.save", save).await? {
            return Ok(Commit::Void);
        }
        let rest = NewSegments { import: None, ..*new };
        self.sim.step("log.commit", self.committed(tenant, &rest, Some(import))).await
    }

    /// What an unconditional write would do: the item of the other push is no more.
    async fn overlay(&self, tenant: &Tenant, new: &NewSegments<'_>) -> PortResult<bool> {
        let stored = self.book.head(tenant, &new.head.dataset_id).await?;
        let same = new.segments.len() == 1
            && stored.is_some_and(|stored| {
                stored.incarnation == new.head.incarnation && stored.sequence >= new.head.sequence
            });
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
        if self.is(Mutant::ImportCompletesFirst)
            && let Some(import) = new.import.filter(|import| import.source == UPLOAD)
        {
            return self.completed_first(tenant, new, import).await;
        }
        let done = self.sim.step("log.commit", self.committed(tenant, new, new.import)).await;
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
