//! What the importer has of the world. Its readers wait for objects on a thread of their own, so that each call which
//! may be theirs goes through a relay.

use super::World;
use crate::relay::Relay;
use affinsy_app::import_upload::{ImportPorts, Limits, place_of};
use affinsy_app::ports::{ImportRecord, Job, Objects, Page, PortResult, Put, StoredObject, UploadRefused, Uploads};
use affinsy_core::ids::Tenant;
use affinsy_core::time::Instant;
use async_trait::async_trait;
use bytes::Bytes;
use std::sync::Arc;

/// Small, so that a short file is staged more than once and becomes more than one segment. A file is one range: the
/// next one, fetched ahead, would be a second call for which a thread waits.
const LIMITS: Limits = Limits {
    range_bytes: 8 << 20,
    chunk_bytes: 200,
    staged_bytes: 400,
    partition_rows: 5,
    partition_bytes: 1 << 20,
    rejects_bytes: 2_000,
};

/// One importer's.
struct Importer {
    world: Arc<World>,
    relay: Arc<Relay>,
}

impl World {
    pub(super) fn import_ports(self: &Arc<Self>, relay: &Arc<Relay>) -> ImportPorts {
        let importer = Arc::new(Importer { world: Arc::clone(self), relay: Arc::clone(relay) });
        ImportPorts {
            uploads: importer.clone(),
            log: self.clone(),
            erasures: self.clone(),
            objects: importer,
            queue: self.clone(),
            clock: self.clock(),
            random: self.random(),
            limits: LIMITS,
        }
    }

    /// The import whose file this is; none where nobody waits for it.
    pub(super) async fn import_of(&self, key: &str) -> PortResult<Option<Job>> {
        let Some((tenant_hash, import_id)) = place_of(key) else { return Ok(None) };
        let tenant = self.tenant_of(tenant_hash).await?;
        Ok(tenant.map(|tenant| Job::Import { tenant, import_id: import_id.to_owned() }))
    }
}

#[async_trait]
impl Objects for Importer {
    async fn create(&self, key: &str, bytes: Bytes) -> PortResult<Put> {
        let (world, key) = (Arc::clone(&self.world), key.to_owned());
        self.relay.ask(async move { Objects::create(&*world, &key, bytes).await }).await
    }
    async fn read(&self, key: &str) -> PortResult<Option<Bytes>> {
        let (world, key) = (Arc::clone(&self.world), key.to_owned());
        self.relay.ask(async move { world.read(&key).await }).await
    }
    async fn read_range(&self, key: &str, start: u64, length: u64) -> PortResult<Option<Bytes>> {
        let (world, key) = (Arc::clone(&self.world), key.to_owned());
        self.relay.ask(async move { world.read_range(&key, start, length).await }).await
    }
    async fn delete(&self, key: &str) -> PortResult<()> {
        let (world, key) = (Arc::clone(&self.world), key.to_owned());
        self.relay.ask(async move { world.delete(&key).await }).await
    }
    async fn list(&self, prefix: &str, after: Option<&str>) -> PortResult<Page<StoredObject>> {
        Objects::list(&*self.world, prefix, after).await
    }
}

#[async_trait]
impl Uploads for Importer {
    async fn open(&self, tenant: &Tenant, import: &ImportRecord, due_at: Instant) -> PortResult<()> {
        Uploads::open(&*self.world, tenant, import, due_at).await
    }
    async fn tenant_of(&self, tenant_hash: &str) -> PortResult<Option<Tenant>> {
        self.world.tenant_of(tenant_hash).await
    }
    async fn take(
        &self,
        tenant: &Tenant,
        import_id: &str,
        now: Instant,
        lease_until: Instant,
    ) -> PortResult<Result<ImportRecord, UploadRefused>> {
        Uploads::take(&*self.world, tenant, import_id, now, lease_until).await
    }
    async fn save(&self, tenant: &Tenant, import: &mut ImportRecord, due_at: Option<Instant>) -> PortResult<bool> {
        let (world, tenant, mut next) = (Arc::clone(&self.world), tenant.clone(), import.clone());
        let save = async move {
            let saved = Uploads::save(&*world, &tenant, &mut next, due_at).await?;
            Ok((saved, next))
        };
        let (saved, next) = self.relay.ask(save).await?;
        *import = next;
        Ok(saved)
    }
}
