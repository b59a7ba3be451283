//! Lambda: invocations that live until they end, their time is over, or they die; and what `functions/*` do around
//! the use cases, which is too near to AWS to be run here.

use super::queues::{Asks, Message, QueueName};
use super::{TENANTS, World};
use crate::mutants::Mutant;
use crate::relay::Relay;
use crate::sim::{SimClock, SimRandom, Threads, lock};
use affinsy_app::dispatch_webhook::{DispatchPorts, dispatch_webhook};
use affinsy_app::http::{Answer, DataPorts, ReportPorts, Request, Verdict, data, reports};
use affinsy_app::import_upload::import_upload;
use affinsy_app::ports::{Job, PortResult, Queue};
use affinsy_app::purge::{PurgePorts, purge};
use affinsy_app::run_report::{Ran, RunPorts, run_report};
use affinsy_app::sweep::{SweepPorts, sweep};
use affinsy_app::tend::{TendPorts, tend};
use affinsy_core::time::Instant;
use affinsy_core::webhook::url::UrlPolicy;
use bytes::Bytes;
use futures::channel::oneshot;
use futures::future::{Either, join_all, select};
use std::sync::Arc;

const MINUTE_MS: i64 = 60_000;
/// Time-outs of the template.
const REQUEST_MS: i64 = 29_000;
const WORK_MS: i64 = 900_000;
/// Fewer than a tenant may submit at a time.
const MOST_REPORTS_AT_ONCE: u32 = 2;
const WEBHOOKS_MS: i64 = 180_000;
const SWEEPER_MS: i64 = 55_000;
/// After this API Gateway answers for a function that did not.
const GATEWAY_MS: i64 = 30_000;
/// See `functions/worker` and `functions/compactor`.
const SEEN_AGAIN_AFTER_S: i64 = 10;

/// What a client hears.
#[derive(Debug, Clone)]
pub enum Reply {
    Answer(Answer),
    /// The function died, or did not answer in time: nobody knows what became of it.
    Lost,
}

/// What runs in an invocation.
struct Function {
    name: &'static str,
    deed: Option<usize>,
    threads: Threads,
}

impl Function {
    fn new(name: &'static str, threads: Threads) -> Self {
        Self { name, deed: None, threads }
    }
}

