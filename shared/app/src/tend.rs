//! Tending a dataset: compacting what was pushed, counting it, and dropping what nobody needs any more.
//!
//! One compactor holds a dataset at a time, by a lease and a token that grows with every claim. Readers see a
//! compaction when the head says so, in one conditional update, and never a part of it: before it they read what it
//! replaces, which stays for a day. Whatever dies on the way leaves objects and items that no head names, and those
//! are found later. The same work begun again does no harm.

mod clean;
mod compact;
mod count;
mod schedule;
mod table;

use crate::ports::{Clock, DatasetRecord, Objects, OrderLog, PortError, PortResult, Settlement, Tending};
use crate::snapshot::SnapshotError;
use affinsy_core::delta::NotOurs;
use affinsy_core::ids::Tenant;
use affinsy_core::time::Instant;
use std::sync::Arc;

/// What tending needs of the world.
#[derive(Clone)]
pub struct TendPorts {
    pub log: Arc<dyn OrderLog>,
    pub tending: Arc<dyn Tending>,
    pub objects: Arc<dyn Objects>,
    pub clock: Arc<dyn Clock>,
    /// About how many rows fit into memory, read, merged and written.
    pub rows_at_once: u64,
    /// About how many rows the segments of a run have; [`affinsy_core::runs::ROWS_A_BUCKET`] but in tests.
    pub rows_a_bucket: u64,
}

impl std::fmt::Debug for TendPorts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("TendPorts")
    }
}

/// Why tending stopped before its end.
#[derive(Debug, thiserror::Error)]
enum Stopped {
    #[error("time ran out")]
    OutOfTime,
    /// Another compactor holds the dataset now.
    #[error("the claim is void")]
    Void,
    #[error(transparent)]
    Snapshot(#[from] SnapshotError),
    /// Somebody else wrote to the open table.
    #[error(transparent)]
    Table(#[from] NotOurs),
}

impl From<PortError> for Stopped {
    fn from(error: PortError) -> Self {
        Self::Snapshot(error.into())
    }
}

/// Kept back before the function's deadline, to hand the work on in good order.
const GUARD_MS: i64 = 20_000;
/// A lease outlives the deadline by this, so that two compactors seldom meet.
const LEASE_SLACK_MS: i64 = 10_000;

/// Tends a dataset until `deadline` at the latest. What is left then, or after a failure, is due again: the sweeper
/// sends the next message.
pub async fn tend(tenant: &Tenant, dataset_id: &str, deadline: Instant, ports: &TendPorts) -> PortResult<()> {
    let until = deadline.plus_ms(LEASE_SLACK_MS);
    let claimed = ports.tending.claim_tending(tenant, dataset_id, ports.clock.now(), until).await?;
    let Some(head) = claimed else { return Ok(()) };
    let stopped = match (Claim { tenant, deadline, ports }).work(head.clone()).await {
        Ok(()) => return Ok(()),
        Err(stopped) => stopped,
    };
    let due_at = match &stopped {
        Stopped::Void => {
            tracing::warn!(dataset.id = dataset_id, "another compactor took this dataset");
            return Ok(());
        }
        Stopped::OutOfTime => schedule::after_time_ran_out(&head, ports.clock.now()),
        Stopped::Snapshot(_) | Stopped::Table(_) => schedule::after_failure(&head, ports.clock.now()),
    };
    tracing::error!(dataset.id = dataset_id, error = %stopped, attempts = head.tending.attempts, "dataset not tended");
    ports.tending.give_back(tenant, &head, due_at).await
}

/// A dataset in the hands of this compactor.
struct Claim<'a> {
    tenant: &'a Tenant,
    deadline: Instant,
    ports: &'a TendPorts,
}

impl Claim<'_> {
    async fn work(&self, mut head: DatasetRecord) -> Result<(), Stopped> {
        let early = self.count_pushes(&head).await?;
        while self.compact_next(&mut head).await? {}
        let table = self.publish_table(&head).await?;
        let counts = if early.is_some() { early } else { self.count(&head).await? };
        self.drop_retired(&mut head).await?;
        let swept_at = self.drop_orphans(&head).await?;
        let now = self.ports.clock.now();
        let counted = counts.as_ref().or(head.counts.as_ref());
        let next_due = schedule::next_due(&head, counted, swept_at.or(head.tending.swept_at), now);
        let settlement = Settlement { counts, swept_at, table, next_due };
        if !self.ports.tending.settle(self.tenant, &head, &settlement).await? {
            return Err(Stopped::Void);
        }
        Ok(())
    }

    fn in_time(&self) -> Result<(), Stopped> {
        let is_late = self.ports.clock.now() > self.deadline.plus_ms(-GUARD_MS);
        if is_late { Err(Stopped::OutOfTime) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests;
