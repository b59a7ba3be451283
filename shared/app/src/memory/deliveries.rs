//! The delivery book over [`MemoryBook`].

use super::book::{MemoryBook, page};
use super::lock;
use crate::ports::{
    DeliveryBook, DeliveryFilter, DeliveryRecord, DeliveryState, Due, DueKind, Page, PortResult, TenantSecrets,
};
use affinsy_core::ids::Tenant;
use affinsy_core::time::Instant;
use async_trait::async_trait;
use std::collections::btree_map::Entry;

#[async_trait]
impl DeliveryBook for MemoryBook {
    async fn secrets(&self, tenant: &Tenant, fresh: &TenantSecrets) -> PortResult<TenantSecrets> {
        Ok(lock(&self.state).secrets.entry(tenant.clone()).or_insert_with(|| fresh.clone()).clone())
    }
    async fn rotate(&self, tenant: &Tenant, before: &str, after: &TenantSecrets) -> PortResult<bool> {
        let mut state = lock(&self.state);
        match state.secrets.get_mut(tenant) {
            Some(stored) if stored.webhook == before => {
                *stored = after.clone();
                Ok(true)
            }
            _ => Ok(false),
        }
    }
    async fn get(&self, tenant: &Tenant, delivery_id: &str) -> PortResult<Option<DeliveryRecord>> {
        Ok(lock(&self.state).deliveries.get(&(tenant.clone(), delivery_id.to_owned())).cloned())
    }
    async fn open(&self, tenant: &Tenant, delivery: &DeliveryRecord, outbox: Option<&Due>) -> PortResult<()> {
        let mut state = lock(&self.state);
        let key = (tenant.clone(), delivery.delivery_id.clone());
        if let Entry::Vacant(vacant) = state.deliveries.entry(key) {
            vacant.insert(delivery.clone());
            if let Some(at) = delivery.next_attempt_at {
                state.due.insert((DueKind::Delivery, tenant.clone(), delivery.delivery_id.clone()), at);
            }
        }
        if let Some(due) = outbox {
            state.due.remove(&(due.kind, due.tenant.clone(), due.id.clone()));
        }
        Ok(())
    }
    async fn claim(
        &self,
        tenant: &Tenant,
        delivery_id: &str,
        now: Instant,
        lease_until: Instant,
    ) -> PortResult<Option<DeliveryRecord>> {
        let mut state = lock(&self.state);
        let Some(delivery) = state.deliveries.get_mut(&(tenant.clone(), delivery_id.to_owned())) else {
            return Ok(None);
        };
        let due = delivery.state == DeliveryState::Pending && delivery.next_attempt_at.is_some_and(|at| at <= now);
        if !due || delivery.lease_until.is_some_and(|until| until > now) {
            return Ok(None);
        }
        delivery.claims += 1;
        delivery.lease_until = Some(lease_until);
        let claimed = delivery.clone();
        state.due.insert((DueKind::Delivery, tenant.clone(), delivery_id.to_owned()), lease_until);
        Ok(Some(claimed))
    }
    async fn record(&self, tenant: &Tenant, delivery: &DeliveryRecord) -> PortResult<bool> {
        let mut state = lock(&self.state);
        let key = (tenant.clone(), delivery.delivery_id.clone());
        if state.deliveries.get(&key).is_none_or(|stored| stored.claims != delivery.claims) {
            return Ok(false);
        }
        let due = (DueKind::Delivery, tenant.clone(), delivery.delivery_id.clone());
        match delivery.next_attempt_at {
            Some(at) => state.due.insert(due, at),
            None => state.due.remove(&due),
        };
        state.deliveries.insert(key, delivery.clone());
        Ok(true)
    }
    async fn list(
        &self,
        tenant: &Tenant,
        filter: &DeliveryFilter,
        after: Option<&str>,
        limit: usize,
    ) -> PortResult<Page<DeliveryRecord>> {
        Ok(page(&lock(&self.state).deliveries, tenant, after, limit, true, |delivery| filter.admits(delivery)))
    }
}
