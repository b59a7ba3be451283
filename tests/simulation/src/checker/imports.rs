//! I1, I2 and I3 on a tenant's files: each import that there is has ended, once; of one that is Completed all came to
//! stand, of one that failed nothing, and it failed for what its client did, or for what befell its importers.

use super::{Checked, read};
use crate::ledger::{Deed, File, Purge};
use crate::senders;
use crate::world::World;
use affinsy_app::memory::MemoryBook;
use affinsy_app::ports::{Erased, OrderLog};
use serde_json::Value;
use std::collections::BTreeSet;
use std::sync::Arc;

/// After so many leases that ran out an import is given up.
const MOST_LEASES: u32 = 3;

/// All clients look once more.
pub async fn look(world: &Arc<World>) {
    let deeds = world.ledger().deeds.len();
    for deed in 0..deeds {
        senders::look(world, deed).await;
    }
}

pub async fn check(world: &Arc<World>, tenant: usize, checked: &mut Checked) {
    let imports = read::all(world, tenant, "/data/imports").await;
    let listed: BTreeSet<&str> = imports.iter().filter_map(|import| import["import_id"].as_str()).collect();
    let known: Vec<String> = {
        let ledger = world.ledger();
        let own = ledger.deeds.iter().filter(|deed| deed.tenant == tenant);
        own.filter_map(|deed| deed.file.as_ref()?.import_id.clone()).collect()
    };
    for lost in known.iter().filter(|id| !listed.contains(id.as_str())) {
        world.ledger().violation(format!("I3: import {lost} was acknowledged and is not listed"));
    }
    for import in &imports {
        match import["source"].as_str() {
            Some("upload") => one(world, tenant, import, checked).await,
            _ => push(world, tenant, import, checked),
        }
    }
}

/// A push is as new as the reference says, where it is known, and so much of it was refused.
fn push(world: &World, tenant: usize, import: &Value, checked: &mut Checked) {
    let id = import["import_id"].as_str();
    let deed = {
        let ledger = world.ledger();
        ledger
            .deeds
            .iter()
            .find(|deed| deed.tenant == tenant && id.is_some() && deed.import_id.as_deref() == id)
            .cloned()
    };
    match deed {
        Some(deed) => same_counts(world, import, &deed, 0, checked),
        None => world.ledger().violation(format!("I2: nobody pushed what import {id:?} is of")),
    }
}

fn same_counts(world: &World, import: &Value, deed: &Deed, bad_rows: u64, checked: &mut Checked) {
    let Some(brought) = world.ledger().brought(deed) else { return };
    checked.refused += brought.refused;
    let left_out = deed.file.as_ref().map_or(0, |file| file.left_out);
    checked.left_out += left_out;
    let mut expected = vec![("rejected", bad_rows + brought.refused + left_out)];
    let is_known = import["inserted"].is_u64() && deed.file.as_ref().is_none_or(|file| file.was_alone);
    if is_known {
        expected.extend([("inserted", brought.inserted), ("updated", brought.updated)]);
    }
    super::same_numbers(world, &format!("I8: import {}", import["import_id"]), import, &expected);
}

async fn one(world: &World, tenant: usize, import: &Value, checked: &mut Checked) {
    let id = import["import_id"].as_str().unwrap_or_default();
    let deed = {
        let ledger = world.ledger();
        ledger.file(id).map(|deed| ledger.deeds[deed].clone())
    };
    match import["status"].as_str() {
        Some("Completed") => {
            checked.files += 1;
            match deed {
                Some(deed) => completed(world, import, &deed, checked),
                None => world.ledger().violation(format!("I2: nobody sent the file of import {id}")),
            }
        }
        Some("Failed") => {
            checked.files_failed += 1;
            failed(world, tenant, import, deed.as_ref()).await;
        }
        status => world.ledger().violation(format!("I3: import {id} has not ended: {status:?}")),
    }
}

fn completed(world: &World, import: &Value, deed: &Deed, checked: &mut Checked) {
    let id = &import["import_id"];
    let File { is_rubbish, bad_rows, came_at, refused, left_out, .. } = deed.file.clone().unwrap_or_default();
    if deed.landed.is_none() || is_rubbish || came_at.is_none() {
        world.ledger().violation(format!("I1: import {id} is Completed, and nothing of it is stored: {deed:?}"));
    }
    let lines = deed.change.lines().len() as u64 + refused + left_out;
    super::same_numbers(world, &format!("I2: import {id}"), import, &[("line_items", lines)]);
    same_counts(world, import, deed, bad_rows, checked);
}

async fn failed(world: &World, tenant: usize, import: &Value, deed: Option<&Deed>) {
    let id = import["import_id"].as_str().unwrap_or_default();
    if let Some(landed) = deed.and_then(|deed| deed.landed.as_ref()) {
        world.ledger().violation(format!("I2: import {id} failed, and came to stand as {landed:?}"));
    }
    let book: &MemoryBook = &world.book;
    let name = world.tenant(tenant);
    let stored = book.import(&name, id).await.ok().flatten();
    let claims = stored.as_ref().map_or(0, |import| import.claims);
    let deletes = |purge: &Purge| {
        purge.erased == Erased::Dataset && stored.as_ref().is_some_and(|import| purge.concerns(&name, import))
    };
    let file = deed.and_then(|deed| deed.file.clone()).unwrap_or_default();
    let fits = match import["failure"]["code"].as_str() {
        Some("upload_missing") => file.came_at.is_none(),
        Some("unsupported_file") => file.came_at.is_some() && file.is_rubbish,
        Some("dataset_deleted") => world.ledger().purges.iter().any(deletes),
        Some("resource_exhausted") => claims > MOST_LEASES,
        _ => false,
    };
    if !fits {
        world.ledger().violation(format!("I3: import {id} of {file:?} failed with {}", import["failure"]));
    }
}
