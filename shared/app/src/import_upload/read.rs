//! The second pass over a file: its rows as lines, staged by partition. Saved whenever enough is staged; a successor
//! goes on at the first row that is not.

use super::run::{Run, panicked, unread};
use super::source::{Packing, unpacked};
use super::staging::Staging;
use super::survey::Understood;
use super::{Interrupted, fail, rejects_key, staging_prefix};
use crate::ports::{PortError, StagedObject};
use affinsy_core::import::{Checkpoint, FileFormat, Line, Reader, Reject, Sink, Summary, rejects_header, rejects_row};
use std::io::Read;
use tokio::runtime::Handle;

/// What comes out of the reader between two saves.
#[derive(Debug)]
pub(super) struct Taken {
    pub staging: Staging,
    line_items: u64,
    rejected: u64,
    rejects_bytes: u64,
    rejects_left: u64,
    first_reject: Option<String>,
}

impl Sink for Taken {
    fn line(&mut self, line: &Line<'_>) {
        self.line_items += 1;
        self.staging.add(line);
    }
    fn reject(&mut self, reject: &Reject<'_>) {
        self.rejected += 1;
        self.first_reject.get_or_insert_with(|| reject.said());
        let row = rejects_row(reject);
        let length = row.len() as u64;
        if length > self.rejects_left {
            // One that does not fit ends the list: what is listed is the file's first.
            self.rejects_bytes += std::mem::take(&mut self.rejects_left);
            return;
        }
        self.rejects_left -= length;
        self.rejects_bytes += length;
        self.staging.add_rejects(row.as_bytes());
    }
}

impl Run {
    /// On a thread that may wait: unpacking, reading and packing are work for a processor.
    pub(super) async fn read(&mut self, packing: Packing) -> Result<(), Interrupted> {
        let (mut run, runtime) = (self.clone_for_thread(), Handle::current());
        let reading = tokio::task::spawn_blocking(move || {
            let read = run.read_on(packing, &runtime);
            (run, read)
        });
        let (run, read) = reading.await.map_err(panicked)?;
        *self = run;
        read?;
        self.save().await
    }

    fn read_on(&mut self, packing: Packing, runtime: &Handle) -> Result<(), Interrupted> {
        let survey = self.work().survey.as_ref().ok_or_else(|| PortError::Damaged("no survey".to_owned()))?;
        let understood = Understood::stored(survey)?;
        let from = self.checkpoint()?;
        if understood.plan.format == FileFormat::Parquet {
            return self.read_parquet(&understood, from, packing, runtime);
        }
        let Understood { plan, findings } = &understood;
        let now = self.import.created_at;
        let (mut reader, skip) = match &from {
            Some(from) => (Reader::resume(plan, findings, now, from), from.offset),
            None => (Reader::new(plan, findings, now), 0),
        };
        let mut input = unpacked(self.source(runtime), packing, skip).map_err(unread)?;
        let (mut taken, mut chunk) = (self.taken(), vec![0; self.ports.limits.chunk_bytes]);
        loop {
            let count = input.read(&mut chunk).map_err(unread)?;
            if count == 0 {
                break;
            }
            reader.feed(&chunk[..count], &mut taken);
            let is_out_of_time = self.is_out_of_time();
            if taken.staging.bytes() < self.ports.limits.staged_bytes && !is_out_of_time {
                continue;
            }
            // In the middle of an endless row there is no place to go on from; its end brings one.
            if let Some(at) = reader.checkpoint() {
                self.stage(&mut taken, &at, at.offset, runtime)?;
            }
            if is_out_of_time {
                return Err(Interrupted::OutOfTime);
            }
        }
        let summary = reader.finish(&mut taken);
        self.stage_last(&mut taken, &summary, &understood, runtime)
    }

    fn checkpoint(&self) -> Result<Option<Checkpoint>, PortError> {
        let stored = self.work().checkpoint.as_deref().map(serde_json::from_str).transpose();
        stored.map_err(|error| PortError::Damaged(format!("the checkpoint of a file: {error}")))
    }

