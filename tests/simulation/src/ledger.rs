//! What clients asked for and what they were told, and what really became of it: the history that the checker reads.
//! Judges little: what no later look could tell.

mod files;

pub use files::{File, Lines, Purge};

use crate::reference::{Brought, Change, Orders, admitted, orders_after};
use crate::world::TENANTS;

/// Something that a client did to a dataset.
#[derive(Debug, Clone)]
pub struct Deed {
    pub tenant: usize,
    pub dataset: &'static str,
    pub change: Change,
    /// When the client was told that it is done; `None` while it was not, or was told nothing.
    pub acknowledged: Option<u64>,
    /// Where it came to stand: incarnation and sequence. Of a deleted dataset its last sequence, of a file too.
    pub landed: Option<(String, u64)>,
    /// When that was.
    pub landed_at: Option<u64>,
    /// The import of a push, by its commit.
    pub import_id: Option<String>,
    /// Where it is a file.
    pub file: Option<File>,
}

/// A report that a client asked for.
#[derive(Debug, Clone)]
pub struct Ask {
    pub tenant: usize,
    pub dataset: &'static str,
    pub kind: Kind,
    pub webhook_url: Option<String>,
    pub began: u64,
    pub report_id: Option<String>,
    /// What a client once read of its end: it must not change.
    pub seen: Option<Ending>,
    /// Its client asked for it to be cancelled or deleted, and may not have been told what became of that.
    pub dismissed: bool,
}

/// How a report or an import was seen to have ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ending {
    pub status: String,
    pub completed_at: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Mba { min_support_count: u64 },
    Rfm,
}

/// One POST as a receiver saw it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Received {
    pub url: String,
    pub headers: Vec<(String, String)>,
    pub body: String,
    /// What the receiver answered; `None` where the dispatcher never heard it.
    pub answered: Option<u16>,
}

#[derive(Debug, Default)]
pub struct Ledger {
    pub deeds: Vec<Deed>,
    pub asks: Vec<Ask>,
    pub received: Vec<Received>,
    /// The details of the events that the bus took.
    pub announced: Vec<String>,
    pub purges: Vec<Purge>,
    /// How many lines a dataset of a tenant may have.
    pub caps: [Option<u64>; TENANTS.len()],
    pub violations: Vec<String>,
    moment: u64,
}

impl Ledger {
    /// A point in the order of events as clients can tell it.
    pub fn moment(&mut self) -> u64 {
        self.moment += 1;
        self.moment
    }

    pub fn violation(&mut self, what: impl Into<String>) {
        self.violations.push(what.into());
    }

    pub fn begin(&mut self, tenant: usize, dataset: &'static str, change: Change) -> usize {
        self.deeds.push(Deed {
            tenant,
            dataset,
            change,
            acknowledged: None,
            landed: None,
            landed_at: None,
            import_id: None,
            file: None,
        });
        self.deeds.len() - 1
    }

    /// What a push or a file that landed brought, by the reference.
    pub fn brought(&self, deed: &Deed) -> Option<Brought> {
        let (incarnation, sequence) = deed.landed.as_ref()?;
        let before = self.orders_at(deed.tenant, deed.dataset, incarnation, sequence - 1);
        match (&deed.change, &deed.file) {
            (Change::Push(sent), _) => Some(admitted(&before, sent, self.caps[deed.tenant]).1),
            (Change::File(stored), Some(file)) => {
                Some(Brought { refused: file.refused, ..admitted(&before, stored, None).1 })
            }
            _ => None,
        }
    }

    /// The one place where a deed comes to stand.
    pub fn landed(&mut self, deed: Option<usize>, incarnation: &str, sequence: u64) {
        let moment = self.moment();
        let Some(deed) = deed.and_then(|deed| self.deeds.get_mut(deed)) else {
            return self.violation(format!("I2: nobody asked for what became {incarnation}/{sequence}"));
        };
        deed.landed_at = Some(moment);
        if let Some(before) = deed.landed.replace((incarnation.to_owned(), sequence)) {
            let now = format!("{incarnation}/{sequence}");
            self.violation(format!("I2: one deed came to stand twice, as {before:?} and as {now}"));
        }
    }

    pub fn acknowledged(&mut self, deed: usize) {
        let moment = self.moment();
        let deed = &mut self.deeds[deed];
        if deed.acknowledged.is_some() {
            return;
        }
        deed.acknowledged = Some(moment);
        if deed.landed.is_none() {
            let what = format!("I1: acknowledged, and stored nowhere: {:?}", deed.change);
            self.violation(what);
        }
    }

    fn deeds_of(&self, tenant: usize, dataset: &str) -> impl Iterator<Item = &Deed> {
        self.deeds.iter().filter(move |deed| deed.tenant == tenant && deed.dataset == dataset)
    }

    /// The orders of a snapshot.
    pub fn orders_at(&self, tenant: usize, dataset: &str, incarnation: &str, sequence: u64) -> Orders {
        let mut changes: Vec<(u64, &Change)> = self
            .deeds_of(tenant, dataset)
            .filter_map(|deed| {
                let (in_incarnation, at) = deed.landed.as_ref()?;
                let counts = in_incarnation == incarnation && *at <= sequence && deed.change != Change::DeleteDataset;
                counts.then_some((*at, &deed.change))
            })
            .collect();
        changes.sort_by_key(|(at, _)| *at);
        orders_after(self.caps[tenant], changes.into_iter().map(|(_, change)| change))
    }

    /// The incarnations that somebody deleted.
    pub fn is_deleted(&self, tenant: usize, dataset: &str, incarnation: &str) -> bool {
        self.deeds_of(tenant, dataset).any(|deed| {
            deed.change == Change::DeleteDataset && deed.landed.as_ref().is_some_and(|(gone, _)| gone == incarnation)
        })
    }

    /// What was acknowledged before a moment and is not in the snapshot, and should be.
    pub fn missing_at(
        &self,
        tenant: usize,
        dataset: &str,
        before: u64,
        (incarnation, sequence): (&str, u64),
    ) -> Option<&Deed> {
        self.deeds_of(tenant, dataset).filter(|deed| deed.acknowledged.is_some_and(|at| at < before)).find(|deed| {
            match &deed.landed {
                None => true,
                // A snapshot of what had been deleted before.
                Some((gone, _)) if deed.change == Change::DeleteDataset => gone == incarnation,
                Some((of, at)) if of == incarnation => *at > sequence,
                Some((of, _)) => !self.is_deleted(tenant, dataset, of),
            }
        })
    }

    /// All datasets that were deleted: tenant, name, incarnation.
    pub fn deleted(&self) -> Vec<(usize, &'static str, String)> {
        let deletions = self.deeds.iter().filter(|deed| deed.change == Change::DeleteDataset);
        let gone = |deed: &Deed| Some((deed.tenant, deed.dataset, deed.landed.clone()?.0));
        deletions.filter_map(gone).collect()
    }

    /// The customers who were erased from a dataset after a snapshot.
    pub fn erased_after(&self, tenant: usize, dataset: &str, (of, after): (&str, u64)) -> Vec<String> {
        let gone = |deed: &Deed| match (&deed.change, &deed.landed) {
            (Change::EraseCustomer(customer), Some((incarnation, at))) if incarnation == of && *at > after => {
                Some(customer.clone())
            }
            _ => None,
        };
        self.deeds_of(tenant, dataset).filter_map(gone).collect()
    }
}
