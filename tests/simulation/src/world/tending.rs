//! Tending and erasure behind the weather.

use super::World;
use crate::ledger::Purge;
use crate::mutants::Mutant;
use affinsy_app::ports::*;
use affinsy_core::ids::Tenant;
use affinsy_core::runs::{Retired, RunId};
use affinsy_core::time::Instant;
use async_trait::async_trait;

/// A dataset's lease by its incarnation: a new dataset of the same name is another thing.
fn lease_of(tenant: &Tenant, head: &DatasetRecord) -> String {
    format!("{tenant}/{}/{}", head.dataset_id, head.incarnation)
}

impl World {
    async fn claimed_dataset(
        &self,
        tenant: &Tenant,
        dataset_id: &str,
        now: Instant,
        until: Instant,
    ) -> PortResult<Option<DatasetRecord>> {
        let claimed = self.book.claim_tending(tenant, dataset_id, now, until).await?;
        if let Some(head) = &claimed
            && let Err(wrong) =
                self.leases.taken("dataset", &lease_of(tenant, head), head.tending.token, self.sim.now(), until)
        {
            self.ledger().violation(wrong);
        }
        Ok(claimed)
    }

    async fn deleted(
        &self,
        tenant: &Tenant,
        head: &DatasetRecord,
        purge: &PurgeRecord,
        due: Instant,
    ) -> PortResult<bool> {
        let deleted = self.book.delete_dataset(tenant, head, purge, due).await?;
        if deleted {
            let deed = self.sim.deed();
            let mut ledger = self.ledger();
            ledger.landed(deed, &head.incarnation, head.sequence);
            ledger.purges.push(Purge::of(tenant, purge));
        }
        Ok(deleted)
    }

    fn given_back(&self, tenant: &Tenant, head: &DatasetRecord) {
        self.leases.ended("dataset", &lease_of(tenant, head), head.tending.token, self.sim.now());
    }
}

#[async_trait]
impl Tending for World {
    async fn claim_tending(
        &self,
        tenant: &Tenant,
        dataset_id: &str,
        now: Instant,
        until: Instant,
    ) -> PortResult<Option<DatasetRecord>> {
        self.sim.step("tending.claim", self.claimed_dataset(tenant, dataset_id, now, until)).await
    }
    async fn put_run(&self, log: &LogId, run: RunId, segments: &[SegmentRecord]) -> PortResult<()> {
        let put = self.sim.step("tending.put_run", self.book.put_run(log, run, segments)).await;
        if self.is(Mutant::RunUnconfirmed) { Ok(()) } else { put }
    }
    async fn publish(&self, tenant: &Tenant, head: &DatasetRecord, publication: &Publication) -> PortResult<bool> {
        self.sim.step("tending.publish", self.book.publish(tenant, head, publication)).await
    }
    async fn stored_runs(&self, log: &LogId) -> PortResult<Vec<RunId>> {
        self.sim.step("tending.stored_runs", self.book.stored_runs(log)).await
    }
    async fn drop_run(&self, log: &LogId, run: RunId) -> PortResult<()> {
        self.sim.step("tending.drop_run", self.book.drop_run(log, run)).await
    }
    async fn drop_segments(&self, log: &LogId, from: u64, to: u64) -> PortResult<()> {
        self.sim.step("tending.drop_segments", self.book.drop_segments(log, from, to)).await
    }
    async fn tell_import(&self, tenant: &Tenant, found: &FoundOut) -> PortResult<()> {
        self.sim.step("tending.tell_import", self.book.tell_import(tenant, found)).await
    }
    async fn keep_retired(&self, tenant: &Tenant, head: &DatasetRecord, left: &[Retired]) -> PortResult<bool> {
        self.sim.step("tending.keep_retired", self.book.keep_retired(tenant, head, left)).await
    }
    async fn settle(&self, tenant: &Tenant, head: &DatasetRecord, settlement: &Settlement) -> PortResult<bool> {
        let settle = async {
            self.given_back(tenant, head);
            self.book.settle(tenant, head, settlement).await
        };
        self.sim.step("tending.settle", settle).await
    }
    async fn give_back(&self, tenant: &Tenant, head: &DatasetRecord, due_at: Instant) -> PortResult<()> {
        let give_back = async {
            self.given_back(tenant, head);
            self.book.give_back(tenant, head, due_at).await
        };
        self.sim.step("tending.give_back", give_back).await
    }
}

#[async_trait]
impl Erasures for World {
    async fn delete_dataset(
        &self,
        tenant: &Tenant,
        head: &DatasetRecord,
        purge: &PurgeRecord,
        due_at: Instant,
    ) -> PortResult<bool> {
        self.sim.step("erasures.delete_dataset", self.deleted(tenant, head, purge, due_at)).await
    }
    async fn drop_log(&self, log: &LogId) -> PortResult<()> {
        self.sim.step("erasures.drop_log", self.book.drop_log(log)).await
    }
    async fn purge(&self, tenant: &Tenant, purge_id: &str) -> PortResult<Option<PurgeRecord>> {
        self.sim.step("erasures.purge", self.book.purge(tenant, purge_id)).await
    }
    async fn purges(&self, tenant: &Tenant) -> PortResult<Vec<PurgeRecord>> {
        let purges = self.sim.step("erasures.purges", self.book.purges(tenant)).await?;
        Ok(if self.is(Mutant::ErasuresUnseen) { Vec::new() } else { purges })
    }
    async fn put_off_purge(&self, tenant: &Tenant, purge_id: &str, due_at: Instant) -> PortResult<()> {
        if self.is(Mutant::PurgeForgets) {
            return self.finish_purge(tenant, purge_id).await;
        }
        self.sim.step("erasures.put_off_purge", self.book.put_off_purge(tenant, purge_id, due_at)).await
    }
    async fn redact_import(&self, tenant: &Tenant, import_id: &str) -> PortResult<()> {
        self.sim.step("erasures.redact_import", self.book.redact_import(tenant, import_id)).await
    }
    async fn finish_purge(&self, tenant: &Tenant, purge_id: &str) -> PortResult<()> {
        self.sim.step("erasures.finish_purge", self.book.finish_purge(tenant, purge_id)).await
    }
}
