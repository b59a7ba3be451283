//! A dataset over memory twins, and beside it the same pushes untouched by any compactor: what they say is true.

use crate::memory::{MemoryBook, MemoryClock, MemoryObjects, SeededRandom};
use crate::ports::{Clock, Due, DueIndex, DueKind, LogId, Objects, OrderLog, Tending};
use crate::push_orders::{PushPorts, push_orders};
use crate::snapshot;
use crate::tend::{TendPorts, tend};
use affinsy_core::delta;
use affinsy_core::ids::Tenant;
use affinsy_core::time::Instant;
use serde_json::Value;
use std::collections::BTreeSet;
use std::sync::Arc;

pub const NOW: Instant = Instant::from_unix_ms(1_750_000_000_000);
pub const HOUR_MS: i64 = 3_600_000;
pub const LEASE_MS: i64 = 910_000;
const WORK_MS: i64 = 900_000;

pub fn tenant() -> Tenant {
    "shop".parse().expect("a plain name")
}

pub struct World {
    pub book: Arc<MemoryBook>,
    pub objects: Arc<MemoryObjects>,
    pub clock: Arc<MemoryClock>,
    random: SeededRandom,
    /// Never tended.
    truth: (MemoryBook, Arc<dyn Objects>),
    pub rows_at_once: u64,
}

impl World {
    pub fn new() -> Self {
        let clock = Arc::new(MemoryClock::at(NOW));
        Self {
            book: Arc::default(),
            objects: Arc::new(MemoryObjects::with_clock(clock.clone())),
            clock,
            random: SeededRandom::new(5),
            truth: (MemoryBook::default(), Arc::new(MemoryObjects::default())),
            rows_at_once: 1_000_000,
        }
    }

    pub async fn log(&self) -> LogId {
        self.book.head(&tenant(), "d").await.expect("reads").expect("is there").log(&tenant())
    }

