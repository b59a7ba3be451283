//! The one commit: all segments of a file take their sequences, and the import is *Completed*, in one transaction.

use super::run::Run;
use super::{Interrupted, erased};
use crate::ports::{Commit, DatasetRecord, ImportRecord, ImportStatus, NewSegments, PortError, SegmentRecord};
use crate::push_orders::{back_off, tend_at};
use crate::row_cap;

/// Attempts to get the sequences while other pushes to the same dataset take them away.
const ATTEMPTS: u32 = 40;

impl Run {
    /// False when the segments were made for a dataset that is gone, or hold what was erased since: they have to be made
    /// anew.
    pub(super) async fn commit(&mut self) -> Result<bool, Interrupted> {
        for attempt in 0..ATTEMPTS {
            let stored = self.ports.log.head(&self.tenant, &self.import.dataset_id).await?;
            let incarnation = self.work().incarnation.clone().unwrap_or_default();
            let is_ours = match &stored {
                Some(head) => head.incarnation == incarnation,
                None => self.work().is_new_incarnation,
            };
            if !is_ours {
                return Ok(false);
            }
            self.check_currency(stored.as_ref())?;
            // After the head was read: what is erased later than this moves it on.
            let gone = self.gone().await?;
            if self.lacks_one(&gone, stored.as_ref()) {
                back_off(attempt, &*self.ports.clock, &*self.ports.random).await;
                continue;
            }
            if self.brings_back(gone).await? {
                self.begin_segments();
                return Ok(false);
            }
            let (head, segments) = self.next_head(stored, incarnation);
            let ended = self.ended(&segments);
            let new = NewSegments {
                head: &head,
                segments: &segments,
                import: Some(&ended),
                purge: None,
                due_at: tend_at(head.updated_at),
            };
            match self.ports.log.commit(&self.tenant, &new).await? {
                Commit::Done => {
                    self.import = ended;
                    return Ok(true);
                }
                Commit::Void => return Err(Interrupted::Void),
                Commit::Conflict => back_off(attempt, &*self.ports.clock, &*self.ports.random).await,
            }
        }
        Err(PortError::Unavailable(format!("{ATTEMPTS} other pushes to this dataset came first")).into())
    }

    /// The head as it will be, and the segments with their sequences.
    fn next_head(&self, stored: Option<DatasetRecord>, incarnation: String) -> (DatasetRecord, Vec<SegmentRecord>) {
        let now = self.ports.clock.now();
        let mut head = stored.unwrap_or_else(|| DatasetRecord::new(&self.import.dataset_id, incarnation, now));
        let mut segments = self.work().segments.clone();
        for segment in &mut segments {
            head.sequence += 1;
            head.bytes += segment.bytes;
            head.rows_pushed += segment.rows;
            segment.sequence = head.sequence;
        }
        if head.currency.is_none() {
            head.currency = self.work().survey.as_ref().and_then(|survey| survey.currency.clone());
        }
        head.updated_at = now;
        (head, segments)
    }

    /// The import as it stands once these segments are visible.
    fn ended(&self, segments: &[SegmentRecord]) -> ImportRecord {
        debug_assert!(!segments.is_empty(), "a file without a line has failed before");
        let work = self.work();
        let mut warnings = work.warnings.clone();
        warnings.extend(work.notes.clone().into_warnings());
        let refused = work.capped.map_or(0, |capped| capped.refused);
        if let Some(cap) = self.upload().max_rows.filter(|_| refused > 0) {
            warnings.push(row_cap::warning(refused, cap));
        }
        if work.left_out > 0 {
            warnings.push(erased::warning(work.left_out));
        }
        ImportRecord {
            status: ImportStatus::Completed,
            orders: work.orders,
            line_items: work.line_items,
            inserted: work.capped.map(|capped| capped.inserted),
            updated: work.capped.map(|capped| capped.updated),
            rejected: work.rejected + refused + work.left_out,
            rejects_key: work.rejects_key.clone(),
            warnings,
            completed_at: Some(self.ports.clock.now()),
            upload: None,
            ..self.import.clone()
        }
    }
}
