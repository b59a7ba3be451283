//! The whole suite over memory twins: one clock that stands, one random seed, and the queues' messages in hand.

use affinsy_app::authorize::Authorizer;
use affinsy_app::dispatch_webhook::{DispatchPorts, dispatch_webhook};
use affinsy_app::http::{self, Answer, Caller, DataPorts, KeyPorts, ROUTES, ReportPorts, Request, Serves, Verdict};
use affinsy_app::import_upload::{ImportPorts, Limits, import_upload};
use affinsy_app::memory::{
    MemoryBook, MemoryBus, MemoryClock, MemoryIdempotency, MemoryKeys, MemoryLinks, MemoryObjects, MemoryQueue,
    MemoryRates, MemorySender, SeededRandom,
};
use affinsy_app::ports::{Clock, Job, ReportBook, ReportRecord};
use affinsy_app::purge::{PurgePorts, purge};
use affinsy_app::recommend::Shelf;
use affinsy_app::run_report::{Ran, RunPorts, run_report};
use affinsy_app::sweep::{SweepPorts, sweep};
use affinsy_app::tend::{TendPorts, tend};
use affinsy_core::ids::Tenant;
use affinsy_core::plan::{Plan, Scopes};
use affinsy_core::runs::ROWS_A_BUCKET;
use affinsy_core::time::Instant;
use affinsy_core::webhook::url::UrlPolicy;
use serde_json::Value;
use std::sync::Arc;

/// 2025-03-20T12:00:00Z.
pub const NOW: Instant = Instant::from_unix_ms(1_742_472_000_000);
pub const BASE: &str = "/api/v1";
/// How long a worker's invocation may take.
const WORKER_MS: i64 = 900_000;
/// As with the template's five workers.
pub const MOST_REPORTS_AT_ONCE: u32 = 4;

/// A caller who may do everything, in a tenant of this name.
pub fn caller(tenant: &str) -> Caller {
    Caller {
        tenant: tenant.parse().expect("a plain name"),
        user: "ann".parse().expect("a plain name"),
        plan: Plan::Max,
        scopes: Scopes::all(),
        key_id: "key_1".to_owned(),
        rate_limit: 1_000_000,
        max_rows: None,
    }
}

pub fn json(answer: &Answer) -> Value {
    serde_json::from_slice(&answer.body).unwrap_or_else(|error| panic!("{error}: {answer:?}"))
}

/// Everything there is, in memory.
#[derive(Debug)]
pub struct Shop {
    pub calls: Arc<MemoryIdempotency>,
    pub book: Arc<MemoryBook>,
    pub objects: Arc<MemoryObjects>,
    pub queue: Arc<MemoryQueue>,
    pub keys: Arc<MemoryKeys>,
    pub rates: Arc<MemoryRates>,
    pub sender: Arc<MemorySender>,
    pub bus: Arc<MemoryBus>,
    pub clock: Arc<MemoryClock>,
    pub random: Arc<SeededRandom>,
    pub shelf: Arc<Shelf>,
}

impl Shop {
    pub fn new() -> Self {
        let clock = Arc::new(MemoryClock::at(NOW));
        Self {
            calls: Arc::default(),
            book: Arc::default(),
            objects: Arc::new(MemoryObjects::with_clock(clock.clone())),
            queue: Arc::default(),
            keys: Arc::default(),
            rates: Arc::default(),
            sender: Arc::default(),
            bus: Arc::default(),
            clock,
            random: Arc::new(SeededRandom::new(1)),
            shelf: Arc::default(),
        }
    }

    pub fn data_ports(&self) -> DataPorts {
        DataPorts {
            windows: self.rates.clone(),
            log: self.book.clone(),
            erasures: self.book.clone(),
            objects: self.objects.clone(),
            deliveries: self.book.clone(),
            endpoints: self.book.clone(),
            uploads: self.book.clone(),
            links: Arc::new(MemoryLinks),
            calls: self.calls.clone(),
            clock: self.clock.clone(),
            random: self.random.clone(),
            url_policy: UrlPolicy::PublicOnly,
        }
    }