impl World {
    /// Starts an invocation; what it comes to, unless it dies.
    fn invoke<T: Send + 'static>(
        &self,
        Function { name, deed, threads }: Function,
        timeout_ms: i64,
        work: impl Future<Output = T> + Send + 'static,
    ) -> oneshot::Receiver<T> {
        let (tell, told) = oneshot::channel();
        let sim = Arc::clone(&self.sim);
        let over = async move {
            sim.sleep_ms(timeout_ms).await;
            // An instance that stands still is not stopped in time either.
            if sim.is_frozen() {
                sim.sleep_ms(40 * MINUTE_MS).await;
            }
        };
        self.sim.spawn(name, deed, threads, async move {
            if let Either::Left((done, _)) = select(Box::pin(work), Box::pin(over)).await {
                // Whoever waited may have given up.
                tell.send(done).ok();
            }
        });
        told
    }

    /// A request as a client of a tenant makes it, through authorizer and handler.
    pub async fn request(self: &Arc<Self>, tenant: usize, deed: Option<usize>, mut request: Request) -> Reply {
        let (world, bearer) = (Arc::clone(self), self.bearer(tenant));
        let line = format!("{} {} of {}", request.method, request.path, TENANTS[tenant]);
        self.sim.note(format_args!("{line}"));
        let is_data = request.path.contains("/data");
        let name = if is_data { "ingest" } else { "reports" };
        // To see what the plan's cap admits, a push reads what is there.
        let threads = if self.ledger().caps[tenant].is_some() { Threads::Shared } else { Threads::None };
        let answer = async {
            request.verdict = self.verdict(bearer).await?;
            let handled = async move {
                if is_data {
                    data(&request, &world.data_ports()).await
                } else {
                    reports(&request, &world.report_ports()).await
                }
            };
            self.invoke(Function { name, deed, threads }, REQUEST_MS, handled).await.ok()
        };
        let reply = match select(Box::pin(answer), self.sim.sleep_ms(GATEWAY_MS)).await {
            Either::Left((Some(answer), _)) => Reply::Answer(answer),
            _ => Reply::Lost,
        };
        self.sim.note(format_args!(
            "{line}: {}",
            match &reply {
                Reply::Answer(answer) => answer.status.to_string(),
                Reply::Lost => "no answer".to_owned(),
            }
        ));
        if let Reply::Answer(answer) = &reply {
            self.look_for_others(tenant, &line, answer);
        }
        reply
    }

    /// What the authorizer says of a key, which is a function of its own.
    async fn verdict(&self, bearer: String) -> Option<Verdict> {
        let authorizer = lock(&self.authorizer).clone()?;
        let judged = async move { authorizer.verdict(Some(&bearer)).await };
        self.invoke(Function::new("auth", Threads::None), REQUEST_MS, judged).await.ok()
    }

    /// I6: nothing of another tenant stands in an answer.
    fn look_for_others(&self, tenant: usize, line: &str, answer: &Answer) {
        let seen = String::from_utf8_lossy(&answer.body).into_owned() + &format!("{:?}", answer.headers);
        for (other, name) in TENANTS.iter().enumerate() {
            if other != tenant && seen.contains(name) {
                self.ledger().violation(format!("I6: {line} is answered with something of {name}"));
            }
        }
    }

    /// A request, made up.
    pub fn build(&self, method: &str, path: &str, query: &[(&str, &str)], body: &serde_json::Value) -> Request {
        let has_body = !body.is_null();
        let number = self.sim.roll(crate::dice::Dice::roll);
        Request {
            method: method.to_owned(),
            path: format!("/api/v1{path}"),
            route_key: None,
            path_parameters: Vec::new(),
            query: query.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
            headers: vec![("content-type".to_owned(), "application/json".to_owned())],
            body: if has_body { Bytes::from(body.to_string()) } else { Bytes::new() },
            verdict: Verdict::Deny,
            request_id: format!("{number:016x}"),
        }
    }

    /// Of one invocation.
    pub(super) fn clock(&self) -> Arc<SimClock> {
        SimClock::skewed(&self.sim)
    }

    pub(super) fn random(&self) -> Arc<SimRandom> {
        Arc::new(SimRandom(Arc::clone(&self.sim)))
    }

    fn data_ports(self: &Arc<Self>) -> DataPorts {
        DataPorts {
            windows: self.clone(),
            calls: self.clone(),
            log: self.clone(),
            erasures: self.clone(),
            objects: self.clone(),
            deliveries: self.clone(),
            endpoints: self.book.clone(),
            uploads: self.clone(),
            links: self.clone(),
            clock: self.clock(),
            random: self.random(),
            url_policy: UrlPolicy::PublicOnly,
        }
    }

    fn report_ports(self: &Arc<Self>) -> ReportPorts {
        ReportPorts {
            windows: self.clone(),
            calls: self.clone(),
            log: self.clone(),
            objects: self.clone(),
            links: self.clone(),
            reports: self.clone(),
            // No client makes a schedule.
            schedules: self.book.clone(),
            deliveries: self.clone(),
            endpoints: self.book.clone(),
            sender: self.clone(),
            queue: self.clone(),
            clock: self.clock(),
            random: self.random(),
            url_policy: UrlPolicy::PublicOnly,
            shelf: Arc::default(),
        }
    }

    /// Invokes functions for what stands in a queue, for ever.
    pub async fn pump(self: Arc<Self>, queue: QueueName) {
        loop {
            let batch = self.receive(queue);
            if batch.is_empty() {
                self.something_on(queue).await;
                continue;
            }
            let world = Arc::clone(&self);
            self.sim.spawn("event source", None, Threads::None, async move {
                let answer = world.handled(queue, batch).await;
                world.ended(queue, &answer);
            });
        }
    }

    /// The messages of a batch that are done with.
    async fn handled(self: &Arc<Self>, queue: QueueName, batch: Vec<Message>) -> Vec<u64> {
        let relay = Arc::new(Relay::default());
        let (function, timeout_ms) = match queue {
            QueueName::Reports => (Function::new("worker", Threads::Shared), WORK_MS),
            QueueName::Store => (Function::new("compactor", Threads::Shared), WORK_MS),
            QueueName::Uploads => (Function::new("importer", Threads::Own(Arc::clone(&relay))), WORK_MS),
            QueueName::Webhooks => (Function::new("webhooks", Threads::None), WEBHOOKS_MS),
        };
        let (world, deadline) = (Arc::clone(self), self.sim.now().plus_ms(timeout_ms));
        let all = self.invoke(function, timeout_ms, async move {
            relay.serve(join_all(batch.iter().map(|message| world.one(message, deadline, &relay)))).await
        });
        all.await.unwrap_or_default().into_iter().flatten().collect()
    }

    /// The message's id, where it is done with.
    async fn one(self: &Arc<Self>, message: &Message, deadline: Instant, relay: &Arc<Relay>) -> Option<u64> {
        self.sim.note(format_args!("gets {:?}", message.asks));
        let job = match &message.asks {
            Asks::Job(job) => job.clone(),
            Asks::Import(key) => match self.import_of(key).await {
                Ok(Some(job)) => job,
                Ok(None) => return Some(message.id),
                Err(error) => {
                    self.sim.note(format_args!("put off: {error}"));
                    return None;
                }
            },
        };
        // The importer waits for the end of its lease.
        if matches!(job, Job::Report { .. } | Job::Tend { .. } | Job::Purge { .. }) {
            let left_s = deadline.unix_s() - self.sim.now().unix_s() + SEEN_AGAIN_AFTER_S;
            self.hide(&job, message, u32::try_from(left_s).unwrap_or(0)).await;
        }
        match self.run(&job, deadline, relay).await {
            Ok(Ran::Ended) => Some(message.id),
            Ok(Ran::Again { after_s }) => {
                self.hide(&job, message, after_s).await;
                None
            }
            Err(error) => {
                self.sim.note(format_args!("put off: {error}"));
                if !matches!(job, Job::Delivery { .. }) {
                    self.hide(&job, message, 5).await;
                }
                None
            }
        }
    }

    async fn run(self: &Arc<Self>, job: &Job, deadline: Instant, relay: &Arc<Relay>) -> PortResult<Ran> {
        match job {
            Job::Report { tenant, report_id } => {
                return run_report(tenant, report_id, deadline, &self.run_ports()).await;
            }
            Job::Import { tenant, import_id } => {
                return import_upload(tenant, import_id, deadline, &self.import_ports(relay)).await;
            }
            Job::Tend { tenant, dataset_id } => tend(tenant, dataset_id, deadline, &self.tend_ports()).await?,
            Job::Purge { tenant, purge_id } => purge(tenant, purge_id, &self.purge_ports()).await?,
            Job::Delivery { tenant, delivery_id } => {
                dispatch_webhook(tenant, delivery_id, &self.dispatch_ports()).await?;
            }
        }
        Ok(Ran::Ended)
    }

    /// Best effort, as in the functions.
    async fn hide(&self, job: &Job, message: &Message, seconds: u32) {
        if let Err(error) = self.hide_for(job, &message.receipt, seconds).await {
            self.sim.note(format_args!("visibility not changed: {error}"));
        }
    }

    fn run_ports(self: &Arc<Self>) -> RunPorts {
        RunPorts {
            log: self.clone(),
            objects: self.clone(),
            reports: self.clone(),
            queue: self.clone(),
            clock: self.clock(),
            model: None,
            endpoints: self.book.clone(),
            due: self.clone(),
            most_at_once: MOST_REPORTS_AT_ONCE,
            random: self.random(),
            threads: 1,
            memory_bytes: None,
        }
    }

    fn tend_ports(self: &Arc<Self>) -> TendPorts {
        TendPorts {
            log: self.clone(),
            tending: self.clone(),
            objects: self.clone(),
            clock: self.clock(),
            // Small, so that a few orders are several ranges and segments.
            rows_at_once: 60,
            rows_a_bucket: 20,
        }
    }

    fn purge_ports(self: &Arc<Self>) -> PurgePorts {
        PurgePorts {
            log: self.clone(),
            erasures: self.clone(),
            reports: self.clone(),
            objects: self.clone(),
            clock: self.clock(),
        }
    }

    fn dispatch_ports(self: &Arc<Self>) -> DispatchPorts {
        DispatchPorts {
            deliveries: self.clone(),
            endpoints: self.book.clone(),
            due: self.clone(),
            log: self.clone(),
            reports: self.clone(),
            queue: self.clone(),
            sender: self.clone(),
            bus: Some(self.clone()),
            clock: self.clock(),
            random: self.random(),
        }
    }

    /// The sweeper, every minute, for ever.
    pub async fn schedule(self: Arc<Self>) {
        let every = if self.is(Mutant::SweeperHourly) { 120 } else { 1 };
        loop {
            self.sim.sleep_ms(every * MINUTE_MS).await;
            if self.is(Mutant::SweeperOff) {
                continue;
            }
            let world = Arc::clone(&self);
            let swept = self.invoke(Function::new("sweeper", Threads::None), SWEEPER_MS, async move {
                let (clock, random) = (world.clock(), world.random());
                let ports = SweepPorts {
                    due: &*world,
                    log: &*world,
                    reports: &*world,
                    schedules: &*world.book,
                    endpoints: &*world.book,
                    queue: &*world,
                    clock: &*clock,
                    random: &*random,
                    url_policy: UrlPolicy::PublicOnly,
                };
                sweep(ports).await
            });
            // A run that fails is made up for by the next.
            drop(swept);
        }
    }
}
