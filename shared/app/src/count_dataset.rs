//! Keeping a dataset's counts exact: read the snapshot, count, store beside the head.

use crate::ports::{Clock, CountsRecord, Objects, OrderLog, PortResult};
use crate::snapshot::{self, SnapshotError};
use affinsy_core::dataset;
use affinsy_core::ids::Tenant;
use affinsy_core::time::Instant;
use std::sync::Arc;

const STEP_MS: i64 = 600_000;

/// When a count that does not end is begun again: a dataset that takes its workers down, or cannot be read, is
/// tried more and more seldom.
fn again_at(deadline: Instant, failed_attempts: u32) -> Instant {
    let failed = i64::from(failed_attempts.min(12));
    deadline.plus_ms(failed * failed * STEP_MS)
}

/// Counts a dataset up to its newest push, if that is not counted yet.
pub async fn count_dataset(
    tenant: &Tenant,
    dataset_id: &str,
    log: &dyn OrderLog,
    objects: &Arc<dyn Objects>,
    clock: &dyn Clock,
    deadline: Instant,
) -> PortResult<()> {
    let Some(head) = log.head(tenant, dataset_id).await? else { return Ok(()) };
    if let Some(counts) = head.counts.filter(|counts| counts.sequence == head.sequence) {
        // Counted meanwhile; storing it again takes the dataset off the due list.
        return log.save_counts(tenant, dataset_id, &counts).await;
    }
    if !log.claim_count(tenant, dataset_id, clock.now(), again_at(deadline, head.count_attempts)).await? {
        return Ok(());
    }
    let history = match snapshot::load(tenant, dataset_id, head.sequence, log, objects).await {
        Ok(history) => history,
        Err(SnapshotError::Port(error)) => return Err(error),
        Err(SnapshotError::Corrupt(failure)) => {
            tracing::error!(dataset.id = dataset_id, failure = %failure, "dataset not counted");
            return Ok(());
        }
    };
    let counts = dataset::count(&history);
    let record = CountsRecord {
        sequence: head.sequence,
        rows_pushed: head.rows_pushed,
        counted_at: clock.now(),
        orders: counts.orders,
        line_items: counts.line_items,
        customers: counts.customers,
        products: counts.products,
        guest_orders: counts.guest_orders,
        first_order_date: counts.first_order_date,
        last_order_date: counts.last_order_date,
    };
    log.save_counts(tenant, dataset_id, &record).await
}
