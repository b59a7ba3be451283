//! Deliveries and the list of what is due, behind the weather.

use super::World;
use crate::mutants::Mutant;
use affinsy_app::memory::MemoryBook;
use affinsy_app::ports::*;
use affinsy_core::ids::Tenant;
use affinsy_core::time::Instant;
use async_trait::async_trait;

impl World {
    fn deliveries(&self) -> &dyn DeliveryBook {
        let book: &MemoryBook = &self.book;
        book
    }

    async fn claimed_delivery(
        &self,
        tenant: &Tenant,
        delivery_id: &str,
        now: Instant,
        lease_until: Instant,
    ) -> PortResult<Option<DeliveryRecord>> {
        let mut claimed = self.deliveries().claim(tenant, delivery_id, now, lease_until).await?;
        if claimed.is_none()
            && self.is(Mutant::DeliveryLeaseIgnored)
            && let Some(mut held) = self.deliveries().get(tenant, delivery_id).await?
            && held.state == DeliveryState::Pending
            && held.lease_until.is_some()
        {
            held.lease_until = None;
            self.deliveries().record(tenant, &held).await?;
            claimed = self.deliveries().claim(tenant, delivery_id, now, lease_until).await?;
        }
        if let Some(delivery) = &claimed
            && let Err(wrong) =
                self.leases.taken("delivery", delivery_id, delivery.claims.into(), self.sim.now(), lease_until)
        {
            self.ledger().violation(wrong);
        }
        Ok(claimed)
    }

    async fn recorded(&self, tenant: &Tenant, delivery: &DeliveryRecord) -> PortResult<bool> {
        let mut delivery = delivery.clone();
        if self.is(Mutant::RetriesEndEarly) {
            delivery.next_attempt_at = None;
        }
        self.leases.ended("delivery", &delivery.delivery_id, delivery.claims.into(), self.sim.now());
        self.deliveries().record(tenant, &delivery).await
    }
}

#[async_trait]
impl DeliveryBook for World {
    async fn secrets(&self, tenant: &Tenant, fresh: &TenantSecrets) -> PortResult<TenantSecrets> {
        self.sim.step("deliveries.secrets", self.deliveries().secrets(tenant, fresh)).await
    }
    async fn get(&self, tenant: &Tenant, delivery_id: &str) -> PortResult<Option<DeliveryRecord>> {
        self.sim.step("deliveries.get", self.deliveries().get(tenant, delivery_id)).await
    }
    async fn open(&self, tenant: &Tenant, delivery: &DeliveryRecord, outbox: Option<&Due>) -> PortResult<()> {
        self.sim.step("deliveries.open", self.deliveries().open(tenant, delivery, outbox)).await
    }
    async fn claim(
        &self,
        tenant: &Tenant,
        delivery_id: &str,
        now: Instant,
        lease_until: Instant,
    ) -> PortResult<Option<DeliveryRecord>> {
        let claim = self.claimed_delivery(tenant, delivery_id, now, lease_until);
        self.sim.step("deliveries.claim", claim).await
    }
    async fn record(&self, tenant: &Tenant, delivery: &DeliveryRecord) -> PortResult<bool> {
        self.sim.step("deliveries.record", self.recorded(tenant, delivery)).await
    }
    async fn rotate(&self, tenant: &Tenant, before: &str, after: &TenantSecrets) -> PortResult<bool> {
        self.sim.step("deliveries.rotate", self.deliveries().rotate(tenant, before, after)).await
    }
    async fn list(
        &self,
        tenant: &Tenant,
        filter: &DeliveryFilter,
        after: Option<&str>,
        limit: usize,
    ) -> PortResult<Page<DeliveryRecord>> {
        self.sim.step("deliveries.list", self.deliveries().list(tenant, filter, after, limit)).await
    }
}

#[async_trait]
impl DueIndex for World {
    async fn due(&self, now: Instant, limit: usize) -> PortResult<Vec<Due>> {
        let mut due = self.sim.step("due.due", self.book.due(now, limit)).await?;
        if self.is(Mutant::ImportsNotSwept) {
            due.retain(|due| due.kind != DueKind::Import);
        }
        // An index lags behind its table.
        if !due.is_empty() && self.sim.quirk("index lags") {
            due.pop();
        }
        Ok(due)
    }
    async fn postpone(&self, due: &Due, now: Instant, until: Instant) -> PortResult<bool> {
        self.sim.step("due.postpone", self.book.postpone(due, now, until)).await
    }
    async fn done(&self, due: &Due) -> PortResult<()> {
        self.sim.step("due.done", self.book.done(due)).await
    }
}
