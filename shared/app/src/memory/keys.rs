//! Keys, users and rate windows in maps.

use super::lock;
use crate::ports::{KeyRecord, KeyTable, PortResult, RATE_WINDOW_MS, RateDecision, RateWindows, UserRecord};
use affinsy_core::ids::{Tenant, User};
use affinsy_core::time::Instant;
use async_trait::async_trait;
use std::collections::BTreeMap;
use std::sync::Mutex;

#[derive(Debug, Default)]
pub struct MemoryKeys {
    keys: Mutex<BTreeMap<String, KeyRecord>>,
    users: Mutex<BTreeMap<(Tenant, User), UserRecord>>,
}

impl MemoryKeys {
    /// False where there is no such key.
    fn change(&self, tenant: &Tenant, key_id: &str, change: impl FnOnce(&mut KeyRecord)) -> bool {
        let mut keys = lock(&self.keys);
        let found = keys.values_mut().find(|key| key.tenant == *tenant && key.key_id == key_id);
        found.map(change).is_some()
    }
}

#[async_trait]
impl KeyTable for MemoryKeys {
    async fn find(&self, hash: &str) -> PortResult<Option<(KeyRecord, UserRecord)>> {
        let Some(key) = lock(&self.keys).get(hash).cloned() else { return Ok(None) };
        let user = lock(&self.users).get(&(key.tenant.clone(), key.user.clone())).cloned();
        Ok(user.map(|user| (key, user)))
    }
    async fn user(&self, tenant: &Tenant, user: &User) -> PortResult<Option<UserRecord>> {
        Ok(lock(&self.users).get(&(tenant.clone(), user.clone())).cloned())
    }
    async fn create(&self, key: &KeyRecord, user: &UserRecord) -> PortResult<()> {
        lock(&self.users).insert((user.tenant.clone(), user.user.clone()), user.clone());
        lock(&self.keys).insert(key.hash.clone(), key.clone());
        Ok(())
    }
    async fn add(&self, key: &KeyRecord) -> PortResult<KeyRecord> {
        let mut keys = lock(&self.keys);
        let same = |known: &&KeyRecord| known.tenant == key.tenant && known.key_id == key.key_id;
        if let Some(known) = keys.values().find(same) {
            return Ok(known.clone());
        }
        keys.insert(key.hash.clone(), key.clone());
        Ok(key.clone())
    }
    async fn expire(&self, tenant: &Tenant, key_id: &str, at: Instant) -> PortResult<bool> {
        let ends = |key: &mut KeyRecord| key.expires_at = Some(key.expires_at.map_or(at, |before| before.min(at)));
        Ok(self.change(tenant, key_id, ends))
    }
    async fn used(&self, tenant: &Tenant, key_id: &str, now: Instant) -> PortResult<()> {
        self.change(tenant, key_id, |key| key.last_used_at = Some(now));
        Ok(())
    }
    async fn list(&self, tenant: &Tenant) -> PortResult<Vec<KeyRecord>> {
        let mut keys: Vec<_> = lock(&self.keys).values().filter(|key| key.tenant == *tenant).cloned().collect();
        keys.sort_by(|a, b| a.key_id.cmp(&b.key_id));
        Ok(keys)
    }
    async fn revoke(&self, tenant: &Tenant, key_id: &str, now: Instant) -> PortResult<bool> {
        Ok(self.change(tenant, key_id, |key| key.revoked_at = key.revoked_at.or(Some(now))))
    }
}

#[derive(Debug, Default)]
pub struct MemoryRates(Mutex<BTreeMap<(Tenant, User), (Instant, u32)>>);

#[async_trait]
impl RateWindows for MemoryRates {
    async fn take(&self, tenant: &Tenant, user: &User, limit: u32, now: Instant) -> PortResult<RateDecision> {
        let mut windows = lock(&self.0);
        let window = windows.entry((tenant.clone(), user.clone())).or_insert((now, 0));
        if now.unix_ms() - window.0.unix_ms() >= RATE_WINDOW_MS {
            *window = (now, 0);
        }
        let admitted = window.1 < limit;
        window.1 += u32::from(admitted);
        Ok(RateDecision::of_window(admitted, limit, window.1, window.0.unix_ms(), now.unix_ms()))
    }
}
