//! Lambda: invocations that live until they end, their time is over, or they die; and what `functions/*` do around
//! the use cases, which is too near to AWS to be run here.

use super::queues::{Message, QueueName};
use super::{TENANTS, World};
use crate::mutants::Mutant;
use crate::sim::{SimClock, SimRandom, lock};
use affinsy_app::dispatch_webhook::{DispatchPorts, dispatch_webhook};
use affinsy_app::http::{Answer, DataPorts, ReportPorts, Request, data, reports};
use affinsy_app::memory::MemoryLinks;
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

impl World {
    /// Starts an invocation; what it comes to, unless it dies.
    fn invoke<T: Send + 'static>(
        &self,
        (name, deed, computes): (&'static str, Option<usize>, bool),
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
        self.sim.spawn(name, deed, computes, async move {
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
        let about = (if request.path.contains("/data") { "ingest" } else { "reports" }, deed, false);
        let answer = self.invoke(about, REQUEST_MS, async move {
            let authorizer = lock(&world.authorizer).clone()?;
            request.verdict = authorizer.verdict(Some(&bearer)).await;
            Some(if about.0 == "ingest" {
                data(&request, &world.data_ports()).await
            } else {
                reports(&request, &world.report_ports()).await
            })
        });
        let reply = match select(answer, self.sim.sleep_ms(GATEWAY_MS)).await {
            Either::Left((Ok(Some(answer)), _)) => Reply::Answer(answer),
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
            verdict: affinsy_app::http::Verdict::Deny,
            request_id: format!("{number:016x}"),
        }
    }

    /// Of one invocation.
    fn clock(&self) -> Arc<SimClock> {
        SimClock::skewed(&self.sim)
    }

    fn random(&self) -> Arc<SimRandom> {
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
            // No client sends a file: see the front page of this crate.
            uploads: self.book.clone(),
            links: Arc::new(MemoryLinks),
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
            links: Arc::new(MemoryLinks),
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
            self.sim.spawn("event source", None, false, async move {
                let answer = world.handled(queue, batch).await;
                world.ended(queue, &answer);
            });
        }
    }

    /// The messages of a batch that are done with.
    async fn handled(self: &Arc<Self>, queue: QueueName, batch: Vec<Message>) -> Vec<u64> {
        let (about, timeout_ms) = match queue {
            QueueName::Reports => (("worker", None, true), WORK_MS),
            QueueName::Store => (("compactor", None, true), WORK_MS),
            QueueName::Webhooks => (("webhooks", None, false), WEBHOOKS_MS),
        };
        let (world, deadline) = (Arc::clone(self), self.sim.now().plus_ms(timeout_ms));
        let all = self.invoke(about, timeout_ms, async move {
            join_all(batch.iter().map(|message| world.one(message, deadline))).await
        });
        all.await.unwrap_or_default().into_iter().flatten().collect()
    }

    /// The message's id, where it is done with.
    async fn one(self: &Arc<Self>, message: &Message, deadline: Instant) -> Option<u64> {
        self.sim.note(format_args!("gets {}", message.job.to_message()));
        let works = !matches!(message.job, Job::Delivery { .. });
        if works {
            let left_s = deadline.unix_s() - self.sim.now().unix_s() + SEEN_AGAIN_AFTER_S;
            self.hide(message, u32::try_from(left_s).unwrap_or(0)).await;
        }
        match self.run(&message.job, deadline).await {
            Ok(Ran::Ended) => Some(message.id),
            Ok(Ran::Again { after_s }) => {
                self.hide(message, after_s).await;
                None
            }
            Err(error) => {
                self.sim.note(format_args!("put off: {error}"));
                if works {
                    self.hide(message, 5).await;
                }
                None
            }
        }
    }

    async fn run(self: &Arc<Self>, job: &Job, deadline: Instant) -> PortResult<Ran> {
        match job {
            Job::Report { tenant, report_id } => {
                return run_report(tenant, report_id, deadline, &self.run_ports()).await;
            }
            Job::Tend { tenant, dataset_id } => tend(tenant, dataset_id, deadline, &self.tend_ports()).await?,
            Job::Purge { tenant, purge_id } => purge(tenant, purge_id, &self.purge_ports()).await?,
            Job::Delivery { tenant, delivery_id } => {
                dispatch_webhook(tenant, delivery_id, &self.dispatch_ports()).await?;
            }
            Job::Import { .. } => {}
        }
        Ok(Ran::Ended)
    }

    /// Best effort, as in the functions.
    async fn hide(&self, message: &Message, seconds: u32) {
        if let Err(error) = self.hide_for(&message.job, &message.receipt, seconds).await {
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
            let swept = self.invoke(("sweeper", None, false), SWEEPER_MS, async move {
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
