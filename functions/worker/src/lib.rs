//! `worker`: computes reports.
//!
//! A report that cannot be computed ends as *Failed* and its message is done with. Only trouble with tables,
//! objects or queues brings a message back; after the queue's last try the sweeper goes on from the record.

use affinsy_app::ports::{InsightModel, Job, PortResult};
use affinsy_app::run_report::{Ran, RunPorts, most_at_once, run_report};
use affinsy_aws::config::{Config, Setting};
use affinsy_aws::lambda::sqs::{Handled, Message, each};
use affinsy_aws::model::BedrockModel;
use affinsy_aws::objects::S3Objects;
use affinsy_aws::queue::SqsQueue;
use affinsy_aws::tables::DynamoBook;
use affinsy_aws::world::{OsRandom, SystemClock};
use affinsy_aws::{clients, lambda};
use affinsy_core::time::Instant;
use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent};
use lambda_runtime::{Error, LambdaEvent};
use std::sync::Arc;
use std::time::Duration;

/// The settings it reads, which the template must give it.
pub const NEEDS: [Setting; 7] = [
    Setting::ControlTable,
    Setting::SegmentsTable,
    Setting::Bucket,
    Setting::ReportsQueueUrl,
    Setting::WebhooksQueueUrl,
    Setting::InsightsModelId,
    Setting::WorkerConcurrency,
];
/// A message is seen again this long after the function's deadline, should the function die.
const SEEN_AGAIN_AFTER_S: i64 = 10;

/// How long a model may take to word the insights of a report.
const MODEL_PATIENCE: Duration = Duration::from_secs(20);

/// What lives as long as the instance.
#[derive(Debug)]
pub struct Ctx {
    ports: RunPorts,
}

impl Ctx {
    pub async fn from_env() -> Result<Self, Error> {
        lambda::logs::init();
        let config = Config::from_env(&NEEDS)?;
        let sdk = clients::sdk_config(clients::Patience::Work).await;
        let (control, segments) = (config.get(Setting::ControlTable), config.get(Setting::SegmentsTable));
        let book = Arc::new(DynamoBook::new(clients::dynamodb(&sdk), control, segments));
        let queue = SqsQueue::new(clients::sqs(&sdk), &config);
        let model = |id| Arc::new(BedrockModel::new(&sdk, id, MODEL_PATIENCE)) as Arc<dyn InsightModel>;
        let ports = RunPorts {
            log: book.clone(),
            objects: Arc::new(S3Objects::new(clients::s3(&sdk), config.get(Setting::Bucket))),
            reports: book.clone(),
            endpoints: book.clone(),
            due: book,
            queue: Arc::new(queue),
            clock: Arc::new(SystemClock),
            random: Arc::new(OsRandom),
            most_at_once: most_at_once(config.worker_concurrency()),
            model: config.insights_model_id().map(model),
            threads: std::thread::available_parallelism().map_or(1, usize::from),
            memory_bytes: Config::function_memory_bytes(),
        };
        Ok(Self { ports })
    }
}

pub async fn handle(event: LambdaEvent<SqsEvent>, ctx: &Ctx) -> Result<SqsBatchResponse, Error> {
    let deadline = Instant::from_unix_ms(i64::try_from(event.context.deadline).unwrap_or(i64::MAX / 1_000));
    Ok(each(event.payload, async |message| one(message, deadline, &ctx.ports).await).await)
}

async fn one(message: Message, deadline: Instant, ports: &RunPorts) -> Handled {
    let left_s = deadline.unix_s() - ports.clock.now().unix_s() + SEEN_AGAIN_AFTER_S;
    hide(&message, u32::try_from(left_s).unwrap_or(0), ports).await;
    match run(&message.job, deadline, ports).await {
        Ok(Ran::Ended) => Handled::Done,
        Ok(Ran::Again { after_s }) => {
            hide(&message, after_s, ports).await;
            Handled::Again
        }
        Err(error) => {
            tracing::error!(job = message.job.to_message(), error = %error, "job put off");
            hide(&message, 5, ports).await;
            Handled::Again
        }
    }
}

async fn run(job: &Job, deadline: Instant, ports: &RunPorts) -> PortResult<Ran> {
    match job {
        Job::Report { tenant, report_id } => run_report(tenant, report_id, deadline, ports).await,
        Job::Tend { .. } | Job::Purge { .. } | Job::Import { .. } | Job::Delivery { .. } => {
            tracing::error!(job = job.to_message(), "not for the reports queue; dropped, the sweeper sends it again");
            Ok(Ran::Ended)
        }
    }
}

/// Best effort: without it the message only comes back later.
async fn hide(message: &Message, seconds: u32, ports: &RunPorts) {
    if let Err(error) = ports.queue.hide_for(&message.job, &message.receipt, seconds).await {
        tracing::warn!(error = %error, "visibility not changed");
    }
}
