//! Each function may do what its adapters call, on what they call it on, and nothing else. That it lacks no right, the
//! tests of the stack show: there every call is held to the template.

use crate::kit::read;
use std::collections::BTreeSet;

type Grant = (String, String);

/// What a function's adapters call: `table`, `bucket/prefix` or `queue`, then the calls.
type Calls = &'static [(&'static str, &'static [&'static str])];

const CALLS: [(&str, Calls); 8] = [
    // KeyTable; for /keys also RateWindows, Idempotency, and the secret that signs cursors.
    (
        "AuthFunction",
        &[("ControlTable.Arn", &["dynamodb:GetItem", "dynamodb:Query", "dynamodb:PutItem", "dynamodb:UpdateItem"])],
    ),
    // RateWindows; Idempotency; OrderLog: head and imports, commit with the manifest item; Erasures::delete_dataset; the secret that signs cursors.
    (
        "IngestFunction",
        &[
            (
                "ControlTable.Arn",
                &[
                    "dynamodb:GetItem",
                    "dynamodb:Query",
                    "dynamodb:PutItem",
                    "dynamodb:UpdateItem",
                    "dynamodb:DeleteItem",
                ],
            ),
            ("SegmentsTable.Arn", &["dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Query"]),
            ("DataBucket.Arn/segments/*", &["s3:GetObject", "s3:PutObject"]),
            ("DataBucket.Arn/tables/*", &["s3:GetObject"]),
            ("DataBucket.Arn", &["s3:ListBucket"]),
            // Links: what a caller may do with one.
            ("DataBucket.Arn/uploads/*", &["s3:PutObject"]),
            ("DataBucket.Arn/rejects/*", &["s3:GetObject"]),
        ],
    ),
    // RateWindows; Idempotency; ReportBook: submit, get, list; ScheduleBook; DeliveryBook: list, secrets, rotate, open,
    // record; Endpoints: a URL's health; a result and its parts, and files made of them.
    (
        "ReportsFunction",
        &[
            (
                "ControlTable.Arn",
                &[
                    "dynamodb:GetItem",
                    "dynamodb:Query",
                    "dynamodb:PutItem",
                    "dynamodb:UpdateItem",
                    "dynamodb:DeleteItem",
                ],
            ),
            ("DataBucket.Arn/results/*", &["s3:GetObject", "s3:PutObject"]),
            ("DataBucket.Arn", &["s3:ListBucket"]),
            ("ReportsQueue.Arn", &["sqs:SendMessage"]),
            ("WebhooksQueue.Arn", &["sqs:SendMessage"]),
        ],
    ),
    // ReportBook: claim, progress, finish, list; OrderLog: head, segments; segments and earlier results in, results out.
    // Endpoints: enter, leave; DueIndex: postpone.
    (
        "WorkerFunction",
        &[
            ("ControlTable.Arn", &["dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Query", "dynamodb:UpdateItem"]),
            ("SegmentsTable.Arn", &["dynamodb:Query"]),
            ("DataBucket.Arn/segments/*", &["s3:GetObject"]),
            ("DataBucket.Arn/tables/*", &["s3:GetObject"]),
            ("DataBucket.Arn", &["s3:ListBucket"]),
            ("DataBucket.Arn/results/*", &["s3:GetObject", "s3:PutObject"]),
            ("WebhooksQueue.Arn", &["sqs:SendMessage"]),
            ("ReportsQueue.Arn", &["sqs:SendMessage", "sqs:ChangeMessageVisibility"]),
            // InsightModel::word: the model by its id, or by the inference profile of that id.
            ("arn:AWS::Partition:bedrock:*::foundation-model/InsightsModelId", &["bedrock:InvokeModel"]),
            ("arn:AWS::Partition:bedrock:*:AWS::AccountId:inference-profile/InsightsModelId", &["bedrock:InvokeModel"]),
            ("arn:AWS::Partition:bedrock:*::foundation-model/*", &["bedrock:InvokeModel"]),
        ],
    ),
    // OrderLog: head, segments; Tending; segments in and out, and orphans among them.
    (
        "CompactorFunction",
        &[
            ("ControlTable.Arn", &["dynamodb:GetItem", "dynamodb:Query", "dynamodb:UpdateItem", "dynamodb:DeleteItem"]),
            ("SegmentsTable.Arn", &["dynamodb:Query", "dynamodb:BatchWriteItem"]),
            ("DataBucket.Arn/segments/*", &["s3:GetObject", "s3:PutObject", "s3:DeleteObject"]),
            ("DataBucket.Arn/tables/*", &["s3:GetObject", "s3:PutObject", "s3:DeleteObject"]),
            ("DataBucket.Arn/results/*", &["s3:GetObject", "s3:PutObject", "s3:DeleteObject"]),
            ("DataBucket.Arn/uploads/*", &["s3:DeleteObject"]),
            ("DataBucket.Arn/staging/*", &["s3:DeleteObject"]),
            ("DataBucket.Arn/rejects/*", &["s3:DeleteObject"]),
            ("DataBucket.Arn", &["s3:ListBucket"]),
            ("StoreQueue.Arn", &["sqs:ChangeMessageVisibility"]),
        ],
    ),
    // Uploads; OrderLog: head, segments, commit; Erasures: purges; files in, staged lines in and out, segments in (what is there already)
    // and out, rejects out.
    (
        "ImporterFunction",
        &[
            ("ControlTable.Arn", &["dynamodb:GetItem", "dynamodb:Query", "dynamodb:PutItem", "dynamodb:UpdateItem"]),
            ("SegmentsTable.Arn", &["dynamodb:GetItem", "dynamodb:Query", "dynamodb:PutItem"]),
            ("DataBucket.Arn/uploads/*", &["s3:GetObject", "s3:DeleteObject"]),
            ("DataBucket.Arn/staging/*", &["s3:GetObject", "s3:PutObject", "s3:DeleteObject"]),
            ("DataBucket.Arn/segments/*", &["s3:GetObject", "s3:PutObject"]),
            ("DataBucket.Arn/tables/*", &["s3:GetObject"]),
            ("DataBucket.Arn/rejects/*", &["s3:PutObject"]),
            ("DataBucket.Arn", &["s3:ListBucket"]),
            ("UploadsQueue.Arn", &["sqs:ChangeMessageVisibility"]),
            ("WebhooksQueue.Arn", &["sqs:SendMessage"]),
        ],
    ),
    // DeliveryBook: open, claim, record, secrets; Endpoints; DueIndex: postpone, done; ReportBook::get;
    // OrderLog::import; the retry's message; EventBus.
    (
        "WebhooksFunction",
        &[
            ("ControlTable.Arn", &["dynamodb:GetItem", "dynamodb:Query", "dynamodb:PutItem", "dynamodb:UpdateItem"]),
            ("WebhooksQueue.Arn", &["sqs:SendMessage"]),
            ("arn:AWS::Partition:events:AWS::Region:AWS::AccountId:event-bus/EventBusName", &["events:PutEvents"]),
        ],
    ),
    // DueIndex; ReportBook: get, submit; ScheduleBook: get, ran; OrderLog::head.
    (
        "SweeperFunction",
        &[
            ("ControlTable.Arn/index/due", &["dynamodb:Query"]),
            ("ControlTable.Arn", &["dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem"]),
            ("ReportsQueue.Arn", &["sqs:SendMessage"]),
            ("WebhooksQueue.Arn", &["sqs:SendMessage"]),
            ("StoreQueue.Arn", &["sqs:SendMessage"]),
            ("UploadsQueue.Arn", &["sqs:SendMessage"]),
        ],
    ),
];

