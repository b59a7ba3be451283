//! I1, I2, I3 and I8 on a tenant's reports: all are there, all have ended, each saw what it had to see, and says of it
//! what the reference says.

use super::{Checked, is_purged, read, same_numbers};
use crate::ledger::Ask;
use crate::reference::{self, Orders, Score};
use crate::world::World;
use affinsy_app::memory::MemoryBook;
use affinsy_app::ports::{ReportBook, ReportRecord};
use affinsy_core::report::ReportType;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

pub async fn check(world: &Arc<World>, tenant: usize, checked: &mut Checked) {
    let all = read::all(world, tenant, "/reports").await;
    one_for_a_key(world, &all);
    let listed: Vec<String> = all.iter().filter_map(|report| report["report_id"].as_str().map(str::to_owned)).collect();
    let asks: Vec<Ask> = world.ledger().asks.iter().filter(|ask| ask.tenant == tenant).cloned().collect();
    let known: BTreeSet<&String> = listed.iter().collect();
    let kept = asks.iter().filter(|ask| !ask.dismissed).filter_map(|ask| ask.report_id.as_ref());
    for lost in kept.filter(|id| !known.contains(id)) {
        world.ledger().violation(format!("I3: report {lost} was acknowledged and is not listed"));
    }
    for report_id in &listed {
        let book: &MemoryBook = &world.book;
        let Ok(Some(record)) = ReportBook::get(book, &world.tenant(tenant), report_id).await else { continue };
        if let Some(ask) = asks.iter().find(|ask| ask.report_id.as_ref() == Some(report_id)) {
            sees_enough(world, ask, &record);
        }
        let dismissed = asks.iter().any(|ask| ask.dismissed && ask.report_id.as_ref() == Some(report_id));
        one(world, tenant, &record, dismissed, checked).await;
    }
}

/// I7: each submission has a name and an `Idempotency-Key` of its own, and was sent more than once.
fn one_for_a_key(world: &World, reports: &[Value]) {
    let mut names = BTreeSet::new();
    for name in reports.iter().filter_map(|report| report["name"].as_str()) {
        if !names.insert(name) {
            world.ledger().violation(format!("I7: more than one report {name:?}"));
        }
    }
}

/// I1: what was acknowledged before the report was asked for is in its snapshot.
fn sees_enough(world: &World, ask: &Ask, record: &ReportRecord) {
    let mut ledger = world.ledger();
    let snapshot = (record.incarnation.as_str(), record.sequence);
    if let Some(lost) = ledger.missing_at(ask.tenant, ask.dataset, ask.began, snapshot) {
        let what = format!("I1: report {} does not see what was acknowledged before: {lost:?}", record.report_id);
        ledger.violation(what);
    }
}

async fn one(world: &Arc<World>, tenant: usize, record: &ReportRecord, dismissed: bool, checked: &mut Checked) {
    checked.reports += 1;
    let id = &record.report_id;
    let Some(shown) = read::get(world, tenant, &format!("/reports/{id}")).await else { return };
    match shown["status"].as_str() {
        Some("Completed") => {}
        Some("Failed") => {
            checked.skipped += 1;
            let deleted = world.ledger().is_deleted(tenant, &record.dataset_id, &record.incarnation);
            let fine = match shown["failure"]["code"].as_str() {
                Some("erased") => deleted,
                Some("cancelled") => dismissed,
                Some("resource_exhausted") => record.expired_leases >= 3,
                _ => false,
            };
            if !fine {
                world.ledger().violation(format!("I1: report {id} cannot read its snapshot: {}", shown["failure"]));
            }
            return;
        }
        _ => return world.ledger().violation(format!("I3: report {id} has not ended: {}", shown["status"])),
    }
    checked.results += 1;
    if is_purged(world, tenant).await && world.ledger().is_deleted(tenant, &record.dataset_id, &record.incarnation) {
        world.ledger().violation(format!("I8: report {id} outlives the purge of its dataset"));
    }
    let orders = world.ledger().orders_at(tenant, &record.dataset_id, &record.incarnation, record.sequence);
    same_data(world, id, &shown, &orders);
    match record.report_type {
        ReportType::Mba => baskets(world, tenant, record, &shown, &orders).await,
        ReportType::Rfm => customers(world, tenant, record, &shown, &orders).await,
    }
}

