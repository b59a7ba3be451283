//! What was erased since an upload was opened. Its file may hold it still, and brings none of it back: who has a
//! customer erased means what is on its way too.
//!
//! A purge does not end while an import runs that is older than it, so that all of them are there to be looked up; and
//! an erasure moves the dataset's head on, so that none comes between looking them up and the commit. The head tells of
//! the last one: a list of purges is read item by item, and may be of a moment before.

use super::Interrupted;
use super::fail;
use super::run::{Run, panicked};
use crate::ports::{DatasetRecord, Erased, PortError};
use affinsy_core::segment::{self, SegmentRows};
use affinsy_core::time::Instant;
use std::collections::HashSet;
use std::sync::Arc;
use xxhash_rust::xxh3::xxh3_64;

/// The orders and customers that are not to come back.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Gone {
    orders: HashSet<String>,
    customers: HashSet<String>,
    /// When the last of them was erased.
    last_at: Option<Instant>,
}

impl Gone {
    pub fn is_empty(&self) -> bool {
        self.orders.is_empty() && self.customers.is_empty()
    }

    fn without(&self, known: &Self) -> Self {
        let rest = |all: &HashSet<String>, known: &HashSet<String>| all.difference(known).cloned().collect();
        let (orders, customers) = (rest(&self.orders, &known.orders), rest(&self.customers, &known.customers));
        Self { orders, customers, last_at: self.last_at }
    }

    /// Whether an order of this customer's is one of them.
    pub fn takes(&self, order_id: &str, customer_id: Option<&str>) -> bool {
        self.orders.contains(order_id) || customer_id.is_some_and(|id| self.customers.contains(id))
    }

    fn are_in(&self, rows: &SegmentRows) -> bool {
        self.orders.iter().any(|id| rows.has_order(id)) || self.customers.iter().any(|id| rows.has_customer(id))
    }
}

impl Run {
    /// What is not to come back by now. With the dataset the import ends too.
    pub(super) async fn gone(&self) -> Result<Gone, Interrupted> {
        let mut gone = Gone::default();
        for purge in self.ports.erasures.purges(&self.tenant).await? {
            let concerns = purge.dataset_id == self.import.dataset_id && purge.requested_at >= self.import.created_at;
            if !concerns {
                continue;
            }
            gone.last_at = gone.last_at.max(Some(purge.requested_at));
            match purge.erased {
                Erased::Dataset => return Err(Interrupted::Bad(fail::dataset_deleted())),
                Erased::Order { order_id } => drop(gone.orders.insert(order_id)),
                Erased::Customer { customer_id } => drop(gone.customers.insert(customer_id)),
                Erased::Report { .. } => {}
            }
        }
        Ok(gone)
    }

    /// Whether the head tells of an erasure that was not seen among the purges.
    pub(super) fn lacks_one(&self, gone: &Gone, head: Option<&DatasetRecord>) -> bool {
        let last_at = head.and_then(|head| head.erased_at).filter(|at| *at >= self.import.created_at);
        last_at > gone.last_at
    }

    /// Whether segments that were made before an erasure hold what it erased: then they are made anew. What was looked
    /// for once need not be again, so that a row of erasures does not hold the commit up for long.
    pub(super) async fn brings_back(&mut self, gone: Gone) -> Result<bool, Interrupted> {
        let unseen = Arc::new(gone.without(&self.left_out));
        if unseen.is_empty() {
            return Ok(false);
        }
        let orders_alone = unseen.customers.is_empty();
        let hashes: Vec<u64> = unseen.orders.iter().map(|id| xxh3_64(id.as_bytes())).collect();
        for segment in self.work().segments.clone() {
            if orders_alone && !hashes.iter().any(|hash| (segment.min_hash..=segment.max_hash).contains(hash)) {
                continue;
            }
            // Nothing is wrong with the file: its import is put off, not counted as one that got nowhere.
            if self.is_out_of_time() {
                return Err(PortError::Unavailable("it is still looked for what was erased".to_owned()).into());
            }
            let missing = || PortError::Damaged(format!("{} is missing", segment.key));
            let bytes = self.ports.objects.read(&segment.key).await?.ok_or_else(missing)?;
            let (unseen, sha256) = (Arc::clone(&unseen), segment.sha256.clone());
            let look = move || segment::decode(bytes, Some(&sha256)).map(|rows| unseen.are_in(&rows));
            let found = tokio::task::spawn_blocking(look).await.map_err(panicked)?;
            if found.map_err(|problem| PortError::Damaged(format!("{}: {problem}", segment.key)))? {
                tracing::info!(import.id = self.import.import_id, "erased meanwhile; segments are made anew");
                return Ok(true);
            }
        }
        self.left_out = gone;
        Ok(false)
    }
}

/// What the caller is told of lines that did not come back.
pub(super) fn warning(lines: u64) -> String {
    let lines = if lines == 1 { "1 line was".to_owned() } else { format!("{lines} lines were") };
    format!(
        "{lines} left out: an order or a customer that the file names was erased after the upload had been asked for. \
         Should it come back, upload or push it again."
    )
}
