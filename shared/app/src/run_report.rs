//! Computing a report: claim, load, compute, store, one commit. Bad input ends the report; only trouble with
//! the world around it is tried again.

mod place;
mod previous;
mod wording;

use crate::ports::{
    Claim, ClaimRefused, Clock, DueIndex, Endpoints, Finish, InsightModel, Objects, OrderLog, Pool, PortError,
    PortResult, Put, Queue, Random, ReportBook, StoredFailure, StoredPart,
};
use crate::snapshot::{self, SnapshotError};
use affinsy_core::history::History;
use affinsy_core::ids::{Tenant, name_hash};
use affinsy_core::report::mba::PreviousReport;
use affinsy_core::report::spec::ReportSpec;
use affinsy_core::report::{self, Budget, ReportFailure, ReportOutput, RunEnd};
use affinsy_core::time::Instant;
use sha2::{Digest, Sha256};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// What running needs of the world.
#[derive(Clone)]
pub struct RunPorts {
    pub log: Arc<dyn OrderLog>,
    pub objects: Arc<dyn Objects>,
    pub reports: Arc<dyn ReportBook>,
    /// The places of a tenant's reports.
    pub endpoints: Arc<dyn Endpoints>,
    pub due: Arc<dyn DueIndex>,
    pub queue: Arc<dyn Queue>,
    pub clock: Arc<dyn Clock>,
    pub random: Arc<dyn Random>,
    /// Words the insights; `None` leaves them to their templates.
    pub model: Option<Arc<dyn InsightModel>>,
    /// How many of one tenant's reports run at once.
    pub most_at_once: u32,
    /// Threads the computation may use.
    pub threads: usize,
    /// All memory of this process; `None` for no bound.
    pub memory_bytes: Option<u64>,
}

impl std::fmt::Debug for RunPorts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("RunPorts")
    }
}

pub use place::most_at_once;

/// What became of a job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ran {
    /// Ended, now or before: acknowledge the message.
    Ended,
    /// Not now: let the message come back after so many seconds.
    Again { after_s: u32 },
}

/// A report that outlived so many workers has taken them down, most likely by its size.
const MAX_EXPIRED_LEASES: u32 = 3;
/// Trouble with tables, objects or queues is waited out this long.
const GIVE_UP_AFTER_MS: i64 = 6 * 3_600_000;
/// Kept back before the function's deadline to hand the job on in good order.
const GUARD_MS: i64 = 15_000;
/// A lease outlives the deadline by this, so that two workers never meet.
const LEASE_SLACK_MS: i64 = 10_000;
/// Kept back for the process itself: its code, its connections, and what its allocator cannot give back.
const OWN_BYTES: u64 = 192 << 20;
const TICK: Duration = Duration::from_millis(500);

/// Runs a report until `deadline` at the latest.
pub async fn run_report(tenant: &Tenant, report_id: &str, deadline: Instant, ports: &RunPorts) -> PortResult<Ran> {
    let (now, lease_until) = (ports.clock.now(), deadline.plus_ms(LEASE_SLACK_MS));
    // A later claim of the same report is another holder: whoever is late gives no place of its successor's back.
    let holder = format!("{report_id}@{}", lease_until.unix_ms());
    let places = ports.most_at_once;
    let Some(place) = ports.endpoints.enter(tenant, Pool::Reports, &holder, places, now, lease_until).await? else {
        return place::wait(tenant, report_id, now, ports).await;
    };
    let ran = claim_and_run(tenant, report_id, (now, deadline, lease_until), ports).await;
    if let Err(error) = ports.endpoints.leave(tenant, Pool::Reports, &holder, place).await {
        tracing::warn!(report.id = report_id, error = %error, "a place is given back when its lease ends");
    }
    ran
}

