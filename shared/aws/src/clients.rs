//! SDK clients, built once per cold start.

use crate::failure::port_error;
use affinsy_app::ports::PortResult;
use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region};
use std::time::Duration;

pub use aws_config::SdkConfig;
pub use aws_sdk_dynamodb::Client as DynamoDbClient;

/// How long a function can wait for AWS: its own answer must come before its time-out.
#[derive(Debug, Clone, Copy)]
pub enum Patience {
    /// The authorizer, with 10 s.
    Authorizer,
    /// Behind the HTTP API, with 29 s.
    Request,
    /// Behind a queue or a schedule.
    Work,
}

/// With back-off and jitter, and bounded: what is throttled or away for a moment is asked again.
pub fn retries() -> RetryConfig {
    RetryConfig::standard().with_max_attempts(5)
}

/// Region, credentials, endpoints as the SDK finds them.
pub async fn sdk_config(patience: Patience) -> SdkConfig {
    let (attempt_s, operation_s) = match patience {
        Patience::Authorizer => (2, 4),
        Patience::Request => (6, 12),
        Patience::Work => (20, 60),
    };
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(Duration::from_secs(2))
        .operation_attempt_timeout(Duration::from_secs(attempt_s))
        .operation_timeout(Duration::from_secs(operation_s))
        .build();
    aws_config::defaults(BehaviorVersion::latest()).retry_config(retries()).timeout_config(timeouts).load().await
}

pub fn dynamodb(config: &SdkConfig) -> aws_sdk_dynamodb::Client {
    aws_sdk_dynamodb::Client::new(config)
}

/// Path style, so that a bucket needs no host name of its own: emulators on one address work too.
pub fn s3(config: &SdkConfig) -> aws_sdk_s3::Client {
    aws_sdk_s3::Client::from_conf(aws_sdk_s3::config::Builder::from(config).force_path_style(true).build())
}

pub fn sqs(config: &SdkConfig) -> aws_sdk_sqs::Client {
    aws_sdk_sqs::Client::new(config)
}

/// A client of a DynamoDB that runs on this machine.
pub async fn local_dynamodb(endpoint: &str, region: &'static str, key_id: &str, secret: &str) -> DynamoDbClient {
    let credentials = aws_sdk_dynamodb::config::Credentials::new(key_id, secret, None, None, "local");
    let config = aws_config::defaults(BehaviorVersion::latest())
        .endpoint_url(endpoint)
        .region(Region::new(region))
        .credentials_provider(credentials)
        .load()
        .await;
    dynamodb(&config)
}

/// The names of the account's tables that begin with `prefix`.
pub async fn tables_named(config: &SdkConfig, prefix: &str) -> PortResult<Vec<String>> {
    let pages = dynamodb(config).list_tables().into_paginator().items().send();
    let names = pages.collect::<Result<Vec<_>, _>>().await;
    let names = names.map_err(|error| port_error("DynamoDB ListTables", error))?;
    Ok(names.into_iter().filter(|name| name.starts_with(prefix)).collect())
}
