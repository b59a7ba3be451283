//! One compaction: read a stretch of parts, write one run, publish it.

use super::{Claim, Stopped, schedule};
use crate::ports::{DatasetRecord, Publication, RunSegment, SegmentRecord};
use crate::snapshot::{Pieces, computed, hash_ranges, run_manifest};
use affinsy_core::report::ReportFailure;
use affinsy_core::runs::{Parts, Push, Retired, Run, RunId, Stretch, bucket_bits, plan};
use affinsy_core::segment::{EncodedSegment, Merge, Removals};
use affinsy_core::time::Instant;
use futures::{StreamExt, TryStreamExt};
use std::sync::Arc;

/// How many outputs are written at once.
const WRITES_AT_ONCE: usize = 8;
/// What was retired in one hour goes together.
const HOUR_MICROS: i64 = 3_600_000_000;

impl Claim<'_> {
    /// Does what is planned next, and brings `head` up to it; false when all is well.
    pub(super) async fn compact_next(&self, head: &mut DatasetRecord) -> Result<bool, Stopped> {
        let log = head.log(self.tenant);
        let pushes = self.ports.log.segments(&log, head.compacted_to() + 1, head.sequence).await?;
        let Some(stretch) = planned(head, &pushes, self.ports.clock.now()) else { return Ok(false) };
        self.in_time()?;
        let inputs = self.inputs(head, &stretch, pushes).await?;
        let run = self.write_run(head, &stretch, &inputs).await?;
        let now = self.ports.clock.now();
        let publication = publication(head, &stretch, run, &inputs, now);
        if !self.ports.tending.publish(self.tenant, head, &publication).await? {
            return Err(Stopped::Void);
        }
        tracing::info!(
            dataset.id = head.dataset_id,
            first = stretch.first,
            last = stretch.last,
            rows = stretch.rows,
            parts = inputs.len(),
            generation = head.generation + 1,
            "compacted"
        );
        head.generation += 1;
        head.bytes = head.bytes.saturating_add_signed(publication.bytes_change);
        head.tending.settled_at = publication.settled_at.or(head.tending.settled_at);
        (head.runs, head.retired) = (publication.runs, publication.retired);
        Ok(true)
    }

    /// The segments of a stretch.
    async fn inputs(
        &self,
        head: &DatasetRecord,
        stretch: &Stretch,
        pushes: Vec<SegmentRecord>,
    ) -> Result<Vec<SegmentRecord>, Stopped> {
        let log = head.log(self.tenant);
        let mut inputs = Vec::new();
        for run in replaced(head, stretch) {
            let found = run_manifest(&log, run.id, run.segments, &*self.ports.log).await?;
            inputs.extend(found.ok_or_else(|| lacking(&format!("run {} of the dataset", run.id)))?);
        }
        let first = head.compacted_to() + 1;
        let pushes = pushes.into_iter().filter(|push| push.sequence <= stretch.last);
        for (expected, push) in (first..=stretch.last).zip(pushes.map(Some).chain(std::iter::repeat(None))) {
            let push = push.filter(|push| push.sequence == expected);
            inputs.push(push.ok_or_else(|| lacking(&format!("push {expected} of the dataset")))?);
        }
        Ok(inputs)
    }

    /// Writes the objects and the manifest items of a run, which nobody sees yet.
    async fn write_run(
        &self,
        head: &DatasetRecord,
        stretch: &Stretch,
        inputs: &[SegmentRecord],
    ) -> Result<Run, Stopped> {
        let id = RunId { generation: head.generation + 1, token: head.tending.token };
        let bits = bucket_bits(stretch.rows, self.ports.rows_a_bucket);
        let settled = stretch.reaches_start();
        let mut pieces = Pieces::new(inputs.to_vec(), &self.ports.objects);
        let mut outputs = Vec::new();
        for hashes in hash_ranges(stretch.rows, self.ports.rows_at_once, bits) {
            self.in_time()?;
            let merge = pieces.merge(hashes).await?;
            let written = computed(move || compacted(merge, hashes, bits, settled)).await?;
            outputs.extend(self.store(head, id, bits, stretch.last, written).await?);
        }
        self.ports.tending.put_run(&head.log(self.tenant), id, &outputs).await?;
        Ok(Run {
            first: stretch.first,
            last: stretch.last,
            id,
            bucket_bits: bits,
            rows: outputs.iter().map(|segment| segment.rows).sum(),
            bytes: outputs.iter().map(|segment| segment.bytes).sum(),
            segments: u32::try_from(outputs.len()).unwrap_or(u32::MAX),
            erases: !settled && inputs.iter().any(|segment| segment.erases),
            settled,
        })
    }

    async fn store(
        &self,
        head: &DatasetRecord,
        id: RunId,
        bits: u32,
        last: u64,
        outputs: Vec<Output>,
    ) -> Result<Vec<SegmentRecord>, Stopped> {
        let (log, now) = (head.log(self.tenant), self.ports.clock.now());
        let write = |Output { segment, kind }| {
            let bucket = segment.meta.min_hash.checked_shr(64 - bits).unwrap_or(0) as usize;
            let key = log.run_key(id, bucket, kind);
            let objects = Arc::clone(&self.ports.objects);
            async move {
                let gone = kind == RunSegment::Gone;
                let record = SegmentRecord { gone, ..SegmentRecord::new(last, key, &segment.meta, now) };
                // The key has this claim's token: what stands there is this very write, whose answer got lost.
                objects.create(&record.key, segment.bytes.into()).await?;
                Ok(record)
            }
        };
        futures::stream::iter(outputs).map(write).buffered(WRITES_AT_ONCE).try_collect().await
    }
}

