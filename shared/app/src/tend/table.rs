//! The dataset as an open table: what a settled run holds, for readers that are not ours.

use super::{Claim, Stopped};
use crate::ports::{DatasetRecord, TableVersion};

impl Claim<'_> {
    /// Publishes the settled run as the table's next version, if it is not the newest yet; that version, where it did.
    pub(super) async fn publish_table(&self, head: &DatasetRecord) -> Result<Option<TableVersion>, Stopped> {
        let Some(run) = head.runs.first().filter(|run| run.settled) else { return Ok(None) };
        if head.tending.table.is_some_and(|table| table.run == run.id) {
            return Ok(None);
        }
        // The call site of the Delta log: `core::delta` turns the run's live segments into the version's actions.
        Ok(None)
    }
}