async fn claim_and_run(
    tenant: &Tenant,
    report_id: &str,
    (now, deadline, lease_until): (Instant, Instant, Instant),
    ports: &RunPorts,
) -> PortResult<Ran> {
    let claim = match ports.reports.claim(tenant, report_id, now, lease_until).await? {
        Ok(claim) => claim,
        Err(ClaimRefused::Ended) => return Ok(Ran::Ended),
        // Should that worker die, the report is due when its lease ends, and the sweeper sends it again.
        Err(ClaimRefused::Held { .. }) => return Ok(Ran::Ended),
    };
    if claim.report.expired_leases >= MAX_EXPIRED_LEASES {
        return finish(tenant, &claim, Finish::Failed(exhausted()), ports).await;
    }
    match compute(tenant, &claim, deadline, ports).await {
        Ok(finished) => finish(tenant, &claim, finished, ports).await,
        Err(Interrupted::Void) => {
            tracing::info!(report.id = report_id, "report cancelled or taken over; computation stopped");
            Ok(Ran::Ended)
        }
        Err(Interrupted::OutOfTime { advice }) => {
            if claim.report.expired_leases + 1 >= MAX_EXPIRED_LEASES
                && let Some(advice) = advice
            {
                return finish(tenant, &claim, Finish::Failed(out_of_time(&advice)), ports).await;
            }
            ports.reports.release(tenant, &claim, ports.clock.now().plus_ms(5_000), true).await?;
            Ok(Ran::Again { after_s: 1 })
        }
        Err(Interrupted::Port(error)) => {
            let age_ms = ports.clock.now().unix_ms() - claim.report.created_at.unix_ms();
            if age_ms > GIVE_UP_AFTER_MS || matches!(error, PortError::Damaged(_)) {
                tracing::error!(report.id = report_id, error = %error, "report given up");
                return finish(tenant, &claim, Finish::Failed(given_up()), ports).await;
            }
            tracing::warn!(report.id = report_id, error = %error, "report put off");
            let after_s = (5u32 << claim.token().min(7)).min(600);
            let due_at = ports.clock.now().plus_ms(i64::from(after_s) * 1_000);
            ports.reports.release(tenant, &claim, due_at, false).await?;
            Ok(Ran::Again { after_s })
        }
    }
}

fn exhausted() -> StoredFailure {
    StoredFailure {
        code: "resource_exhausted".to_owned(),
        message: "The report did not fit the worker's time or memory. Raise min_support, bound max_itemset_size or \
                  narrow the date range; or give the worker more memory."
            .to_owned(),
    }
}

fn out_of_time(advice: &str) -> StoredFailure {
    let message = format!("The report did not fit the worker's time, tried {MAX_EXPIRED_LEASES} times. {advice}");
    StoredFailure { code: "resource_exhausted".to_owned(), message }
}

fn given_up() -> StoredFailure {
    StoredFailure {
        code: "internal_error".to_owned(),
        message: "The report could not be computed because of a fault on our side, which is logged under its id. \
                  Submit it again; if it fails again, tell the operator."
            .to_owned(),
    }
}

#[derive(Debug)]
enum Interrupted {
    OutOfTime {
        /// What would have fitted, where that is known.
        advice: Option<String>,
    },
    Port(PortError),
    /// Nobody waits for the result: its owner cancelled the report, or another worker has it.
    Void,
}

impl From<PortError> for Interrupted {
    fn from(error: PortError) -> Self {
        Self::Port(error)
    }
}

async fn compute(tenant: &Tenant, claim: &Claim, deadline: Instant, ports: &RunPorts) -> Result<Finish, Interrupted> {
    let report = &claim.report;
    let spec = match ReportSpec::parse(report.request.as_bytes()) {
        Ok(spec) => spec,
        Err(problem) => {
            // The request was checked when it was taken: this is a newer or older worker's stricter reading.
            let message = format!("This version does not accept the request any more: {problem}. Submit it again.");
            return Ok(Finish::Failed(StoredFailure { code: "invalid_request".to_owned(), message }));
        }
    };
    if !tell(tenant, claim, ("loading", 0), ports).await {
        return Err(Interrupted::Void);
    }
    let log = report.log(tenant);
    let loaded = snapshot::load(&log, report.sequence, &*ports.log, &ports.objects).await;
    let history = match loaded {
        Ok(history) => history.in_currency(report.currency.clone()),
        Err(SnapshotError::Corrupt(failure)) => return Ok(Finish::Failed(stored(failure))),
        Err(SnapshotError::Port(error)) => return Err(error.into()),
    };
    let previous = previous::find(tenant, report, &spec, ports).await?;
    match compute_watched((history, spec, previous), tenant, claim, deadline, ports).await? {
        Ok(output) => {
            let output = wording::reword(output, &report.report_id, deadline, ports).await;
            Ok(store(tenant, claim, output, &*ports.objects).await?)
        }
        Err(RunEnd::Failed(failure)) => Ok(Finish::Failed(stored(failure))),
        Err(RunEnd::Stopped { advice }) => Err(Interrupted::OutOfTime { advice }),
    }
}

