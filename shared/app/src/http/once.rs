//! `Idempotency-Key`, around the handler of every POST: the same key and the same request get the first answer again,
//! for a day. Knows no route; what a handler must do in return is to store under identifiers it draws from the dice it
//! is given, and to leave what already stands there.

use super::refusal::Kind;
use super::{Answer, Caller, Refusal, Request, body};
use crate::ports::{Begun, CallRecord, Clock, Idempotency, Random, StoredAnswer};
use affinsy_core::ids::new_id;
use affinsy_core::time::Instant;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// The most characters of a key.
pub const MAX_KEY_CHARS: usize = 255;
/// How long an answer is given again.
const KEPT_MS: i64 = 24 * 3_600 * 1_000;
/// Longer than a function behind the gateway can run (29 s): whoever holds a lease that ended is dead.
const LEASE_MS: i64 = 35_000;
/// How long whoever finds the first call running is told to wait: a call takes well under a second.
const WAIT_S: u64 = 1;
/// A larger answer is not kept: an item holds 400 KB. Ours are smaller, since lists of problems are bounded.
const MAX_KEPT_BYTES: usize = 300_000;
/// What an answer shows once and no replay shows again.
const SECRETS: [&str; 3] = ["key", "secret", "previous_secret"];
/// The headers that an answer of a handler may have.
const KEPT_HEADERS: [&str; 3] = ["content-type", "location", "cache-control"];

/// What it needs of the world.
pub(super) struct OncePorts<'a> {
    pub calls: &'a dyn Idempotency,
    pub clock: &'a dyn Clock,
    pub random: &'a Arc<dyn Random>,
}

/// Runs the handler, or replays what it answered before. The handler gets the dice to draw identifiers from.
pub(super) async fn once<F: Future<Output = Result<Answer, Refusal>>>(
    request: &Request,
    caller: &Caller,
    ports: OncePorts<'_>,
    handle: impl FnOnce(Arc<dyn Random>) -> F,
) -> Result<Answer, Refusal> {
    let key = request.header("idempotency-key").filter(|_| request.method == "POST");
    let Some(key) = key else { return handle(ports.random.clone()).await };
    check(key)?;
    let now = ports.clock.now();
    let call = new_call(key, request, now, &**ports.random);
    let call = match ports.calls.begin(&caller.tenant, &call, now).await? {
        Begun::Go(call) => call,
        Begun::Done(stored) => return Ok(replayed(stored)),
        Begun::Running { .. } => return Err(in_flight()),
        Begun::OtherRequest => return Err(other_request()),
    };
    let outcome = handle(Arc::new(SameIds::of(&call, ports.random.clone()))).await;
    keep(request, caller, &call, &outcome, &ports).await;
    outcome
}

/// What is final is kept; after anything else the next call goes on at once. A failure here costs the caller nothing
/// but the wait for the lease's end, and the ids stay the same.
async fn keep(
    request: &Request,
    caller: &Caller,
    call: &CallRecord,
    outcome: &Result<Answer, Refusal>,
    ports: &OncePorts<'_>,
) {
    let stored = stored(request, outcome);
    let kept = match &stored {
        Some(answer) => ports.calls.finish(&caller.tenant, call, answer).await.map(|_| ()),
        None => ports.calls.release(&caller.tenant, call, ports.clock.now()).await,
    };
    if let Err(error) = kept {
        tracing::warn!(request.id = request.request_id, error = %error, "the answer was not kept for replays");
    }
}

/// Visible ASCII, so that it means the same to every client and proxy.
fn check(key: &str) -> Result<(), Refusal> {
    let printable = key.bytes().all(|byte| (b' '..=b'~').contains(&byte));
    if printable && (1..=MAX_KEY_CHARS).contains(&key.len()) {
        return Ok(());
    }
    let message = format!(
        "The header Idempotency-Key must have 1 to {MAX_KEY_CHARS} printable ASCII characters; a random UUID is a good one."
    );
    Err(Refusal::new(Kind::Malformed, "invalid_idempotency_key", message))
}

fn in_flight() -> Refusal {
    let message = "The first request with this Idempotency-Key is still running. Send it again after Retry-After.";
    let mut refusal = Refusal::new(Kind::Conflict, "idempotency_in_flight", message);
    refusal.extra.retry_after_s = Some(WAIT_S);
    refusal
}

fn other_request() -> Refusal {
    let message =
        "This Idempotency-Key was used for another request (path or body differ). Take a new key for a new request.";
    Refusal::new(Kind::Invalid, "idempotency_key_reused", message)
}

/// A call as it begins, under a seed of its own.
pub(super) fn new_call(key: &str, request: &Request, now: Instant, random: &dyn Random) -> CallRecord {
    let mut seed = [0; 32];
    random.fill(&mut seed);
    CallRecord {
        key_hash: hash(&[key.as_bytes()]),
        request_hash: hash(&[
            request.method.as_bytes(),
            request.path.as_bytes(),
            &body::as_sent(request),
            body::odd_encoding(request).as_bytes(),
        ]),
        seed: hash(&[&seed]),
        started_at: now,
        lease_until: now.plus_ms(LEASE_MS),
        expires_at: now.plus_ms(KEPT_MS),
        token: 0,
        answer: None,
    }
}