/// A bucket may send to one queue and nobody else may to any: its policy is the only one of a resource.
#[test]
fn a_queue_takes_messages_of_the_accounts_buckets_alone() {
    let text = read("infra/template.yaml");
    assert_eq!(text.matches("PolicyDocument:").count(), 1);
    let (_, policy) = text.split_once("\n  UploadsQueuePolicy:\n").expect("is there");
    let policy = policy.split("\n\n").next().unwrap_or_default();
    for part in [
        "Principal: {Service: s3.amazonaws.com}",
        "Action: sqs:SendMessage",
        "Resource: !GetAtt UploadsQueue.Arn",
        "Condition: {StringEquals: {aws:SourceAccount: !Ref AWS::AccountId}}",
    ] {
        assert!(policy.contains(part), "{part}");
    }
}

#[test]
fn are_what_the_adapters_call() {
    let text = read("infra/template.yaml");
    for (function, calls) in CALLS {
        let called =
            calls.iter().flat_map(|(resource, actions)| actions.iter().map(move |action| grant(action, resource)));
        let (called, granted): (BTreeSet<Grant>, BTreeSet<Grant>) = (called.collect(), granted(&text, function));
        assert_eq!(granted, called, "{function}");
    }
    let all: usize = CALLS.iter().map(|(function, _)| granted(&text, function).len()).sum();
    let written: usize = text.lines().filter_map(|line| Some(list(value(line, "Action")?).len())).sum();
    assert!(written <= all && text.matches("Action:").count() > 0, "every statement belongs to a function above");
    assert!(!text.contains("FullAccess") && !text.contains("Action: \"*\""), "no broad policy beside them");
}

fn grant(action: &str, resource: &str) -> Grant {
    (action.to_owned(), resource.to_owned())
}

/// The actions and resources in a function's policies, as the template writes them.
fn granted(text: &str, function: &str) -> BTreeSet<Grant> {
    let (_, block) = text.split_once(&format!("\n  {function}:\n")).expect("a function of the template");
    let lines: Vec<&str> = block.lines().take_while(|line| line.is_empty() || line.starts_with("   ")).collect();
    let statements = lines.windows(2).filter_map(|pair| Some((value(pair[0], "Action")?, value(pair[1], "Resource")?)));
    let grants = |(actions, resources)| {
        let resources = list(resources);
        list(actions)
            .into_iter()
            .flat_map(move |action| resources.clone().into_iter().map(move |resource| (action.clone(), resource)))
    };
    statements.flat_map(grants).collect()
}

fn value<'a>(line: &'a str, field: &str) -> Option<&'a str> {
    line.trim_start().trim_start_matches("- ").strip_prefix(field)?.strip_prefix(": ")
}

/// One value or several in brackets, without the functions that resolve them.
fn list(value: &str) -> Vec<String> {
    let values = value.trim_start_matches('[').trim_end_matches(']').split(", ");
    values
        .map(|value| value.replace("!GetAtt ", "").replace("!Sub ", "").replace("${", "").replace(['}', '"'], ""))
        .collect()
}
