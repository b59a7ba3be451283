//! Uploads over [`MemoryBook`], and links that lead nowhere.

use super::book::MemoryBook;
use super::lock;
use crate::ports::{DueKind, FileName, ImportRecord, ImportStatus, Links, PortResult, PutLink, UploadRefused, Uploads};
use affinsy_core::ids::{Tenant, name_hash};
use affinsy_core::time::Instant;
use async_trait::async_trait;

#[async_trait]
impl Uploads for MemoryBook {
    async fn open(&self, tenant: &Tenant, import: &ImportRecord, due_at: Instant) -> PortResult<()> {
        let mut state = lock(&self.state);
        let key = (tenant.clone(), import.import_id.clone());
        if let std::collections::btree_map::Entry::Vacant(free) = state.imports.entry(key) {
            free.insert(import.clone());
            state.due.insert((DueKind::Import, tenant.clone(), import.import_id.clone()), due_at);
        }
        Ok(())
    }

    async fn tenant_of(&self, tenant_hash: &str) -> PortResult<Option<Tenant>> {
        let state = lock(&self.state);
        let mut tenants = state.imports.iter().filter(|(_, import)| import.source == "upload").map(|((own, _), _)| own);
        Ok(tenants.find(|tenant| name_hash(tenant.as_str()) == tenant_hash).cloned())
    }

    async fn take(
        &self,
        tenant: &Tenant,
        import_id: &str,
        now: Instant,
        lease_until: Instant,
    ) -> PortResult<Result<ImportRecord, UploadRefused>> {
        let mut state = lock(&self.state);
        let key = (tenant.clone(), import_id.to_owned());
        let Some(stored) = state.imports.get(&key) else { return Ok(Err(UploadRefused::Unknown)) };
        let taken = stored.clone().taken(now, lease_until);
        if let Ok(import) = &taken {
            state.imports.insert(key, import.clone());
            state.due.insert((DueKind::Import, tenant.clone(), import_id.to_owned()), lease_until);
        }
        Ok(taken)
    }

    async fn save(&self, tenant: &Tenant, import: &mut ImportRecord, due_at: Option<Instant>) -> PortResult<bool> {
        let mut state = lock(&self.state);
        let key = (tenant.clone(), import.import_id.clone());
        let is_ours = |stored: &ImportRecord| {
            (stored.claims, stored.saves, stored.status) == (import.claims, import.saves, ImportStatus::Processing)
        };
        if !state.imports.get(&key).is_some_and(is_ours) {
            return Ok(false);
        }
        import.saves += 1;
        state.imports.insert(key, import.clone());
        let due = (DueKind::Import, tenant.clone(), import.import_id.clone());
        match due_at {
            Some(at) => state.due.insert(due, at),
            None => state.due.remove(&due),
        };
        Ok(true)
    }
}

/// Links that name their object and how long they hold.
#[derive(Debug, Default)]
pub struct MemoryLinks;

#[async_trait]
impl Links for MemoryLinks {
    async fn put(&self, key: &str, seconds: u32) -> PortResult<PutLink> {
        let headers = vec![("if-none-match".to_owned(), "*".to_owned())];
        Ok(PutLink { url: format!("https://objects.example/{key}?put={seconds}"), headers })
    }

    async fn get(&self, key: &str, file: FileName<'_>, seconds: u32) -> PortResult<String> {
        Ok(format!("https://objects.example/{key}?get={seconds}&name={}", file.name))
    }
}
