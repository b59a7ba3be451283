//! Whole runs: starting, refusing to start, stopping, and starting again.

use affinsy_local::{StartError, start};
use serde_json::json;

use crate::support::{Folder, config, request, stack, template};

const TABLE: &str = "  Items:
    Type: AWS::DynamoDB::Table
    Properties:
      BillingMode: PAY_PER_REQUEST
      AttributeDefinitions: [{AttributeName: pk, AttributeType: S}]
      KeySchema: [{AttributeName: pk, KeyType: HASH}]
      TimeToLiveSpecification: {AttributeName: ttl, Enabled: true}
  Store: {Type: AWS::S3::Bucket}
Outputs:
  Items: {Value: !Ref Items}
";

async fn dynamodb(endpoint: &str, action: &str, body: serde_json::Value) -> serde_json::Value {
    let headers = [
        ("x-amz-target", &*format!("DynamoDB_20120810.{action}")),
        ("content-type", "application/x-amz-json-1.0"),
        (
            "authorization",
            "AWS4-HMAC-SHA256 Credential=x/20260101/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=x",
        ),
        ("x-amz-date", "20260101T000000Z"),
    ];
    request(endpoint, "POST", "/", &headers, body.to_string().as_bytes()).await.json()
}

#[tokio::test]
async fn data_and_endpoints_outlive_a_run() {
    let folder = Folder::new();
    let text = template(&[("api", "Description: x")], TABLE);
    let first = stack(&folder, &text).await;
    assert_eq!(first.outputs["Items"], "affinsy-Items");
    let put = json!({"TableName": "affinsy-Items", "Item": {"pk": {"S": "a"}}});
    assert_eq!(dynamodb(&first.endpoints.dynamodb, "PutItem", put).await, json!({}));
    let endpoints = first.endpoints.clone();
    first.shutdown().await.unwrap();

    let second = stack(&folder, &text).await;
    assert_eq!(second.endpoints, endpoints);
    let get = json!({"TableName": "affinsy-Items", "Key": {"pk": {"S": "a"}}});
    assert_eq!(dynamodb(&endpoints.dynamodb, "GetItem", get).await["Item"], json!({"pk": {"S": "a"}}));
    second.shutdown().await.unwrap();
}

#[tokio::test]
async fn functions_answer_the_invoke_api_by_any_name() {
    let folder = Folder::new();
    let stack = stack(&folder, &template(&[("api", "Description: x")], "")).await;
    let lambda = stack.endpoints.lambda.clone();
    let invoke = async |name: &str, headers: &[(&str, &str)], body: &str| {
        let path = format!("/2015-03-31/functions/{name}/invocations");
        request(&lambda, "POST", &path, headers, body.as_bytes()).await
    };
    for name in [
        "api",
        "ApiFunction",
        "affinsy-ApiFunction",
        "arn:aws:lambda:us-east-1:000000000000:function:affinsy-ApiFunction",
    ] {
        let reply = invoke(name, &[], "{\"n\": 1}").await;
        assert_eq!((reply.status, &reply.json()["event"]), (200, &json!({"n": 1})), "{name}");
        assert_eq!(reply.header("x-amz-function-error"), [""; 0]);
    }
    let failed = invoke("api", &[], "{\"do\": \"fail\"}").await;
    assert_eq!((failed.status, failed.header("x-amz-function-error")), (200, vec!["Unhandled"]));
    assert_eq!(failed.json(), json!({"errorType": "Bad", "errorMessage": "as asked"}));
    assert_eq!(invoke("api", &[("x-amz-invocation-type", "Event")], "{}").await.status, 202);
    assert_eq!(invoke("api", &[("x-amz-invocation-type", "DryRun")], "{}").await.status, 204);
    assert_eq!(invoke("api", &[], "{").await.header("x-amzn-errortype"), ["InvalidRequestContentException"]);
    let unknown = invoke("nobody", &[], "{}").await;
    assert_eq!((unknown.status, unknown.header("x-amzn-errortype")), (404, vec!["ResourceNotFoundException"]));
    assert_eq!(stack.pids()["api"].len(), 1);
    stack.shutdown().await.unwrap();
}

#[tokio::test]
async fn functions_are_told_where_the_services_are() {
    let folder = Folder::new();
    let stack = stack(&folder, &template(&[("api", "Environment: {Variables: {TABLE: !Ref Items}}")], TABLE)).await;
    let path = "/2015-03-31/functions/api/invocations";
    let seen = request(&stack.endpoints.lambda, "POST", path, &[], b"{\"do\": \"environment\"}").await.json();
    let check = |name: &str, expected: &str| assert_eq!(seen[name], expected, "{name}");
    check("TABLE", "affinsy-Items");
    check("AWS_ENDPOINT_URL_DYNAMODB", &stack.endpoints.dynamodb);
    check("AWS_ENDPOINT_URL_S3", &stack.endpoints.s3);
    check("AWS_ENDPOINT_URL_SQS", &stack.endpoints.sqs);
    check("AWS_REGION", "us-east-1");
    check("AWS_LAMBDA_FUNCTION_NAME", "affinsy-ApiFunction");
    check("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128");
    check("_HANDLER", "bootstrap");
    stack.shutdown().await.unwrap();
}

#[tokio::test]
async fn a_schedule_invokes_at_the_start() {
    let folder = Folder::new();
    let schedule = "Events: {Tick: {Type: Schedule, Properties: {Schedule: rate(1 hour)}}}";
    let (heard, mut lines) = tokio::sync::mpsc::unbounded_channel();
    let mut config = config(&folder, &template(&[("api", schedule)], ""));
    config.log = std::sync::Arc::new(move |line| heard.send(line.text.to_owned()).unwrap_or_default());
    let stack = start(config).await.unwrap();
    assert_eq!(lines.recv().await.as_deref(), Some("an event came"));
    stack.shutdown().await.unwrap();
}

#[tokio::test]
async fn what_is_missing_or_taken_is_named() {
    let folder = Folder::new();
    let running = stack(&folder, &template(&[("api", "Description: x")], "")).await;
    let again = start(config(&folder, &template(&[("api", "Description: x")], ""))).await;
    assert!(matches!(again, Err(StartError::DataInUse { .. })), "{again:?}");

    let elsewhere = Folder::new();
    let mut taken = config(&elsewhere, &template(&[("api", "Description: x")], ""));
    taken.port = running.base_url.rsplit(':').next().unwrap().parse().unwrap();
    assert!(matches!(start(taken).await, Err(StartError::PortTaken { .. })));

    let error = start(config(&elsewhere, &template(&[("nobody", "Description: x")], ""))).await.unwrap_err();
    assert!(
        error.to_string().contains("functions/nobody (build it with `cargo build --release -p affinsy-nobody`)"),
        "{error}"
    );
    running.shutdown().await.unwrap();
}
