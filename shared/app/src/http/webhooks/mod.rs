//! The `/webhooks…` routes: the signing secret, a test event, the delivery log, and sending events anew.

mod deliveries;
mod fields;
mod test;

pub use deliveries::{list, redeliver_one, redeliver_some};
pub use test::send_test;

use super::reports::ReportPorts;
use super::{Answer, Caller, Refusal};
use crate::dispatch_webhook::{rotate_secret, secrets};
use crate::ports::TenantSecrets;
use affinsy_core::time::Instant;
use serde::Serialize;

#[derive(Debug, Serialize)]
struct SecretView<'a> {
    secret: &'a str,
    /// Those before it that still sign.
    retired: Vec<RetiredView>,
}

#[derive(Debug, Serialize)]
struct RetiredView {
    signs_until: Instant,
}

pub async fn secret(caller: &Caller, ports: &ReportPorts) -> Result<Answer, Refusal> {
    let secrets = secrets(&caller.tenant, &*ports.deliveries, &*ports.random).await?;
    shown(&secrets, ports.clock.now())
}

pub async fn rotate(caller: &Caller, ports: &ReportPorts) -> Result<Answer, Refusal> {
    let secrets = rotate_secret(&caller.tenant, &*ports.deliveries, &*ports.clock, &*ports.random).await?;
    shown(&secrets, ports.clock.now())
}

fn shown(secrets: &TenantSecrets, now: Instant) -> Result<Answer, Refusal> {
    let retired = secrets.retired.iter().map(|retired| retired.signs_until).filter(|until| *until > now);
    let retired = retired.map(|signs_until| RetiredView { signs_until }).collect();
    let answer = Answer::json(200, &SecretView { secret: &secrets.webhook, retired })?;
    Ok(answer.with_header("cache-control", "no-store"))
}
