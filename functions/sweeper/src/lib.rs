//! `sweeper`: every minute, sends on what is due. A run that fails is made up for by the next.

use affinsy_app::sweep::{SweepPorts, sweep};
use affinsy_aws::config::{Config, Setting};
use affinsy_aws::queue::SqsQueue;
use affinsy_aws::tables::DynamoBook;
use affinsy_aws::world::SystemClock;
use affinsy_aws::{clients, lambda};
use lambda_runtime::{Error, LambdaEvent};
use serde_json::{Value, json};

/// The settings it reads, which the template must give it.
pub const NEEDS: [Setting; 4] =
    [Setting::ControlTable, Setting::ReportsQueueUrl, Setting::WebhooksQueueUrl, Setting::StoreQueueUrl];

/// What lives as long as the instance.
#[derive(Debug)]
pub struct Ctx {
    book: DynamoBook,
    queue: SqsQueue,
}

impl Ctx {
    pub async fn from_env() -> Result<Self, Error> {
        lambda::logs::init();
        let config = Config::from_env(&NEEDS)?;
        let sdk = clients::sdk_config(clients::Patience::Work).await;
        let queue = SqsQueue {
            client: clients::sqs(&sdk),
            reports_url: config.get(Setting::ReportsQueueUrl).to_owned(),
            webhooks_url: config.get(Setting::WebhooksQueueUrl).to_owned(),
            store_url: config.get(Setting::StoreQueueUrl).to_owned(),
        };
        let book = DynamoBook::new(clients::dynamodb(&sdk), config.get(Setting::ControlTable), "");
        Ok(Self { book, queue })
    }
}

pub async fn handle(_event: LambdaEvent<Value>, ctx: &Ctx) -> Result<Value, Error> {
    let ports = SweepPorts { due: &ctx.book, reports: &ctx.book, queue: &ctx.queue, clock: &SystemClock };
    let sent = sweep(ports).await?;
    if sent > 0 {
        tracing::info!(sent, "due work sent on");
    }
    Ok(json!({"sent": sent}))
}
