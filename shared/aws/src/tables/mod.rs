//! The two DynamoDB tables. Every partition key begins with the tenant, but for the look-up by key hash; names
//! that callers choose stand alone in a sort key or are hashed, never concatenated into a partition key.

mod deliveries;
mod due;
mod endpoints;
mod erasures;
mod idempotency;
mod item;
mod keys;
mod manifest;
mod orders;
mod rates;
mod reports;
mod schedules;
mod tending;
mod uploads;

pub use idempotency::DynamoIdempotency;
pub use keys::DynamoKeys;
pub use rates::DynamoRates;

use crate::failure::port_error;
use affinsy_app::ports::PortResult;
use affinsy_core::ids::Tenant;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::operation::put_item::builders::PutItemFluentBuilder;

/// The control table, and the manifest where the function has it.
#[derive(Debug, Clone)]
pub struct DynamoBook {
    client: aws_sdk_dynamodb::Client,
    control: String,
    segments: String,
}

impl DynamoBook {
    pub fn new(client: aws_sdk_dynamodb::Client, control: &str, segments: &str) -> Self {
        Self { client, control: control.to_owned(), segments: segments.to_owned() }
    }
}

fn tenant_pk(tenant: &Tenant) -> String {
    format!("T#{tenant}")
}

/// Stores a new record; one that is there stays as it is.
async fn put_unless_there(put: PutItemFluentBuilder, doing: &str) -> PortResult<()> {
    let Err(error) = put.condition_expression("attribute_not_exists(pk)").send().await else { return Ok(()) };
    match error.as_service_error() {
        Some(PutItemError::ConditionalCheckFailedException(_)) => Ok(()),
        _ => Err(port_error(doing, error)),
    }
}

const DATASET: &str = "D#";
const IMPORT: &str = "I#";
const REPORT: &str = "R#";
const DELIVERY: &str = "W#";
const ENDPOINT: &str = "E#";
const PLACE: &str = "Q#";
const REPORT_PLACE: &str = "QR#";
const SCHEDULE: &str = "S#";
const PURGE: &str = "X#";
const KEY: &str = "K#";
const USER: &str = "U#";
const SECRETS: &str = "SECRETS";
