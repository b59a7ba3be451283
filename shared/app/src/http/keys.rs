//! What the `auth` function answers beside its verdicts: keys that a key makes, lists and revokes.

use super::cursor::{Cursors, limit, only_known};
use super::once::{OncePorts, once};
use super::routes::Serves;
use super::serve::{self, Served, served_nowhere};
use super::views::List;
use super::{Answer, Caller, Refusal, Request, body};
use crate::admit::admit;
use crate::dispatch_webhook::secrets;
use crate::manage_keys::issue::{IssueRefused, Issued, KeyRequest, MAX_REQUEST_BYTES, issue};
use crate::ports::{Clock, DeliveryBook, Idempotency, KeyRecord, KeyTable, Random, RateWindows, UserRecord};
use affinsy_core::ids::{User, is_id};
use affinsy_core::plan::Plan;
use affinsy_core::time::Instant;
use serde::Serialize;
use std::collections::BTreeMap;
use std::sync::Arc;

#[derive(Clone)]
pub struct KeyPorts {
    pub windows: Arc<dyn RateWindows>,
    pub keys: Arc<dyn KeyTable>,
    pub calls: Arc<dyn Idempotency>,
    /// For the secret that signs cursors.
    pub deliveries: Arc<dyn DeliveryBook>,
    pub clock: Arc<dyn Clock>,
    pub random: Arc<dyn Random>,
}

impl std::fmt::Debug for KeyPorts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("KeyPorts")
    }
}

/// Answers a request to `/keys`.
pub async fn keys(request: &Request, ports: &KeyPorts) -> Answer {
    let (route, parameters) = match serve::route(request, Serves::Auth) {
        Ok(found) => found,
        Err(unrouted) => {
            let served = served_nowhere(unrouted, request, &*ports.windows, &*ports.clock).await;
            return serve::render(request, served);
        }
    };
    let admission = admit(&request.verdict, route.scope, &*ports.windows, &*ports.clock).await;
    let outcome = match &admission.outcome {
        Ok(caller) => {
            let around = OncePorts { calls: &*ports.calls, clock: &*ports.clock, random: &ports.random };
            let handle = |random| async move {
                let ports = KeyPorts { random, ..ports.clone() };
                answer(route.operation, parameters.first(), request, caller, &ports).await
            };
            once(request, caller, around, handle).await
        }
        Err(refusal) => Err(refusal.clone()),
    };
    serve::render(request, Served { outcome, admission: Some(admission) })
}

async fn answer(
    operation: &str,
    parameter: &str,
    request: &Request,
    caller: &Caller,
    ports: &KeyPorts,
) -> Result<Answer, Refusal> {
    match operation {
        "CreateKey" => create(request, caller, ports).await,
        "ListKeys" => list(request, caller, ports).await,
        "RevokeKey" => revoke(parameter, caller, ports).await,
        other => Err(Refusal::internal(format!("operation {other} is not served here"))),
    }
}

/// A key as it is shown, without its secret.
#[derive(Debug, Serialize)]
struct KeyView<'a> {
    key_id: &'a str,
    user_id: &'a str,
    /// The user's, now.
    plan: Option<Plan>,
    scopes: Vec<&'a str>,
    status: &'static str,
    created_at: Instant,
    expires_at: Option<Instant>,
    revoked_at: Option<Instant>,
    last_used_at: Option<Instant>,
}

fn view(key: &KeyRecord, plan: Option<Plan>, now: Instant) -> KeyView<'_> {
    let status = match (key.revoked_at, key.has_ended(now)) {
        (Some(_), _) => "revoked",
        (None, true) => "expired",
        (None, false) => "active",
    };
    KeyView {
        key_id: &key.key_id,
        user_id: key.user.as_str(),
        plan,
        scopes: key.scopes.as_str().split(' ').collect(),
        status,
        created_at: key.created_at,
        expires_at: key.expires_at,
        revoked_at: key.revoked_at,
        last_used_at: key.last_used_at,
    }
}

async fn create(request: &Request, caller: &Caller, ports: &KeyPorts) -> Result<Answer, Refusal> {
    #[derive(Serialize)]
    struct Created<'a> {
        /// Shown once; null where the call that made it died before it could answer.
        key: Option<&'a str>,
        #[serde(flatten)]
        view: KeyView<'a>,
        warnings: &'a [String],
    }
    let bytes = body::json_bytes(request, MAX_REQUEST_BYTES)?;
    let now = ports.clock.now();
    let asked = KeyRequest::parse(&bytes, now)?;
    let warnings = asked.warnings.clone();
    let issued = issue(asked, caller, &*ports.keys, &*ports.clock, &*ports.random).await.map_err(refused)?;
    let Issued { key, record, user } = &issued;
    tracing::info!(key.id = record.key_id, by = caller.key_id, "key made");
    let shown = Created {
        key: key.as_ref().map(affinsy_core::key::ApiKey::reveal),
        view: view(record, Some(user.plan), now),
        warnings: &warnings,
    };
    Ok(Answer::json(201, &shown)?.with_header("cache-control", "no-store"))
}

fn refused(refused: IssueRefused) -> Refusal {
    match refused {
        IssueRefused::Body(problem) => problem.into(),
        IssueRefused::Port(error) => error.into(),
    }
}

async fn list(request: &Request, caller: &Caller, ports: &KeyPorts) -> Result<Answer, Refusal> {
    only_known(request, &["limit", "cursor"])?;
    let limit = limit(request)?;
    let secrets = secrets(&caller.tenant, &*ports.deliveries, &*ports.random).await?;
    let cursors = Cursors { secret: &secrets.cursor, context: format!("{} keys", caller.tenant) };
    let after = request.query("cursor").map(|cursor| cursors.decode(cursor)).transpose()?;
    let mut keys = ports.keys.list(&caller.tenant).await?;
    keys.sort_by(|a, b| b.key_id.cmp(&a.key_id));
    keys.retain(|key| after.as_ref().is_none_or(|after| key.key_id < *after));
    let more = keys.len() > limit;
    keys.truncate(limit);
    let next_cursor = keys.last().filter(|_| more).map(|last| cursors.encode(&last.key_id));
    let (users, now) = (users(&keys, caller, ports).await?, ports.clock.now());
    let data: Vec<_> = keys.iter().map(|key| view(key, users.get(&key.user).map(|user| user.plan), now)).collect();
    Answer::json(200, &List { data, next_cursor })
}

/// The users whose keys these are.
async fn users(keys: &[KeyRecord], caller: &Caller, ports: &KeyPorts) -> Result<BTreeMap<User, UserRecord>, Refusal> {
    let mut users = BTreeMap::new();
    for key in keys {
        if !users.contains_key(&key.user)
            && let Some(user) = ports.keys.user(&caller.tenant, &key.user).await?
        {
            users.insert(key.user.clone(), user);
        }
    }
    Ok(users)
}

async fn revoke(key_id: &str, caller: &Caller, ports: &KeyPorts) -> Result<Answer, Refusal> {
    let known = is_id(key_id, "key_") && ports.keys.revoke(&caller.tenant, key_id, ports.clock.now()).await?;
    if !known {
        return Err(Refusal::not_found("key"));
    }
    tracing::info!(key.id = key_id, by = caller.key_id, "key revoked");
    Ok(Answer::empty(204))
}
