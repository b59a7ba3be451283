//! The world around the handlers: the memory twins of all ports behind the weather, queues, receivers, and the ledger
//! of what was asked and answered. A port call here does what the twin does; what is told of it, the weather decides.

mod calls;
mod deliveries;
mod functions;
mod importer;
mod leases;
mod objects;
mod orders;
mod queues;
mod receivers;
mod reports;
mod tending;
mod uploads;

pub use functions::Reply;
pub use objects::FILES;
pub use queues::QueueName;
pub use receivers::Manner;
pub use uploads::Sent;

use crate::ledger::Ledger;
use crate::mutants::Mutant;
use crate::sim::{Sim, SimClock, SimRandom, lock};
use affinsy_app::authorize::Authorizer;
use affinsy_app::manage_keys::{self, NewKey};
use affinsy_app::memory::{MemoryBook, MemoryIdempotency, MemoryKeys, MemoryObjects, MemoryRates};
use affinsy_app::ports::{LogId, Objects, PortResult, ReportRecord, SegmentRecord};
use affinsy_core::ids::Tenant;
use affinsy_core::plan::{Plan, Scopes};
use affinsy_core::time::Instant;
use bytes::Bytes;
use leases::Leases;
use queues::Queues;
use receivers::Receivers;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};

/// The tenants' names. Each stands in what its clients send, so that it is seen where it does not belong.
pub const TENANTS: [&str; 3] = ["zq-acme", "zq-bolt", "zq-corq"];
/// Every tenant has datasets of the same names.
pub const DATASETS: [&str; 2] = ["main", "side"];

pub struct World {
    pub sim: Arc<Sim>,
    pub book: Arc<MemoryBook>,
    objects: MemoryObjects,
    keys: MemoryKeys,
    calls: MemoryIdempotency,
    rates: MemoryRates,
    queues: Queues,
    receivers: Receivers,
    leases: Leases,
    authorizer: Mutex<Option<Arc<Authorizer>>>,
    pub mutant: Option<Mutant>,
    ledger: Mutex<Ledger>,
    bearers: Mutex<BTreeMap<usize, String>>,
    /// Where files may be sent: the object's key, and until when.
    addresses: Mutex<BTreeMap<String, (String, Instant)>>,
    /// For a mutant: objects that wait for their commit, and segments that took another's sequence.
    late: Mutex<BTreeMap<usize, (String, Bytes)>>,
    overlaid: Mutex<BTreeMap<(LogId, u64), SegmentRecord>>,
    /// Reports that were written without a condition, by their ids: they stand before those of the book.
    overwritten: Mutex<BTreeMap<String, ReportRecord>>,
}

impl std::fmt::Debug for World {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("World")
    }
}

impl World {
    pub fn new(sim: Arc<Sim>, mutant: Option<Mutant>) -> Arc<Self> {
        let clock = SimClock::exact(&sim);
        let world = Arc::new(Self {
            book: Arc::default(),
            objects: MemoryObjects::with_clock(clock.clone()),
            keys: MemoryKeys::default(),
            calls: MemoryIdempotency::default(),
            rates: MemoryRates::default(),
            queues: Queues::default(),
            receivers: Receivers::of(&sim),
            leases: Leases::default(),
            authorizer: Mutex::default(),
            mutant,
            ledger: Mutex::default(),
            bearers: Mutex::default(),
            addresses: Mutex::default(),
            late: Mutex::default(),
            overlaid: Mutex::default(),
            overwritten: Mutex::default(),
            sim,
        });
        *lock(&world.authorizer) = Some(Arc::new(Authorizer::new(world.clone(), clock)));
        world
    }

    /// A key for each tenant, before anything can go wrong.
    pub async fn open_doors(&self) -> PortResult<()> {
        let capped = self.sim.roll(|dice| dice.below(2 * TENANTS.len() as u64)) as usize;
        let cap = self.sim.roll(|dice| dice.between(5, 30)).unsigned_abs();
        if let Some(of) = self.ledger().caps.get_mut(capped) {
            *of = Some(cap);
        }
        for tenant in 0..TENANTS.len() {
            let max_rows = self.ledger().caps[tenant].filter(|_| !self.is(Mutant::CapIgnored));
            let new = NewKey {
                tenant: self.tenant(tenant),
                user: "user".parse().expect("a plain name"),
                plan: Some(Plan::Enterprise),
                rate_limit: Some(10_000),
                max_rows,
                scopes: Scopes::all(),
                expires_at: None,
            };
            let random = SimRandom(Arc::clone(&self.sim));
            let (key, _) = manage_keys::create(new, &self.keys, &*SimClock::exact(&self.sim), &random).await?;
            lock(&self.bearers).insert(tenant, format!("Bearer {}", key.reveal()));
        }
        Ok(())
    }

    pub fn tenant(&self, tenant: usize) -> Tenant {
        TENANTS[tenant].parse().expect("a plain name")
    }

    /// What is stored in the bucket.
    pub fn stored(&self) -> Vec<String> {
        self.objects.keys()
    }

    /// When an object was written.
    pub async fn stored_at(&self, key: &str) -> Option<Instant> {
        let found = Objects::list(&self.objects, key, None).await.ok()?;
        found.items.iter().find(|object| object.key == key).map(|object| object.modified_at)
    }

    pub async fn stored_bytes(&self, key: &str) -> Bytes {
        Objects::read(&self.objects, key).await.ok().flatten().unwrap_or_default()
    }

    pub fn ledger(&self) -> MutexGuard<'_, Ledger> {
        lock(&self.ledger)
    }

    pub fn is(&self, mutant: Mutant) -> bool {
        self.mutant == Some(mutant)
    }

    fn bearer(&self, tenant: usize) -> String {
        lock(&self.bearers).get(&tenant).cloned().unwrap_or_default()
    }

    /// Lets go of what refers back to the world.
    pub fn close(&self) {
        *lock(&self.authorizer) = None;
    }
}
