//! A queue that invokes a function.

use std::time::Duration;

use affinsy_local::RunningStack;
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
