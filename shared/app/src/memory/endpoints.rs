//! Endpoints over [`MemoryBook`].

use super::book::MemoryBook;
use super::lock;
use crate::ports::{EndpointRecord, Endpoints, Pool, PortResult};
use affinsy_core::ids::Tenant;
use affinsy_core::time::Instant;
use async_trait::async_trait;

#[async_trait]
impl Endpoints for MemoryBook {
    async fn endpoint(&self, tenant: &Tenant, url: &str) -> PortResult<Option<EndpointRecord>> {
        Ok(lock(&self.state).endpoints.get(&(tenant.clone(), url.to_owned())).cloned())
    }
    async fn put_endpoint(&self, tenant: &Tenant, record: &EndpointRecord, _now: Instant) -> PortResult<bool> {
        let mut state = lock(&self.state);
        let key = (tenant.clone(), record.url.clone());
        let stored = state.endpoints.get(&key).map_or(0, |stored| stored.version);
        if stored + 1 != record.version {
            return Ok(false);
        }
        state.endpoints.insert(key, record.clone());
        Ok(true)
    }
    async fn disabled_endpoints(&self, tenant: &Tenant) -> PortResult<Vec<EndpointRecord>> {
        let state = lock(&self.state);
        let own = state.endpoints.iter().filter(|((owner, _), _)| owner == tenant).map(|(_, record)| record);
        Ok(own.filter(|record| record.health.disabled.is_some()).cloned().collect())
    }
    async fn enter(
        &self,
        tenant: &Tenant,
        pool: Pool,
        holder: &str,
        places: u32,
        now: Instant,
        until: Instant,
    ) -> PortResult<Option<u32>> {
        let mut state = lock(&self.state);
        let taken =
            |place: &u32| state.places.get(&(tenant.clone(), pool, *place)).is_some_and(|(_, until)| *until > now);
        let free = (0..places).find(|place| !taken(place));
        if let Some(place) = free {
            state.places.insert((tenant.clone(), pool, place), (holder.to_owned(), until));
        }
        Ok(free)
    }
    async fn leave(&self, tenant: &Tenant, pool: Pool, holder: &str, place: u32) -> PortResult<()> {
        let mut state = lock(&self.state);
        let key = (tenant.clone(), pool, place);
        if state.places.get(&key).is_some_and(|(own, _)| own == holder) {
            state.places.remove(&key);
        }
        Ok(())
    }
}
