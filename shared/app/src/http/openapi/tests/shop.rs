//! The whole API over memory, and a small shop's orders: enough for rules, bundles, substitutes and migration.

use crate::dispatch_webhook::{DispatchPorts, delivery_id, dispatch_webhook};
use crate::http::once;
use crate::http::routes::{self, Match};
use crate::http::{
    Answer, Caller, DataPorts, KeyPorts, ReportPorts, Request, Route, Serves, Verdict, data, keys, reports,
};
use crate::manage_keys::{NewKey, create};
use crate::memory::{
    MemoryBook, MemoryClock, MemoryIdempotency, MemoryKeys, MemoryLinks, MemoryObjects, MemoryQueue, MemoryRates,
    MemorySender, SeededRandom,
};
use crate::ports::{Clock, Idempotency};
use crate::run_report::{RunPorts, run_report};
use affinsy_core::ids::Tenant;
use affinsy_core::plan::{Plan, Scopes};
use affinsy_core::time::Instant;
use affinsy_core::webhook::url::UrlPolicy;
use serde_json::{Value, json};
use std::sync::Arc;

pub struct Shop {
    pub calls: Arc<MemoryIdempotency>,
    pub keys: Arc<MemoryKeys>,
    book: Arc<MemoryBook>,
    objects: Arc<MemoryObjects>,
    queue: Arc<MemoryQueue>,
    rates: Arc<MemoryRates>,
    clock: Arc<MemoryClock>,
    random: Arc<SeededRandom>,
    pub sender: Arc<MemorySender>,
    pub caller: Caller,
}

impl Shop {
    pub fn new() -> Self {
        let now = Instant::from_unix_ms(1_765_000_000_000);
        Self {
            calls: Arc::default(),
            keys: Arc::default(),
            book: Arc::default(),
            objects: Arc::default(),
            queue: Arc::default(),
            rates: Arc::default(),
            clock: Arc::new(MemoryClock::at(now)),
            random: Arc::new(SeededRandom::new(1)),
            sender: Arc::default(),
            caller: Caller {
                tenant: tenant(),
                user: "ann".parse().expect("a name"),
                plan: Plan::Max,
                scopes: Scopes::all(),
                key_id: "key_1".to_owned(),
                rate_limit: 1_000,
                max_rows: None,
            },
        }
    }

    /// A request by `GET /path?query` and a body; a body makes it JSON.
    pub fn request(&self, call: &str, body: &str) -> Request {
        let (method, target) = call.split_once(' ').expect("a method and a path");
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
        Request {
            method: method.to_owned(),
            path: format!("/api/v1{path}"),
            route_key: None,
            path_parameters: Vec::new(),
            query: pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
            headers: vec![("content-type".to_owned(), "application/json".to_owned())],
            body: body.to_owned().into(),
            verdict: Verdict::Allow(self.caller.clone()),
            request_id: "5f0c3d1e-8f6b-4c55-9a43-0e9f5c1b2a7d".to_owned(),
        }
    }

    pub async fn answer(&self, request: &Request) -> Answer {
        match route(request).serves {
            Serves::Ingest => data(request, &self.data_ports()).await,
            Serves::Auth => keys(request, &self.key_ports()).await,
            Serves::Reports => reports(request, &self.report_ports()).await,
        }
    }

    /// Makes the caller a user of the tenant.
    pub async fn register(&self) {
        let Caller { tenant, user, plan, scopes, .. } = self.caller.clone();
        let new = NewKey { tenant, user, plan: Some(plan), rate_limit: None, max_rows: None, scopes, expires_at: None };
        create(new, &*self.keys, &*self.clock, &*self.random).await.expect("a key");
    }

    /// Begins a call of `POST /reports` without a body under an idempotency key, and leaves it there.
    pub async fn hold(&self, key: &str) {
        let request = self.request("POST /reports", "");
        let call = once::new_call(key, &request, self.clock.now(), &*self.random);
        self.calls.begin(&self.caller.tenant, &call, self.clock.now()).await.expect("begins");
    }

