//! `auth`: the API Gateway authorizer, and `/keys`. Any trouble of the authorizer's leaves the verdict at *deny* or
//! *unavailable*, never at allow.

use affinsy_app::authorize::Authorizer;
use affinsy_app::http::{KeyPorts, keys};
use affinsy_aws::config::{Config, Setting};
use affinsy_aws::lambda::{authorizer, http};
use affinsy_aws::tables::{DynamoBook, DynamoIdempotency, DynamoKeys, DynamoRates};
use affinsy_aws::world::{OsRandom, SystemClock};
use affinsy_aws::{clients, lambda};
use lambda_runtime::{Error, LambdaEvent};
use serde_json::Value;
use std::sync::Arc;

/// The settings it reads, which the template must give it.
pub const NEEDS: [Setting; 1] = [Setting::ControlTable];

/// What lives as long as the instance.
#[derive(Debug)]
pub struct Ctx {
    authorizer: Authorizer,
    ports: KeyPorts,
}

impl Ctx {
    pub async fn from_env() -> Result<Self, Error> {
        lambda::logs::init();
        let config = Config::from_env(&NEEDS)?;
        let client = clients::dynamodb(&clients::sdk_config(clients::Patience::Authorizer).await);
        let control = config.get(Setting::ControlTable);
        let keys = Arc::new(DynamoKeys::new(client.clone(), control));
        let ports = KeyPorts {
            windows: Arc::new(DynamoRates::new(client.clone(), control)),
            keys: keys.clone(),
            calls: Arc::new(DynamoIdempotency::new(client.clone(), control)),
            deliveries: Arc::new(DynamoBook::new(client, control, "")),
            clock: Arc::new(SystemClock),
            random: Arc::new(OsRandom),
        };
        Ok(Self { authorizer: Authorizer::new(keys, Arc::new(SystemClock)), ports })
    }
}

/// An event of the authorizer's, or a request to `/keys`, which comes with the verdict that this function gave before.
pub async fn handle(event: LambdaEvent<Value>, ctx: &Ctx) -> Result<Value, Error> {
    let LambdaEvent { payload, context } = event;
    if authorizer::is_asked(&payload) {
        let event = serde_json::from_value(payload)?;
        let verdict = ctx.authorizer.verdict(authorizer::authorization(&event)).await;
        return Ok(authorizer::answer(&verdict));
    }
    let request = http::request(http::event(payload, context)?);
    Ok(http::payload(keys(&request, &ctx.ports).await))
}
