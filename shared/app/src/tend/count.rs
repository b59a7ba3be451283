//! Keeping a dataset's counts exact: read what is live, range by range, and count. Where it is done before a compaction
//! takes the newest pushes apart, their imports learn what they brought.

use super::{Claim, Stopped, schedule};
use crate::ports::{CountsRecord, DatasetRecord, FoundOut, SegmentRecord};
use crate::snapshot::{Pieces, computed, hash_ranges, manifest};
use affinsy_core::dataset::Counter;
use affinsy_core::segment::{Brought, MAX_BUCKET_BITS, Tally, joined};
use std::collections::BTreeMap;

/// Before a compaction a count reads every push by itself, and what it took is lost should the compaction not come to
/// its end: only so many rows, pushes and attempts are worth it.
const MOST_ROWS: u64 = 10_000_000;
const MOST_PUSHES: usize = 64;
const MOST_ATTEMPTS: u32 = 3;

impl Claim<'_> {
    /// The counts, should they be due while pushes are there that no count has seen; tells their imports how many of
    /// their lines were new.
    pub(super) async fn count_pushes(&self, head: &DatasetRecord) -> Result<Option<CountsRecord>, Stopped> {
        if head.tending.attempts > MOST_ATTEMPTS || self.counts_will_do(head) {
            return Ok(None);
        }
        let log = head.log(self.tenant);
        let segments = manifest(&log, head, head.sequence, &*self.ports.log).await?;
        let Some(from) = first_to_tell(head, &segments) else { return Ok(None) };
        let imports = imports(&segments, from);
        let (counts, tally) = self.counted(head, segments, Some(from)).await?;
        for found in found_out(&imports, &tally) {
            self.ports.tending.tell_import(self.tenant, &found).await?;
        }
        Ok(Some(counts))
    }

    /// The counts of all that is acknowledged; `None` where those there are will do for now.
    pub(super) async fn count(&self, head: &DatasetRecord) -> Result<Option<CountsRecord>, Stopped> {
        if self.counts_will_do(head) {
            return Ok(None);
        }
        let segments = manifest(&head.log(self.tenant), head, head.sequence, &*self.ports.log).await?;
        Ok(Some(self.counted(head, segments, None).await?.0))
    }

    fn counts_will_do(&self, head: &DatasetRecord) -> bool {
        let will_do = |counts: &CountsRecord| {
            counts.sequence == head.sequence
                || (!schedule::is_settled(head) && self.ports.clock.now() < schedule::count_at(counts))
        };
        head.counts.as_ref().is_some_and(will_do)
    }

    /// All counts, and what each push from a sequence on brought.
    async fn counted(
        &self,
        head: &DatasetRecord,
        segments: Vec<SegmentRecord>,
        from: Option<u64>,
    ) -> Result<(CountsRecord, Tally), Stopped> {
        let rows = segments.iter().map(|segment| segment.rows).sum();
        let mut pieces = Pieces::new(segments, &self.ports.objects);
        let (mut counter, mut tally) = (Counter::default(), Tally::new());
        for hashes in hash_ranges(rows, self.ports.rows_at_once, MAX_BUCKET_BITS) {
            self.in_time()?;
            let merge = pieces.merge(hashes).await?;
            let finish = move || match from {
                Some(from) => merge.finish_tallied(from),
                None => (merge.finish(), Tally::new()),
            };
            let (history, of_range) = computed(finish).await?;
            counter.add(&history);
            tally = joined(tally, of_range);
        }
        let counts = counter.counts();
        let record = CountsRecord {
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
        };
        Ok((record, tally))
    }
}

/// The first push that no count and no compaction has seen, and nothing was erased after; `None` where there is none,
/// or where to look would be too much.
fn first_to_tell(head: &DatasetRecord, segments: &[SegmentRecord]) -> Option<u64> {
    let rows: u64 = segments.iter().map(|segment| segment.rows).sum();
    let pushes = || segments.iter().filter(|segment| segment.sequence > head.compacted_to());
    let erased = pushes().filter(|push| push.erases).map(|push| push.sequence).max().unwrap_or(0);
    let counted = head.counts.as_ref().map_or(0, |counts| counts.sequence);
    let from = head.compacted_to().max(counted).max(erased) + 1;
    let is_worth_it = from <= head.sequence && rows <= MOST_ROWS && pushes().count() <= MOST_PUSHES;
    is_worth_it.then_some(from)
}

/// The imports of the pushes from a sequence on, by sequence. A file has several.
fn imports(segments: &[SegmentRecord], from: u64) -> Vec<(u64, String)> {
    let import = |push: &SegmentRecord| Some((push.sequence, push.import_id()?.to_owned()));
    segments.iter().filter(|segment| segment.sequence >= from).filter_map(import).collect()
}

fn found_out(imports: &[(u64, String)], tally: &Tally) -> Vec<FoundOut> {
    let mut found: BTreeMap<&str, Brought> = BTreeMap::new();
    for (sequence, import_id) in imports {
        // A push of nothing but removals of what was never there brought nothing.
        let brought = tally.get(sequence).copied().unwrap_or_default();
        let all = found.entry(import_id).or_default();
        all.inserted += brought.inserted;
        all.updated += brought.updated;
    }
    let found = found.into_iter();
    found.map(|(id, Brought { inserted, updated })| FoundOut { import_id: id.to_owned(), inserted, updated }).collect()
}
