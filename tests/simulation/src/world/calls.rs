//! Calls under an `Idempotency-Key` behind the weather.

use super::World;
use crate::mutants::Mutant;
use affinsy_app::ports::{Begun, CallRecord, Idempotency, PortResult, StoredAnswer};
use affinsy_core::ids::Tenant;
use affinsy_core::time::Instant;
use async_trait::async_trait;

#[async_trait]
impl Idempotency for World {
    async fn begin(&self, tenant: &Tenant, call: &CallRecord, now: Instant) -> PortResult<Begun> {
        if self.is(Mutant::KeyIgnored) {
            return Ok(Begun::Go(call.clone()));
        }
        let begun = self.sim.step("calls.begin", self.calls.begin(tenant, call, now)).await?;
        Ok(match begun {
            Begun::Go(taken) if self.is(Mutant::TakeoverDrawsAnew) => {
                Begun::Go(CallRecord { seed: call.seed.clone(), ..taken })
            }
            begun => begun,
        })
    }
    async fn finish(&self, tenant: &Tenant, call: &CallRecord, answer: &StoredAnswer) -> PortResult<bool> {
        self.sim.step("calls.finish", self.calls.finish(tenant, call, answer)).await
    }
    async fn release(&self, tenant: &Tenant, call: &CallRecord, now: Instant) -> PortResult<()> {
        self.sim.step("calls.release", self.calls.release(tenant, call, now)).await
    }
}
