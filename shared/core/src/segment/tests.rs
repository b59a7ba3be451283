//! The law of segments: what is encoded is decoded, whatever is damaged is refused, and a merge equals a slow,
//! obvious model of it.

use super::*;
use crate::decimal::{Amount, Price, Quantity};
use crate::history::History;
use crate::order::{BatchBuilder, LineDraft};
use crate::time::Instant;
use bytes::Bytes;
use std::collections::{BTreeMap, HashMap};

/// One row of a push: order, customer, date, product, quantity in thousandths, price in millionths.
type Row = (&'static str, Option<&'static str>, Option<i64>, &'static str, i64, Option<i64>);
/// An order as text, to compare: customer, date, product → (quantity, amount).
type OrderText = (Option<String>, i64, BTreeMap<String, (i64, Option<i128>)>);
/// By id.
type Orders = BTreeMap<String, OrderText>;
type ExpectedOrder<'a> = (&'a str, Option<&'a str>, i64, &'a [(&'a str, i64, Option<i128>)]);

fn encoded(rows: &[Row], received_at: i64) -> EncodedSegment {
    let mut builder = BatchBuilder::default();
    for (order, customer, date, product, quantity, price) in rows {
        let price = price.map(|millionths| Price::parse(&format!("{millionths}e-6")).expect("valid"));
        let quantity = Quantity::from_thousandths(*quantity);
        let line = LineDraft { product: builder.product(product), quantity, price };
        builder.order(order, *customer, date.map(Instant), &[line]);
    }
    encode_batch(&builder.build().0, Instant(received_at))
}

fn decoded(segment: &EncodedSegment) -> SegmentRows {
    decode(Bytes::from(segment.bytes.clone()), Some(&segment.meta.sha256)).expect("a segment of ours")
}

fn orders(history: &History) -> Orders {
    let order = |(at, order): (usize, &crate::history::OrderHeader)| {
        let line = |line: crate::history::Line| {
            let amount = line.amount.map(Amount::billionths);
            (history.product(line.product).to_owned(), (line.quantity.thousandths(), amount))
        };
        let customer = order.customer.map(|code| history.customer(code).to_owned());
        (history.order_id(at).to_owned(), (customer, order.date.0, history.lines(order).map(line).collect()))
    };
    history.orders().iter().enumerate().map(order).collect()
}

/// Pushes in the order of their sequences 1, 2, …, each received at 1000 × its sequence.
fn merged(pushes: &[&[Row]]) -> Orders {
    let rows = |(at, push): (usize, &&[Row])| (at as u64 + 1, decoded(&encoded(push, (at as i64 + 1) * 1000)));
    orders(&merge(pushes.iter().enumerate().map(rows).collect()))
}

fn check(pushes: &[&[Row]], expected: &[ExpectedOrder<'_>]) {
    let expected: Orders = expected
        .iter()
        .map(|(order, customer, date, lines)| {
            let lines = lines.iter().map(|(product, quantity, amount)| ((*product).to_owned(), (*quantity, *amount)));
            ((*order).to_owned(), (customer.map(str::to_owned), *date, lines.collect()))
        })
        .collect();
    assert_eq!(merged(pushes), expected);
}

const UNIT: i128 = 1_000_000_000;

#[test]
fn the_last_value_of_a_line_wins() {
    let first: &[Row] =
        &[("o", Some("c"), Some(5), "tea", 2_000, Some(1_500_000)), ("o", Some("c"), Some(5), "pot", 1_000, None)];
    let pot = ("pot", 1_000, None);
    check(&[first], &[("o", Some("c"), 5, &[pot, ("tea", 2_000, Some(3 * UNIT))])]);
    check(&[first, first], &[("o", Some("c"), 5, &[pot, ("tea", 2_000, Some(3 * UNIT))])]);
    let update: &[Row] = &[("o", Some("c"), Some(5), "tea", -500, Some(2_000_000))];
    check(&[first, update], &[("o", Some("c"), 5, &[pot, ("tea", -500, Some(-UNIT))])]);
}

#[test]
fn quantity_zero_removes_until_the_line_comes_again() {
    let line: &[Row] = &[("o", None, Some(5), "tea", 1_000, None)];
    let gone: &[Row] = &[("o", None, Some(5), "tea", 0, None)];
    check(&[gone], &[]);
    check(&[line, gone], &[]);
    check(&[gone, line], &[("o", None, 5, &[("tea", 1_000, None)])]);
    check(&[line, gone, line], &[("o", None, 5, &[("tea", 1_000, None)])]);
}

#[test]
fn the_customer_is_that_of_the_live_lines_and_the_date_the_last_one_told() {
    let a: &[Row] = &[("o", Some("ann"), Some(5), "a", 1_000, None)];
    let b: &[Row] = &[("o", Some("bob"), None, "b", 1_000, None)];
    let b_gone: &[Row] = &[("o", Some("eve"), Some(9), "b", 0, None)];
    let guest: &[Row] = &[("o", None, Some(7), "c", 1_000, None)];
    let (line_a, line_b, line_c) = (("a", 1_000, None), ("b", 1_000, None), ("c", 1_000, None));
    check(&[a, b], &[("o", Some("bob"), 5, &[line_a, line_b])]);
    check(&[a, b, b_gone], &[("o", Some("ann"), 9, &[line_a])]);
    check(&[a, guest], &[("o", None, 7, &[line_a, line_c])]);
    check(&[guest, a], &[("o", Some("ann"), 5, &[line_a, line_c])]);
    // No row carries a date: the earliest push.
    check(&[b], &[("o", Some("bob"), 1000, &[line_b])]);
    check(&[b, &[("o", Some("bob"), None, "a", 1_000, None)]], &[("o", Some("bob"), 1000, &[line_a, line_b])]);
}

#[test]
fn an_update_without_a_date_leaves_the_date_alone() {
    let dated: &[Row] = &[("d", None, Some(5), "a", 1_000, None)];
    let update: &[Row] = &[("d", None, None, "a", 2_000, None)];
    let gone: &[Row] = &[("d", None, None, "a", 0, None)];
    let line = ("a", 2_000, None);
    check(&[dated, update], &[("d", None, 5, &[line])]);
    check(&[dated, gone, update], &[("d", None, 5, &[line])]);
    check(&[update, dated, update], &[("d", None, 5, &[line])]);
    check(&[update, update], &[("d", None, 1000, &[line])]);
    check(&[gone, update], &[("d", None, 1000, &[line])]);
}

#[test]
fn an_erased_order_is_gone_until_it_comes_again() {
    let push: &[Row] = &[("x", Some("c"), Some(5), "tea", 1_000, None), ("y", None, Some(5), "tea", 1_000, None)];
    let erase = decoded(&encode_erasure(["x", "z", "x"], Instant(0)));
    let again = decoded(&encoded(&[("x", None, Some(6), "pot", 1_000, None)], 0));
    let history = merge(vec![(1, decoded(&encoded(push, 0))), (2, erase.clone())]);
    assert_eq!(orders(&history).keys().collect::<Vec<_>>(), ["y"]);
    assert_eq!((history.customer_count(), history.product_count()), (0, 1), "names nobody uses are gone");
    let history = merge(vec![(3, again), (2, erase), (1, decoded(&encoded(push, 0)))]);
    assert_eq!(orders(&history)["x"].2.keys().collect::<Vec<_>>(), ["pot"]);
}

/// A small seeded generator (xorshift64*): the same pushes at every run.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) % bound
    }
    fn pick<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.below(of.len() as u64) as usize]
    }
}

