//! Services on temporary folders and SDK clients that point at them.

use affinsy_local::services::{ACCESS_KEY_ID, DynamoDb, REGION, S3, SECRET_ACCESS_KEY, ServiceConfig};
use tempfile::TempDir;

macro_rules! sdk_config {
    ($sdk:ident, $url:expr) => {
        $sdk::Config::builder()
            .behavior_version($sdk::config::BehaviorVersion::v2026_01_12())
            .region($sdk::config::Region::new(REGION))
            .credentials_provider($sdk::config::Credentials::new(ACCESS_KEY_ID, SECRET_ACCESS_KEY, None, None, "tests"))
            .endpoint_url($url)
    };
}

pub fn dynamodb_client(url: String) -> aws_sdk_dynamodb::Client {
    aws_sdk_dynamodb::Client::from_conf(sdk_config!(aws_sdk_dynamodb, url).build())
}

pub fn s3_client(url: String) -> aws_sdk_s3::Client {
    aws_sdk_s3::Client::from_conf(sdk_config!(aws_sdk_s3, url).force_path_style(true).build())
}

pub fn sqs_client(url: String) -> aws_sdk_sqs::Client {
    aws_sdk_sqs::Client::from_conf(sdk_config!(aws_sdk_sqs, url).build())
}

pub async fn dynamodb() -> (TempDir, DynamoDb, aws_sdk_dynamodb::Client) {
    let dir = tempfile::tempdir().unwrap();
    let service = DynamoDb::start(ServiceConfig::new(dir.path())).await.unwrap();
    let client = dynamodb_client(service.url());
    (dir, service, client)
}

pub async fn s3() -> (TempDir, S3, aws_sdk_s3::Client) {
    let dir = tempfile::tempdir().unwrap();
    let service = S3::start(ServiceConfig::new(dir.path())).await.unwrap();
    service.ensure_bucket("orders").await.unwrap();
    let client = s3_client(service.url());
    (dir, service, client)
}
