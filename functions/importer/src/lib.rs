//! `importer`: makes segments of files that were uploaded. S3 wakes it when a file came, the sweeper when one is late
//! or its importer died.
//!
//! A file that cannot be used ends its import as *Failed* and the message is done with. Only trouble with tables or
//! objects brings a message back; after the queue's last try the sweeper goes on from the record.

use affinsy_app::import_upload::{ImportPorts, Limits, import_upload};
use affinsy_app::ports::{Job, PortResult, Queue};
use affinsy_app::run_report::Ran;
use affinsy_aws::config::{Config, Setting};
use affinsy_aws::lambda::sqs::{Handled, each_body};
use affinsy_aws::objects::S3Objects;
use affinsy_aws::queue::SqsQueue;
use affinsy_aws::tables::DynamoBook;
use affinsy_aws::uploads::{Arrived, arrived};
use affinsy_aws::world::{OsRandom, SystemClock};
use affinsy_aws::{clients, lambda};
use affinsy_core::time::Instant;
use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent};
use lambda_runtime::{Error, LambdaEvent};
use std::sync::Arc;

/// The settings it reads, which the template must give it.
pub const NEEDS: [Setting; 5] = [
    Setting::ControlTable,
    Setting::SegmentsTable,
    Setting::Bucket,
    Setting::UploadsQueueUrl,
    Setting::WebhooksQueueUrl,
];

/// What lives as long as the instance.
#[derive(Debug)]
pub struct Ctx {
    ports: ImportPorts,
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
        let ports = ImportPorts {
            uploads: book.clone(),
            log: book.clone(),
            erasures: book,
            objects: Arc::new(S3Objects::new(clients::s3(&sdk), config.get(Setting::Bucket))),
            queue: Arc::new(queue.clone()),
            clock: Arc::new(SystemClock),
            random: Arc::new(OsRandom),
            limits: Limits::default(),
        };
        Ok(Self { ports, queue })
    }
}

/// What a message asks for.
enum Work {
    Files(Vec<Arrived>),
    Job(Job),
}

fn work(body: &str) -> Result<Work, String> {
    match arrived(body) {
        Some(files) => Ok(Work::Files(files)),
        None => Job::from_message(body).map(Work::Job),
    }
}

pub async fn handle(event: LambdaEvent<SqsEvent>, ctx: &Ctx) -> Result<SqsBatchResponse, Error> {
    let deadline = Instant::from_unix_ms(i64::try_from(event.context.deadline).unwrap_or(i64::MAX / 1_000));
    Ok(each_body(event.payload, work, async |work, receipt| one(work, &receipt, deadline, ctx).await).await)
}

async fn one(work: Work, receipt: &str, deadline: Instant, ctx: &Ctx) -> Handled {
    let jobs = match jobs(work, ctx).await {
        Ok(jobs) => jobs,
        Err(error) => {
            tracing::error!(error = %error, "message put off");
            return Handled::Again;
        }
    };
    let mut handled = Handled::Done;
    for job in jobs {
        let after_s = match run(&job, deadline, ctx).await {
            Ok(Ran::Ended) => continue,
            Ok(Ran::Again { after_s }) => after_s,
            Err(error) => {
                tracing::error!(job = job.to_message(), error = %error, "job put off");
                5
            }
        };
        hide(&job, receipt, after_s, ctx).await;
        handled = Handled::Again;
    }
    handled
}

async fn jobs(work: Work, ctx: &Ctx) -> PortResult<Vec<Job>> {
    let files = match work {
        Work::Job(job) => return Ok(vec![job]),
        Work::Files(files) => files,
    };
    let mut jobs = Vec::with_capacity(files.len());
    for Arrived { tenant_hash, import_id } in files {
        match ctx.ports.uploads.tenant_of(&tenant_hash).await? {
            Some(tenant) => jobs.push(Job::Import { tenant, import_id }),
            None => tracing::warn!(import.id = import_id, "a file of nobody's; left to the bucket's lifecycle"),
        }
    }
    Ok(jobs)
}

async fn run(job: &Job, deadline: Instant, ctx: &Ctx) -> PortResult<Ran> {
    match job {
        Job::Import { tenant, import_id } => import_upload(tenant, import_id, deadline, &ctx.ports).await,
        other => {
            tracing::error!(job = other.to_message(), "not an import; dropped, the sweeper sends it");
            Ok(Ran::Ended)
        }
    }
}

/// Best effort: without it the message only comes back later.
async fn hide(job: &Job, receipt: &str, seconds: u32, ctx: &Ctx) {
    if let Err(error) = ctx.queue.hide_for(job, receipt, seconds).await {
        tracing::warn!(error = %error, "visibility not changed");
    }
}
