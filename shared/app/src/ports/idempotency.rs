//! What is known of the requests that came with an `Idempotency-Key`: by a hash of the key, never by the key itself.
//! Knows neither routes nor what a handler does.

use super::PortResult;
use affinsy_core::ids::Tenant;
use affinsy_core::time::{self, Instant};
use async_trait::async_trait;
use serde::{Deserialize, Serialize};

/// One call under a key, as it begins. Whoever takes it over goes on with the seed and the time of the first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallRecord {
    /// SHA-256 of the key, in hex.
    pub key_hash: String,
    /// SHA-256 of method, path and body, in hex.
    pub request_hash: String,
    /// What the call's identifiers are drawn from.
    pub seed: String,
    #[serde(with = "time::micros")]
    pub started_at: Instant,
    /// Until then nobody else takes the call over.
    #[serde(with = "time::micros")]
    pub lease_until: Instant,
    /// From then on the key is free for any request.
    #[serde(with = "time::micros")]
    pub expires_at: Instant,
    /// How often the call was taken over: the holder of a lower number is too late.
    pub token: u32,
    #[serde(default)]
    pub answer: Option<StoredAnswer>,
}

/// An answer that is given again, without its secrets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredAnswer {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: String,
}

/// What a call finds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Begun {
    /// Nobody else is at it: go on with this record, whose seed and start may be those of a call that died.
    Go(CallRecord),
    /// It has ended, and this was the answer.
    Done(StoredAnswer),
    /// Somebody is at it until then.
    Running { until: Instant },
    /// The key stands for another request.
    OtherRequest,
}

impl CallRecord {
    /// What a call finds where this record stands; `None`: its lease is over, and the call may take it over.
    pub fn found_by(&self, call: &Self, now: Instant) -> Option<Begun> {
        if self.request_hash != call.request_hash {
            return Some(Begun::OtherRequest);
        }
        if let Some(answer) = &self.answer {
            return Some(Begun::Done(answer.clone()));
        }
        // The very call whose write was sent twice.
        if self.seed == call.seed && self.token == call.token {
            return Some(Begun::Go(self.clone()));
        }
        (self.lease_until > now).then_some(Begun::Running { until: self.lease_until })
    }
}

#[async_trait]
pub trait Idempotency: Send + Sync {
    /// Begins a call, or takes over one of the same request whose lease ended without an answer. Of any number of calls
    /// at once one gets [`Begun::Go`]. A record whose `expires_at` has come is none.
    async fn begin(&self, tenant: &Tenant, call: &CallRecord, now: Instant) -> PortResult<Begun>;
    /// Keeps the answer; false where somebody took the call over meanwhile, or it had ended.
    async fn finish(&self, tenant: &Tenant, call: &CallRecord, answer: &StoredAnswer) -> PortResult<bool>;
    /// Ends the lease without an answer: the next call goes on at once, with the same seed.
    async fn release(&self, tenant: &Tenant, call: &CallRecord, now: Instant) -> PortResult<()>;
}