    /// Runs a report that was submitted, and sends its event; that takes a second.
    pub async fn run(&self, report_id: &str) {
        self.clock.advance_ms(1_000);
        let ports = RunPorts {
            log: self.book.clone(),
            objects: self.objects.clone(),
            reports: self.book.clone(),
            queue: self.queue.clone(),
            clock: self.clock.clone(),
            model: None,
            endpoints: self.book.clone(),
            due: self.book.clone(),
            most_at_once: 1,
            random: self.random.clone(),
            threads: 1,
            memory_bytes: None,
        };
        let deadline = Instant::from_unix_ms(1_765_000_900_000);
        run_report(&tenant(), report_id, deadline, &ports).await.expect("a run");
        self.dispatch(&delivery_id(report_id)).await;
    }

    /// One attempt of a delivery.
    pub async fn dispatch(&self, delivery_id: &str) {
        let ports = DispatchPorts {
            deliveries: self.book.clone(),
            endpoints: self.book.clone(),
            due: self.book.clone(),
            log: self.book.clone(),
            reports: self.book.clone(),
            queue: self.queue.clone(),
            sender: self.sender.clone(),
            bus: None,
            clock: self.clock.clone(),
            random: self.random.clone(),
        };
        dispatch_webhook(&tenant(), delivery_id, &ports).await.expect("an attempt");
    }

    fn data_ports(&self) -> DataPorts {
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

    fn key_ports(&self) -> KeyPorts {
        KeyPorts {
            windows: self.rates.clone(),
            keys: self.keys.clone(),
            calls: self.calls.clone(),
            deliveries: self.book.clone(),
            clock: self.clock.clone(),
            random: self.random.clone(),
        }
    }

    fn report_ports(&self) -> ReportPorts {
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
            shelf: Arc::default(),
        }
    }

    /// Every segment of orders now holds other bytes.
    pub fn damage_segments(&self) {
        let keys = self.objects.keys().into_iter().filter(|key| key.starts_with("segments/"));
        keys.for_each(|key| self.objects.damage(&key, "damaged".into()));
    }
}

/// The route that a request takes.
pub fn route(request: &Request) -> &'static Route {
    match routes::of(request) {
        Match::Found { route, .. } => route,
        other => panic!("{} {}: {other:?}", request.method, request.path),
    }
}

fn tenant() -> Tenant {
    "shop".parse().expect("a name")
}

/// About a thousand orders of a year by 200 customers and guests, with refunds and unknown prices.
pub fn orders() -> Value {
    let orders: Vec<Value> = (0..200).flat_map(visits).enumerate().map(|(at, visit)| order(at, visit)).collect();
    json!({"dataset_id": "my-store", "orders": orders, "colour": "red"})
}

/// A customer and the days of the year on which she comes, until she has had enough.
fn visits(customer: u64) -> Vec<(u64, u64)> {
    let lot = |nth: u64, most: u64| drawn(1_000 * customer + nth, most);
    let (mean_days, leaves_percent) = (5.0 + lot(0, 60) as f64, 5 + lot(1, 30));
    let (mut days, mut day, mut nth) = (Vec::new(), lot(2, 150), 3);
    while day < 336 {
        days.push((customer, day));
        if lot(nth, 100) < leaves_percent {
            break;
        }
        let chance = (1 + lot(nth + 1, 1_000)) as f64 / 1_001.0;
        day += 1 + (-chance.ln() * mean_days) as u64;
        nth += 2;
    }
    days
}

fn order(at: usize, (customer, day): (u64, u64)) -> Value {
    let line = |name: &str, price: Option<f64>, quantity: i32| json!({"product_name": name, "unit_price": price, "quantity": quantity});
    let dear = 7.25 + customer as f64;
    let lines = match at % 4 {
        0 => vec![line("Bread", Some(2.5), 1), line("Butter", Some(1.99), 2)],
        1 => vec![line("Bread", Some(2.5), 1), line("Butter", Some(1.99), 1), line("Jam", None, 1)],
        2 => vec![line("Coffee", Some(dear), 1)],
        _ => vec![line("Coffee", Some(dear), 1), line("Tea", Some(4.0), if at % 12 == 3 { -1 } else { 1 })],
    };
    let customer = (!at.is_multiple_of(29)).then(|| format!("C-{customer}"));
    let date = format!("2024-{:02}-{:02}T12:00:00Z", 1 + day / 28, 1 + day % 28);
    json!({"order_id": format!("O-{at}"), "customer_id": customer, "order_date": date, "line_items": lines})
}

/// A number below `most`, drawn by lot but always the same (the finalizer of SplitMix64).
fn drawn(seed: u64, most: u64) -> u64 {
    let mut mixed = seed.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    (mixed ^ (mixed >> 31)) % most
}