/// Orders of distinct lines; a header for each order of the push.
fn random_push(random: &mut Random) -> Vec<Row> {
    let mut rows: BTreeMap<(&str, &str), Row> = BTreeMap::new();
    let mut heads = HashMap::new();
    for _ in 0..1 + random.below(12) {
        let order = random.pick(&["o1", "o2", "o3", "o4", "o5", "", "ö"]);
        let head = (random.pick(&[None, Some("ann"), Some("bob")]), random.pick(&[None, Some(1), Some(2), Some(3)]));
        let (customer, date) = *heads.entry(order).or_insert(head);
        let product = random.pick(&["a", "b", "c", "é"]);
        let row =
            (order, customer, date, product, random.pick(&[0, 1_000, -2_000, 1_500]), random.pick(&[None, Some(10)]));
        rows.insert((order, product), row);
    }
    rows.into_values().collect()
}

/// What came, each with the sequence of its place, from 1.
enum Sent {
    /// Rows and the time of the push.
    Push(Vec<Row>, i64),
    Erasure(&'static str),
}

fn random_sent(random: &mut Random) -> Vec<Sent> {
    let count = 1 + random.below(9);
    let sent = |_| {
        let push = random_push(random);
        // Times of push need not ascend with the sequences.
        if random.below(6) == 0 { Sent::Erasure(push[0].0) } else { Sent::Push(push, 1_000 + random.below(5) as i64) }
    };
    (0..count).map(sent).collect()
}

fn segments(sent: &[Sent]) -> Vec<(u64, SegmentRows)> {
    let segment = |sent: &Sent| match sent {
        Sent::Push(rows, received_at) => decoded(&encoded(rows, *received_at)),
        Sent::Erasure(order) => decoded(&encode_erasure([*order], Instant(0))),
    };
    (1..).zip(sent.iter().map(segment)).collect()
}

/// The law, literally.
fn model(sent: &[Sent]) -> Orders {
    let mut all: BTreeMap<&str, Vec<(&Row, i64)>> = BTreeMap::new();
    for sent in sent {
        match sent {
            Sent::Push(rows, received_at) => rows.iter().for_each(|row| {
                all.entry(row.0).or_default().push((row, *received_at));
            }),
            Sent::Erasure(order) => drop(all.remove(order)),
        }
    }
    all.into_iter().filter_map(|(id, rows)| Some((id.to_owned(), model_order(&rows)?))).collect()
}

/// From all rows of an order since its last erasure, oldest first.
fn model_order(rows: &[(&Row, i64)]) -> Option<OrderText> {
    let is_last = |at: &usize| rows[at + 1..].iter().all(|(later, _)| later.3 != rows[*at].0.3);
    let live: Vec<&Row> = (0..rows.len()).filter(is_last).map(|at| rows[at].0).filter(|row| row.4 != 0).collect();
    let customer = live.last()?.1.map(str::to_owned);
    let date = rows.iter().rev().find_map(|(row, _)| row.2);
    let received_at = rows.iter().map(|(_, received_at)| *received_at).min()?;
    let amount = |row: &Row| row.5.map(|price| i128::from(price) * i128::from(row.4));
    let lines = live.iter().map(|row| (row.3.to_owned(), (row.4, amount(row)))).collect();
    Some((customer, date.unwrap_or(received_at), lines))
}

#[test]
fn a_merge_equals_the_slow_model() {
    for seed in 1..300 {
        let sent = random_sent(&mut Random(seed));
        assert_eq!(orders(&merge(segments(&sent))), model(&sent), "seed {seed}");
    }
}

fn compacted(segments: Vec<(u64, SegmentRows)>, bits: u32, removals: Removals) -> Vec<(u64, SegmentRows)> {
    let mut merge = Merge::default();
    segments.into_iter().for_each(|(sequence, rows)| merge.add(sequence, rows));
    // Rows carry their own sequences, so the segment's own says nothing.
    merge.compact(bits, removals).iter().map(|segment| (0, decoded(segment))).collect()
}

#[test]
fn compaction_changes_nothing_that_is_read() {
    for seed in 1..200 {
        let mut random = Random(seed);
        let sent = random_sent(&mut random);
        let (segments, expected) = (segments(&sent), model(&sent));
        let (mut some, mut rest): (Vec<_>, Vec<_>) = segments.iter().cloned().partition(|_| random.below(2) == 0);
        some = compacted(some, random.below(3) as u32, Removals::Keep);
        some.append(&mut rest);
        assert_eq!(orders(&merge(some.clone())), expected, "seed {seed}, any of the segments");
        let all = compacted(some, random.below(3) as u32, Removals::Drop);
        assert_eq!(orders(&merge(all)), expected, "seed {seed}, all that is left");
        let (old, new) = segments.split_at(random.below(segments.len() as u64 + 1) as usize);
        let mut prefix = compacted(old.to_vec(), 0, Removals::Drop);
        prefix.extend_from_slice(new);
        assert_eq!(orders(&merge(prefix.clone())), expected, "seed {seed}, the oldest segments");
        let again = compacted(compacted(prefix, 1, Removals::Keep), 0, Removals::Drop);
        assert_eq!(orders(&merge(again)), expected, "seed {seed}, what was compacted before");
    }
}

#[test]
fn compaction_leaves_one_row_a_line() {
    let push: &[Row] = &[("o", Some("ann"), None, "a", 1_000, None), ("p", Some("bob"), None, "a", 1_000, None)];
    let update: &[Row] = &[("o", Some("ann"), Some(5), "a", 2_000, None), ("p", None, None, "a", 0, None)];
    let sent = [push, update, update].map(|rows| Sent::Push(rows.to_vec(), 1_000));
    let rows = |removals| compacted(segments(&sent), 0, removals)[0].1.row_count();
    // Of p a removed row with its time of push, and beside older segments one of each push without a date.
    assert_eq!((rows(Removals::Drop), rows(Removals::Keep)), (2, 4));
    let erased = [Sent::Push(push.to_vec(), 1_000), Sent::Erasure("o"), Sent::Erasure("p")];
    assert_eq!(compacted(segments(&erased), 0, Removals::Drop).len(), 0, "what is erased leaves nothing");
}

#[test]
fn many_orders_over_many_ranges() {
    let ids: Vec<String> = (0..40_000).map(|at| format!("order-{at}")).collect();
    let batch = |from: usize, quantity: i64| {
        let mut builder = BatchBuilder::default();
        let (tea, pot) = (builder.product("tea"), builder.product("pot"));
        let line = |product| LineDraft { product, quantity: Quantity::from_thousandths(quantity), price: None };
        ids[from..].iter().for_each(|id| builder.order(id, Some(id), None, &[line(tea), line(pot), line(pot)]));
        builder.build().0
    };
    let segments = [encode_batch(&batch(0, 1_000), Instant(7)), encode_batch(&batch(30_000, 3_000), Instant(9))];
    let merged = merge(vec![(2, decoded(&segments[1])), (1, decoded(&segments[0]))]);
    assert_eq!((merged.orders().len(), merged.line_count(), merged.customer_count()), (40_000, 80_000, 40_000));
    let sum: i64 = merged.orders().iter().flat_map(|order| merged.lines(order)).map(|l| l.quantity.thousandths()).sum();
    assert_eq!(sum, 3_000 * 30_000 + 9_000 * 10_000);
    let customers: Vec<&str> = (0..40_000).map(|code| merged.customer(code)).collect();
    assert!(customers.is_sorted(), "codes ascend as the names do");
}

#[test]
fn the_manifest_describes_the_segment() {
    let rows: &[Row] = &[("x", None, Some(5), "tea", 1_000, None), ("y", None, Some(9), "tea", 0, None)];
    let segment = encoded(rows, 1);
    let mut hashes = [xxhash_rust::xxh3::xxh3_64(b"x"), xxhash_rust::xxh3::xxh3_64(b"y")];
    hashes.sort_unstable();
    let meta = &segment.meta;
    assert_eq!((meta.rows, meta.bytes, meta.schema_version), (2, segment.bytes.len() as u64, 1));
    assert_eq!((meta.min_date, meta.max_date), (Some(5), Some(9)));
    assert_eq!([meta.min_hash, meta.max_hash], hashes);
    assert_eq!(encoded(rows, 1).bytes, segment.bytes, "the same rows are the same bytes");
    let keys: Vec<_> = decoded(&segment).keys().map(|(order, product)| format!("{order} {product}")).collect();
    assert_eq!(keys.len(), 2);
}

#[test]
fn damaged_bytes_are_refused() {
    let rows: Vec<Row> = vec![("x", Some("c"), Some(5), "tea", 1_000, Some(1)), ("y", None, None, "pot", 1_000, None)];
    let good = encoded(&rows, 1);
    let mut wrong = good.bytes.clone();
    wrong[10] ^= 1;
    let refused = decode(Bytes::from(wrong), Some(&good.meta.sha256));
    assert!(matches!(refused, Err(SegmentProblem::Checksum { .. })), "{refused:?}");
    assert!(matches!(decode(Bytes::new(), None), Err(SegmentProblem::Corrupt(_))));
    assert!(matches!(decode(Bytes::from_static(b"PAR1 but no Parquet PAR1"), None), Err(SegmentProblem::Corrupt(_))));
    for at in 0..good.bytes.len() {
        // Without the checksum some damage reads as other rows; it may not panic, hang or take all memory.
        drop(decode(Bytes::copy_from_slice(&good.bytes[..at]), None));
        for bit in [0, 6] {
            let mut bytes = good.bytes.clone();
            bytes[at] ^= 1 << bit;
            drop(decode(Bytes::from(bytes), None));
        }
    }
}
