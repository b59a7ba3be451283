//! One seed, from its first request to the checker's verdict.

use crate::actors::Client;
use crate::checker::{self, Checked};
use crate::mutants::Mutant;
use crate::reference::Change;
use crate::sim::{START, Sim, Threads, lock};
use crate::world::{QueueName, TENANTS, World};
use affinsy_app::memory::MemoryBook;
use affinsy_app::ports::{
    DeliveryBook, DeliveryFilter, DeliveryState, DueIndex, DueKind, ImportStatus, OrderLog, ReportBook, ReportFilter,
    ReportStatus,
};
use affinsy_core::time::Instant;
use futures::channel::oneshot;
use futures::future::join_all;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex};

const MINUTE_MS: i64 = 60_000;
const HOUR_MS: i64 = 60 * MINUTE_MS;
/// Reports end within this once the weather is good: a lease that was just taken runs 15 minutes, a failure is put
/// off by at most ten, and the sweeper comes every minute.
const REPORTS_END_MS: i64 = 45 * MINUTE_MS;
/// A file may come for two hours after it was asked for; a lease runs 15 minutes.
const IMPORTS_END_MS: i64 = 2 * HOUR_MS + 45 * MINUTE_MS;
/// Ten attempts take 75.6 hours, a fifth more by jitter.
const DELIVERIES_END_MS: i64 = 96 * HOUR_MS;

/// What became of a seed.
#[derive(Debug, Default, Clone)]
pub struct Outcome {
    pub seed: u64,
    pub violations: Vec<String>,
    pub faults: BTreeMap<&'static str, u64>,
    pub lines_acknowledged: u64,
    pub deeds: u64,
    pub deeds_unknown: u64,
    pub posts: u64,
    pub checked: Checked,
    pub events: u64,
    pub virtual_s: i64,
    pub trace: u64,
}

/// Plays a seed. The same seed, mutant and binary give the same outcome.
pub fn run(seed: u64, mutant: Option<Mutant>, prints: bool) -> std::io::Result<Outcome> {
    let sim = Sim::new(seed, prints);
    let world = World::new(Arc::clone(&sim), mutant);
    let checked = Arc::new(Mutex::new(None));
    let (main, found) = (Arc::clone(&world), Arc::clone(&checked));
    let main = Box::pin(async move {
        let verdict = play(&main).await;
        *lock(&found) = Some(verdict);
    });
    // The panic says the rest; the seed must not be lost with it.
    let ended = catch_unwind(AssertUnwindSafe(|| sim.run(main)));
    world.close();
    match ended {
        Ok(Err(error)) => return Err(error),
        Ok(Ok(true)) => {}
        Ok(Ok(false)) => world.ledger().violation("I3: everything waits for ever"),
        Err(_) => world.ledger().violation("I3: a panic"),
    }
    let checked = lock(&checked).unwrap_or_default();
    Ok(outcome(seed, &world, checked))
}

async fn play(world: &Arc<World>) -> Checked {
    if let Err(error) = world.open_doors().await {
        world.ledger().violation(format!("no keys: {error}"));
    }
    for queue in QueueName::ALL {
        world.sim.spawn("event source", None, Threads::None, Arc::clone(world).pump(queue));
    }
    world.sim.spawn("schedule", None, Threads::None, Arc::clone(world).schedule());
    load(world).await;
    // What was begun goes on, still in bad weather: compaction, retries, purges.
    let aftermath_min = world.sim.roll(|dice| dice.pick(&[0, 5, 30, 90]));
    world.sim.sleep_ms(aftermath_min * MINUTE_MS).await;
    world.sim.clear_up();
    world.sim.note(format_args!("the weather clears up"));
    settle(world).await;
    checker::check(world).await
}

/// All clients, until each has done what it came for.
async fn load(world: &Arc<World>) {
    let mut ends = Vec::new();
    for tenant in 0..TENANTS.len() {
        for number in 0..world.sim.roll(|dice| dice.between(1, 3)) as usize {
            let (tell, told) = oneshot::channel();
            ends.push(told);
            let client = Client { world: Arc::clone(world), tenant, number };
            let things = world.sim.roll(|dice| dice.between(6, 22)) as u32;
            world.sim.spawn("client", None, Threads::None, async move {
                client.live(things).await;
                tell.send(()).ok();
            });
        }
    }
    join_all(ends).await;
}

