//! Dropping what nobody needs any more: what was replaced, a day later, and what no manifest item names.
//!
//! Objects go first, then manifest items, then what the head says of them: whatever dies on the way, the next
//! compactor finds what is left. Both are safe in the hands of a compactor whose claim is void: what is retired, or
//! has been an orphan for two days, never comes back.

use super::{Claim, Stopped, schedule};
use crate::ports::{DatasetRecord, LogId, PortError, SegmentRecord, StoredObject, dataset_place};
use affinsy_core::delta::{self, Checkpoint};
use affinsy_core::runs::{Retired, RunId};
use affinsy_core::time::Instant;
use futures::{StreamExt, TryStreamExt};
use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;

/// How many objects are deleted at once.
const DELETES_AT_ONCE: usize = 16;

impl Claim<'_> {
    /// Drops what was retired a day ago.
    pub(super) async fn drop_retired(&self, head: &mut DatasetRecord) -> Result<(), Stopped> {
        let now = self.ports.clock.now();
        let is_over = |retired: &Retired| retired.at.plus_ms(schedule::GRACE_MS) <= now;
        let (over, left): (Vec<Retired>, Vec<Retired>) = head.retired.iter().cloned().partition(is_over);
        if over.is_empty() {
            return Ok(());
        }
        let log = head.log(self.tenant);
        for retired in &over {
            self.in_time()?;
            self.drop_part(&log, retired).await?;
        }
        if !self.ports.tending.keep_retired(self.tenant, head, &left).await? {
            return Err(Stopped::Void);
        }
        tracing::info!(dataset.id = head.dataset_id, parts = over.len(), "retired parts dropped");
        head.retired = left;
        Ok(())
    }

    async fn drop_part(&self, log: &LogId, retired: &Retired) -> Result<(), Stopped> {
        let Retired { first, last, run, .. } = *retired;
        match run {
            Some(run) => {
                self.delete_objects(&self.ports.log.run_segments(log, run).await?).await?;
                self.ports.tending.drop_run(log, run).await?;
            }
            None => {
                self.delete_objects(&self.ports.log.segments(log, first, last).await?).await?;
                self.ports.tending.drop_segments(log, first, last).await?;
            }
        }
        Ok(())
    }

    async fn delete_objects(&self, segments: &[SegmentRecord]) -> Result<(), PortError> {
        self.delete(segments.iter().map(|segment| segment.key.clone()).collect()).await
    }

    async fn delete(&self, keys: Vec<String>) -> Result<(), PortError> {
        let delete = |key: String| {
            let objects = Arc::clone(&self.ports.objects);
            async move { objects.delete(&key).await }
        };
        futures::stream::iter(keys).map(delete).buffer_unordered(DELETES_AT_ONCE).try_collect().await
    }

    /// Drops what dead pushes and dead compactors left, where that is due; when it did.
    pub(super) async fn drop_orphans(&self, head: &DatasetRecord) -> Result<Option<Instant>, Stopped> {
        let now = self.ports.clock.now();
        if !schedule::is_sweep_due(head, now) {
            return Ok(None);
        }
        let log = head.log(self.tenant);
        self.drop_dead_runs(head, &log).await?;
        // Objects first, names then: what is named in between was not an orphan two days ago either.
        let old = self.old_objects(&log, now).await?;
        if !old.is_empty() {
            let named = self.named(head, &log).await?;
            let orphans: Vec<String> = old.into_iter().filter(|key| !named.contains(key)).collect();
            tracing::info!(dataset.id = head.dataset_id, orphans = orphans.len(), "orphans dropped");
            self.delete(orphans).await?;
        }
        Ok(Some(now))
    }

    /// Runs that were written and never published: those of lower tokens that the head does not name.
    async fn drop_dead_runs(&self, head: &DatasetRecord, log: &LogId) -> Result<(), Stopped> {
        let known: HashSet<RunId> = known_runs(head).collect();
        for run in self.ports.tending.stored_runs(log).await? {
            if run.token < head.tending.token && !known.contains(&run) {
                self.in_time()?;
                self.delete_objects(&self.ports.log.run_segments(log, run).await?).await?;
                self.ports.tending.drop_run(log, run).await?;
            }
        }
        Ok(())
    }

    /// The keys of objects that are older than whoever may still want to name them.
    async fn old_objects(&self, log: &LogId, now: Instant) -> Result<Vec<String>, Stopped> {
        let place = dataset_place(&log.tenant, &log.dataset_id);
        let table_log = format!("{}_delta_log/", log.table_prefix());
        let pointer = format!("{}{}", log.table_prefix(), Checkpoint::POINTER);
        let (mut old, mut in_log, mut has_pointer) = (Vec::new(), Vec::new(), false);
        // Of all incarnations: a first push that died, or came second, left one that never was.
        for prefix in [format!("segments/{place}/"), format!("tables/{place}/")] {
            let mut after = None;
            loop {
                self.in_time()?;
                let page = self.ports.objects.list(&prefix, after.as_deref()).await?;
                has_pointer |= page.items.iter().any(|object| object.key == pointer);
                let is_old = |object: &StoredObject| object.modified_at.plus_ms(schedule::ORPHAN_MS) <= now;
                let keys = page.items.into_iter().filter(is_old).map(|object| object.key);
                let (of_log, others): (Vec<_>, Vec<_>) = keys.partition(|key| key.starts_with(&table_log));
                old.extend(others);
                in_log.extend(of_log);
                after = page.next_after;
                if after.is_none() {
                    break;
                }
            }
        }
        // Without what points to the newest checkpoint some readers begin with the first commit.
        if has_pointer {
            old.extend(delta::outdated(in_log.iter().map(String::as_str)).map(str::to_owned));
        }
        Ok(old)
    }

    /// The keys that the manifest names. It must be whole: nothing is to be dropped on top of damage.
    async fn named(&self, head: &DatasetRecord, log: &LogId) -> Result<HashSet<String>, Stopped> {
        let mut named = self.ports.log.segments(log, 1, u64::MAX).await?;
        let level_0 = named.iter().filter(|push| (head.compacted_to() + 1..=head.sequence).contains(&push.sequence));
        let mut is_whole = level_0.count() as u64 == head.sequence - head.compacted_to();
        let stored = self.ports.tending.stored_runs(log).await?;
        // In one order: the same history makes the same calls.
        let runs: BTreeSet<RunId> = known_runs(head).chain(stored).collect();
        for run in runs {
            let segments = self.ports.log.run_segments(log, run).await?;
            let of_head = head.runs.iter().find(|current| current.id == run);
            is_whole &= of_head.is_none_or(|current| u64::from(current.segments) == segments.len() as u64);
            named.extend(segments);
        }
        if !is_whole {
            return Err(PortError::Damaged("the manifest lacks segments".to_owned()).into());
        }
        Ok(named.into_iter().map(|segment| segment.key).collect())
    }
}

/// The runs that some snapshot may need.
fn known_runs(head: &DatasetRecord) -> impl Iterator<Item = RunId> {
    head.runs.iter().map(|run| run.id).chain(head.retired.iter().filter_map(|retired| retired.run))
}
