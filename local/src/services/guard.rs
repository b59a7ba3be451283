//! What a call to a service does to which resource, as IAM has it, and whether its signer may.

use std::collections::BTreeMap;

use s3s::access::{S3Access, S3AccessContext};
use s3s::path::S3Path;
use s3s::{S3Result, s3_error};
use serde::Deserialize;
use serde::de::IgnoredAny;

use super::{ACCOUNT_ID, REGION};
use crate::rights::{Denied, Rights};

fn arn(service: &str, resource: &str) -> String {
    format!("arn:aws:{service}:{REGION}:{ACCOUNT_ID}:{resource}")
}

/// S3 asks it before it reads a request's input.
pub struct S3Guard(pub Rights);

#[async_trait::async_trait]
impl S3Access for S3Guard {
    async fn check(&self, cx: &mut S3AccessContext<'_>) -> S3Result<()> {
        let Some(credentials) = cx.credentials() else { return Err(s3_error!(AccessDenied, "Signature is required")) };
        let action = match cx.s3_op().name() {
            "GetObject" | "HeadObject" => "GetObject",
            "PutObject" | "CopyObject" | "CreateMultipartUpload" | "UploadPart" | "CompleteMultipartUpload" => {
                "PutObject"
            }
            "ListObjects" | "ListObjectsV2" | "HeadBucket" => "ListBucket",
            "DeleteObject" | "DeleteObjects" => "DeleteObject",
            other => other,
        };
        let resource = match cx.s3_path() {
            S3Path::Root => "*".to_owned(),
            S3Path::Bucket { bucket } => format!("arn:aws:s3:::{bucket}"),
            S3Path::Object { bucket, key } => format!("arn:aws:s3:::{bucket}/{key}"),
        };
        let checked = self.0.check(&credentials.access_key, &format!("s3:{action}"), &resource);
        checked.map_err(|denied| s3_error!(AccessDenied, "{denied}"))
    }
}

/// Where the calls of DynamoDB name their tables.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct DynamoDbCall {
    table_name: Option<String>,
    index_name: Option<String>,
    #[serde(default)]
    transact_items: Vec<BTreeMap<String, TableOf>>,
    #[serde(default)]
    request_items: BTreeMap<String, IgnoredAny>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct TableOf {
    table_name: String,
}

/// `action` is the operation's name. What cannot be read is left for the service to refuse.
pub fn dynamodb(rights: &Rights, signer: &str, action: &str, body: &[u8]) -> Result<(), Denied> {
    let Ok(call) = serde_json::from_slice::<DynamoDbCall>(body) else { return Ok(()) };
    let check = |action: &str, table: &str, index: &str| {
        rights.check(signer, &format!("dynamodb:{action}"), &arn("dynamodb", &format!("table/{table}{index}")))
    };
    let index = call.index_name.map_or(String::new(), |index| format!("/index/{index}"));
    if let Some(table) = &call.table_name {
        check(action, table, &index)?;
    }
    for (kind, TableOf { table_name }) in call.transact_items.iter().flatten() {
        // Each item of a transaction needs the right of what it does; the transaction itself needs none.
        let action = if kind == "ConditionCheck" { "ConditionCheckItem".to_owned() } else { format!("{kind}Item") };
        check(&action, table_name, "")?;
    }
    call.request_items.keys().try_for_each(|table| check(action, table, ""))
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct SqsCall {
    queue_url: Option<String>,
    queue_name: Option<String>,
}

pub fn sqs(rights: &Rights, signer: &str, action: &str, body: &[u8]) -> Result<(), Denied> {
    let Ok(call) = serde_json::from_slice::<SqsCall>(body) else { return Ok(()) };
    let of_url = call.queue_url.as_deref().and_then(|url| url.rsplit('/').next());
    let queue = of_url.or(call.queue_name.as_deref()).unwrap_or("*");
    let action = action.strip_suffix("Batch").unwrap_or(action);
    rights.check(signer, &format!("sqs:{action}"), &arn("sqs", queue))
}

/// To put events on a bus: its name or ARN, or none for the account's own.
pub fn event_bus(rights: &Rights, signer: &str, bus: Option<&str>) -> Result<(), Denied> {
    let bus = bus.unwrap_or("default");
    let bus = if bus.starts_with("arn:") { bus.to_owned() } else { arn("events", &format!("event-bus/{bus}")) };
    rights.check(signer, "events:PutEvents", &bus)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rights::Grant;

    fn rights(action: &str, resource: &str) -> Rights {
        let grant = Grant { actions: vec![action.to_owned()], resources: vec![arn_of(resource)] };
        Rights::for_key("KEY", vec![grant])
    }

    fn arn_of(resource: &str) -> String {
        let (service, rest) = resource.split_once(' ').expect("a service and a resource");
        arn(service, rest)
    }

    #[test]
    fn calls_of_dynamodb_need_the_right_of_what_they_do() {
        let check = |(action, resource): (&str, &str), call: &str, body: &str, expected: bool| {
            let done = dynamodb(&rights(&format!("dynamodb:{action}"), resource), "KEY", call, body.as_bytes());
            assert_eq!(done.is_ok(), expected, "{action} {call} {body}");
        };
        let get = r#"{"TableName": "t", "Key": {"pk": {"S": "1"}}}"#;
        check(("GetItem", "dynamodb table/t"), "GetItem", get, true);
        check(("GetItem", "dynamodb table/u"), "GetItem", get, false);
        check(("PutItem", "dynamodb table/t"), "GetItem", get, false);
        let query = r#"{"TableName": "t", "IndexName": "due"}"#;
        check(("Query", "dynamodb table/t"), "Query", query, false);
        check(("Query", "dynamodb table/t/index/due"), "Query", query, true);
        let transaction =
            r#"{"TransactItems": [{"Put": {"TableName": "t", "Item": {}}}, {"Update": {"TableName": "t"}}]}"#;
        check(("PutItem", "dynamodb table/t"), "TransactWriteItems", transaction, false);
        check(("*Item", "dynamodb table/t"), "TransactWriteItems", transaction, true);
        let condition = r#"{"TransactItems": [{"ConditionCheck": {"TableName": "t"}}]}"#;
        check(("ConditionCheckItem", "dynamodb table/t"), "TransactWriteItems", condition, true);
        let batch = r#"{"RequestItems": {"t": [{"PutRequest": {}}]}}"#;
        check(("BatchWriteItem", "dynamodb table/t"), "BatchWriteItem", batch, true);
        check(("PutItem", "dynamodb table/t"), "BatchWriteItem", batch, false);
    }

    #[test]
    fn calls_of_queues_and_buses_name_them() {
        let body = br#"{"QueueUrl": "http://127.0.0.1:4/000000000000/jobs", "Entries": []}"#;
        let may_send = rights("sqs:SendMessage", "sqs jobs");
        assert!(sqs(&may_send, "KEY", "SendMessageBatch", body).is_ok());
        assert!(sqs(&may_send, "KEY", "ReceiveMessage", body).is_err());
        assert!(sqs(&may_send, "OWNER", "ReceiveMessage", body).is_ok());
        let may_tell = rights("events:PutEvents", "events event-bus/default");
        assert!(event_bus(&may_tell, "KEY", None).is_ok());
        assert!(event_bus(&may_tell, "KEY", Some("other")).is_err());
    }
}
