//! Keeping a dataset's counts exact: read the snapshot, count, store beside the head.

use crate::ports::{Clock, CountsRecord, Objects, OrderLog, PortResult};
use crate::snapshot::{self, SnapshotError};
use affinsy_core::dataset;
use affinsy_core::ids::Tenant;
use std::sync::Arc;

/// Counts a dataset up to its newest push, if that is not counted yet.
pub async fn count_dataset(
    tenant: &Tenant,
    dataset_id: &str,
    log: &dyn OrderLog,
    objects: &Arc<dyn Objects>,
    clock: &dyn Clock,
) -> PortResult<()> {
    let Some(head) = log.head(tenant, dataset_id).await? else { return Ok(()) };
    if let Some(counts) = head.counts.filter(|counts| counts.sequence == head.sequence) {
        // Counted meanwhile; storing it again takes the dataset off the due list.
        return log.save_counts(tenant, dataset_id, &counts).await;
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
