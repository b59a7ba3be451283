//! Keeping a dataset's counts exact: read what is live, range by range, and count.

use super::{Claim, Stopped, schedule};
use crate::ports::{CountsRecord, DatasetRecord};
use crate::snapshot::{Pieces, finished, hash_ranges, manifest};
use affinsy_core::dataset::Counter;
use affinsy_core::segment::MAX_BUCKET_BITS;

impl Claim<'_> {
    /// The counts of all that is acknowledged; `None` where those there are will do for now.
    pub(super) async fn count(&self, head: &DatasetRecord) -> Result<Option<CountsRecord>, Stopped> {
        let will_do = |counts: &CountsRecord| {
            counts.sequence == head.sequence
                || (!schedule::is_settled(head) && self.ports.clock.now() < schedule::count_at(counts))
        };
        if head.counts.as_ref().is_some_and(will_do) {
            return Ok(None);
        }
        let log = head.log(self.tenant);
        let segments = manifest(&log, head, head.sequence, &*self.ports.log).await?;
        let rows = segments.iter().map(|segment| segment.rows).sum();
        let mut pieces = Pieces::new(segments, &self.ports.objects);
        let mut counter = Counter::default();
        for hashes in hash_ranges(rows, self.ports.rows_at_once, MAX_BUCKET_BITS) {
            self.in_time()?;
            counter.add(&finished(pieces.merge(hashes).await?).await?);
        }
        let counts = counter.counts();
        Ok(Some(CountsRecord {
            sequence: head.sequence,
            rows_pushed: head.rows_pushed,
            counted_at: self.ports.clock.now(),
            orders: counts.orders,
            line_items: counts.line_items,
            customers: counts.customers,
            products: counts.products,
            guest_orders: counts.guest_orders,
            first_order_date: counts.first_order_date,
            last_order_date: counts.last_order_date,
        }))
    }
}