/// SHA-256 of parts that cannot run into each other, in hex.
fn hash(parts: &[&[u8]]) -> String {
    let mut digest = Sha256::new();
    for part in parts {
        digest.update((part.len() as u64).to_le_bytes());
        digest.update(part);
    }
    digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// An answer as it is kept: successes, and refusals that the same body would meet again whatever happens meanwhile.
/// Others (an unknown dataset, a busy table) may pass, and the next call shall see that.
fn stored(request: &Request, outcome: &Result<Answer, Refusal>) -> Option<StoredAnswer> {
    let answer = match outcome {
        Ok(answer) if (200..300).contains(&answer.status) => answer.clone(),
        Err(refusal) if matches!(refusal.kind, Kind::Malformed | Kind::TooLarge | Kind::Invalid) => {
            refusal.answer(&request.request_id)
        }
        _ => return None,
    };
    let kept = |name: &&(&'static str, String)| KEPT_HEADERS.contains(&name.0);
    let headers = answer.headers.iter().filter(kept).map(|(name, value)| ((*name).to_owned(), value.clone()));
    let body = without_secrets(&answer.body)?;
    (body.len() <= MAX_KEPT_BYTES).then(|| StoredAnswer { status: answer.status, headers: headers.collect(), body })
}

/// The one place where a secret is taken out: what is stored never had it.
fn without_secrets(body: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(body).ok()?;
    let Ok(serde_json::Value::Object(mut fields)) = serde_json::from_str(text) else { return Some(text.to_owned()) };
    let secrets: Vec<&str> = SECRETS.into_iter().filter(|secret| fields.contains_key(*secret)).collect();
    if secrets.is_empty() {
        return Some(text.to_owned());
    }
    fields.extend(secrets.into_iter().map(|secret| (secret.to_owned(), serde_json::Value::Null)));
    Some(serde_json::Value::Object(fields).to_string())
}

fn replayed(stored: StoredAnswer) -> Answer {
    let value = |name: &str| stored.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone());
    let headers = KEPT_HEADERS.into_iter().filter_map(|name| Some((name, value(name)?))).collect();
    let answer = Answer { status: stored.status, headers, body: stored.body.into() };
    answer.with_header("idempotent-replayed", "true")
}

/// Identifiers that are the same for whoever takes a call over, in the order in which a kind of them is drawn. All
/// else, secrets above all, is as random as ever.
struct SameIds {
    seed: String,
    started_at: Instant,
    drawn: Mutex<BTreeMap<String, u64>>,
    random: Arc<dyn Random>,
}

impl SameIds {
    fn of(call: &CallRecord, random: Arc<dyn Random>) -> Self {
        Self { seed: call.seed.clone(), started_at: call.started_at, drawn: Mutex::default(), random }
    }
}

impl Random for SameIds {
    fn fill(&self, bytes: &mut [u8]) {
        self.random.fill(bytes);
    }
    fn id(&self, prefix: &str, _: Instant) -> String {
        let mut drawn = self.drawn.lock().unwrap_or_else(PoisonError::into_inner);
        let count = drawn.entry(prefix.to_owned()).or_default();
        *count += 1;
        let mut digest = Sha256::new();
        digest.update(self.seed.as_bytes());
        digest.update(count.to_le_bytes());
        digest.update(prefix.as_bytes());
        let mut bytes = [0; 10];
        bytes.copy_from_slice(&digest.finalize()[..10]);
        new_id(prefix, self.started_at, bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::memory::SeededRandom;

    #[test]
    fn a_call_taken_over_draws_the_same_ids_and_other_secrets() {
        let now = Instant::from_unix_ms(1_750_000_000_000);
        let random: Arc<dyn Random> = Arc::new(SeededRandom::new(1));
        let call = CallRecord {
            key_hash: String::new(),
            request_hash: String::new(),
            seed: "s".to_owned(),
            started_at: now,
            lease_until: now,
            expires_at: now,
            token: 0,
            answer: None,
        };
        let (first, second) = (SameIds::of(&call, random.clone()), SameIds::of(&call, random.clone()));
        let ids = |dice: &SameIds, at: i64| [(); 3].map(|()| dice.id("rpt_", now.plus_ms(at)));
        let drawn = ids(&first, 0);
        assert_eq!((&drawn, drawn[0] == drawn[1]), (&ids(&second, 60_000), false));
        assert_ne!(first.id("imp_", now)[4..], drawn[0][4..]);
        let other = SameIds::of(&CallRecord { seed: "t".to_owned(), ..call }, random);
        assert_ne!(ids(&other, 0), drawn);
        let (mut a, mut b) = ([0; 32], [0; 32]);
        first.fill(&mut a);
        second.fill(&mut b);
        assert_ne!(a, b);
    }

    #[test]
    fn secrets_are_taken_out() {
        let check =
            |body: &str, expected: &str| assert_eq!(without_secrets(body.as_bytes()).as_deref(), Some(expected));
        check(r#"{"key_id":"k","key":"afn_x"}"#, r#"{"key":null,"key_id":"k"}"#);
        check(r#"{"secret":"whsec_x"}"#, r#"{"secret":null}"#);
        check(r#"{"b":1,"a":2}"#, r#"{"b":1,"a":2}"#);
        check("", "");
    }
}
