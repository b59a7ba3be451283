//! Reading a dataset as it was at a sequence: the parts that hold it, their segments, one merged history.

mod manifest;
mod pieces;

pub use manifest::{manifest, run_manifest};
pub use pieces::{Pieces, hash_ranges};

use crate::ports::{LogId, Objects, OrderLog, PortError};
use affinsy_core::history::{History, HistoryJoin};
use affinsy_core::report::ReportFailure;
use affinsy_core::segment::{Merge, scan_ranges};
use futures::TryStreamExt;
use futures::stream::FuturesOrdered;
use std::sync::Arc;

/// Ranges of a good million lines whose merges are computed while the next is fetched.
const FINISHING_AT_ONCE: usize = 4;

#[derive(Debug, thiserror::Error)]
pub enum SnapshotError {
    #[error(transparent)]
    Port(#[from] PortError),
    /// A segment cannot be read, or the dataset is gone: no retry helps, and the report must say which.
    #[error(transparent)]
    Corrupt(#[from] ReportFailure),
}

/// The merged history of a dataset up to and with a sequence.
pub async fn load(
    log: &LogId,
    sequence: u64,
    orders: &dyn OrderLog,
    objects: &Arc<dyn Objects>,
) -> Result<History, SnapshotError> {
    match read(log, sequence, orders, objects).await {
        // What was being read may have gone because the dataset went.
        Err(SnapshotError::Corrupt(failure)) => {
            manifest::head(log, orders).await?;
            Err(failure.into())
        }
        other => other,
    }
}

async fn read(
    log: &LogId,
    sequence: u64,
    orders: &dyn OrderLog,
    objects: &Arc<dyn Objects>,
) -> Result<History, SnapshotError> {
    let head = manifest::head(log, orders).await?;
    let segments = manifest(log, &head, sequence, orders).await?;
    let each = segments.iter().map(|segment| ((segment.min_hash, segment.max_hash), segment.rows));
    let (ranges, rows) = (scan_ranges(each.clone()), each.map(|(_, rows)| rows).sum::<u64>());
    let mut pieces = Pieces::new(segments, objects);
    let mut whole = HistoryJoin::with_capacity(usize::try_from(rows).unwrap_or(usize::MAX));
    let mut finishing = FuturesOrdered::new();
    for hashes in ranges {
        let merge = pieces.merge(hashes).await?;
        if finishing.len() == FINISHING_AT_ONCE
            && let Some(part) = finishing.try_next().await?
        {
            whole.append(part);
        }
        // Begins at once, while the next range is fetched.
        finishing.push_back(computing(move || merge.finish()));
    }
    while let Some(part) = finishing.try_next().await? {
        whole.append(part);
    }
    computed(move || whole.finish()).await
}

/// Merging is pure computation: off the threads that serve sockets.
pub async fn finished(merge: Merge) -> Result<History, SnapshotError> {
    computed(move || merge.finish()).await
}

/// Runs what keeps a processor busy.
pub async fn computed<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, SnapshotError> {
    computing(work).await
}

/// The same, begun before it is waited for.
fn computing<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> impl Future<Output = Result<T, SnapshotError>> {
    let work = tokio::task::spawn_blocking(work);
    async { work.await.map_err(|error| SnapshotError::Port(PortError::Damaged(format!("computation: {error}")))) }
}