fn same_data(world: &World, id: &str, shown: &Value, orders: &Orders) {
    let counts = reference::counts(orders);
    let expected = [
        ("orders", counts.orders),
        ("baskets", counts.baskets),
        ("line_items", counts.line_items),
        ("customers", counts.customers),
        ("guest_orders", counts.guest_orders),
        ("products", counts.products),
    ];
    same_numbers(world, &format!("I8: data of report {id}"), &shown["data"], &expected);
}

/// A long list of a report, where it has it.
async fn part(world: &Arc<World>, tenant: usize, shown: &Value, name: &str) -> Vec<Value> {
    match shown["links"][name].as_str().and_then(|link| link.strip_prefix("/api/v1")) {
        Some(path) => read::all(world, tenant, path).await,
        None => Vec::new(),
    }
}

fn names(row: &Value, field: &str) -> Vec<String> {
    let names = row[field].as_array().into_iter().flatten();
    names.filter_map(|name| name.as_str().map(str::to_owned)).collect()
}

async fn baskets(world: &Arc<World>, tenant: usize, record: &ReportRecord, shown: &Value, orders: &Orders) {
    let request: Value = serde_json::from_str(&record.request).unwrap_or_default();
    let least = request["params"]["min_support_count"].as_u64().unwrap_or(1);
    let expected = reference::supports(orders, least);
    let mut found: BTreeMap<Vec<String>, u64> = BTreeMap::new();
    for row in part(world, tenant, shown, "itemsets").await {
        let mut products = names(&row, "products");
        products.sort();
        found.insert(products, row["support_count"].as_u64().unwrap_or(0));
    }
    let id = &record.report_id;
    differ(world, &format!("I8: itemsets of report {id}"), &found, &expected);
    let mut rules: BTreeMap<Vec<String>, u64> = BTreeMap::new();
    for row in part(world, tenant, shown, "rules").await {
        let rule = [names(&row, "antecedents"), names(&row, "consequents")].concat();
        rules.insert(rule, row["support_count"].as_u64().unwrap_or(0));
    }
    let both_ways = expected.iter().filter(|(set, _)| set.len() == 2).flat_map(|(set, count)| {
        let turned = vec![set[1].clone(), set[0].clone()];
        [(set.clone(), *count), (turned, *count)]
    });
    differ(world, &format!("I8: rules of report {id}"), &rules, &both_ways.collect());
}

fn differ<V: PartialEq + std::fmt::Debug>(
    world: &World,
    what: &str,
    found: &BTreeMap<Vec<String>, V>,
    expected: &BTreeMap<Vec<String>, V>,
) {
    let keys: BTreeSet<_> = found.keys().chain(expected.keys()).collect();
    if let Some(key) = keys.into_iter().find(|key| found.get(*key) != expected.get(*key)) {
        let (is, should) = (found.get(key), expected.get(key));
        world.ledger().violation(format!("{what}: {key:?} is {is:?}, expected {should:?}"));
    }
}

async fn customers(world: &Arc<World>, tenant: usize, record: &ReportRecord, shown: &Value, orders: &Orders) {
    let mut expected = reference::scores(orders);
    let mut found: BTreeMap<Vec<String>, Score> = BTreeMap::new();
    for row in part(world, tenant, shown, "customers").await {
        let score = Score {
            recency_days: row["recency_days"].as_i64().unwrap_or(-1),
            frequency: row["frequency"].as_u64().unwrap_or(0),
            cents: row["monetary"].as_f64().map_or(i64::MIN, |money| (money * 100.0).round() as i64),
        };
        found.insert(vec![row["customer_id"].as_str().unwrap_or_default().to_owned()], score);
    }
    // A customer who was erased later is taken out of results that there are: by and by.
    let (snapshot, purged) = ((record.incarnation.as_str(), record.sequence), is_purged(world, tenant).await);
    for customer in world.ledger().erased_after(tenant, &record.dataset_id, snapshot) {
        if purged || !found.contains_key(std::slice::from_ref(&customer)) {
            expected.remove(&customer);
        }
    }
    let expected = expected.into_iter().map(|(customer, score)| (vec![customer], score)).collect();
    differ(world, &format!("I8: customers of report {}", record.report_id), &found, &expected);
}
