//! Templates as they may be written, and what is refused.

use std::collections::BTreeMap;
use std::time::Duration;

use super::{LocalNames, Template, TemplateError};

const REAL: &str = include_str!("../../../infra/template.yaml");

fn read(text: &str, overrides: &[(&str, &str)]) -> Result<Template, TemplateError> {
    let overrides: BTreeMap<_, _> = overrides.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
    Template::read(text, &overrides, &LocalNames::new("http://127.0.0.1:4100"))
}

fn refuses(text: &str, message: &str) {
    let error = read(text, &[]).expect_err(text).to_string();
    assert!(error.contains(message), "`{error}` does not say `{message}`");
}

fn function(properties: &str) -> String {
    format!(
        "Resources:\n  F:\n    Type: AWS::Serverless::Function\n    Properties: {{Runtime: provided.al2023, Handler: \
         bootstrap, CodeUri: ../functions/f, {properties}}}\n"
    )
}

#[test]
fn the_real_template_reads_whole() {
    let template = read(REAL, &[]).unwrap();
    let folders: Vec<_> = template.functions.iter().map(|f| f.folder.as_str()).collect();
    assert!(["auth", "ingest", "reports", "worker"].iter().all(|f| folders.contains(f)), "{folders:?}");
    let worker = template.functions.iter().find(|f| f.folder == "worker").unwrap();
    assert_eq!(worker.timeout, Duration::from_secs(900));
    assert_eq!(worker.environment["AFFINSY_CONTROL_TABLE"], "affinsy-ControlTable");
    assert_eq!(worker.environment["AFFINSY_BUCKET"], "affinsy-databucket");
    let reports_queue = "http://127.0.0.1:4100/000000000000/affinsy-ReportsQueue";
    assert_eq!(worker.environment["AFFINSY_REPORTS_QUEUE_URL"], reports_queue);
    assert_eq!(worker.queue_sources[0].queue_arn, "arn:aws:sqs:us-east-1:000000000000:affinsy-ReportsQueue");
    assert!(worker.queue_sources[0].reports_item_failures);
    let queue = template.queues.iter().find(|q| q.name == "affinsy-ReportsQueue").unwrap();
    assert_eq!(queue.dead_letters.as_deref().unwrap(), "arn:aws:sqs:us-east-1:000000000000:affinsy-ReportsDeadLetters");
}

#[test]
fn routes_have_the_default_authorizer_unless_they_opt_out() {
    let api = read(REAL, &[]).unwrap().api.unwrap();
    let authorizer =
        |path: &str| api.routes.iter().find(|r| r.path.as_deref() == Some(path)).unwrap().authorizer.clone();
    assert!(authorizer("/api/v1/data/orders").unwrap().ends_with("function:affinsy-AuthFunction"));
    assert_eq!(authorizer("/api/v1/health"), None);
    assert!(api.routes.iter().any(|route| route.path.is_none() && route.authorizer.is_some()), "a default route");
}

#[test]
fn parameters_are_overridden_and_bounded() {
    let private = |overrides: &[(&str, &str)]| {
        let template = read(REAL, overrides).unwrap();
        let webhooks = template.functions.into_iter().find(|f| f.folder == "webhooks").unwrap();
        webhooks.environment["AFFINSY_WEBHOOK_ALLOW_PRIVATE"].clone()
    };
    assert_eq!(private(&[]), "false");
    assert_eq!(private(&[("WebhookAllowPrivate", "true")]), "true");
    for (name, value) in [("WebhookAllowPrivate", "maybe"), ("WorkerConcurrency", "1"), ("Nonsense", "1")] {
        assert!(matches!(read(REAL, &[(name, value)]), Err(TemplateError::Parameter { .. })), "{name}={value}");
    }
}

