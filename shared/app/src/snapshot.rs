//! Reading a dataset as it was at a sequence: the parts that hold it, their segments, one merged history.

mod manifest;
mod pieces;

pub use manifest::{manifest, run_manifest};
pub use pieces::{Pieces, hash_ranges};

use crate::ports::{LogId, Objects, OrderLog, PortError};
use affinsy_core::history::History;
use affinsy_core::report::ReportFailure;
use affinsy_core::segment::Merge;
use std::sync::Arc;

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
    let merge = Pieces::new(segments, objects).merge((0, u64::MAX)).await?;
    finished(merge).await
}

/// Merging is pure computation: off the threads that serve sockets.
pub async fn finished(merge: Merge) -> Result<History, SnapshotError> {
    computed(move || merge.finish()).await
}

/// Runs what keeps a processor busy.
pub async fn computed<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, SnapshotError> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|error| SnapshotError::Port(PortError::Damaged(format!("computation: {error}"))))
}
