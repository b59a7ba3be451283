//! What must hold at the end of a run, whatever happened: I1 to I8 of `docs/reliability.md`. Reads like a client, over
//! HTTP; the ledger says what to expect, and the tables are asked only which snapshot a report names.

mod deliveries;
mod imports;
mod read;
mod reports;
mod storage;

use crate::actors::{ask, look, trespass};
use crate::ledger::Kind;
use crate::reference;
use crate::world::{DATASETS, TENANTS, World};
use affinsy_app::ports::{DueIndex, DueKind, OrderLog};
use affinsy_core::time::Instant;
use serde_json::Value;
use std::sync::Arc;

/// Whether nothing is left to take out of what a tenant erased.
async fn is_purged(world: &World, tenant: usize) -> bool {
    let due = world.book.due(Instant::from_unix_ms(i64::MAX / 1_000), usize::MAX).await.unwrap_or_default();
    let name = world.tenant(tenant);
    !due.iter().any(|due| due.kind == DueKind::Purge && due.tenant == name)
}

/// How much was compared, and how much could not be.
#[derive(Debug, Default, Clone, Copy)]
pub struct Checked {
    pub reports: u64,
    pub results: u64,
    /// Reports whose dataset was deleted, or that outlived their workers: they have no result to compare.
    pub skipped: u64,
    pub deliveries: u64,
    /// Files that were imported, and those that were not.
    pub files: u64,
    pub files_failed: u64,
    /// Lines that a plan's cap refused.
    pub refused: u64,
    /// Lines of files whose orders or customers were erased meanwhile.
    pub left_out: u64,
}

/// A report that is asked for in good weather takes no longer.
const PROBE_S: u32 = 300;

pub async fn check(world: &Arc<World>) -> Checked {
    let mut checked = Checked::default();
    imports::look(world).await;
    for tenant in 0..TENANTS.len() {
        for dataset in DATASETS {
            probe(world, tenant, dataset).await;
            counted(world, tenant, dataset).await;
        }
    }
    for tenant in 0..TENANTS.len() {
        reports::check(world, tenant, &mut checked).await;
        imports::check(world, tenant, &mut checked).await;
        checked.deliveries += deliveries::check(world, tenant).await;
        isolated(world, tenant).await;
        storage::check(world, tenant).await;
    }
    checked
}

/// Two more reports on everything that there is now: they see all that was ever acknowledged.
async fn probe(world: &Arc<World>, tenant: usize, dataset: &'static str) {
    for kind in [Kind::Mba { min_support_count: 1 }, Kind::Rfm] {
        let at = ask(world, tenant, dataset, kind, None).await;
        if world.ledger().asks[at].report_id.is_none() {
            // There is no such dataset; whether there should be, the answer was checked for.
            continue;
        }
        let mut ended = false;
        for _ in 0..PROBE_S {
            world.sim.sleep_ms(1_000).await;
            ended = look(world, at).await.is_some_and(|status| status != "Processing");
            if ended {
                break;
            }
        }
        if !ended {
            world.ledger().violation(format!("I3: a report took more than {PROBE_S} s in good weather"));
        }
    }
}

/// Counts of a dataset, where they have caught up.
async fn counted(world: &Arc<World>, tenant: usize, dataset: &'static str) {
    let Ok(Some(head)) = world.book.head(&world.tenant(tenant), dataset).await else { return };
    if head.counts.is_none_or(|counts| counts.sequence < head.sequence) {
        return;
    }
    let Some(shown) = read::get(world, tenant, &format!("/datasets/{dataset}")).await else { return };
    let orders = world.ledger().orders_at(tenant, dataset, &head.incarnation, head.sequence);
    let counts = reference::counts(&orders);
    let expected = [
        ("orders", counts.orders),
        ("line_items", counts.line_items),
        ("customers", counts.customers),
        ("products", counts.products),
        ("guest_orders", counts.guest_orders),
    ];
    same_numbers(world, &format!("I8: counts of {dataset}"), &shown, &expected);
}

fn same_numbers(world: &World, what: &str, shown: &Value, expected: &[(&str, u64)]) {
    for (name, number) in expected {
        if shown[name].as_u64() != Some(*number) {
            world.ledger().violation(format!("{what}: {name} is {}, expected {number}", shown[name]));
        }
    }
}

/// No report and no import is there for the others.
async fn isolated(world: &Arc<World>, tenant: usize) {
    let own: Vec<String> = {
        let ledger = world.ledger();
        let reports = ledger.asks.iter().filter(|ask| ask.tenant == tenant).filter_map(|ask| ask.report_id.clone());
        let files = ledger.deeds.iter().filter(|deed| deed.tenant == tenant);
        let imports = files.filter_map(|deed| deed.file.as_ref()?.import_id.clone());
        reports.take(3).chain(imports.take(1)).collect()
    };
    let other = (tenant + 1) % TENANTS.len();
    for id in own {
        trespass(world, other, &id).await;
    }
}
