//! A queue that invokes a function, and a bucket that fills one.

use std::time::Duration;

use affinsy_local::RunningStack;
use affinsy_local::services::{ACCESS_KEY_ID, REGION, SECRET_ACCESS_KEY};
use aws_sdk_s3::config::Credentials;
use serde_json::{Value, json};

use crate::support::{Folder, request, stack, template};

const QUEUES: &str = "  Work:
    Type: AWS::SQS::Queue
    Properties:
      VisibilityTimeout: 60
      RedrivePolicy: {deadLetterTargetArn: !GetAtt Dead.Arn, maxReceiveCount: 1}
  Dead: {Type: AWS::SQS::Queue}
Outputs:
  Work: {Value: !Ref Work}
  Dead: {Value: !Ref Dead}
";

const SOURCE: &str = "Events: {Work: {Type: SQS, Properties: {Queue: !GetAtt Work.Arn, BatchSize: 10,
      FunctionResponseTypes: [ReportBatchItemFailures], ScalingConfig: {MaximumConcurrency: 2}}}}";

async fn sqs(stack: &RunningStack, action: &str, body: Value) -> Value {
    let headers = [("x-amz-target", &*format!("AmazonSQS.{action}")), ("content-type", "application/x-amz-json-1.0")];
    request(&stack.endpoints.sqs, "POST", "/", &headers, body.to_string().as_bytes()).await.json()
}

async fn send(stack: &RunningStack, bodies: &[&str]) {
    let entries = bodies.iter().enumerate();
    let entries: Vec<_> = entries.map(|(i, body)| json!({"Id": i.to_string(), "MessageBody": body})).collect();
    let body = json!({"QueueUrl": stack.outputs["Work"], "Entries": entries});
    let sent = sqs(stack, "SendMessageBatch", body).await;
    assert_eq!(sent["Successful"].as_array().map(Vec::len), Some(bodies.len()), "{sent}");
}

/// Messages in the queue, visible and not.
async fn counts(stack: &RunningStack, queue: &str) -> (Value, Value) {
    let body = json!({"QueueUrl": stack.outputs[queue], "AttributeNames": ["All"]});
    let answer = sqs(stack, "GetQueueAttributes", body).await;
    let count = |name: &str| answer["Attributes"][name].clone();
    (count("ApproximateNumberOfMessages"), count("ApproximateNumberOfMessagesNotVisible"))
}

/// Asks until the counts are these; the test's own limit ends what never comes true.
async fn settles(stack: &RunningStack, queue: &str, visible: &str, hidden: &str) {
    let expected = (json!(visible), json!(hidden));
    let wait = async {
        while counts(stack, queue).await != expected {
            tokio::task::yield_now().await;
        }
    };
    let settled = tokio::time::timeout(Duration::from_secs(20), wait).await;
    assert!(settled.is_ok(), "{queue} has {:?} where {expected:?} is expected", counts(stack, queue).await);
}

#[tokio::test]
async fn what_succeeds_is_deleted_and_what_fails_comes_back() {
    let folder = Folder::new();
    let stack = stack(&folder, &template(&[("consumer", SOURCE)], QUEUES)).await;
    send(&stack, &["good", "bad", "good", "good"]).await;
    settles(&stack, "Work", "0", "1").await;
    // A crash fails its whole batch.
    send(&stack, &["poison"]).await;
    settles(&stack, "Work", "0", "2").await;
    send(&stack, &["good"]).await;
    settles(&stack, "Work", "0", "2").await;
    assert_eq!(counts(&stack, "Dead").await, (json!("0"), json!("0")));
    stack.shutdown().await.unwrap();
}

#[tokio::test]
async fn what_fails_too_often_goes_to_the_dead_letters() {
    let folder = Folder::new();
    let short = QUEUES.replace("VisibilityTimeout: 60", "VisibilityTimeout: 1");
    let source = format!("Timeout: 1, {SOURCE}");
    let text = template(&[("consumer", &source)], &short).replace("Timeout: 60, ", "");
    let stack = stack(&folder, &text).await;
    send(&stack, &["bad", "good"]).await;
    settles(&stack, "Dead", "1", "0").await;
    settles(&stack, "Work", "0", "0").await;
    stack.shutdown().await.unwrap();
}

const BUCKET: &str = "  Heard: {Type: AWS::SQS::Queue}
  Files:
    Type: AWS::S3::Bucket
    Properties: {NotificationConfiguration: {QueueConfigurations: [{Event: 's3:ObjectCreated:*',
      Filter: {S3Key: {Rules: [{Name: prefix, Value: uploads/}]}}, Queue: !GetAtt Heard.Arn}]}}
Outputs:
  Heard: {Value: !Ref Heard}
  Files: {Value: !Ref Files}
";

#[tokio::test]
async fn a_bucket_tells_its_queue_of_new_objects() {
    let folder = Folder::new();
    let stack = stack(&folder, &template(&[("api", "Description: x")], BUCKET)).await;
    let config = aws_sdk_s3::Config::builder()
        .behavior_version(aws_sdk_s3::config::BehaviorVersion::v2026_01_12())
        .region(aws_sdk_s3::config::Region::new(REGION))
        .credentials_provider(Credentials::new(ACCESS_KEY_ID, SECRET_ACCESS_KEY, None, None, "tests"))
        .endpoint_url(&stack.endpoints.s3)
        .force_path_style(true);
    let client = aws_sdk_s3::Client::from_conf(config.build());
    for key in ["elsewhere/1", "uploads/a b"] {
        let put = client.put_object().bucket(&stack.outputs["Files"]).key(key);
        put.body(b"x".to_vec().into()).send().await.unwrap();
    }
    settles(&stack, "Heard", "1", "0").await;
    let received = sqs(&stack, "ReceiveMessage", json!({"QueueUrl": stack.outputs["Heard"]})).await;
    let body: Value = serde_json::from_str(received["Messages"][0]["Body"].as_str().unwrap()).unwrap();
    assert_eq!(body["Records"][0]["s3"]["object"]["key"], "uploads/a+b");
    stack.shutdown().await.unwrap();
}
