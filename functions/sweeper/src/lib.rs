//! `sweeper`: every minute, sends on what is due. A run that fails is made up for by the next.

use affinsy_app::sweep::{SweepPorts, sweep};
use affinsy_aws::config::{Config, Setting};
use affinsy_aws::queue::SqsQueue;
use affinsy_aws::tables::DynamoBook;
use affinsy_aws::world::{OsRandom, SystemClock};
use affinsy_aws::{clients, lambda};
use affinsy_core::webhook::url::UrlPolicy;
use lambda_runtime::{Error, LambdaEvent};
use serde_json::{Value, json};

/// The settings it reads, which the template must give it.
pub const NEEDS: [Setting; 6] = [
    Setting::ControlTable,
    Setting::ReportsQueueUrl,
    Setting::WebhooksQueueUrl,
    Setting::StoreQueueUrl,
    Setting::UploadsQueueUrl,
    Setting::WebhookAllowPrivate,
];

/// What lives as long as the instance.
#[derive(Debug)]
pub struct Ctx {
    book: DynamoBook,
    queue: SqsQueue,
    url_policy: UrlPolicy,
}

impl Ctx {
    pub async fn from_env() -> Result<Self, Error> {
        lambda::logs::init();
        let config = Config::from_env(&NEEDS)?;
        let sdk = clients::sdk_config(clients::Patience::Work).await;
        let queue = SqsQueue::new(clients::sqs(&sdk), &config);
        let book = DynamoBook::new(clients::dynamodb(&sdk), config.get(Setting::ControlTable), "");
        Ok(Self { book, queue, url_policy: config.url_policy() })
    }
}

pub async fn handle(_event: LambdaEvent<Value>, ctx: &Ctx) -> Result<Value, Error> {
    let ports = SweepPorts {
        due: &ctx.book,
        log: &ctx.book,
        reports: &ctx.book,
        schedules: &ctx.book,
        endpoints: &ctx.book,
        queue: &ctx.queue,
        clock: &SystemClock,
        random: &OsRandom,
        url_policy: ctx.url_policy,
    };
    let sent = sweep(ports).await?;
    if sent > 0 {
        tracing::info!(sent, "due work sent on");
    }
    Ok(json!({"sent": sent}))
}
