//! What of a file is there already, partition by partition, as [`crate::row_cap`] has it for a push: what the plan's row
//! cap refuses, and how many lines are new. What others push meanwhile counts for them: an import is not begun again
//! because of a push.

use super::Interrupted;
use super::run::Run;
use super::segments::Assembled;
use crate::ports::{CappedWork, DatasetRecord, PortError};
use crate::row_cap;
use crate::snapshot::SnapshotError;
use affinsy_core::segment::Hashes;

/// To tell new lines from others a dataset of so many rows is read, or of so many times the file's.
const MOST_ROWS: u64 = 10_000_000;
const MOST_TIMES: u64 = 20;

impl Run {
    /// Counts what is there, should the cap be near; the dataset as it is now, where partitions must be looked at.
    pub(super) async fn begin_capped(&mut self) -> Result<Option<DatasetRecord>, Interrupted> {
        let head = self.ports.log.head(&self.tenant, &self.import.dataset_id).await?;
        if self.work().capped.is_none() {
            self.work_mut().capped = self.first_look(head.as_ref()).await?;
        }
        Ok(head.filter(|_| self.work().capped.is_some()))
    }

    async fn first_look(&self, head: Option<&DatasetRecord>) -> Result<Option<CappedWork>, Interrupted> {
        let lines = self.work().line_items;
        let near = self.upload().max_rows.filter(|cap| row_cap::may_exceed(head, lines, *cap));
        if let Some(cap) = near {
            let there = match head {
                Some(head) => row_cap::live_lines(&self.tenant, head, &*self.ports.log, &self.ports.objects)
                    .await
                    .map_err(read)?,
                None => 0,
            };
            return Ok(Some(CappedWork { room: row_cap::room(cap, there), ..CappedWork::default() }));
        }
        let rows = head.map_or(0, |head| head.rows_pushed);
        let is_worth_it = rows <= MOST_ROWS.max(lines.saturating_mul(MOST_TIMES));
        // From the first partition on, or what is told would be of some of them.
        let looks = is_worth_it && self.work().next_partition == 0;
        Ok(looks.then(|| CappedWork { room: i64::MAX, only_tells: true, ..CappedWork::default() }))
    }

    /// What the cap admits of a partition, and what it has made of all so far.
    pub(super) async fn admitted(
        &self,
        assembled: Assembled,
        hashes: Hashes,
        head: Option<&DatasetRecord>,
    ) -> Result<(Assembled, Option<CappedWork>), Interrupted> {
        let Some(capped) = self.work().capped else { return Ok((assembled, None)) };
        let Assembled { batch, notes } = assembled;
        let (log, objects) = (&*self.ports.log, &self.ports.objects);
        let admitted = row_cap::admit_part(&self.tenant, head, (&batch, hashes), capped.room, log, objects);
        let admitted = match admitted.await {
            // What is lost for good keeps nobody from taking orders in; only what was new is not known then.
            Err(SnapshotError::Corrupt(failure)) if capped.only_tells => {
                tracing::error!(error = %failure.message, "new lines not told from others");
                return Ok((Assembled { batch, notes }, None));
            }
            admitted => admitted.map_err(read)?,
        };
        let capped = CappedWork {
            room: admitted.room,
            inserted: capped.inserted + admitted.inserted,
            updated: capped.updated + admitted.updated,
            refused: capped.refused + admitted.refused,
            ..capped
        };
        Ok((Assembled { batch: admitted.batch, notes }, Some(capped)))
    }
}

/// A dataset that cannot be read is the operator's to mend, or was compacted while this importer stood still: the import
/// is put off, and tried again for as long as for any other trouble. Nothing of the file is lost meanwhile, nor
/// acknowledged.
fn read(error: SnapshotError) -> Interrupted {
    match error {
        SnapshotError::Port(error) => error.into(),
        SnapshotError::Corrupt(failure) => PortError::Unavailable(failure.message).into(),
    }
}
