//! The plan's row cap: how many live lines a dataset may hold. New lines beyond it are refused, those that are there
//! are updated or removed as ever. A push looks at what is there only where it could go beyond the cap; what it then
//! decides holds for the sequence it looked at, and is decided again should another push come first.

use crate::ports::{DatasetRecord, Objects, OrderLog, PortError, PortResult};
use crate::snapshot::{Pieces, SnapshotError, finished, hash_ranges, manifest};
use affinsy_core::history::History;
use affinsy_core::ids::Tenant;
use affinsy_core::order::{Order, OrderBatch};
use affinsy_core::segment::{ALL_HASHES, Hashes, MAX_BUCKET_BITS};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// What a push may store.
#[derive(Debug)]
pub struct Admitted {
    /// The lines that may be stored.
    pub batch: OrderBatch,
    /// How many of them are new, and how many are there already.
    pub inserted: u64,
    pub updated: u64,
    pub refused: u64,
    /// New lines that may still come in; less than none where the dataset holds more than the cap.
    pub room: i64,
}

/// Lines that stand in memory at once while a push looks: some 100 MB.
const ROWS_AT_ONCE: u64 = 500_000;

/// Whether a dataset may have more live lines than `cap` after so many more: it is not looked at whether they are new.
pub fn may_exceed(head: Option<&DatasetRecord>, more: u64, cap: u64) -> bool {
    let (counted, at) = head.and_then(|head| head.counts.as_ref()).map_or((0, 0), |c| (c.line_items, c.rows_pushed));
    let pending = head.map_or(0, |head| head.rows_pushed.saturating_sub(at));
    counted.saturating_add(pending).saturating_add(more) > cap
}

/// Looks at what is there and says what of a push may be stored. `None` where the dataset cannot be read: that is no
/// reason to lose an order.
pub async fn admit(
    tenant: &Tenant,
    head: Option<&DatasetRecord>,
    batch: &OrderBatch,
    cap: u64,
    log: &dyn OrderLog,
    objects: &Arc<dyn Objects>,
) -> PortResult<Option<Admitted>> {
    let there = match head {
        Some(head) => there(tenant, head, batch, ALL_HASHES, log, objects).await,
        None => Ok(There::default()),
    };
    match there {
        Ok(there) => Ok(Some(there.decide(batch, room(cap, there.lines)))),
        Err(SnapshotError::Port(error @ PortError::Unavailable(_))) => Err(error),
        Err(error) => {
            tracing::error!(error = %error, "row cap not checked");
            Ok(None)
        }
    }
}

/// New lines that a dataset has room for.
pub fn room(cap: u64, lines: u64) -> i64 {
    let signed = |number| i64::try_from(number).unwrap_or(i64::MAX);
    signed(cap) - signed(lines)
}

/// The live lines of a dataset.
pub async fn live_lines(
    tenant: &Tenant,
    head: &DatasetRecord,
    log: &dyn OrderLog,
    objects: &Arc<dyn Objects>,
) -> Result<u64, SnapshotError> {
    Ok(there(tenant, head, &OrderBatch::default(), ALL_HASHES, log, objects).await?.lines)
}

/// What of a batch may be stored, whose orders have these hashes, where there is room for so many new lines.
pub async fn admit_part(
    tenant: &Tenant,
    head: Option<&DatasetRecord>,
    (batch, hashes): (&OrderBatch, Hashes),
    room: i64,
    log: &dyn OrderLog,
    objects: &Arc<dyn Objects>,
) -> Result<Admitted, SnapshotError> {
    let there = match head {
        Some(head) => there(tenant, head, batch, hashes, log, objects).await?,
        None => There::default(),
    };
    Ok(there.decide(batch, room))
}

/// What a dataset has of a push.
#[derive(Debug, Default)]
struct There {
    lines: u64,
    /// Live lines of the push's orders and products: the order's place in the batch, the product's code.
    known: HashSet<(usize, u32)>,
}

/// Of orders with these hashes.
async fn there(
    tenant: &Tenant,
    head: &DatasetRecord,
    batch: &OrderBatch,
    (first, last): Hashes,
    log: &dyn OrderLog,
    objects: &Arc<dyn Objects>,
) -> Result<There, SnapshotError> {
    let log_id = head.log(tenant);
    let segments = manifest(&log_id, head, head.sequence, log).await?;
    let rows = segments.iter().map(|segment| segment.rows).sum();
    let mut pieces = Pieces::new(segments, objects);
    let names = Names::of(batch);
    let mut there = There::default();
    let ranges = hash_ranges(rows, ROWS_AT_ONCE, MAX_BUCKET_BITS).into_iter();
    let wanted = ranges.map(|(from, to)| (from.max(first), to.min(last))).filter(|(from, to)| from <= to);
    for hashes in wanted {
        let history = finished(pieces.merge(hashes).await?).await?;
        there.add(&history, &names);
    }
    Ok(there)
}

/// The names of a push, to be found again in a history.
struct Names<'b> {
    orders: HashMap<&'b str, usize>,
    products: HashMap<&'b str, u32>,
}

