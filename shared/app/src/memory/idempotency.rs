//! Calls under an `Idempotency-Key`, in a map.

use super::lock;
use crate::ports::{Begun, CallRecord, Idempotency, PortResult, StoredAnswer};
use affinsy_core::ids::Tenant;
use affinsy_core::time::Instant;
use async_trait::async_trait;
use std::collections::BTreeMap;
use std::sync::Mutex;

#[derive(Debug, Default)]
pub struct MemoryIdempotency(Mutex<BTreeMap<(Tenant, String), CallRecord>>);

impl MemoryIdempotency {
    fn held<T>(&self, tenant: &Tenant, call: &CallRecord, change: impl FnOnce(&mut CallRecord) -> T) -> Option<T> {
        let mut calls = lock(&self.0);
        let stored = calls.get_mut(&(tenant.clone(), call.key_hash.clone()))?;
        let ours = stored.seed == call.seed && stored.token == call.token && stored.answer.is_none();
        ours.then(|| change(stored))
    }

    /// Everything that is kept, for a test that looks for what must not be.
    pub fn records(&self) -> Vec<CallRecord> {
        lock(&self.0).values().cloned().collect()
    }
}

#[async_trait]
impl Idempotency for MemoryIdempotency {
    async fn begin(&self, tenant: &Tenant, call: &CallRecord, now: Instant) -> PortResult<Begun> {
        let mut calls = lock(&self.0);
        let key = (tenant.clone(), call.key_hash.clone());
        let Some(stored) = calls.get_mut(&key).filter(|stored| stored.expires_at > now) else {
            calls.insert(key, call.clone());
            return Ok(Begun::Go(call.clone()));
        };
        if let Some(found) = stored.found_by(call, now) {
            return Ok(found);
        }
        stored.token += 1;
        stored.lease_until = call.lease_until;
        Ok(Begun::Go(stored.clone()))
    }
    async fn finish(&self, tenant: &Tenant, call: &CallRecord, answer: &StoredAnswer) -> PortResult<bool> {
        Ok(self.held(tenant, call, |stored| stored.answer = Some(answer.clone())).is_some())
    }
    async fn release(&self, tenant: &Tenant, call: &CallRecord, now: Instant) -> PortResult<()> {
        self.held(tenant, call, |stored| stored.lease_until = now);
        Ok(())
    }
}