/// Computes on a thread of its own, while this task passes progress on and watches the deadline.
async fn compute_watched(
    (history, spec, previous): (History, ReportSpec, Option<PreviousReport>),
    tenant: &Tenant,
    claim: &Claim,
    deadline: Instant,
    ports: &RunPorts,
) -> Result<Result<ReportOutput, RunEnd>, Interrupted> {
    let stop = Arc::new(AtomicBool::new(false));
    let stage = Arc::new(Mutex::new(("computing", 0u32)));
    let threads = ports.threads;
    let taken = OWN_BYTES + history.memory_bytes() + previous.as_ref().map_or(0, PreviousReport::memory_bytes);
    let memory_bytes = ports.memory_bytes.map(|all| all.saturating_sub(taken));
    let mut work = {
        let (stop, stage) = (Arc::clone(&stop), Arc::clone(&stage));
        tokio::task::spawn_blocking(move || {
            let progress = |name: &'static str, fraction: f64| {
                *lock(&stage) = (name, (fraction.clamp(0.0, 1.0) * 1_000.0) as u32);
            };
            let stop = || stop.load(Ordering::Relaxed);
            let budget = Budget { threads, memory_bytes, stop: &stop, progress: &progress };
            report::run_after(&history, &spec, previous.as_ref(), &budget)
        })
    };
    let (mut told, mut stopped) = (("computing", 0), false);
    loop {
        tokio::select! {
            done = &mut work => {
                if stopped {
                    return Err(Interrupted::Void);
                }
                return done.map_err(|error| Interrupted::Port(PortError::Damaged(format!("report computation: {error}"))));
            }
            () = ports.clock.sleep(TICK) => {}
        }
        if ports.clock.now() > deadline.plus_ms(-GUARD_MS) {
            stop.store(true, Ordering::Relaxed);
        }
        let now = *lock(&stage);
        if now != told && !stopped {
            told = now;
            stopped = !tell(tenant, claim, now, ports).await;
            stop.fetch_or(stopped, Ordering::Relaxed);
        }
    }
}

/// Whether the claim is still good, as far as known. Best effort: progress is for the eyes.
async fn tell(tenant: &Tenant, claim: &Claim, (stage, done_permille): (&str, u32), ports: &RunPorts) -> bool {
    ports.reports.progress(tenant, claim, stage, done_permille).await.unwrap_or_else(|error| {
        tracing::warn!(error = %error, "progress not stored");
        true
    })
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// Stores the result and its parts under this claim's own keys: a void claim cannot overwrite a valid one's.
async fn store(tenant: &Tenant, claim: &Claim, output: ReportOutput, objects: &dyn Objects) -> PortResult<Finish> {
    let base = format!("results/{}/{}/{}", name_hash(tenant.as_str()), claim.report.report_id, claim.token());
    let mut parts = Vec::with_capacity(output.parts.len());
    for part in output.parts {
        let key = format!("{base}/{}.ndjson", part.name);
        let bytes = part.ndjson.len() as u64;
        create(objects, &key, part.ndjson).await?;
        parts.push(StoredPart { name: part.name.to_owned(), key, rows: part.rows, bytes });
    }
    let result = output.result.get().as_bytes().to_vec();
    let result_sha256 = Sha256::digest(&result).iter().map(|byte| format!("{byte:02x}")).collect();
    let result_key = format!("{base}/report.json");
    create(objects, &result_key, result).await?;
    Ok(Finish::Completed { result_key, result_sha256, parts })
}

async fn create(objects: &dyn Objects, key: &str, bytes: Vec<u8>) -> PortResult<()> {
    match objects.create(key, bytes.into()).await? {
        // The same claim wrote it before an answer got lost: the bytes are the same.
        Put::Created | Put::AlreadyThere => Ok(()),
    }
}

fn stored(failure: ReportFailure) -> StoredFailure {
    StoredFailure { code: failure.code.to_owned(), message: failure.message }
}

/// The commit, then the event's message; should the message be lost, the sweeper finds the event due.
async fn finish(tenant: &Tenant, claim: &Claim, finish: Finish, ports: &RunPorts) -> PortResult<Ran> {
    let report = &claim.report;
    let committed = ports.reports.finish(tenant, claim, &finish, ports.clock.now()).await?;
    if !committed {
        tracing::warn!(report.id = report.report_id, "another worker took this report; result dropped");
        return Ok(Ran::Ended);
    }
    let ending = match &finish {
        Finish::Completed { .. } => "Completed",
        Finish::Failed(failure) => failure.code.as_str(),
    };
    tracing::info!(report.id = report.report_id, claim = claim.token(), ending, "report ended");
    let job = crate::dispatch_webhook::event_job(tenant, &report.report_id);
    if let Err(error) = ports.queue.send(&job, 0).await {
        tracing::warn!(report.id = report.report_id, error = %error, "event not queued; the sweeper will");
    }
    Ok(Ran::Ended)
}
