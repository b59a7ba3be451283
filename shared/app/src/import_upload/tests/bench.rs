//! One tenant's importer over the memory twins, with bounds so small that a short file meets all of them.

use crate::import_upload::{ImportPorts, Limits, OpenPorts, import_upload, open_upload, place_of};
use crate::memory::{MemoryBook, MemoryClock, MemoryLinks, MemoryObjects, MemoryQueue, SeededRandom};
use crate::ports::{Clock, Due, DueIndex, DueKind, ImportRecord, ImportStatus, Objects, OrderLog, PortResult, Uploads};
use crate::run_report::Ran;
use crate::snapshot;
use affinsy_core::ids::{Tenant, name_hash};
use affinsy_core::time::Instant;
use affinsy_core::webhook::url::UrlPolicy;
use std::collections::BTreeMap;
use std::sync::Arc;

pub const NOW: Instant = Instant::from_unix_ms(1_750_000_000_000);
pub const MINUTE_MS: i64 = 60_000;

#[derive(Clone)]
pub struct Bench {
    pub book: Arc<MemoryBook>,
    pub objects: Arc<MemoryObjects>,
    pub queue: Arc<MemoryQueue>,
    pub clock: Arc<MemoryClock>,
    pub random: Arc<SeededRandom>,
    pub tenant: Tenant,
    pub max_rows: Option<u64>,
}

/// What a dataset holds: for each order its customer and its lines, in thousandths.
pub type Held = BTreeMap<String, (Option<String>, BTreeMap<String, i64>)>;

impl Bench {
    pub fn new() -> Self {
        Self {
            book: Arc::default(),
            objects: Arc::default(),
            queue: Arc::default(),
            clock: Arc::new(MemoryClock::at(NOW)),
            random: Arc::new(SeededRandom::new(3)),
            tenant: "shop".parse().expect("a plain name"),
            max_rows: None,
        }
    }

    pub fn ports(&self) -> ImportPorts {
        self.ports_over(self.book.clone(), self.book.clone(), self.objects.clone())
    }

    pub fn ports_over(
        &self,
        uploads: Arc<dyn Uploads>,
        log: Arc<dyn OrderLog>,
        objects: Arc<dyn Objects>,
    ) -> ImportPorts {
        let limits = Limits {
            range_bytes: 1_000,
            chunk_bytes: 300,
            staged_bytes: 2_000,
            partition_rows: 40,
            partition_bytes: 20_000,
            rejects_bytes: 2_000,
        };
        let (queue, clock, random) = (self.queue.clone(), self.clock.clone(), self.random.clone());
        ImportPorts { uploads, log, erasures: self.book.clone(), objects, queue, clock, random, limits }
    }

    /// Asks for an upload; the import's id and where its file goes.
    pub async fn open(&self, body: &str) -> (String, String) {
        let ports = OpenPorts {
            uploads: &*self.book,
            endpoints: &*self.book,
            links: &MemoryLinks,
            clock: &*self.clock,
            random: &*self.random,
            url_policy: UrlPolicy::PublicOnly,
        };
        let opened = open_upload(&self.tenant, body.as_bytes(), self.max_rows, ports).await.expect("opens");
        let key = opened.import.upload.expect("waits for its file").object_key;
        assert_eq!(place_of(&key), Some((&*name_hash("shop"), &*opened.import.import_id)));
        (opened.import.import_id, key)
    }

    /// Asks for an upload and sends the file.
    pub async fn sent(&self, body: &str, file: impl Into<bytes::Bytes>) -> String {
        let (import_id, key) = self.open(body).await;
        self.objects.create(&key, file.into()).await.expect("creates");
        import_id
    }

    /// One invocation.
    pub async fn run(&self, import_id: &str, ports: &ImportPorts) -> PortResult<Ran> {
        import_upload(&self.tenant, import_id, self.clock.now().plus_ms(15 * MINUTE_MS), ports).await
    }

    /// What the import came to after one invocation.
    pub async fn imported(&self, body: &str, file: impl Into<bytes::Bytes>) -> ImportRecord {
        let import_id = self.sent(body, file).await;
        assert_eq!(self.run(&import_id, &self.ports()).await, Ok(Ran::Ended));
        self.import(&import_id).await
    }

    pub async fn import(&self, import_id: &str) -> ImportRecord {
        self.book.import(&self.tenant, import_id).await.expect("reads").expect("is there")
    }

    pub async fn is_due(&self, import_id: &str, at: Instant) -> bool {
        let due = Due { kind: DueKind::Import, tenant: self.tenant.clone(), id: import_id.to_owned() };
        self.book.due(at, 1_000).await.expect("reads").contains(&due)
    }

    /// Everything in the dataset now.
    pub async fn held(&self, dataset_id: &str) -> Held {
        let Some(head) = self.book.head(&self.tenant, dataset_id).await.expect("reads") else { return Held::new() };
        let objects: Arc<dyn Objects> = self.objects.clone();
        let history = snapshot::load(&head.log(&self.tenant), head.sequence, &*self.book, &objects).await;
        let history = history.expect("every segment is there");
        let orders = history.orders().iter().enumerate().map(|(at, order)| {
            let lines = history.lines(order);
            let lines = lines.map(|line| (history.product(line.product).to_owned(), line.quantity.thousandths()));
            let customer = order.customer.map(|code| history.customer(code).to_owned());
            (history.order_id(at).to_owned(), (customer, lines.collect()))
        });
        orders.collect()
    }

    /// Nothing is left of the file but its segments and its rejects.
    pub fn check_tidy(&self) {
        let keys = self.objects.keys();
        let left = keys.iter().find(|key| key.starts_with("uploads/") || key.starts_with("staging/"));
        assert_eq!(left, None);
    }
}

pub fn check_failed(import: &ImportRecord, code: &str, said: &str) {
    assert_eq!(import.status, ImportStatus::Failed, "{import:?}");
    let failure = import.failure.as_ref().expect("says why");
    assert_eq!(failure.code, code, "{failure:?}");
    assert!(failure.message.contains(said), "{failure:?}");
    assert!(import.upload.is_none() && import.completed_at.is_some());
}

/// A table of 400 rows in 90 orders, whose rows stand far apart, and what it makes of a dataset.
pub fn table() -> (String, Held) {
    let mut text = "order_id,customer_id,order_date,product_name,unit_price,quantity\n".to_owned();
    let mut held = Held::new();
    for row in 0..400 {
        let (order, product) = (format!("O-{}", row * 7 % 90), format!("p{}", row % 5 + row / 90 % 2));
        let customer = (row >= 90 && row % 3 == 0).then(|| format!("C-{}", row % 5));
        let date = if row % 2 == 0 { "2025-03-01" } else { "" };
        text += &format!("{order},{},{date},{product},2.50,{}\n", customer.as_deref().unwrap_or(""), 1 + row % 4);
        let (known, lines) = held.entry(order).or_default();
        *known = known.take().or(customer);
        *lines.entry(product).or_default() += 1_000 * (1 + row as i64 % 4);
    }
    (text, held)
}
