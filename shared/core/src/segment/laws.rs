//! The law of merging as properties: random histories of pushes and erasures, compacted in any way, equal an obvious
//! model over a map; and of what was erased, nothing is left once removals are dropped.

use super::tests::{OrderText, Orders, Row, decoded, encoded, orders};
use super::*;
use crate::history::HistoryJoin;
use crate::time::Instant;
use bytes::Bytes;
use proptest::collection::{btree_map, btree_set, vec};
use proptest::prelude::*;
use proptest::sample::select;
use std::collections::{BTreeMap, BTreeSet};

const ORDERS: &[&str] = &["order-1", "order-2", "order-3", "", "order-ö"];
const CUSTOMERS: &[&str] = &["customer-ann", "customer-bob", "customer-eve"];
const PRODUCTS: &[&str] = &["a", "b", "é"];

/// What came, each with the sequence of its place, from 1.
#[derive(Debug, Clone)]
enum Sent {
    /// Rows and the time of the push.
    Push(Vec<Row>, i64),
    Orders(BTreeSet<&'static str>),
    Customers(BTreeSet<&'static str>),
}

/// A stretch of what stands there is compacted: where it begins and how many parts it has, as shares of what there
/// is, into how many buckets, read in how many ranges; and whether removals are dropped, if it begins at the first.
#[derive(Debug, Clone)]
struct Compaction {
    start: f64,
    length: f64,
    bucket_bits: u32,
    range_bits: u32,
    drops: bool,
}

fn push() -> impl Strategy<Value = Sent> {
    let customer = prop_oneof![2 => Just(None), 5 => select(CUSTOMERS).prop_map(Some)];
    let header = (customer, prop::option::of(1..4i64));
    let values = (select(&[0, 1_000, -2_000, 1_500][..]), prop::option::of(Just(10)));
    let order = (header, btree_map(select(PRODUCTS), values, 1..=PRODUCTS.len()));
    // Times of push need not ascend with the sequences.
    (btree_map(select(ORDERS), order, 1..3), 1_000..1_005i64).prop_map(|(orders, received_at)| {
        let rows = orders.into_iter().flat_map(|(order, ((customer, date), lines))| {
            let row = move |(product, (quantity, price))| (order, customer, date, product, quantity, price);
            lines.into_iter().map(row)
        });
        Sent::Push(rows.collect(), received_at)
    })
}

fn history() -> impl Strategy<Value = Vec<Sent>> {
    let orders = btree_set(select(ORDERS), 1..3).prop_map(Sent::Orders);
    let customers = btree_set(select(CUSTOMERS), 1..3).prop_map(Sent::Customers);
    vec(prop_oneof![7 => push(), 1 => orders, 2 => customers], 1..12)
}

fn compactions() -> impl Strategy<Value = Vec<Compaction>> {
    let one = (0.0..1.0, 0.0..1.0, 0..3u32, 0..3u32, any::<bool>());
    let from = |(start, length, bucket_bits, range_bits, drops)| Compaction {
        start: if drops { 0.0 } else { start },
        length,
        bucket_bits,
        range_bits,
        drops,
    };
    vec(one.prop_map(from), 0..5)
}

/// What stands where segments are kept: a push, or a run of several.
#[derive(Debug, Clone)]
struct Stored {
    /// Of a push; the rows of runs carry their own.
    sequence: u64,
    segments: Vec<EncodedSegment>,
}

fn stored(sent: &[Sent]) -> Vec<Stored> {
    let segment = |sent: &Sent| match sent {
        Sent::Push(rows, received_at) => encoded(rows, *received_at),
        Sent::Orders(ids) => encode_erasure(ids.iter().copied(), Instant(0)),
        Sent::Customers(ids) => encode_customer_erasure(ids.iter().copied(), Instant(0)),
    };
    let stored = |(sequence, sent): (u64, &Sent)| Stored { sequence, segments: vec![segment(sent)] };
    (1..).zip(sent).map(stored).collect()
}

fn range_of(stored: &[Stored], hashes: Hashes) -> Merge {
    let mut merge = Merge::default();
    for (each, segment) in stored.iter().flat_map(|each| each.segments.iter().map(move |segment| (each, segment))) {
        if segment.meta.may_concern(hashes) {
            let rows = decode_range(Bytes::from(segment.bytes.clone()), &segment.meta.sha256, hashes);
            merge.add(each.sequence, rows.expect("a segment of ours"));
        }
    }
    merge
}

fn read(stored: &[Stored]) -> Orders {
    orders(&range_of(stored, (0, u64::MAX)).finish())
}

/// As a report reads many lines, range by range.
fn read_by_range(stored: &[Stored], range_bits: u32) -> Orders {
    let mut whole = HistoryJoin::with_capacity(0);
    (0..1 << range_bits).for_each(|at| whole.append(range_of(stored, bucket_hashes(at, range_bits)).finish()));
    orders(&whole.finish())
}

/// As a compactor does it that holds one range at a time.
fn compacted(stored: &[Stored], bucket_bits: u32, range_bits: u32, removals: Removals) -> Compacted {
    let mut all = Compacted::default();
    for at in 0..1 << range_bits {
        let Compacted { live, gone } =
            range_of(stored, bucket_hashes(at, range_bits)).compact(bucket_bits.max(range_bits), removals);
        all.live.extend(live);
        all.gone.extend(gone);
    }
    all
}

fn apply(stored: &mut Vec<Stored>, how: &Compaction) {
    let start = (stored.len() as f64 * how.start) as usize;
    let end = start + 1 + ((stored.len() - start) as f64 * how.length) as usize;
    let removals = if start == 0 && how.drops { Removals::Drop } else { Removals::Keep };
    let stretch = start..end.min(stored.len());
    let Compacted { mut live, gone } = compacted(&stored[stretch.clone()], how.bucket_bits, how.range_bits, removals);
    live.extend(gone);
    stored.splice(stretch, [Stored { sequence: 0, segments: live }]);
}

/// One row of the model, after all erasures: which of them are silent says nothing but that it is gone.
#[derive(Debug, Clone, Copy)]
struct Kept {
    row: Row,
    received_at: i64,
    is_silent: bool,
}

/// All rows of each order that no erasure of the order took, oldest first.
fn kept(sent: &[Sent]) -> BTreeMap<&str, Vec<Kept>> {
    let mut all: BTreeMap<&str, Vec<Kept>> = BTreeMap::new();
    for sent in sent {
        match sent {
            Sent::Push(rows, received_at) => rows.iter().for_each(|row| {
                let kept = Kept { row: *row, received_at: *received_at, is_silent: false };
                all.entry(row.0).or_default().push(kept);
            }),
            Sent::Orders(ids) => ids.iter().for_each(|id| drop(all.remove(id))),
            Sent::Customers(ids) => {
                let named = |kept: &&mut Kept| kept.row.1.is_some_and(|customer| ids.contains(customer));
                for kept in all.values_mut().flatten().filter(named) {
                    let (order, _, _, product, _, _) = kept.row;
                    *kept = Kept { row: (order, None, None, product, 0, None), received_at: i64::MAX, is_silent: true };
                }
            }
        }
    }
    all
}

fn model(sent: &[Sent]) -> Orders {
    kept(sent).into_iter().filter_map(|(id, rows)| Some((id.to_owned(), model_order(&rows)?))).collect()
}

fn model_order(rows: &[Kept]) -> Option<OrderText> {
    let is_last = |at: &usize| rows[at + 1..].iter().all(|later| later.row.3 != rows[*at].row.3);
    let live: Vec<Row> = (0..rows.len()).filter(is_last).map(|at| rows[at].row).filter(|row| row.4 != 0).collect();
    let customer = live.last()?.1.map(str::to_owned);
    let date = rows.iter().rev().find_map(|kept| kept.row.2);
    let received_at = rows.iter().map(|kept| kept.received_at).min()?;
    let amount = |row: &Row| row.5.map(|price| i128::from(price) * i128::from(row.4));
    let lines = live.iter().map(|row| (row.3.to_owned(), (row.4, amount(row)))).collect();
    Some((customer, date.unwrap_or(received_at), lines))
}

fn names(stored: &[Stored]) -> (BTreeSet<String>, BTreeSet<String>) {
    let rows: Vec<SegmentRows> = stored.iter().flat_map(|each| &each.segments).map(decoded).collect();
    let all = |list: fn(SegmentRows) -> crate::names::TextList| {
        rows.iter().cloned().map(list).flat_map(|list| list.iter().map(str::to_owned).collect::<Vec<_>>()).collect()
    };
    (all(|rows| rows.order_ids), all(|rows| rows.customers.into_list()))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_read_equals_the_model_however_it_was_compacted(sent in history(), how in compactions()) {
        let mut stored = stored(&sent);
        prop_assert_eq!(read(&stored), model(&sent));
        for how in &how {
            apply(&mut stored, how);
            prop_assert_eq!(read(&stored), model(&sent), "after {:?}", how);
            prop_assert_eq!(read_by_range(&stored, how.range_bits), model(&sent), "after {:?}", how);
        }
    }

    #[test]
    fn what_was_compacted_goes_on_as_if_it_was_not(
        sent in history(),
        later in history(),
        how in compactions(),
        again in compactions(),
    ) {
        let mut first = stored(&sent);
        how.iter().for_each(|how| apply(&mut first, how));
        let all: Vec<Sent> = sent.iter().chain(&later).cloned().collect();
        first.extend_from_slice(&stored(&all)[sent.len()..]);
        prop_assert_eq!(read(&first), model(&all));
        again.iter().for_each(|how| apply(&mut first, how));
        prop_assert_eq!(read(&first), model(&all));
    }

    #[test]
    fn what_a_push_brought_is_told_from_what_was_there_before_it(
        sent in history(),
        later in vec(push(), 1..6),
        how in compactions(),
    ) {
        let mut stored_first = stored(&sent);
        how.iter().for_each(|how| apply(&mut stored_first, how));
        let mut all = sent.clone();
        let from = sent.len() as u64 + 1;
        let mut expected = Tally::new();
        for (sequence, push) in (from..).zip(&later) {
            let there = model(&all);
            let Sent::Push(rows, _) = push else { continue };
            for (order, _, _, product, quantity, _) in rows {
                let is_there = there.get(*order).is_some_and(|order| order.2.contains_key(*product));
                let brought = expected.entry(sequence).or_default();
                brought.updated += u64::from(is_there);
                brought.inserted += u64::from(!is_there && *quantity != 0);
            }
            all.push(push.clone());
        }
        stored_first.extend_from_slice(&stored(&all)[sent.len()..]);
        let (history, tally) = range_of(&stored_first, (0, u64::MAX)).finish_tallied(from);
        prop_assert_eq!(tally, expected);
        prop_assert_eq!(orders(&history), model(&all));
    }

    #[test]
    fn of_what_was_erased_nothing_is_left(sent in history(), how in compactions(), bits in 0..3u32) {
        let mut stored = stored(&sent);
        how.iter().for_each(|how| apply(&mut stored, how));
        let Compacted { live, gone } = compacted(&stored, bits, 0, Removals::Drop);
        let sorted_out = [Stored { sequence: 0, segments: live.iter().chain(&gone).cloned().collect() }];
        prop_assert_eq!(read(&sorted_out), model(&sent));
        let telling: Vec<Kept> = kept(&sent).into_values().flatten().filter(|kept| !kept.is_silent).collect();
        let (orders, customers) = names(&sorted_out);
        prop_assert!(orders.iter().all(|id| telling.iter().any(|kept| kept.row.0 == id)), "{:?}", orders);
        prop_assert!(customers.iter().all(|id| telling.iter().any(|kept| kept.row.1 == Some(id))), "{:?}", customers);
        prop_assert!(live.iter().chain(&gone).all(|segment| !segment.meta.erases));
    }

    #[test]
    fn a_settled_run_holds_live_lines_once_and_every_segment_lies_in_a_bucket(sent in history(), bits in 0..4u32) {
        let Compacted { live, gone } = compacted(&stored(&sent), bits, 0, Removals::Drop);
        let expected = model(&sent);
        let lines: u64 = expected.values().map(|order| order.2.len() as u64).sum();
        prop_assert_eq!(live.iter().map(|segment| segment.meta.rows).sum::<u64>(), lines);
        let read = |segments: &[EncodedSegment]| read(&[Stored { sequence: 0, segments: segments.to_vec() }]);
        prop_assert_eq!(read(&gone), Orders::new());
        prop_assert!(read(&live).into_iter().map(|(id, order)| (id, order.0, order.2))
            .eq(expected.into_iter().map(|(id, order)| (id, order.0, order.2))));
        for meta in live.iter().chain(&gone).map(|segment| &segment.meta) {
            let bucket = |hash: u64| (0..1 << bits).find(|at| (bucket_hashes(*at, bits).0..=bucket_hashes(*at, bits).1).contains(&hash));
            prop_assert_eq!(bucket(meta.min_hash), bucket(meta.max_hash));
        }
    }
}
