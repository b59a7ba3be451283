//! The segments that hold a snapshot, and whether all of them are there: a manifest with a gap must not pass for a
//! smaller dataset.

use super::SnapshotError;
use crate::ports::{DatasetRecord, LogId, OrderLog, SegmentRecord};
use affinsy_core::report::ReportFailure;
use affinsy_core::runs::{Part, RunId, cover};

/// The dataset's head, if it is still the one that was meant.
pub(super) async fn head(log: &LogId, orders: &dyn OrderLog) -> Result<DatasetRecord, SnapshotError> {
    let head = orders.head(&log.tenant, &log.dataset_id).await?;
    head.filter(|head| head.incarnation == log.incarnation).ok_or_else(|| {
        let message = "The dataset was deleted after this was asked for. Nothing of it is left to compute.";
        ReportFailure { code: "erased", message: message.to_owned() }.into()
    })
}

/// All segments that hold exactly the pushes up to a sequence, oldest part first.
pub async fn manifest(
    log: &LogId,
    head: &DatasetRecord,
    sequence: u64,
    orders: &dyn OrderLog,
) -> Result<Vec<SegmentRecord>, SnapshotError> {
    let mut manifest = Vec::new();
    for part in cover(&head.runs, &head.retired, sequence) {
        let segments = match part {
            Part::Run { id, first, segments, .. } => {
                run_manifest(log, id, segments, orders).await?.ok_or_else(|| lacking(head, first))?
            }
            Part::Pushes { first, last } => {
                let segments = orders.segments(log, first, last).await?;
                let found = segments.iter().map(|segment| segment.sequence);
                if let Some(missing) = first_gap(first, last, found) {
                    return Err(lacking(head, missing).into());
                }
                segments
            }
        };
        manifest.extend(segments);
    }
    Ok(manifest)
}

/// The segments of a run; `None` where not all of them are there.
pub async fn run_manifest(
    log: &LogId,
    run: RunId,
    expected: u32,
    orders: &dyn OrderLog,
) -> Result<Option<Vec<SegmentRecord>>, SnapshotError> {
    let segments = orders.run_segments(log, run).await?;
    Ok((segments.len() as u64 == u64::from(expected)).then_some(segments))
}

/// The first of `first..=last` that `found`, which ascends, has not.
fn first_gap(first: u64, last: u64, found: impl Iterator<Item = u64>) -> Option<u64> {
    let found = found.map(Some).chain(std::iter::repeat(None));
    (first..=last).zip(found).find(|(expected, found)| *found != Some(*expected)).map(|(missing, _)| missing)
}

fn lacking(head: &DatasetRecord, missing: u64) -> ReportFailure {
    if missing <= head.compacted_to() {
        let message = "The orders as they stood when this was asked for are kept for a day, and that is over. Submit \
                       the report again: it will see the orders as they stand now.";
        return ReportFailure { code: "snapshot_expired", message: message.to_owned() };
    }
    let message = format!(
        "The manifest of the dataset lacks push {missing} of {}. Restore the table, or push its orders again.",
        head.sequence
    );
    ReportFailure { code: "corrupt_segment", message }
}

#[cfg(test)]
mod tests {
    use super::first_gap;

    #[test]
    fn a_gap_is_found() {
        let check = |found: &[u64], expected| assert_eq!(first_gap(3, 5, found.iter().copied()), expected, "{found:?}");
        check(&[3, 4, 5], None);
        check(&[], Some(3));
        check(&[4, 5], Some(3));
        check(&[3, 5], Some(4));
        check(&[3, 4], Some(5));
    }
}
