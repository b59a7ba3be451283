//! `auth`: the API Gateway authorizer. Any trouble leaves the verdict at *deny* or *unavailable*, never at allow.

use affinsy_app::authorize::Authorizer;
use affinsy_aws::config::{Config, Setting};
use affinsy_aws::lambda::authorizer;
use affinsy_aws::tables::DynamoKeys;
use affinsy_aws::world::SystemClock;
use affinsy_aws::{clients, lambda};
use aws_lambda_events::apigw::ApiGatewayV2CustomAuthorizerV2Request;
use lambda_runtime::{Error, LambdaEvent};
use serde_json::Value;
use std::sync::Arc;

/// The settings it reads, which the template must give it.
pub const NEEDS: [Setting; 1] = [Setting::ControlTable];

/// What lives as long as the instance.
#[derive(Debug)]
pub struct Ctx {
    authorizer: Authorizer,
}

impl Ctx {
    pub async fn from_env() -> Result<Self, Error> {
        lambda::logs::init();
        let config = Config::from_env(&NEEDS)?;
        let client = clients::dynamodb(&clients::sdk_config(clients::Patience::Authorizer).await);
        let keys = Arc::new(DynamoKeys::new(client, config.get(Setting::ControlTable)));
        Ok(Self { authorizer: Authorizer::new(keys, Arc::new(SystemClock)) })
    }
}

pub async fn handle(event: LambdaEvent<ApiGatewayV2CustomAuthorizerV2Request>, ctx: &Ctx) -> Result<Value, Error> {
    let verdict = ctx.authorizer.verdict(authorizer::authorization(&event.payload)).await;
    Ok(authorizer::answer(&verdict))
}
