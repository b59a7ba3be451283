//! What somebody does to the store, and what came of it.

use super::faults::Faults;
use super::ledger::{Change, Ledger, Orders};
use super::sent::Push;
use super::stage::{Seen, Stage, read};
use affinsy_app::erase::{ErasePorts, erase};
use affinsy_app::ports::{Clock, DueKind, Erased, LogId, PortError, PortResult};
use affinsy_app::purge::{PurgePorts, purge};
use affinsy_app::push_orders::{PushPorts, PushRefused, push_orders};
use affinsy_app::snapshot::SnapshotError;
use affinsy_app::tend::{TendPorts, tend};
use affinsy_core::ids::Tenant;
use affinsy_core::order::push;
use std::sync::{Arc, Mutex};

/// A dataset's name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    pub tenant: Tenant,
    pub dataset_id: &'static str,
}

#[derive(Debug, Clone)]
pub enum Deed {
    Push(Place, Push),
    Erase(Place, Erased),
    Tend(Place),
    /// Goes on with all purges that are due.
    Purge,
    /// Reads a snapshot that a report may have pinned.
    Read(LogId, usize),
}

#[derive(Debug)]
pub enum Outcome {
    /// A push was acknowledged, as this import.
    Acknowledged(String),
    /// An erasure was acknowledged; false: there was no such dataset.
    Erased(bool),
    Tended,
    Purged,
    Orders(Orders),
    /// A report would fail for good.
    Unreadable(String),
    /// It did not come off.
    Refused(PortError),
}

/// How long an invocation of the compactor may take.
const TEND_MS: i64 = 120_000;
/// So few that most datasets are tended in several ranges of hashes.
const ROWS_AT_ONCE: u64 = 8;
/// So few that most runs have several segments.
const ROWS_A_BUCKET: u64 = 4;

impl Deed {
    /// What it writes into a log, where it writes something.
    fn change(&self) -> Option<Change> {
        match self {
            Self::Push(_, push) => Some(Change::Push(push.clone(), 0)),
            Self::Erase(_, Erased::Order { order_id }) => Some(Change::EraseOrder(order_id.clone())),
            Self::Erase(_, Erased::Customer { customer_id }) => Some(Change::EraseCustomer(customer_id.clone())),
            Self::Erase(_, Erased::Dataset | Erased::Report { .. }) | Self::Tend(_) | Self::Purge | Self::Read(..) => {
                None
            }
        }
    }
}

/// Does it, as one process that meets these faults.
pub async fn act(deed: Deed, stage: Stage, faults: Faults, ledger: Arc<Mutex<Ledger>>) -> Outcome {
    let seen = stage.seen_by(faults, &ledger, deed.change());
    let done = match deed {
        Deed::Push(place, push) => pushed(&place, &push, &stage, &seen).await.map(Outcome::Acknowledged),
        Deed::Erase(place, erased) => erased_from(&place, erased, &stage, &seen).await.map(Outcome::Erased),
        Deed::Tend(place) => tended(&place, &stage, &seen).await.map(|()| Outcome::Tended),
        Deed::Purge => purged(&stage, &seen).await.map(|()| Outcome::Purged),
        Deed::Read(log, sequence) => match read(&log, sequence as u64, &*seen.book, &seen.objects).await {
            Ok(orders) => Ok(Outcome::Orders(orders)),
            Err(SnapshotError::Port(error)) => Err(error),
            Err(SnapshotError::Corrupt(failure)) => Ok(Outcome::Unreadable(failure.to_string())),
        },
    };
    done.unwrap_or_else(Outcome::Refused)
}

async fn pushed(place: &Place, sent: &Push, stage: &Stage, seen: &Seen) -> PortResult<String> {
    let push = push::parse(sent.body(place.dataset_id).as_bytes(), stage.now()).expect("a valid push");
    let ports = PushPorts { log: &*seen.book, objects: &seen.objects, clock: &*stage.clock, random: &*stage.random };
    match push_orders(&place.tenant, &push, None, ports).await {
        Ok(import) => Ok(import.import_id),
        Err(PushRefused::Port(error)) => Err(error),
        Err(other) => Err(PortError::Damaged(other.to_string())),
    }
}

async fn erased_from(place: &Place, erased: Erased, stage: &Stage, seen: &Seen) -> PortResult<bool> {
    let ports = ErasePorts {
        log: &*seen.book,
        erasures: &*seen.book,
        objects: &*seen.objects,
        clock: &*stage.clock,
        random: &*stage.random,
    };
    Ok(erase(&place.tenant, place.dataset_id, erased, ports).await?.is_some())
}

async fn tended(place: &Place, stage: &Stage, seen: &Seen) -> PortResult<()> {
    let ports = TendPorts {
        log: seen.book.clone(),
        tending: seen.book.clone(),
        objects: seen.objects.clone(),
        clock: stage.clock.clone(),
        rows_at_once: ROWS_AT_ONCE,
        rows_a_bucket: ROWS_A_BUCKET,
    };
    tend(&place.tenant, place.dataset_id, stage.clock.now().plus_ms(TEND_MS), &ports).await
}

async fn purged(stage: &Stage, seen: &Seen) -> PortResult<()> {
    let ports = PurgePorts {
        log: seen.book.clone(),
        erasures: seen.book.clone(),
        reports: stage.reports.clone(),
        objects: seen.objects.clone(),
        clock: stage.clock.clone(),
    };
    let due = stage.due.due(stage.now(), 1_000).await?;
    for due in due.into_iter().filter(|due| due.kind == DueKind::Purge) {
        purge(&due.tenant, &due.id, &ports).await?;
    }
    Ok(())
}
