//! Files of clients in the history: which of them came, what was stored of them, and what was erased after they came.

use super::{Deed, Ending, Ledger};
use crate::reference::{Orders, SentOrder, line_count};
use affinsy_app::ports::{Erased, ImportRecord, PurgeRecord};
use affinsy_core::ids::Tenant;
use affinsy_core::time::Instant;
use std::collections::BTreeSet;

/// Orders and products, as stored rows name them.
pub type Lines = BTreeSet<(String, String)>;

/// A file that a client asked to upload.
#[derive(Debug, Clone, Default)]
pub struct File {
    /// Once its client was told.
    pub import_id: Option<String>,
    pub webhook_url: Option<String>,
    /// It is none that can be imported.
    pub is_rubbish: bool,
    /// Rows that nobody can use.
    pub bad_rows: u64,
    /// When it came to the bucket.
    pub came_at: Option<u64>,
    /// How many of its lines the plan's cap refused.
    pub refused: u64,
    /// How many were of an order or a customer that was erased since the upload was opened.
    pub left_out: u64,
    /// Nothing else happened to the dataset while it was imported.
    pub was_alone: bool,
    /// What its client once read of its end: it must not change.
    pub seen: Option<Ending>,
}

/// Something was erased: what files of this dataset left behind until then goes, and those on their way bring none of
/// it back.
#[derive(Debug, Clone)]
pub struct Purge {
    pub tenant: String,
    pub dataset: String,
    pub erased: Erased,
    pub requested_at: Instant,
}

impl Purge {
    pub fn of(tenant: &Tenant, purge: &PurgeRecord) -> Self {
        let (tenant, dataset) = (tenant.as_str().to_owned(), purge.dataset_id.clone());
        Self { tenant, dataset, erased: purge.erased.clone(), requested_at: purge.requested_at }
    }

    /// Whether an import is older, by what both say of themselves.
    pub fn concerns(&self, tenant: &Tenant, import: &ImportRecord) -> bool {
        let same = self.tenant == tenant.as_str() && self.dataset == import.dataset_id;
        same && import.created_at <= self.requested_at
    }

    fn names(&self, order: &SentOrder) -> bool {
        match &self.erased {
            Erased::Order { order_id } => *order_id == order.id,
            Erased::Customer { customer_id } => order.customer.as_ref() == Some(customer_id),
            Erased::Dataset => true,
            Erased::Report { .. } => false,
        }
    }
}

impl Ledger {
    /// The deed whose file an import reads.
    pub fn file(&self, import_id: &str) -> Option<usize> {
        let reads = |deed: &Deed| deed.file.as_ref().is_some_and(|file| file.import_id.as_deref() == Some(import_id));
        self.deeds.iter().position(reads)
    }

    /// A file came to the bucket, under a key that ends with its import's id.
    pub fn came(&mut self, key: &str) {
        let moment = self.moment();
        let deed = key.rsplit('/').next().and_then(|import_id| self.file(import_id));
        match deed.and_then(|deed| self.deeds[deed].file.as_mut()) {
            Some(file) => file.came_at = file.came_at.or(Some(moment)),
            None => self.violation(format!("nobody asked to send {key}")),
        }
    }

    /// These lines were stored of a file that came to stand: all of it, or what the plan's cap admits, and nothing that
    /// was erased since its upload was opened. From here on that is what the file was.
    pub fn holds(&mut self, at: usize, (tenant, import): (&Tenant, &ImportRecord), lines: &Lines) {
        let deed = self.deeds[at].clone();
        let sent = deed.change.lines();
        let purges: Vec<&Purge> = self.purges.iter().filter(|purge| purge.concerns(tenant, import)).collect();
        let erased: Lines = deed.change.lines_of(|order| purges.iter().any(|purge| purge.names(order)));
        let refused: Lines = sent.difference(lines).filter(|line| !erased.contains(*line)).cloned().collect();
        let was_alone = self.was_alone(at);
        self.deeds[at].change = deed.change.only(lines);
        if let Some(file) = &mut self.deeds[at].file {
            (file.refused, file.was_alone) = (refused.len() as u64, was_alone);
            file.left_out = erased.len() as u64;
        }
        let mut wrong = Vec::new();
        if !lines.is_subset(&sent) {
            wrong.push("more than was sent");
        }
        if !lines.is_disjoint(&erased) {
            wrong.push("what was erased");
        }
        if self.caps[deed.tenant].is_none() && !refused.is_empty() {
            wrong.push("a part, and there is no cap");
        }
        if was_alone {
            wrong.extend(self.beyond_the_cap(&deed, &refused));
        }
        for what in wrong {
            self.violation(format!("I2: of a file's lines {sent:?} {what} is stored: {lines:?}"));
        }
    }

    /// Whether nothing else happened to its dataset since a file came. Else nobody can tell what its importer saw there:
    /// what others push meanwhile does not begin an import anew.
    fn was_alone(&self, at: usize) -> bool {
        let deed = &self.deeds[at];
        let came_at = deed.file.as_ref().and_then(|file| file.came_at);
        let mut others = self.deeds.iter().enumerate().filter(|(other, _)| *other != at).map(|(_, other)| other);
        !others.any(|other| {
            (other.tenant, other.dataset) == (deed.tenant, deed.dataset)
                && other.landed_at.is_some_and(|landed| Some(landed) > came_at)
        })
    }

    /// What is wrong with what a cap made of a file.
    fn beyond_the_cap(&self, deed: &Deed, refused: &Lines) -> Option<&'static str> {
        let (incarnation, sequence) = deed.landed.as_ref()?;
        let at = |sequence| self.orders_at(deed.tenant, deed.dataset, incarnation, sequence);
        let (before, after): (Orders, Orders) = (at(sequence - 1), at(*sequence));
        let is_there =
            |(id, product): &(String, String)| before.get(id).is_some_and(|order| order.lines.contains_key(product));
        if refused.iter().any(is_there) {
            return Some("all but an update");
        }
        let most = self.caps[deed.tenant]?.max(line_count(&before));
        (line_count(&after) > most).then_some("more than there is room for")
    }
}
