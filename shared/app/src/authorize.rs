//! Who is calling: from the Authorization header to a verdict. Begins at *deny* and stays there until
//! everything was checked.

use crate::http::{Caller, Verdict};
use crate::ports::{Clock, KeyRecord, KeyTable, PortResult, UserRecord};
use affinsy_core::key::ApiKey;
use affinsy_core::time::Instant;
use std::collections::HashMap;
use std::sync::{Arc, Mutex};

/// How long a look-up is kept: the longest a revoked key goes on.
const KEPT_MS: i64 = 30_000;
/// How often a key's use is noted, by each instance.
const NOTED_EVERY_MS: i64 = 3_600_000;
/// Beyond this many kept look-ups all are dropped: bounds memory, whoever calls.
const KEPT_MAX: usize = 10_000;

type Found = Option<(KeyRecord, UserRecord)>;

/// Looks keys up and keeps what it found for a short while.
pub struct Authorizer {
    keys: Arc<dyn KeyTable>,
    clock: Arc<dyn Clock>,
    kept: Mutex<HashMap<String, (Instant, Found)>>,
    /// When the use of a key was noted last, by its id.
    noted: Mutex<HashMap<String, Instant>>,
}

impl std::fmt::Debug for Authorizer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Authorizer")
    }
}

impl Authorizer {
    pub fn new(keys: Arc<dyn KeyTable>, clock: Arc<dyn Clock>) -> Self {
        Self { keys, clock, kept: Mutex::default(), noted: Mutex::default() }
    }

    /// The verdict on a request's Authorization headers. A key anywhere else does not count, two do not either.
    pub async fn verdict(&self, authorization: Option<&str>) -> Verdict {
        let Some(key) = authorization.and_then(bearer_key) else { return Verdict::Deny };
        let now = self.clock.now();
        match self.look_up(&key.hash(), now).await {
            Ok(found) => {
                let verdict = judge(found, now);
                self.note_use(&verdict, now);
                verdict
            }
            Err(error) => {
                tracing::error!(error = %error, "api key look-up failed");
                Verdict::Unavailable
            }
        }
    }

    async fn look_up(&self, hash: &str, now: Instant) -> PortResult<Found> {
        if let Some(found) = self.kept(hash, now) {
            return Ok(found);
        }
        let found = self.keys.find(hash).await?;
        let mut kept = self.kept.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if kept.len() >= KEPT_MAX {
            kept.clear();
        }
        // Only what exists is kept: a new key works at once.
        if found.is_some() {
            kept.insert(hash.to_owned(), (now, found.clone()));
        }
        Ok(found)
    }

    /// Notes now and then that a good key was used. Nobody waits for it: an instance that is frozen before it is written
    /// writes it when it thaws, or never; and so does one without a runtime to leave it to.
    fn note_use(&self, verdict: &Verdict, now: Instant) {
        let (Verdict::Allow(caller) | Verdict::PlanTooLow(caller)) = verdict else { return };
        let mut noted = self.noted.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let recently = |at: &Instant| (0..NOTED_EVERY_MS).contains(&(now.unix_ms() - at.unix_ms()));
        if noted.get(&caller.key_id).is_some_and(recently) {
            return;
        }
        if noted.len() >= KEPT_MAX {
            noted.clear();
        }
        let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
        noted.insert(caller.key_id.clone(), now);
        let (keys, tenant, key_id) = (self.keys.clone(), caller.tenant.clone(), caller.key_id.clone());
        runtime.spawn(async move {
            if let Err(error) = keys.used(&tenant, &key_id, now).await {
                tracing::warn!(key.id = key_id, error = %error, "the use of a key was not noted");
            }
        });
    }

    fn kept(&self, hash: &str, now: Instant) -> Option<Found> {
        let kept = self.kept.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let (at, found) = kept.get(hash)?;
        let age_ms = now.unix_ms() - at.unix_ms();
        (0..KEPT_MS).contains(&age_ms).then(|| found.clone())
    }
}

fn bearer_key(header: &str) -> Option<ApiKey> {
    let (scheme, key) = header.trim().split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("bearer") {
        return None;
    }
    ApiKey::parse(key.trim())
}

fn judge(found: Found, now: Instant) -> Verdict {
    let Some((key, user)) = found else { return Verdict::Deny };
    if key.has_ended(now) || key.tenant != user.tenant || key.user != user.user {
        return Verdict::Deny;
    }
    let caller = Caller {
        tenant: key.tenant,
        user: key.user,
        plan: user.plan,
        scopes: key.scopes,
        key_id: key.key_id,
        rate_limit: user.rate_limit.unwrap_or(user.plan.requests_per_window()),
        max_rows: user.max_rows.or(user.plan.max_rows()),
    };
    if caller.plan.has_api() { Verdict::Allow(caller) } else { Verdict::PlanTooLow(caller) }
}
