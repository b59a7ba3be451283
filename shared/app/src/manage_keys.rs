//! Making, listing and revoking API keys.

pub mod issue;

use crate::ports::{Clock, KeyRecord, KeyTable, PortResult, Random, UserRecord};
use affinsy_core::ids::{Tenant, User};
use affinsy_core::key::ApiKey;
use affinsy_core::plan::{Plan, Scopes};
use affinsy_core::time::Instant;

/// What a new key shall be.
#[derive(Debug, Clone)]
pub struct NewKey {
    pub tenant: Tenant,
    pub user: User,
    /// `None` keeps the user's; a new user gets the lowest plan with the API.
    pub plan: Option<Plan>,
    /// `None` keeps the user's; a new user has the plan's.
    pub rate_limit: Option<u32>,
    /// `None` keeps the user's; a new user has the plan's.
    pub max_rows: Option<u64>,
    pub scopes: Scopes,
    pub expires_at: Option<Instant>,
}

/// Stores a new key (and the user's plan and limits); the secret is in the answer and nowhere else.
pub async fn create(
    new: NewKey,
    keys: &dyn KeyTable,
    clock: &dyn Clock,
    random: &dyn Random,
) -> PortResult<(ApiKey, KeyRecord)> {
    let key = draw(random);
    let now = clock.now();
    let record = KeyRecord {
        key_id: random.id("key_", now),
        hash: key.hash(),
        tenant: new.tenant.clone(),
        user: new.user.clone(),
        scopes: new.scopes,
        created_at: now,
        expires_at: new.expires_at,
        revoked_at: None,
        last_used_at: None,
    };
    let known = keys.user(&new.tenant, &new.user).await?;
    let user = UserRecord {
        plan: new.plan.or(known.as_ref().map(|user| user.plan)).unwrap_or(Plan::Max),
        rate_limit: new.rate_limit.or(known.as_ref().and_then(|user| user.rate_limit)),
        max_rows: new.max_rows.or(known.and_then(|user| user.max_rows)),
        tenant: new.tenant,
        user: new.user,
    };
    keys.create(&record, &user).await?;
    Ok((key, record))
}

fn draw(random: &dyn Random) -> ApiKey {
    loop {
        let mut bytes = [0; 64];
        random.fill(&mut bytes);
        if let Some(key) = ApiKey::from_random(&bytes) {
            return key;
        }
    }
}