    pub fn key_ports(&self) -> KeyPorts {
        KeyPorts {
            windows: self.rates.clone(),
            keys: self.keys.clone(),
            calls: self.calls.clone(),
            deliveries: self.book.clone(),
            clock: self.clock.clone(),
            random: self.random.clone(),
        }
    }

    pub fn report_ports(&self) -> ReportPorts {
        ReportPorts {
            windows: self.rates.clone(),
            log: self.book.clone(),
            objects: self.objects.clone(),
            links: Arc::new(MemoryLinks),
            reports: self.book.clone(),
            schedules: self.book.clone(),
            deliveries: self.book.clone(),
            endpoints: self.book.clone(),
            sender: self.sender.clone(),
            calls: self.calls.clone(),
            queue: self.queue.clone(),
            clock: self.clock.clone(),
            random: self.random.clone(),
            url_policy: UrlPolicy::PublicOnly,
            shelf: self.shelf.clone(),
        }
    }

    pub fn run_ports(&self) -> RunPorts {
        RunPorts {
            log: self.book.clone(),
            objects: self.objects.clone(),
            reports: self.book.clone(),
            queue: self.queue.clone(),
            clock: self.clock.clone(),
            model: None,
            endpoints: self.book.clone(),
            due: self.book.clone(),
            most_at_once: MOST_REPORTS_AT_ONCE,
            random: self.random.clone(),
            threads: 1,
            memory_bytes: None,
        }
    }

    pub fn tend_ports(&self) -> TendPorts {
        TendPorts {
            log: self.book.clone(),
            tending: self.book.clone(),
            objects: self.objects.clone(),
            clock: self.clock.clone(),
            rows_at_once: 1_000_000,
            rows_a_bucket: ROWS_A_BUCKET,
        }
    }

    pub fn import_ports(&self) -> ImportPorts {
        ImportPorts {
            uploads: self.book.clone(),
            log: self.book.clone(),
            erasures: self.book.clone(),
            objects: self.objects.clone(),
            queue: self.queue.clone(),
            clock: self.clock.clone(),
            random: self.random.clone(),
            limits: Limits::default(),
        }
    }

    pub fn purge_ports(&self) -> PurgePorts {
        PurgePorts {
            log: self.book.clone(),
            erasures: self.book.clone(),
            reports: self.book.clone(),
            objects: self.objects.clone(),
            clock: self.clock.clone(),
        }
    }

    pub fn dispatch_ports(&self) -> DispatchPorts {
        DispatchPorts {
            deliveries: self.book.clone(),
            endpoints: self.book.clone(),
            due: self.book.clone(),
            log: self.book.clone(),
            reports: self.book.clone(),
            queue: self.queue.clone(),
            sender: self.sender.clone(),
            bus: Some(self.bus.clone()),
            clock: self.clock.clone(),
            random: self.random.clone(),
        }
    }

    pub fn authorizer(&self) -> Authorizer {
        Authorizer::new(self.keys.clone(), self.clock.clone())
    }

    /// A request as the gateway hands it on: `target` is a path under the base path, with its query.
    pub fn request(method: &str, target: &str, verdict: Verdict) -> Request {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let pair = |pair: &str| pair.split_once('=').map(|(name, value)| (name.to_owned(), value.to_owned()));
        Request {
            method: method.to_owned(),
            path: format!("{BASE}{path}"),
            route_key: None,
            path_parameters: Vec::new(),
            query: query.split('&').filter_map(pair).collect(),
            headers: Vec::new(),
            body: bytes::Bytes::new(),
            verdict,
            request_id: "6e2e0d4c-0000-4000-8000-000000000001".to_owned(),
        }
    }

