//! Whether a request is let in: verdict, quota, plan, scope, in this order. Fails closed.

use crate::http::{Answer, Caller, Refusal, Verdict};
use crate::ports::{Clock, RateDecision, RateWindows};
use affinsy_core::plan::Scope;

/// A request that was counted, and whether it may go on.
#[derive(Debug)]
pub struct Admission {
    pub rate: Option<RateDecision>,
    pub outcome: Result<Caller, Refusal>,
}

impl Admission {
    fn refused(refusal: Refusal) -> Self {
        Self { rate: None, outcome: Err(refusal) }
    }
    /// Every answer to a known user says what is left of the quota.
    pub fn mark(&self, answer: Answer) -> Answer {
        let Some(rate) = self.rate else { return answer };
        answer
            .with_header("x-ratelimit-limit", rate.limit.to_string())
            .with_header("x-ratelimit-remaining", rate.remaining.to_string())
    }
}

/// Counts the request against its user's quota and checks what the key may do. A route without a scope of its
/// own lets nobody in here.
pub async fn admit(verdict: &Verdict, scope: Option<Scope>, windows: &dyn RateWindows, clock: &dyn Clock) -> Admission {
    let caller = match verdict {
        Verdict::Allow(caller) | Verdict::PlanTooLow(caller) => caller,
        Verdict::Deny => return Admission::refused(Refusal::unauthorized()),
        Verdict::Unavailable => return Admission::refused(Refusal::unavailable("the key could not be looked up")),
    };
    let taken = windows.take(&caller.tenant, &caller.user, caller.rate_limit, clock.now()).await;
    let rate = match taken {
        Ok(rate) => rate,
        Err(error) => return Admission::refused(error.into()),
    };
    Admission { rate: Some(rate), outcome: may(verdict, caller, scope, rate).map(|()| caller.clone()) }
}

fn may(verdict: &Verdict, caller: &Caller, scope: Option<Scope>, rate: RateDecision) -> Result<(), Refusal> {
    if !rate.admitted {
        return Err(Refusal::too_many_requests(rate));
    }
    if matches!(verdict, Verdict::PlanTooLow(_)) {
        return Err(Refusal::plan_too_low(caller.plan));
    }
    match scope {
        Some(scope) if caller.scopes.allow(scope) => Ok(()),
        Some(scope) => Err(Refusal::missing_scope(scope)),
        None => Err(Refusal::unauthorized()),
    }
}