    pub(super) fn taken(&self) -> Taken {
        let partitions = self.work().survey.as_ref().map_or(1, |survey| survey.partitions);
        Taken {
            staging: Staging::new(partitions),
            line_items: 0,
            rejected: 0,
            rejects_bytes: 0,
            rejects_left: self.ports.limits.rejects_bytes.saturating_sub(self.work().rejects_bytes),
            first_reject: None,
        }
    }

    /// Stores what was taken, then where reading goes on: what is saved is staged.
    pub(super) fn stage(
        &mut self,
        taken: &mut Taken,
        at: &Checkpoint,
        read: u64,
        runtime: &Handle,
    ) -> Result<(), Interrupted> {
        let checkpoint = serde_json::to_string(at).map_err(|error| PortError::Damaged(error.to_string()))?;
        self.store_taken(taken, runtime)?;
        let work = self.work_mut();
        work.checkpoint = Some(checkpoint);
        work.read_bytes = read;
        runtime.block_on(self.save())
    }

    /// The rest, and what the reading as a whole came to. From here on nothing of it is read again.
    pub(super) fn stage_last(
        &mut self,
        taken: &mut Taken,
        summary: &Summary,
        understood: &Understood,
        runtime: &Handle,
    ) -> Result<(), Interrupted> {
        self.store_taken(taken, runtime)?;
        let rejects_bytes = self.ports.limits.rejects_bytes;
        let work = self.work_mut();
        work.is_read = true;
        work.warnings = summary.warnings(&understood.plan, &understood.findings);
        work.read_bytes = work.survey.as_ref().map_or(0, |survey| survey.unpacked_bytes);
        if work.rejects_bytes >= rejects_bytes {
            work.warnings.push(format!("only the first {} MiB of the rejected rows are listed", rejects_bytes >> 20));
        }
        Ok(())
    }

    fn store_taken(&mut self, taken: &mut Taken, runtime: &Handle) -> Result<(), Interrupted> {
        if taken.staging.bytes() > 0 {
            let object = taken.staging.take().map_err(|error| PortError::Damaged(error.to_string()))?;
            let at = self.work().staged.len();
            let key = format!("{}{}-{at:04}", staging_prefix(&self.tenant, &self.import), self.import.claims);
            let bytes = object.len() as u64;
            runtime.block_on(self.ports.objects.create(&key, object.into()))?;
            self.work_mut().staged.push(StagedObject { key, bytes });
        }
        let work = self.work_mut();
        work.line_items += std::mem::take(&mut taken.line_items);
        work.rejected += std::mem::take(&mut taken.rejected);
        work.rejects_bytes += std::mem::take(&mut taken.rejects_bytes);
        if work.first_reject.is_none() {
            work.first_reject = taken.first_reject.take();
        }
        Ok(())
    }

    /// One object of all rejected rows; the same bytes whoever writes it. Without a single good row the file is bad.
    pub(super) async fn list_rejects(&mut self) -> Result<(), Interrupted> {
        if self.work().rejected > 0 && self.work().rejects_key.is_none() {
            self.put_rejects().await?;
            self.save().await?;
        }
        match self.work() {
            work if work.line_items > 0 => Ok(()),
            work => Err(Interrupted::Bad(fail::no_rows(work.rejected, work.first_reject.as_deref()))),
        }
    }

    async fn put_rejects(&mut self) -> Result<(), Interrupted> {
        let survey = self.work().survey.as_ref().ok_or_else(|| PortError::Damaged("no survey".to_owned()))?;
        let understood = Understood::stored(survey)?;
        let mut list = rejects_header(&understood.plan).into_bytes();
        for block in self.rejects().await? {
            let rows = super::staging::unpacked(&block, usize::MAX).map_err(unread)?;
            list.extend_from_slice(&rows);
        }
        let key = rejects_key(&self.tenant, &self.import);
        self.ports.objects.create(&key, list.into()).await?;
        self.work_mut().rejects_key = Some(key);
        Ok(())
    }
}
