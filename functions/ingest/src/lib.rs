//! `ingest`: orders in, and what became of them. A push is answered only when it is durable and visible; a file is sent
//! to the store, past this function.

use affinsy_app::http::{DataPorts, data};
use affinsy_aws::config::{Config, Setting};
use affinsy_aws::objects::S3Objects;
use affinsy_aws::tables::{DynamoBook, DynamoIdempotency, DynamoRates};
use affinsy_aws::uploads::S3Links;
use affinsy_aws::world::{OsRandom, SystemClock};
use affinsy_aws::{clients, lambda};
use lambda_http::{Body, Error, Request, Response};
use std::sync::Arc;

/// The settings it reads, which the template must give it.
pub const NEEDS: [Setting; 4] =
    [Setting::ControlTable, Setting::SegmentsTable, Setting::Bucket, Setting::WebhookAllowPrivate];

/// What lives as long as the instance.
#[derive(Debug)]
pub struct Ctx {
    ports: DataPorts,
}

impl Ctx {
    pub async fn from_env() -> Result<Self, Error> {
        lambda::logs::init();
        let config = Config::from_env(&NEEDS)?;
        let sdk = clients::sdk_config(clients::Patience::Request).await;
        let dynamodb = clients::dynamodb(&sdk);
        let control = config.get(Setting::ControlTable);
        let book = Arc::new(DynamoBook::new(dynamodb.clone(), control, config.get(Setting::SegmentsTable)));
        let (s3, bucket) = (clients::s3(&sdk), config.get(Setting::Bucket));
        let ports = DataPorts {
            windows: Arc::new(DynamoRates::new(dynamodb.clone(), control)),
            calls: Arc::new(DynamoIdempotency::new(dynamodb, control)),
            log: book.clone(),
            erasures: book.clone(),
            objects: Arc::new(S3Objects::new(s3.clone(), bucket)),
            deliveries: book.clone(),
            endpoints: book.clone(),
            uploads: book,
            links: Arc::new(S3Links::new(s3, bucket)),
            clock: Arc::new(SystemClock),
            random: Arc::new(OsRandom),
            url_policy: config.url_policy(),
        };
        Ok(Self { ports })
    }
}

pub async fn handle(event: Request, ctx: &Ctx) -> Result<Response<Body>, Error> {
    let request = lambda::http::request(event);
    lambda::http::response(data(&request, &ctx.ports).await)
}
