//! API keys and the users they belong to.

use super::PortResult;
use affinsy_core::ids::{Tenant, User};
use affinsy_core::plan::{Plan, Scopes};
use affinsy_core::time::{self, Instant};
use async_trait::async_trait;
use serde::{Deserialize, Serialize};

/// A key as the table knows it: by the hash of its secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyRecord {
    pub key_id: String,
    pub hash: String,
    pub tenant: Tenant,
    pub user: User,
    pub scopes: Scopes,
    #[serde(with = "time::micros")]
    pub created_at: Instant,
    #[serde(with = "time::micros::option", default)]
    pub expires_at: Option<Instant>,
    #[serde(with = "time::micros::option", default)]
    pub revoked_at: Option<Instant>,
    /// Roughly: it is brought up to date now and then.
    #[serde(with = "time::micros::option", default)]
    pub last_used_at: Option<Instant>,
}

impl KeyRecord {
    /// Whether it was revoked, or came to its end by itself.
    pub fn has_ended(&self, now: Instant) -> bool {
        let over = |at: Option<Instant>| at.is_some_and(|at| at <= now);
        over(self.expires_at) || over(self.revoked_at)
    }
}

/// What holds for all keys of a user.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserRecord {
    pub tenant: Tenant,
    pub user: User,
    pub plan: Plan,
    /// Requests in a window, where it differs from the plan's.
    #[serde(default)]
    pub rate_limit: Option<u32>,
    /// Live lines of a dataset, where it differs from the plan's.
    #[serde(default)]
    pub max_rows: Option<u64>,
}

#[async_trait]
pub trait KeyTable: Send + Sync {
    /// The key with this hash and its user.
    async fn find(&self, hash: &str) -> PortResult<Option<(KeyRecord, UserRecord)>>;
    async fn user(&self, tenant: &Tenant, user: &User) -> PortResult<Option<UserRecord>>;
    /// Stores a user (again) and a new key of theirs, both or neither.
    async fn create(&self, key: &KeyRecord, user: &UserRecord) -> PortResult<()>;
    /// Stores a new key of a user who is there, and the key as it then stands: one of this id that is there stays.
    async fn add(&self, key: &KeyRecord) -> PortResult<KeyRecord>;
    /// Lets a key end at a time, unless it ends before; false when the tenant has no such key.
    async fn expire(&self, tenant: &Tenant, key_id: &str, at: Instant) -> PortResult<bool>;
    /// Notes for lists that a key was used; a key that is gone is none.
    async fn used(&self, tenant: &Tenant, key_id: &str, now: Instant) -> PortResult<()>;
    /// All of a tenant's keys, without an order that counts.
    async fn list(&self, tenant: &Tenant) -> PortResult<Vec<KeyRecord>>;
    /// Marks a key as revoked; false when the tenant has no such key.
    async fn revoke(&self, tenant: &Tenant, key_id: &str, now: Instant) -> PortResult<bool>;
}
