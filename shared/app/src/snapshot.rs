//! Reading a dataset as it was at a sequence: manifest, segments, one merged history.

use crate::ports::{Objects, OrderLog, PortError, SegmentRecord};
use affinsy_core::history::History;
use affinsy_core::ids::Tenant;
use affinsy_core::report::ReportFailure;
use affinsy_core::segment::{self, Merge, SegmentRows};
use futures::{StreamExt, TryStreamExt};
use std::sync::Arc;

/// How many segments are fetched and decoded at once.
const AT_ONCE: usize = 16;

#[derive(Debug, thiserror::Error)]
pub enum SnapshotError {
    #[error(transparent)]
    Port(#[from] PortError),
    /// A segment cannot be read: no retry helps, and the report must say which.
    #[error(transparent)]
    Corrupt(#[from] ReportFailure),
}

/// The merged history of a dataset up to and with a sequence.
pub async fn load(
    tenant: &Tenant,
    dataset_id: &str,
    sequence: u64,
    log: &dyn OrderLog,
    objects: &Arc<dyn Objects>,
) -> Result<History, SnapshotError> {
    let segments = log.segments(tenant, dataset_id, sequence).await?;
    whole(&segments, sequence)?;
    // Each segment's names join the shared ones as it arrives: thousands of segments name the same products.
    let merge: Merge = futures::stream::iter(segments)
        .map(|record| read_segment(record, Arc::clone(objects)))
        .buffered(AT_ONCE)
        .try_fold(Merge::default(), |mut merge, (sequence, rows)| async move {
            merge.add(sequence, rows);
            Ok(merge)
        })
        .await?;
    // Merging is pure computation: off the threads that serve sockets.
    tokio::task::spawn_blocking(move || merge.finish())
        .await
        .map_err(|error| SnapshotError::Port(PortError::Damaged(format!("merge: {error}"))))
}

/// Every push has its segment: a manifest with a gap must not pass for a smaller dataset.
fn whole(segments: &[SegmentRecord], sequence: u64) -> Result<(), ReportFailure> {
    let gap = (1..=sequence).zip(segments.iter().map(|segment| Some(segment.sequence)).chain(std::iter::repeat(None)));
    match gap.into_iter().find(|(expected, found)| *found != Some(*expected)) {
        None => Ok(()),
        Some((missing, _)) => Err(ReportFailure {
            code: "corrupt_segment",
            message: format!(
                "The manifest of the dataset lacks push {missing} of {sequence}. Restore the table, or push its orders again."
            ),
        }),
    }
}

async fn read_segment(record: SegmentRecord, objects: Arc<dyn Objects>) -> Result<(u64, SegmentRows), SnapshotError> {
    let Some(bytes) = objects.read(&record.key).await? else {
        return Err(corrupt(&record, "it is missing").into());
    };
    let sha256 = record.sha256.clone();
    let decoded = tokio::task::spawn_blocking(move || segment::decode(bytes, Some(&sha256)))
        .await
        .map_err(|error| SnapshotError::Port(PortError::Damaged(format!("decode: {error}"))))?;
    match decoded {
        Ok(rows) => Ok((record.sequence, rows)),
        Err(problem) => Err(corrupt(&record, &problem.to_string()).into()),
    }
}

fn corrupt(record: &SegmentRecord, why: &str) -> ReportFailure {
    let name = record.key.rsplit('/').next().unwrap_or(&record.key);
    ReportFailure {
        code: "corrupt_segment",
        message: format!(
            "Segment {name} of the dataset cannot be read ({why}). Restore it in the bucket, or push its orders again."
        ),
    }
}