/// Until nothing is under way any more, within its bounds; then for a while, as time alone brings things about too.
async fn settle(world: &Arc<World>) {
    let began = world.sim.now();
    let passed = |ms: i64| world.sim.now().unix_ms() - began.unix_ms() > ms;
    while !are_reports_ended(world).await {
        if passed(REPORTS_END_MS) {
            world.ledger().violation("I3: reports are under way long after the last fault");
            break;
        }
        world.sim.sleep_ms(MINUTE_MS).await;
    }
    while !are_imports_ended(world).await {
        if passed(IMPORTS_END_MS) {
            world.ledger().violation("I3: imports are under way long after the last fault");
            break;
        }
        world.sim.sleep_ms(MINUTE_MS).await;
    }
    while !are_deliveries_ended(world).await {
        if passed(DELIVERIES_END_MS) {
            world.ledger().violation("I4: deliveries are under way long after the last fault");
            break;
        }
        world.sim.sleep_ms(5 * MINUTE_MS).await;
    }
    let minutes = world.sim.roll(|dice| match dice.below(16) {
        0 => 80 * 60,
        1 | 2 => 30 * 60,
        3..=6 => 150,
        _ => dice.between(1, 30),
    });
    world.sim.sleep_ms(minutes * MINUTE_MS).await;
}

/// Straight from the table: the checker reads it all again as a client does.
async fn are_reports_ended(world: &World) -> bool {
    let book: &MemoryBook = &world.book;
    for tenant in 0..TENANTS.len() {
        let filter =
            ReportFilter { status: Some(ReportStatus::Processing.name().to_owned()), ..ReportFilter::default() };
        let page = ReportBook::list(book, &world.tenant(tenant), &filter, None, 1).await;
        if page.is_ok_and(|page| !page.items.is_empty()) {
            return false;
        }
    }
    true
}

async fn are_imports_ended(world: &World) -> bool {
    for tenant in 0..TENANTS.len() {
        let page = world.book.imports(&world.tenant(tenant), None, usize::MAX).await;
        if page.is_ok_and(|page| page.items.iter().any(|import| import.status == ImportStatus::Processing)) {
            return false;
        }
    }
    true
}

async fn are_deliveries_ended(world: &World) -> bool {
    let book: &MemoryBook = &world.book;
    for tenant in 0..TENANTS.len() {
        let name = world.tenant(tenant);
        let deliveries = DeliveryBook::list(book, &name, &DeliveryFilter::default(), None, usize::MAX).await;
        let Ok(deliveries) = deliveries else { return false };
        if deliveries.items.iter().any(|delivery| delivery.state == DeliveryState::Pending) {
            return false;
        }
    }
    // A report, also one that was deleted, and an import are due until all were told that they ended.
    let due = book.due(Instant::from_unix_ms(i64::MAX / 1_000), usize::MAX).await;
    due.is_ok_and(|due| due.iter().all(|due| !matches!(due.kind, DueKind::Report | DueKind::Import)))
}

fn outcome(seed: u64, world: &World, checked: Checked) -> Outcome {
    let ledger = world.ledger();
    let state = lock(&world.sim.state);
    let lines = ledger.deeds.iter().filter(|deed| deed.acknowledged.is_some()).map(|deed| match &deed.change {
        Change::Push(orders) | Change::File(orders) => orders.iter().map(|order| order.lines.len() as u64).sum(),
        _ => 0,
    });
    Outcome {
        seed,
        violations: ledger.violations.clone(),
        faults: state.weather.counts.clone(),
        lines_acknowledged: lines.sum(),
        deeds: ledger.deeds.len() as u64,
        deeds_unknown: ledger.deeds.iter().filter(|deed| deed.acknowledged.is_none()).count() as u64,
        posts: ledger.received.len() as u64,
        checked,
        events: state.trace.lines(),
        virtual_s: (state.now_ms - START.unix_ms()) / 1_000,
        trace: state.trace.hash(),
    }
}
