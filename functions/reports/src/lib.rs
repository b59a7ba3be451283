//! `reports`: takes reports' orders and serves what became of them.

use affinsy_app::http::{ReportPorts, reports};
use affinsy_aws::config::{Config, Setting};
use affinsy_aws::objects::S3Objects;
use affinsy_aws::queue::SqsQueue;
use affinsy_aws::sender::HttpSender;
use affinsy_aws::tables::{DynamoBook, DynamoIdempotency, DynamoRates};
use affinsy_aws::uploads::S3Links;
use affinsy_aws::world::{OsRandom, SystemClock};
use affinsy_aws::{clients, lambda};
use lambda_http::{Body, Error, Request, Response};
use std::sync::Arc;

/// The settings it reads, which the template must give it.
pub const NEEDS: [Setting; 5] = [
    Setting::ControlTable,
    Setting::Bucket,
    Setting::ReportsQueueUrl,
    Setting::WebhooksQueueUrl,
    Setting::WebhookAllowPrivate,
];

/// What lives as long as the instance.
#[derive(Debug)]
pub struct Ctx {
    ports: ReportPorts,
}

impl Ctx {
    pub async fn from_env() -> Result<Self, Error> {
        lambda::logs::init();
        let config = Config::from_env(&NEEDS)?;
        let sdk = clients::sdk_config(clients::Patience::Request).await;
        let dynamodb = clients::dynamodb(&sdk);
        let control = config.get(Setting::ControlTable);
        let book = Arc::new(DynamoBook::new(dynamodb.clone(), control, ""));
        let queue = SqsQueue::new(clients::sqs(&sdk), &config);
        let s3 = clients::s3(&sdk);
        let bucket = config.get(Setting::Bucket);
        let ports = ReportPorts {
            windows: Arc::new(DynamoRates::new(dynamodb.clone(), control)),
            calls: Arc::new(DynamoIdempotency::new(dynamodb, control)),
            log: book.clone(),
            objects: Arc::new(S3Objects::new(s3.clone(), bucket)),
            links: Arc::new(S3Links::new(s3, bucket)),
            reports: book.clone(),
            schedules: book.clone(),
            deliveries: book.clone(),
            endpoints: book,
            sender: Arc::new(HttpSender::new(config.url_policy())?),
            queue: Arc::new(queue),
            clock: Arc::new(SystemClock),
            random: Arc::new(OsRandom),
            url_policy: config.url_policy(),
            shelf: Arc::default(),
        };
        Ok(Self { ports })
    }
}

pub async fn handle(event: Request, ctx: &Ctx) -> Result<Response<Body>, Error> {
    let request = lambda::http::request(event);
    lambda::http::response(reports(&request, &ctx.ports).await)
}
