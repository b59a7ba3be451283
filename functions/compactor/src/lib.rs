//! `compactor`: tends datasets, and goes on with what erasures left behind.
//!
//! A dataset that cannot be tended is due again later, and its message is done with. Only when that could not be
//! noted does the message come back; after the queue's last try the sweeper goes on from the record.

use affinsy_app::ports::{Job, PortResult, Queue};
use affinsy_app::purge::{PurgePorts, purge};
use affinsy_app::tend::{TendPorts, tend};
use affinsy_aws::config::{Config, Setting};
use affinsy_aws::lambda::sqs::{Handled, Message, each};
use affinsy_aws::objects::S3Objects;
use affinsy_aws::queue::SqsQueue;
use affinsy_aws::tables::DynamoBook;
use affinsy_aws::world::SystemClock;
use affinsy_aws::{clients, lambda};
use affinsy_core::runs::ROWS_A_BUCKET;
use affinsy_core::time::Instant;
use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent};
use lambda_runtime::{Error, LambdaEvent};
use std::sync::Arc;

/// The settings it reads, which the template must give it.
pub const NEEDS: [Setting; 4] =
    [Setting::ControlTable, Setting::SegmentsTable, Setting::Bucket, Setting::StoreQueueUrl];
/// A message is seen again this long after the function's deadline, should the function die.
const SEEN_AGAIN_AFTER_S: i64 = 10;
/// What a row takes at its most, read, merged and written.
const BYTES_A_ROW: u64 = 512;
/// Kept back for the process, and for objects that later ranges need.
const OWN_BYTES: u64 = 512 << 20;
/// Where no memory is named.
const ROWS_AT_ONCE: u64 = 4_000_000;

/// What lives as long as the instance.
#[derive(Debug)]
pub struct Ctx {
    ports: TendPorts,
    purge: PurgePorts,
    queue: SqsQueue,
}

impl Ctx {
    pub async fn from_env() -> Result<Self, Error> {
        lambda::logs::init();
        let config = Config::from_env(&NEEDS)?;
        let sdk = clients::sdk_config(clients::Patience::Work).await;
        let (control, segments) = (config.get(Setting::ControlTable), config.get(Setting::SegmentsTable));
        let book = Arc::new(DynamoBook::new(clients::dynamodb(&sdk), control, segments));
        let queue = SqsQueue::new(clients::sqs(&sdk), &config);
        let objects = Arc::new(S3Objects::new(clients::s3(&sdk), config.get(Setting::Bucket)));
        let purge = PurgePorts {
            log: book.clone(),
            erasures: book.clone(),
            reports: book.clone(),
            objects: objects.clone(),
            clock: Arc::new(SystemClock),
        };
        let ports = TendPorts {
            log: book.clone(),
            tending: book,
            objects,
            clock: Arc::new(SystemClock),
            rows_at_once: Config::function_memory_bytes().map_or(ROWS_AT_ONCE, rows_that_fit),
            rows_a_bucket: ROWS_A_BUCKET,
        };
        Ok(Self { ports, purge, queue })
    }
}

fn rows_that_fit(memory_bytes: u64) -> u64 {
    (memory_bytes.saturating_sub(OWN_BYTES) / BYTES_A_ROW).max(500_000)
}

pub async fn handle(event: LambdaEvent<SqsEvent>, ctx: &Ctx) -> Result<SqsBatchResponse, Error> {
    let deadline = Instant::from_unix_ms(i64::try_from(event.context.deadline).unwrap_or(i64::MAX / 1_000));
    Ok(each(event.payload, async |message| one(message, deadline, ctx).await).await)
}

async fn one(message: Message, deadline: Instant, ctx: &Ctx) -> Handled {
    let left_s = deadline.unix_s() - ctx.ports.clock.now().unix_s() + SEEN_AGAIN_AFTER_S;
    hide(&message, u32::try_from(left_s).unwrap_or(0), ctx).await;
    match run(&message.job, deadline, ctx).await {
        Ok(()) => Handled::Done,
        Err(error) => {
            tracing::error!(job = message.job.to_message(), error = %error, "job put off");
            hide(&message, 5, ctx).await;
            Handled::Again
        }
    }
}

async fn run(job: &Job, deadline: Instant, ctx: &Ctx) -> PortResult<()> {
    match job {
        Job::Tend { tenant, dataset_id } => tend(tenant, dataset_id, deadline, &ctx.ports).await,
        Job::Purge { tenant, purge_id } => purge(tenant, purge_id, &ctx.purge).await,
        Job::Report { .. } | Job::Import { .. } | Job::Delivery { .. } => {
            tracing::error!(job = job.to_message(), "not for the store queue; dropped, the sweeper sends it again");
            Ok(())
        }
    }
}

/// Best effort: without it the message only comes back later.
async fn hide(message: &Message, seconds: u32, ctx: &Ctx) {
    if let Err(error) = ctx.queue.hide_for(&message.job, &message.receipt, seconds).await {
        tracing::warn!(error = %error, "visibility not changed");
    }
}
