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
/// An order as text, to compare: id → (customer, date, product → (quantity, amount)).
type Orders = BTreeMap<String, (Option<String>, i64, BTreeMap<String, (i64, Option<i128>)>)>;
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
fn the_header_is_that_of_the_live_lines() {
    let a: &[Row] = &[("o", Some("ann"), Some(5), "a", 1_000, None)];
    let b: &[Row] = &[("o", Some("bob"), None, "b", 1_000, None)];
    let b_gone: &[Row] = &[("o", Some("eve"), Some(9), "b", 0, None)];
    let guest: &[Row] = &[("o", None, Some(7), "c", 1_000, None)];
    let (line_a, line_b, line_c) = (("a", 1_000, None), ("b", 1_000, None), ("c", 1_000, None));
    check(&[a, b], &[("o", Some("bob"), 5, &[line_a, line_b])]);
    check(&[a, b, b_gone], &[("o", Some("ann"), 5, &[line_a])]);
    check(&[a, guest], &[("o", None, 7, &[line_a, line_c])]);
    check(&[guest, a], &[("o", Some("ann"), 5, &[line_a, line_c])]);
    // No line carries a date: the earliest push of a live line.
    check(&[b], &[("o", Some("bob"), 1000, &[line_b])]);
    check(&[b, &[("o", Some("bob"), None, "a", 1_000, None)]], &[("o", Some("bob"), 1000, &[line_a, line_b])]);
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

/// The law, literally.
fn model(pushes: &[Vec<Row>]) -> Orders {
    let mut winners: HashMap<(&str, &str), (usize, Row)> = HashMap::new();
    for (sequence, push) in pushes.iter().enumerate() {
        winners.extend(push.iter().map(|row| ((row.0, row.3), (sequence + 1, *row))));
    }
    let mut live: BTreeMap<&str, Vec<(usize, Row)>> = BTreeMap::new();
    for (sequence, row) in winners.into_values().filter(|(_, row)| row.4 != 0) {
        live.entry(row.0).or_default().push((sequence, row));
    }
    let order = |(id, mut rows): (&str, Vec<(usize, Row)>)| {
        rows.sort_by_key(|(sequence, _)| *sequence);
        let customer = rows[rows.len() - 1].1.1.map(str::to_owned);
        let date = rows.iter().rev().find_map(|(_, row)| row.2).unwrap_or(rows[0].0 as i64 * 1000);
        let amount = |row: &Row| row.5.map(|price| i128::from(price) * i128::from(row.4));
        let lines = rows.iter().map(|(_, row)| (row.3.to_owned(), (row.4, amount(row)))).collect();
        (id.to_owned(), (customer, date, lines))
    };
    live.into_iter().map(order).collect()
}

#[test]
fn a_merge_equals_the_slow_model() {
    for seed in 1..150 {
        let mut random = Random(seed);
        let pushes: Vec<Vec<Row>> = (0..1 + random.below(8)).map(|_| random_push(&mut random)).collect();
        let got = merged(&pushes.iter().map(Vec::as_slice).collect::<Vec<_>>());
        assert_eq!(got, model(&pushes), "seed {seed}");
    }
}

/// The segments of pushes, with an erasure of one order now and then.
fn random_segments(random: &mut Random) -> Vec<(u64, SegmentRows)> {
    let segment = |sequence: u64| {
        let push = random_push(random);
        let erased = random.below(5) == 0;
        let segment =
            if erased { encode_erasure([push[0].0], Instant(0)) } else { encoded(&push, sequence as i64 * 1000) };
        (sequence, decoded(&segment))
    };
    (1..10).map(segment).collect()
}

fn compacted(segments: Vec<(u64, SegmentRows)>, bits: u32, removals: Removals) -> Vec<(u64, SegmentRows)> {
    let mut merge = Merge::default();
    segments.into_iter().for_each(|(sequence, rows)| merge.add(sequence, rows));
    // Rows carry their own sequences, so the segment's own says nothing.
    merge.compact(bits, removals).iter().map(|segment| (0, decoded(segment))).collect()
}

#[test]
fn compaction_changes_nothing_that_is_read() {
    for seed in 1..60 {
        let mut random = Random(seed);
        let segments = random_segments(&mut random);
        let expected = orders(&merge(segments.clone()));
        let (mut some, mut rest): (Vec<_>, Vec<_>) = segments.iter().cloned().partition(|_| random.below(2) == 0);
        some = compacted(some, random.below(3) as u32, Removals::Keep);
        some.append(&mut rest);
        assert_eq!(orders(&merge(some.clone())), expected, "seed {seed}, any of the segments");
        let all = compacted(some, random.below(3) as u32, Removals::Drop);
        assert_eq!(orders(&merge(all)), expected, "seed {seed}, all that is left");
        let (old, new) = segments.split_at(random.below(10) as usize);
        let mut prefix = compacted(old.to_vec(), 0, Removals::Drop);
        prefix.extend_from_slice(new);
        assert_eq!(orders(&merge(prefix)), expected, "seed {seed}, the oldest segments");
    }
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