/// A segment of a run.
struct Output {
    segment: EncodedSegment,
    kind: RunSegment,
}

/// Pure computation: what is left of the rows of a range.
fn compacted(merge: Merge, (first, last): (u64, u64), bits: u32, settled: bool) -> Vec<Output> {
    let (removals, lines) =
        if settled { (Removals::Drop, RunSegment::Lines) } else { (Removals::Keep, RunSegment::Unsettled) };
    let compacted = merge.compact(bits, removals);
    let live = compacted.live.into_iter().map(|segment| Output { segment, kind: lines });
    let gone = compacted.gone.into_iter().map(|segment| Output { segment, kind: RunSegment::Gone });
    // What concerns all orders is in every range; it is written where its own place is.
    live.chain(gone).filter(|output| (first..=last).contains(&output.segment.meta.min_hash)).collect()
}

fn planned(head: &DatasetRecord, pushes: &[SegmentRecord], now: Instant) -> Option<Stretch> {
    let settle = schedule::shall_settle(head, pushes, now);
    let push = |push: &SegmentRecord| Push { sequence: push.sequence, rows: push.rows, erases: push.erases };
    let pushes: Vec<Push> = pushes.iter().map(push).collect();
    plan(&Parts { runs: &head.runs, pushes: &pushes, enough: schedule::enough(head), settle })
}

/// The runs that a stretch takes along.
fn replaced<'a>(head: &'a DatasetRecord, stretch: &Stretch) -> &'a [Run] {
    &head.runs[head.runs.len() - stretch.runs..]
}

fn publication(
    head: &DatasetRecord,
    stretch: &Stretch,
    run: Run,
    inputs: &[SegmentRecord],
    now: Instant,
) -> Publication {
    let taken: u64 = inputs.iter().map(|segment| segment.bytes).sum();
    let bytes_change = run.bytes.cast_signed().saturating_sub(taken.cast_signed());
    let mut retired = head.retired.clone();
    let old =
        |run: &Run| Retired { first: run.first, last: run.last, run: Some(run.id), segments: run.segments, at: now };
    retired.extend(replaced(head, stretch).iter().map(old));
    let pushes = (head.compacted_to() + 1, stretch.last);
    if pushes.0 <= pushes.1 {
        retire_pushes(&mut retired, pushes, now);
    }
    let settled_at = run.settled.then_some(now);
    let kept = &head.runs[..head.runs.len() - stretch.runs];
    Publication { runs: kept.iter().cloned().chain([run]).collect(), retired, bytes_change, settled_at }
}

/// Pushes that were retired one after the other within an hour stand as one in the list, which stays short so.
fn retire_pushes(retired: &mut Vec<Retired>, (first, last): (u64, u64), now: Instant) {
    let hour = |at: Instant| at.0.div_euclid(HOUR_MICROS);
    let before = retired.iter_mut().find(|old| old.run.is_none() && old.last + 1 == first && hour(old.at) == hour(now));
    match before {
        Some(old) => (old.last, old.at) = (last, now),
        None => retired.push(Retired { first, last, run: None, segments: 0, at: now }),
    }
}

fn lacking(what: &str) -> crate::snapshot::SnapshotError {
    let message = format!("The manifest lacks {what}.");
    ReportFailure { code: "corrupt_segment", message }.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pushes_of_one_hour_are_retired_together() {
        let hour = |hour: i64| Instant(hour * HOUR_MICROS);
        let mut retired = Vec::new();
        retire_pushes(&mut retired, (1, 8), hour(1));
        retire_pushes(&mut retired, (9, 16), hour(1).plus_ms(5));
        retire_pushes(&mut retired, (17, 20), hour(2));
        let short: Vec<_> = retired.iter().map(|old| (old.first, old.last, old.at)).collect();
        assert_eq!(short, [(1, 16, hour(1).plus_ms(5)), (17, 20, hour(2))]);
    }
}