#[test]
fn what_is_unknown_is_refused_by_name() {
    refuses("Resources: {Q: {Type: AWS::Kinesis::Stream}}", "AWS::Kinesis::Stream");
    refuses("Resources: {Q: {Type: AWS::SQS::Queue, Properties: {FifoQueue: true}}}", "FifoQueue");
    refuses("Resources: {Q: {Type: AWS::SQS::Queue, Condition: Prod}}", "Condition");
    refuses("Conditions: {}\nResources: {}", "Conditions");
    refuses(&function("Layers: [x]"), "Layers");
    let queue = "  Q: {Type: AWS::SQS::Queue, Properties: {VisibilityTimeout: 2}}";
    refuses(&(function("Events: {E: {Type: SQS, Properties: {Queue: !GetAtt Q.Arn}}}") + queue), "visibility");
    refuses(&function("Events: {E: {Type: Kinesis, Properties: {}}}"), "Kinesis");
    refuses(&function("Events: {E: {Type: Schedule, Properties: {Schedule: cron(0 * * * ? *)}}}"), "cron(0 * * * ? *)");
    refuses(&function("Environment: {Variables: {A: !ImportValue x}}"), "Fn::ImportValue");
    refuses(&function("Environment: {Variables: {A: !Ref Nothing}}"), "Nothing");
    refuses(&function("Environment: {Variables: {A: !GetAtt F.Version}}"), "F.Version");
}

#[test]
fn a_bucket_tells_a_queue_of_new_objects() {
    let text = |configuration: &str| {
        format!(
            "Resources:\n  Q: {{Type: AWS::SQS::Queue}}\n  P: {{Type: AWS::SQS::QueuePolicy, Properties: {{Queues: \
             [!Ref Q]}}}}\n  B: {{Type: AWS::S3::Bucket, DependsOn: P, Properties: {{NotificationConfiguration: \
             {{QueueConfigurations: [{configuration}]}}}}}}\n"
        )
    };
    let rules = "Filter: {S3Key: {Rules: [{Name: prefix, Value: in/}, {Name: suffix, Value: .csv}]}}";
    let good = format!("{{Event: s3:ObjectCreated:*, Queue: !GetAtt Q.Arn, {rules}}}");
    let template = read(&text(&good), &[]).unwrap();
    let notification = &template.buckets[0].notifications[0];
    assert_eq!(notification.queue_arn, template.queues[0].arn);
    for (key, fits) in [("in/a.csv", true), ("in/a.txt", false), ("out/a.csv", false)] {
        assert_eq!(notification.fits(key), fits, "{key}");
    }
    refuses(&text("{Event: s3:ObjectRemoved:*, Queue: !GetAtt Q.Arn}"), "s3:ObjectRemoved:*");
    refuses(&text("{Event: s3:ObjectCreated:*, Queue: arn:aws:sqs:us-east-1:1:other}"), "other");
    refuses(&text(&format!("{good}, {{Event: s3:ObjectCreated:*, Queue: !GetAtt Q.Arn}}")), "two filters");
    refuses(&text(&good.replace("Rules", "Regexes")), "Regexes");
}

#[test]
fn substitutions_know_names_attributes_and_literals() {
    let text = function(r#"Environment: {Variables: {A: !Sub "${F}/${F.Arn}/${AWS::Region}/${!F}"}}"#);
    let template = read(&text, &[]).unwrap();
    let arn = "arn:aws:lambda:us-east-1:000000000000:function:affinsy-F";
    assert_eq!(template.functions[0].environment["A"], format!("affinsy-F/{arn}/us-east-1/${{F}}"));
}

#[test]
fn rates_are_read() {
    let every = |rate: &str| {
        let text = function(&format!("Events: {{E: {{Type: Schedule, Properties: {{Schedule: {rate}}}}}}}"));
        read(&text, &[]).map(|template| template.functions[0].schedules[0].every.as_secs()).ok()
    };
    assert_eq!(every("rate(1 minute)"), Some(60));
    assert_eq!(every("rate(2 hours)"), Some(7200));
    assert_eq!(every("rate(0 minutes)"), None);
}