    /// Orders that were pushed before and others, with updates, removals and other customers and dates.
    pub async fn push(&self, at: u64) {
        let order = |of: u64| {
            let (customer, day, quantity) = (at % 3, 1 + (at * 7 + of) % 28, (at * of) % 4);
            let customer = if customer == 0 { String::new() } else { format!(r#""customer_id": "c{customer}", "#) };
            let date = if at % 4 == 1 { String::new() } else { format!(r#""order_date": "2025-03-{day:02}", "#) };
            let line = |product: u64, quantity: u64| {
                format!(r#"{{"product_name": "p{product}", "quantity": {quantity}, "unit_price": {at}.5}}"#)
            };
            let lines = [line((at + of) % 5, quantity), line(7 + at % 2, 1)].join(", ");
            format!(r#"{{"order_id": "o{of}", {customer}{date}"line_items": [{lines}]}}"#)
        };
        let orders: Vec<String> = [at % 6, 6 + at % 4, 10 + at].into_iter().map(order).collect();
        let body = format!(r#"{{"dataset_id": "d", "orders": [{}]}}"#, orders.join(", "));
        let push = affinsy_core::order::push::parse(body.as_bytes(), self.clock.now()).expect("a good push");
        let stores: [(_, Arc<dyn Objects>); 2] =
            [(&*self.book, self.objects.clone()), (&self.truth.0, self.truth.1.clone())];
        for (log, objects) in stores {
            let ports = PushPorts { log, objects: &objects, clock: &*self.clock, random: &self.random };
            push_orders(&tenant(), &push, None, ports).await.expect("is taken");
        }
    }

    /// A push of one's own to the dataset alone; its import.
    pub async fn push_body(&self, body: &str) -> String {
        let push = affinsy_core::order::push::parse(body.as_bytes(), self.clock.now()).expect("a good push");
        let objects: Arc<dyn Objects> = self.objects.clone();
        let ports = PushPorts { log: &*self.book, objects: &objects, clock: &*self.clock, random: &self.random };
        push_orders(&tenant(), &push, None, ports).await.expect("is taken").import_id
    }

    /// What an import says of its lines.
    pub async fn told(&self, import_id: &str) -> String {
        let import = self.book.import(&tenant(), import_id).await.expect("reads").expect("is there");
        match (import.inserted, import.updated) {
            (Some(inserted), Some(updated)) => format!("{inserted} new, {updated} there"),
            other => format!("{other:?}"),
        }
    }

    /// One more push, while somebody tends.
    pub async fn push_late(&self) {
        self.push(100).await;
    }

    pub async fn head_sequence(&self) -> u64 {
        self.book.head(&tenant(), "d").await.expect("reads").expect("is there").sequence
    }

    /// A compactor whose ports do what they are told to.
    pub fn tend_ports<P: OrderLog + Tending + Objects + 'static>(&self, ports: &Arc<P>) -> TendPorts {
        TendPorts {
            log: ports.clone(),
            tending: ports.clone(),
            objects: ports.clone(),
            clock: self.clock.clone(),
            rows_at_once: self.rows_at_once,
            rows_a_bucket: self.rows_at_once / 4,
        }
    }

    fn own_ports(&self) -> TendPorts {
        TendPorts {
            log: self.book.clone(),
            tending: self.book.clone(),
            objects: self.objects.clone(),
            clock: self.clock.clone(),
            rows_at_once: self.rows_at_once,
            rows_a_bucket: self.rows_at_once / 4,
        }
    }

    /// A whole tending without any trouble.
    pub async fn tend(&self) {
        self.tend_with(&self.own_ports()).await.expect("tends");
    }

    pub async fn tend_with(&self, ports: &TendPorts) -> crate::ports::PortResult<()> {
        tend(&tenant(), "d", self.clock.now().plus_ms(WORK_MS), ports).await
    }

    /// Everything in a snapshot, by which two are compared.
    async fn contents(log: &LogId, sequence: u64, orders: &MemoryBook, objects: &Arc<dyn Objects>) -> String {
        let loaded = snapshot::load(log, sequence, orders, objects).await;
        let history = loaded.unwrap_or_else(|error| panic!("snapshot {sequence}: {error}"));
        let line = |line: affinsy_core::history::Line| {
            format!("{} {:?} {:?}", history.product(line.product), line.quantity, line.amount)
        };
        let order = |(at, order): (usize, &affinsy_core::history::OrderHeader)| {
            let lines: Vec<String> = history.lines(order).map(line).collect();
            let customer = order.customer.map(|code| history.customer(code));
            format!("{} {customer:?} {:?} {lines:?}\n", history.order_id(at), order.date)
        };
        history.orders().iter().enumerate().map(order).collect()
    }

    /// Snapshots from `first` on, the newest among them, read as they do where nothing was compacted.
    pub async fn check_snapshots(&self, first: u64, when: &str) {
        let objects: Arc<dyn Objects> = self.objects.clone();
        let log = self.log().await;
        let truth = self.truth.0.head(&tenant(), "d").await.expect("reads").expect("is there").log(&tenant());
        let newest = self.head_sequence().await;
        for sequence in (first..=newest).rev().step_by(3) {
            let expected = Self::contents(&truth, sequence, &self.truth.0, &self.truth.1).await;
            let found = Self::contents(&log, sequence, &self.book, &objects).await;
            assert_eq!(found, expected, "{when}: snapshot {sequence}");
        }
        self.table().await;
    }

    /// The objects and what the manifest names are the same, and nothing but the newest snapshot is there.
    pub async fn check_clean(&self, when: &str) {
        let head = self.book.head(&tenant(), "d").await.expect("reads").expect("is there");
        let (mut named, mut live) = (BTreeSet::new(), BTreeSet::new());
        for run in self.book.stored_runs(&self.log().await).await.expect("reads") {
            assert_eq!(head.runs.iter().map(|run| run.id).collect::<Vec<_>>(), [run], "{when}");
            let segments = self.book.run_segments(&self.log().await, run).await.expect("reads");
            live.extend(segments.iter().filter(|segment| !segment.gone).map(|segment| segment.key.clone()));
            named.extend(segments.into_iter().map(|segment| segment.key));
        }
        assert_eq!(self.book.segments(&self.log().await, 1, u64::MAX).await.expect("reads"), [], "{when}");
        let is_of_dataset = |key: &String| !key.contains("/_delta_log/");
        assert_eq!(self.objects.keys().into_iter().filter(is_of_dataset).collect::<BTreeSet<_>>(), named, "{when}");
        assert_eq!(self.table().await.map(|(_, files)| files), Some(live), "{when}");
        assert_eq!(head.retired, [], "{when}");
    }

    /// The open table as others find it: its newest version, and the files it has. Each of them is there.
    pub async fn table(&self) -> Option<(u64, BTreeSet<String>)> {
        let keys = self.objects.keys();
        let newest = keys.iter().filter_map(|key| Some((delta::version_of(key)?, key))).max()?;
        let text = self.objects.read(newest.1).await.expect("reads").expect("is there");
        let actions = text.split(|byte| *byte == b'\n').filter_map(|line| serde_json::from_slice::<Value>(line).ok());
        let root = self.log().await.table_prefix();
        let added = actions.filter_map(|action| Some(format!("{root}{}", action["add"]["path"].as_str()?)));
        let files: BTreeSet<String> = added.collect();
        files.iter().for_each(|file| assert!(keys.contains(file), "the table lacks {file}"));
        Some((newest.0, files))
    }

    pub async fn is_due(&self, at: Instant) -> bool {
        let due = Due { kind: DueKind::Dataset, tenant: tenant(), id: "d".to_owned() };
        self.book.due(at, 100).await.expect("reads").contains(&due)
    }

    /// Tends whenever that is due, until nothing is left to do; how often.
    pub async fn tend_until_quiet(&self) -> u32 {
        for times in 0..200 {
            if !self.is_due(Instant(i64::MAX)).await {
                return times;
            }
            while !self.is_due(self.clock.now()).await {
                self.clock.advance_ms(60_000);
            }
            self.tend().await;
        }
        panic!("there is always something to do");
    }
}