    /// What the function behind a request's path answers.
    pub async fn answer(&self, request: &Request) -> Answer {
        let ingest = |path: &str| path.starts_with("/api/v1/data");
        let known = ROUTES.iter().filter(|route| ingest(route.path));
        assert!(known.clone().count() > 0 && known.clone().all(|route| route.serves == Serves::Ingest));
        match &*request.path {
            path if ingest(path) => http::data(request, &self.data_ports()).await,
            path if path.starts_with("/api/v1/keys") => http::keys(request, &self.key_ports()).await,
            _ => http::reports(request, &self.report_ports()).await,
        }
    }

    pub async fn get(&self, caller: &Caller, target: &str) -> Answer {
        self.answer(&Self::request("GET", target, Verdict::Allow(caller.clone()))).await
    }

    pub async fn post(&self, caller: &Caller, target: &str, body: impl Into<bytes::Bytes>) -> Answer {
        let mut request = Self::request("POST", target, Verdict::Allow(caller.clone()));
        request.headers.push(("content-type".to_owned(), "application/json".to_owned()));
        request.body = body.into();
        self.answer(&request).await
    }

    pub async fn delete(&self, caller: &Caller, target: &str) -> Answer {
        self.answer(&Self::request("DELETE", target, Verdict::Allow(caller.clone()))).await
    }

    /// Pushes orders that must be taken.
    pub async fn push(&self, caller: &Caller, body: &str) {
        let answer = self.post(caller, "/data/orders", body.to_owned()).await;
        assert_eq!(answer.status, 202, "{answer:?}");
    }

    /// Submits a report that must be taken; its id.
    pub async fn submit(&self, caller: &Caller, body: &str) -> String {
        let answer = self.post(caller, "/reports", body.to_owned()).await;
        assert_eq!(answer.status, 202, "{answer:?}");
        json(&answer)["report_id"].as_str().expect("an id").to_owned()
    }

    pub async fn report(&self, tenant: &Tenant, report_id: &str) -> ReportRecord {
        ReportBook::get(&*self.book, tenant, report_id).await.expect("reads").expect("is there")
    }

    /// One worker's invocation for a report.
    pub async fn run(&self, tenant: &Tenant, report_id: &str) -> Ran {
        let deadline = self.clock.now().plus_ms(WORKER_MS);
        run_report(tenant, report_id, deadline, &self.run_ports()).await.expect("runs")
    }

    /// Handles one message as the function of its queue does.
    pub async fn handle(&self, job: &Job) {
        match job {
            Job::Report { tenant, report_id } => assert_eq!(self.run(tenant, report_id).await, Ran::Ended),
            Job::Tend { tenant, dataset_id } => {
                let deadline = self.clock.now().plus_ms(WORKER_MS);
                tend(tenant, dataset_id, deadline, &self.tend_ports()).await.expect("tends");
            }
            Job::Import { tenant, import_id } => {
                let deadline = self.clock.now().plus_ms(WORKER_MS);
                import_upload(tenant, import_id, deadline, &self.import_ports()).await.expect("imports");
            }
            Job::Purge { tenant, purge_id } => {
                purge(tenant, purge_id, &self.purge_ports()).await.expect("purges");
            }
            Job::Delivery { tenant, delivery_id } => {
                dispatch_webhook(tenant, delivery_id, &self.dispatch_ports()).await.expect("dispatches");
            }
        }
    }

    /// Handles messages until the queues are empty, moving the clock to each delay's end.
    pub async fn settle(&self) {
        for _ in 0..1_000 {
            let jobs = self.queue.take();
            if jobs.is_empty() {
                return;
            }
            for (job, delay_s) in jobs {
                self.clock.advance_ms(i64::from(delay_s) * 1_000);
                self.handle(&job).await;
            }
        }
        panic!("the queues never become empty");
    }

    /// One run of the sweeper: how many messages it sent.
    pub async fn sweep(&self) -> usize {
        let ports = SweepPorts {
            due: &*self.book,
            log: &*self.book,
            reports: &*self.book,
            schedules: &*self.book,
            endpoints: &*self.book,
            queue: &*self.queue,
            clock: &*self.clock,
            random: &*self.random,
            url_policy: UrlPolicy::PublicOnly,
        };
        sweep(ports).await.expect("sweeps")
    }
}
