//! What the compactor does to a dataset's manifest: everything but taking orders in. Whoever holds the newest claim
//! of a dataset may; what a void claim asks for changes nothing that a reader sees.

use super::{CountsRecord, DatasetRecord, LogId, PortResult, SegmentRecord, TableVersion};
use affinsy_core::ids::Tenant;
use affinsy_core::runs::{Retired, Run, RunId};
use affinsy_core::time::Instant;
use async_trait::async_trait;

/// The runs of the next generation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Publication {
    /// All runs, as they will stand in the head.
    pub runs: Vec<Run>,
    /// All that is retired, what these runs replace among it.
    pub retired: Vec<Retired>,
    /// By how much the bytes that the newest snapshot needs change.
    pub bytes_change: i64,
    /// Set where everything was compacted.
    pub settled_at: Option<Instant>,
}

/// How a claim ends.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Settlement {
    /// `None` leaves those there are.
    pub counts: Option<CountsRecord>,
    pub swept_at: Option<Instant>,
    pub table: Option<TableVersion>,
    /// When the dataset is to be tended next, unless a push came meanwhile, which makes it due at once.
    pub next_due: Option<Instant>,
}

/// What became of an import's lines, found out after it was acknowledged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundOut {
    pub import_id: String,
    pub inserted: u64,
    pub updated: u64,
}

#[async_trait]
pub trait Tending: Send + Sync {
    /// Takes a dataset that nobody holds until `until`, when it is due again: raises the token, counts the attempt.
    /// The head as it is then; `None` while somebody has it, or without the dataset.
    async fn claim_tending(
        &self,
        tenant: &Tenant,
        dataset_id: &str,
        now: Instant,
        until: Instant,
    ) -> PortResult<Option<DatasetRecord>>;
    /// Stores the manifest items of a run that no reader sees before it is published. Again is safe.
    async fn put_run(&self, log: &LogId, run: RunId, segments: &[SegmentRecord]) -> PortResult<()>;
    /// One conditional update of the head: the publication becomes its generation `head.generation + 1`, if its
    /// generation and the claim are still those of `head`. False where they are not.
    async fn publish(&self, tenant: &Tenant, head: &DatasetRecord, publication: &Publication) -> PortResult<bool>;
    /// The runs that have items in the manifest, those of dead compactors among them.
    async fn stored_runs(&self, log: &LogId) -> PortResult<Vec<RunId>>;
    /// Removes the manifest items of a run; again is safe.
    async fn drop_run(&self, log: &LogId, run: RunId) -> PortResult<()>;
    /// Removes the manifest items of the pushes `from..=to`; again is safe.
    async fn drop_segments(&self, log: &LogId, from: u64, to: u64) -> PortResult<()>;
    /// Completes an import that does not know yet how many of its lines were new; one that knows, or is gone, is left
    /// alone. Again is safe.
    async fn tell_import(&self, tenant: &Tenant, found: &FoundOut) -> PortResult<()>;
    /// Replaces the head's list of what is retired, if the claim of `head` is still good. False where it is not.
    async fn keep_retired(&self, tenant: &Tenant, head: &DatasetRecord, left: &[Retired]) -> PortResult<bool>;
    /// Ends the claim of `head`. False where it was void: nothing changed.
    async fn settle(&self, tenant: &Tenant, head: &DatasetRecord, settlement: &Settlement) -> PortResult<bool>;
    /// Gives the claim of `head` back before its end, due at `due_at`; the attempt stays counted. A void claim changes
    /// nothing.
    async fn give_back(&self, tenant: &Tenant, head: &DatasetRecord, due_at: Instant) -> PortResult<()>;
}
