//! A function: its pool of instances, and the invocations that run on them.

use std::collections::BTreeSet;
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::{Semaphore, watch};
use uuid::Uuid;

use super::instance::{Ended, Instance, Launch};
use super::log::{FunctionLog, LogSink, LogSource};
use super::{Answer, FunctionError};

/// How long the cloud lets a cold start take; a loaded machine may need the function's own time-out.
const INIT_LIMIT: Duration = Duration::from_secs(10);
/// How long the system may take to reap killed processes.
const REAP_LIMIT: Duration = Duration::from_secs(5);
/// Processes tried for an event that none has taken yet.
const START_ATTEMPTS: usize = 3;
/// Pauses before the two retries of an asynchronous invocation, as Lambda makes them.
const ASYNC_RETRY_PAUSES: [Duration; 2] = [Duration::from_secs(60), Duration::from_secs(120)];

/// What a function is, apart from its instances.
#[derive(Debug, Clone)]
pub struct FunctionSpec {
    /// The template's logical id.
    pub logical_id: String,
    /// The physical name.
    pub name: String,
    /// The folder of its source, which also names its log.
    pub folder: String,
    pub launch: Launch,
    pub timeout: Duration,
    /// The most instances at once; more invocations wait.
    pub max_instances: usize,
}

/// A function that can be invoked. Clones share the pool.
#[derive(Debug, Clone)]
pub struct Function(Arc<Pool>);

#[derive(Debug)]
struct Pool {
    spec: FunctionSpec,
    log: Arc<FunctionLog>,
    /// The instance used last is used first, so that a quiet function keeps few of them warm.
    idle: Mutex<Vec<Instance>>,
    slots: Semaphore,
    live: watch::Sender<BTreeSet<u32>>,
    phase: watch::Sender<Phase>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Phase {
    Running,
    /// What runs may end; nothing is retried.
    Draining,
    /// Every process is killed.
    Killing,
}

impl Function {
    /// A function without instances yet; it logs to `logs/FOLDER.log` and to `sink`.
    ///
    /// # Errors
    /// When the log cannot be opened.
    pub fn new(spec: FunctionSpec, logs: &Path, sink: LogSink) -> io::Result<Function> {
        let log = Arc::new(FunctionLog::open(logs, &spec.folder, sink)?);
        let slots = Semaphore::new(spec.max_instances);
        let (live, phase) = (watch::Sender::new(BTreeSet::new()), watch::Sender::new(Phase::Running));
        Ok(Function(Arc::new(Pool { spec, log, idle: Mutex::default(), slots, live, phase })))
    }

    pub fn spec(&self) -> &FunctionSpec {
        &self.0.spec
    }

    /// Ids of the processes that run now.
    pub fn pids(&self) -> Vec<u32> {
        self.0.live.borrow().iter().copied().collect()
    }

    /// Runs one invocation to its end; it goes on when the caller stops waiting, as in the cloud.
    ///
    /// # Errors
    /// What the function reported, or how its process ended.
    pub async fn invoke(&self, payload: Bytes, trace: Option<String>) -> Answer {
        let pool = self.0.clone();
        let running = tokio::spawn(async move { pool.run(payload, trace.unwrap_or_else(new_trace)).await });
        running.await.unwrap_or_else(|error| Err(FunctionError::new("Sandbox.Failure", error.to_string())))
    }

    /// Runs an invocation whose answer nobody waits for, with Lambda's two retries.
    pub fn invoke_async(&self, payload: Bytes) {
        let function = self.clone();
        tokio::spawn(async move {
            let mut pauses = ASYNC_RETRY_PAUSES.into_iter();
            while let Err(error) = function.invoke(payload.clone(), None).await {
                tracing::warn!(function = function.0.spec.folder, %error, "an asynchronous invocation failed");
                match pauses.next() {
                    Some(pause) if *function.0.phase.borrow() == Phase::Running => tokio::time::sleep(pause).await,
                    _ => return,
                }
            }
        });
    }

    /// Lets what runs end within `grace`, then kills every process and waits until they are gone.
    pub async fn shutdown(&self, grace: Duration) {
        let pool = &self.0;
        pool.phase.send_replace(Phase::Draining);
        let all = u32::try_from(pool.spec.max_instances).unwrap_or(u32::MAX);
        if tokio::time::timeout(grace, pool.slots.acquire_many(all)).await.is_err() {
            tracing::warn!(function = pool.spec.folder, "invocations were cut off at the end");
        }
        pool.slots.close();
        pool.phase.send_replace(Phase::Killing);
        pool.take_idle().clear();
        let mut live = pool.live.subscribe();
        if tokio::time::timeout(REAP_LIMIT, live.wait_for(BTreeSet::is_empty)).await.is_err() {
            tracing::warn!(function = pool.spec.folder, "a process was not gone in time");
        }
    }
}

impl Pool {
    async fn run(&self, payload: Bytes, trace: String) -> Answer {
        let Ok(_slot) = self.slots.acquire().await else {
            return Err(stopped());
        };
        let request_id = Uuid::new_v4().to_string();
        let mut phase = self.phase.subscribe();
        let ended = tokio::select! {
            biased;
            _ = phase.wait_for(|phase| *phase == Phase::Killing) => Err(stopped()),
            answer = self.run_on_an_instance(&request_id, payload, trace) => answer,
        };
        if let Err(error) = &ended {
            self.log.line(LogSource::Platform, &format!("{request_id} {error}"));
        }
        ended
    }

    async fn run_on_an_instance(&self, request_id: &str, payload: Bytes, trace: String) -> Answer {
        for _ in 0..START_ATTEMPTS {
            let mut instance = self.instance().await?;
            match instance.invoke(request_id, payload.clone(), trace.clone(), self.spec.timeout).await {
                Ended::Answered(answer) => {
                    self.take_idle().push(instance);
                    return answer;
                }
                Ended::Gone(answer) => return answer,
                Ended::NeverRan => {}
            }
        }
        Err(FunctionError::exited(request_id, "every process died before it took the event"))
    }

    /// A warm instance, or a new one that asked for its first event.
    async fn instance(&self) -> Result<Instance, FunctionError> {
        if let Some(warm) = self.warm() {
            return Ok(warm);
        }
        let started = Instance::start(&self.spec.launch, &self.log, &self.live).await;
        let instance = started.map_err(|error| {
            FunctionError::new("Runtime.InvalidEntrypoint", format!("{}: {error}", self.spec.launch.binary.display()))
        })?;
        instance.initialized(INIT_LIMIT.max(self.spec.timeout)).await?;
        Ok(instance)
    }

    fn warm(&self) -> Option<Instance> {
        let mut idle = self.take_idle();
        std::iter::from_fn(|| idle.pop()).find(Instance::is_alive)
    }

    fn take_idle(&self) -> std::sync::MutexGuard<'_, Vec<Instance>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn stopped() -> FunctionError {
    FunctionError::new("Sandbox.Stopped", "the local run is being stopped")
}

/// An X-Ray trace header for an invocation that came without one.
fn new_trace() -> String {
    let id = Uuid::new_v4().simple().to_string();
    format!("Root=1-{}-{};Sampled=0", &id[..8], &id[8..])
}
