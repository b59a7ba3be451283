//! `webhooks`: the dispatcher. A failed attempt is no failed message: it is recorded, and tried again by
//! schedule. Only trouble with the table brings a message back.

use affinsy_app::dispatch_webhook::{DispatchPorts, dispatch_webhook};
use affinsy_app::ports::{EventBus, Job};
use affinsy_aws::bus::EventBridgeBus;
use affinsy_aws::config::{Config, Setting};
use affinsy_aws::lambda::sqs::{Handled, Message, each};
use affinsy_aws::queue::SqsQueue;
use affinsy_aws::sender::HttpSender;
use affinsy_aws::tables::DynamoBook;
use affinsy_aws::world::{OsRandom, SystemClock};
use affinsy_aws::{clients, lambda};
use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent};
use lambda_runtime::{Error, LambdaEvent};
use std::sync::Arc;

/// The settings it reads, which the template must give it.
pub const NEEDS: [Setting; 4] =
    [Setting::ControlTable, Setting::WebhooksQueueUrl, Setting::WebhookAllowPrivate, Setting::EventBusName];

/// What lives as long as the instance.
#[derive(Debug)]
pub struct Ctx {
    ports: DispatchPorts,
}

impl Ctx {
    pub async fn from_env() -> Result<Self, Error> {
        lambda::logs::init();
        let config = Config::from_env(&NEEDS)?;
        let sdk = clients::sdk_config(clients::Patience::Work).await;
        let book = Arc::new(DynamoBook::new(clients::dynamodb(&sdk), config.get(Setting::ControlTable), ""));
        let queue = SqsQueue::new(clients::sqs(&sdk), &config);
        let bus = config.event_bus_name().map(|name| Arc::new(EventBridgeBus::new(&sdk, name)) as Arc<dyn EventBus>);
        let ports = DispatchPorts {
            deliveries: book.clone(),
            endpoints: book.clone(),
            due: book.clone(),
            reports: book.clone(),
            log: book,
            queue: Arc::new(queue),
            sender: Arc::new(HttpSender::new(config.url_policy())?),
            bus,
            clock: Arc::new(SystemClock),
            random: Arc::new(OsRandom),
        };
        Ok(Self { ports })
    }
}

pub async fn handle(event: LambdaEvent<SqsEvent>, ctx: &Ctx) -> Result<SqsBatchResponse, Error> {
    Ok(each(event.payload, async |message| one(message, &ctx.ports).await).await)
}

async fn one(message: Message, ports: &DispatchPorts) -> Handled {
    let Job::Delivery { tenant, delivery_id } = &message.job else {
        tracing::error!(
            job = message.job.to_message(),
            "not a delivery; dropped, the sweeper sends it where it belongs"
        );
        return Handled::Done;
    };
    match dispatch_webhook(tenant, delivery_id, ports).await {
        Ok(()) => Handled::Done,
        Err(error) => {
            tracing::error!(delivery.id = delivery_id, error = %error, "delivery put off");
            Handled::Again
        }
    }
}
