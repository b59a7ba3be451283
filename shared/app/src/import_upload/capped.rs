//! The plan's row cap for a file: partition by partition, as [`crate::row_cap`] has it for a push. What others push
//! meanwhile counts for them: an import is not begun again because of a push.

use super::Interrupted;
use super::run::Run;
use super::segments::Assembled;
use crate::ports::{CappedWork, DatasetRecord, PortError};
use crate::row_cap;
use crate::snapshot::SnapshotError;
use affinsy_core::segment::Hashes;

impl Run {
    /// Counts what is there, should the cap be near; the dataset as it is now, where partitions must be looked at.
    pub(super) async fn begin_capped(&mut self) -> Result<Option<DatasetRecord>, Interrupted> {
        let Some(cap) = self.upload().max_rows else { return Ok(None) };
        let head = self.ports.log.head(&self.tenant, &self.import.dataset_id).await?;
        if self.work().capped.is_none() {
            if !row_cap::may_exceed(head.as_ref(), self.work().line_items, cap) {
                return Ok(None);
            }
            let lines = match &head {
                Some(head) => row_cap::live_lines(&self.tenant, head, &*self.ports.log, &self.ports.objects)
                    .await
                    .map_err(read)?,
                None => 0,
            };
            self.work_mut().capped = Some(CappedWork { room: row_cap::room(cap, lines), ..CappedWork::default() });
        }
        Ok(head)
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
        let admitted = admitted.await.map_err(read)?;
        let capped = CappedWork {
            room: admitted.room,
            inserted: capped.inserted + admitted.inserted,
            updated: capped.updated + admitted.updated,
            refused: capped.refused + admitted.refused,
        };
        Ok((Assembled { batch: admitted.batch, notes }, Some(capped)))
    }
}

/// A dataset that cannot be read is the operator's to mend: nothing of the file is lost meanwhile, nor acknowledged.
fn read(error: SnapshotError) -> Interrupted {
    match error {
        SnapshotError::Port(error) => error.into(),
        SnapshotError::Corrupt(failure) => PortError::Damaged(failure.message).into(),
    }
}
