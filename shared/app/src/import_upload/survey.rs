//! The first pass over a file: what it is, and how all of it writes numbers, dates and money. Nothing is kept of it.

use super::open::Request;
use super::run::{Run, panicked, unread};
use super::source::{Packing, unpacked};
use super::{Interrupted, fail};
use crate::ports::{MAX_SEGMENTS_A_COMMIT, PortError, StoredFailure, Surveyed};
use affinsy_core::import::{FileFormat, Findings, HEAD_BYTES, Plan, Settings, Survey, detect};
use serde::{Deserialize, Serialize};
use std::io::Read;
use tokio::runtime::Handle;

/// What the second pass needs of the first.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Understood {
    pub plan: Plan,
    pub findings: Findings,
}

impl Understood {
    pub fn stored(survey: &Surveyed) -> Result<Self, PortError> {
        serde_json::from_str(&survey.plan).map_err(|error| PortError::Damaged(format!("the survey of a file: {error}")))
    }
}

impl Run {
    pub(super) async fn survey(&mut self, packing: Packing) -> Result<(), Interrupted> {
        let run = self.clone_for_thread();
        let runtime = Handle::current();
        let surveyed =
            tokio::task::spawn_blocking(move || run.surveyed(packing, &runtime)).await.map_err(panicked)??;
        tracing::info!(import.id = self.import.import_id, unpacked_bytes = surveyed.unpacked_bytes, "file surveyed");
        self.work_mut().survey = Some(surveyed);
        self.save().await
    }

    /// What the caller said of the file.
    pub(super) fn settings(&self) -> Result<Settings, Interrupted> {
        let request = Request::parse(self.upload().request.as_bytes()).map_err(|problem| {
            // The request was checked when it was taken: this is a newer or older importer's stricter reading.
            let message =
                format!("This version does not accept the request any more: {problem}. Ask for a new upload.");
            Interrupted::Bad(StoredFailure { code: "invalid_request".to_owned(), message })
        })?;
        Ok(request.settings)
    }

    fn surveyed(&self, packing: Packing, runtime: &Handle) -> Result<Surveyed, Interrupted> {
        let settings = self.settings()?;
        let mut input = unpacked(self.source(runtime), packing, 0).map_err(unread)?;
        let mut head = Vec::new();
        (&mut input).take(HEAD_BYTES as u64).read_to_end(&mut head).map_err(unread)?;
        if settings.format.unwrap_or_else(|| FileFormat::sniff(&head)) == FileFormat::Parquet {
            return self.surveyed_parquet(packing, &settings, runtime);
        }
        let plan = detect(&head, &settings)?;
        let mut survey = Survey::new(&plan);
        survey.feed(&head);
        let mut unpacked_bytes = head.len() as u64;
        let mut chunk = vec![0; self.ports.limits.chunk_bytes];
        loop {
            let count = input.read(&mut chunk).map_err(unread)?;
            if count == 0 {
                break;
            }
            survey.feed(&chunk[..count]);
            unpacked_bytes += count as u64;
            if self.is_out_of_time() {
                return Err(Interrupted::OutOfTime);
            }
        }
        self.understood(Understood { findings: survey.finish()?, plan }, unpacked_bytes)
    }

    pub(super) fn understood(&self, understood: Understood, unpacked_bytes: u64) -> Result<Surveyed, Interrupted> {
        if understood.findings.rows == 0 {
            return Err(Interrupted::Bad(fail::no_rows(0, None)));
        }
        // A row is a line as a rule; where it is a whole order, the partitions are that much larger.
        let partitions = understood.findings.rows.div_ceil(self.ports.limits.partition_rows);
        let plan = serde_json::to_string(&understood).map_err(|error| PortError::Damaged(error.to_string()))?;
        Ok(Surveyed {
            plan,
            unpacked_bytes,
            partitions: partitions.clamp(1, MAX_SEGMENTS_A_COMMIT as u64) as u32,
            currency: understood.findings.currency,
        })
    }
}