impl<'b> Names<'b> {
    fn of(batch: &'b OrderBatch) -> Self {
        let orders = batch.orders().enumerate().map(|(at, order)| (order.id, at)).collect();
        let products = (0..).zip(batch.products().iter()).map(|(code, name)| (name, code)).collect();
        Self { orders, products }
    }
}

impl There {
    fn add(&mut self, history: &History, names: &Names<'_>) {
        self.lines += history.line_count() as u64;
        for (at, order) in history.orders().iter().enumerate() {
            let Some(place) = names.orders.get(history.order_id(at)) else { continue };
            let codes = history.lines(order).filter_map(|line| names.products.get(history.product(line.product)));
            self.known.extend(codes.map(|code| (*place, *code)));
        }
    }

    /// Removals and updates first: what they free is there for new lines, which are taken in the batch's order.
    fn decide(&self, batch: &OrderBatch, room: i64) -> Admitted {
        let is_known = |place: usize, product: u32| self.known.contains(&(place, product));
        let lines =
            || batch.orders().enumerate().flat_map(|(at, order)| order.lines.iter().map(move |line| (at, line)));
        let updated = lines().filter(|(at, line)| is_known(*at, line.product)).count() as u64;
        let removed =
            lines().filter(|(at, line)| line.quantity.is_zero() && is_known(*at, line.product)).count() as i64;
        let mut room = room.saturating_add(removed);
        let (mut inserted, mut refused) = (0, 0);
        let mut kept = batch.clone();
        let places: HashMap<&str, usize> =
            batch.orders().enumerate().map(|(at, order): (_, Order<'_>)| (order.id, at)).collect();
        kept.retain(|order, _, line| {
            if line.quantity.is_zero() || is_known(places[order.id], line.product) {
                return true;
            }
            let fits = room > 0;
            room -= i64::from(fits);
            *(if fits { &mut inserted } else { &mut refused }) += 1;
            fits
        });
        Admitted { batch: kept, inserted, updated, refused, room }
    }
}

/// What the caller is told of a push that was not stored whole.
pub fn warning(refused: u64, cap: u64) -> String {
    let lines = if refused == 1 { "1 new line was".to_owned() } else { format!("{refused} new lines were") };
    format!(
        "The plan's cap of {cap} order lines in a dataset is reached: {lines} not stored, the rest of the push was. \
         Remove lines, push to another dataset, or upgrade the plan; then send the push again."
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use affinsy_core::decimal::Quantity;
    use affinsy_core::order::{BatchBuilder, LineDraft};

    fn batch(lines: &[(&str, &str, &str)]) -> OrderBatch {
        let mut builder = BatchBuilder::default();
        for (order, product, quantity) in lines {
            let quantity = Quantity::parse(quantity).expect("valid");
            let line = LineDraft { product: builder.product(product), quantity, price: None };
            builder.order(order, None, None, &[line]);
        }
        builder.build().0
    }

    /// A dataset of `lines` lines, those named among them; what comes of a push as (inserted, updated, refused, stored).
    fn check(lines: u64, known: &[(&str, &str)], push: &[(&str, &str, &str)], expected: (u64, u64, u64, usize)) {
        let batch = batch(push);
        let names = Names::of(&batch);
        let place = |(order, product): &(&str, &str)| Some((*names.orders.get(order)?, *names.products.get(product)?));
        let there = There { lines, known: known.iter().filter_map(place).collect() };
        let admitted = there.decide(&batch, room(10, lines));
        let got = (admitted.inserted, admitted.updated, admitted.refused, admitted.batch.line_count());
        assert_eq!(got, expected, "{push:?}");
    }

    #[test]
    fn new_lines_are_taken_up_to_the_cap_and_updates_beyond_it() {
        check(0, &[], &[("o", "a", "1"), ("o", "b", "1")], (2, 0, 0, 2));
        check(9, &[], &[("o", "a", "1"), ("o", "b", "1")], (1, 0, 1, 1));
        check(10, &[("o", "a")], &[("o", "a", "2"), ("p", "a", "1")], (0, 1, 1, 1));
        check(12, &[("o", "a")], &[("o", "a", "2"), ("p", "b", "0")], (0, 1, 0, 2));
    }

    #[test]
    fn what_a_push_removes_makes_room_in_it() {
        check(10, &[("o", "a")], &[("o", "a", "0"), ("p", "a", "1"), ("p", "b", "1")], (1, 1, 1, 2));
        check(12, &[("o", "a")], &[("o", "a", "0"), ("p", "a", "1")], (0, 1, 1, 1));
    }

    #[test]
    fn it_is_looked_up_only_where_the_cap_may_be_passed() {
        assert!(!may_exceed(None, 2, 2) && may_exceed(None, 2, 1));
        let mut head = DatasetRecord::new("d", "inc_1".to_owned(), affinsy_core::time::Instant(0));
        head.rows_pushed = 8;
        assert!(!may_exceed(Some(&head), 2, 10) && may_exceed(Some(&head), 2, 9));
    }
}
