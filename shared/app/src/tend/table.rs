//! The dataset as an open table: what a settled run holds, for readers that are not ours.
//!
//! The log is its own record: the newest commit tells what the table shows. A publisher that died after its commit left
//! nothing to mend, and of two only one gets a number. Nothing that the table shows is dropped before the next commit:
//! who cannot publish, does not drop.

use super::{Claim, Stopped};
use crate::ports::{DatasetRecord, Objects, PortError, Put, SegmentRecord, TableVersion};
use crate::snapshot::run_manifest;
use affinsy_core::delta::{self, Checkpoint, Commit, DataFile, Published, Settled, Table};
use affinsy_core::runs::Run;
use bytes::Bytes;

impl Claim<'_> {
    /// Publishes the settled run as the table's next version, if it is not the newest yet; that version, where it did.
    /// A log that others wrote to is said, and left alone: orders are tended all the same.
    pub(super) async fn publish_table(&self, head: &DatasetRecord) -> Result<Option<TableVersion>, Stopped> {
        let Some(run) = head.runs.first().filter(|run| run.settled) else { return Ok(None) };
        if head.tending.table.is_some_and(|table| table.run == run.id) {
            return Ok(None);
        }
        self.in_time()?;
        match self.publish_run(head, run).await {
            Err(Stopped::Table(error)) => {
                tracing::error!(dataset.id = head.dataset_id, %error, "open table not published");
                Ok(None)
            }
            done => done,
        }
    }

    async fn publish_run(&self, head: &DatasetRecord, run: &Run) -> Result<Option<TableVersion>, Stopped> {
        let log = head.log(self.tenant);
        let segments = run_manifest(&log, run.id, run.segments, &*self.ports.log).await?;
        let segments = segments.ok_or_else(|| PortError::Damaged(format!("run {} lacks segments", run.id)))?;
        let (incarnation, dataset_id) = (&*head.incarnation, &*head.dataset_id);
        let table = Table { incarnation, dataset_id, created_at: head.created_at };
        let place = Place { root: log.table_prefix(), objects: &*self.ports.objects };
        let files = segments.iter().filter(|segment| !segment.gone).filter_map(|segment| place.file(segment)).collect();
        let settled = Settled { generation: run.id.generation, sequence: run.last, files };
        let mut newest = place.newest(head.tending.table.map_or(0, |table| table.version)).await?;
        if newest.is_none() {
            // The head does not tell, or tells of a version that was dropped since.
            newest = place.newest(place.first().await?).await?;
        }
        while let Some(commit) = delta::next_commit(&table, newest.as_ref(), &settled, self.ports.clock.now()) {
            newest = match place.commit(&commit).await? {
                Some(published) => Some(published),
                None => place.newest(commit.version).await?,
            };
        }
        if let Some(newest) = &newest {
            place.checkpoint(&table, newest).await?;
        }
        let newest = newest.filter(|newest| newest.generation == run.id.generation);
        Ok(newest.map(|newest| TableVersion { version: newest.version, run: run.id }))
    }
}

/// Where a table stands.
struct Place<'a> {
    /// Ends with a slash.
    root: String,
    objects: &'a dyn Objects,
}

impl Place<'_> {
    fn file(&self, segment: &SegmentRecord) -> Option<DataFile> {
        Some(DataFile {
            path: delta::path_below(&self.root, &segment.key)?,
            bytes: segment.bytes,
            modified_at: segment.stored_at,
            rows: segment.rows,
            dates: segment.min_date.zip(segment.max_date),
        })
    }

    /// A version from which on none is dropped: of the newest checkpoint, else of the first commit.
    async fn first(&self) -> Result<u64, PortError> {
        let (mut checkpoint, mut commit, mut after) = (None, None, None);
        loop {
            let page = self.objects.list(&format!("{}{}", self.root, delta::LOG), after.as_deref()).await?;
            let keys = || page.items.iter().map(|object| object.key.as_str());
            checkpoint = checkpoint.max(keys().filter_map(delta::checkpoint_version_of).max());
            commit = commit.or(keys().filter_map(delta::version_of).min());
            after = page.next_after;
            if after.is_none() {
                return Ok(checkpoint.or(commit).unwrap_or(0));
            }
        }
    }

    /// The newest commit, looked for from a version on that was there once.
    async fn newest(&self, from: u64) -> Result<Option<Published>, Stopped> {
        let mut newest = None;
        for version in from.. {
            let key = format!("{}{}", self.root, delta::commit_path(version));
            let Some(bytes) = self.objects.read(&key).await? else { break };
            newest = Some(Published::read(version, &String::from_utf8_lossy(&bytes))?);
        }
        Ok(newest)
    }

    /// Writes a commit; `None` where its number is taken.
    async fn commit(&self, commit: &Commit) -> Result<Option<Published>, Stopped> {
        if self.create(&commit.path, commit.text.clone().into()).await? == Put::AlreadyThere {
            return Ok(None);
        }
        Ok(Some(Published::read(commit.version, &commit.text)?))
    }

    /// Writes a checkpoint of the newest commit where one is due, by what points to the last one: a publisher that died
    /// after its commit, or between taking the pointer away and writing it anew, is made up for by the next.
    async fn checkpoint(&self, table: &Table<'_>, newest: &Published) -> Result<(), Stopped> {
        let pointer = format!("{}{}", self.root, Checkpoint::POINTER);
        let last = self.objects.read(&pointer).await?.and_then(|bytes| Checkpoint::pointed_at(&bytes));
        if !delta::is_checkpoint_due(newest.version, last) {
            return Ok(());
        }
        let checkpoint = delta::checkpoint(table, newest);
        self.create(&checkpoint.path, checkpoint.bytes.into()).await?;
        // Without it for a moment most readers list the log.
        self.objects.delete(&pointer).await?;
        self.create(Checkpoint::POINTER, checkpoint.pointer.into()).await?;
        Ok(())
    }

    async fn create(&self, path: &str, bytes: Bytes) -> Result<Put, PortError> {
        self.objects.create(&format!("{}{path}", self.root), bytes).await
    }
}
