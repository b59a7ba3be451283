//! What is encoded is decoded, whatever is damaged is refused, and a merge keeps its law in the cases that it names.

use super::*;
use crate::decimal::{Amount, Price, Quantity};
use crate::history::History;
use crate::order::{BatchBuilder, LineDraft};
use crate::time::Instant;
use bytes::Bytes;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

/// One row of a push: order, customer, date, product, quantity in thousandths, price in millionths.
pub(super) type Row = (&'static str, Option<&'static str>, Option<i64>, &'static str, i64, Option<i64>);
/// An order as text, to compare: customer, date, product → (quantity, amount).
pub(super) type OrderText = (Option<String>, i64, BTreeMap<String, (i64, Option<i128>)>);
/// By id.
pub(super) type Orders = BTreeMap<String, OrderText>;
type ExpectedOrder<'a> = (&'a str, Option<&'a str>, i64, &'a [(&'a str, i64, Option<i128>)]);

pub(super) fn encoded(rows: &[Row], received_at: i64) -> EncodedSegment {
    let mut builder = BatchBuilder::default();
    for (order, customer, date, product, quantity, price) in rows {
        let price = price.map(|millionths| Price::parse(&format!("{millionths}e-6")).expect("valid"));
        let quantity = Quantity::from_thousandths(*quantity);
        let line = LineDraft { product: builder.product(product), quantity, price };
        builder.order(order, *customer, date.map(Instant), &[line]);
    }
    encode_batch(&builder.build().0, Instant(received_at))
}

pub(super) fn decoded(segment: &EncodedSegment) -> SegmentRows {
    decode(Bytes::from(segment.bytes.clone()), Some(&segment.meta.sha256)).expect("a segment of ours")
}

pub(super) fn orders(history: &History) -> Orders {
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

#[test]
fn an_erased_customer_leaves_nothing_and_lets_nothing_come_back() {
    let bob: &[Row] = &[("x", Some("bob"), Some(4), "tea", 1_000, None)];
    let ann: &[Row] = &[("x", Some("ann"), Some(5), "tea", 2_000, None), ("y", Some("ann"), None, "pot", 1_000, None)];
    let erase = || decoded(&encode_customer_erasure(["ann", "eve", "ann"], Instant(0)));
    let read = |segments: Vec<(u64, SegmentRows)>| orders(&merge(segments));
    let push = |rows: &[Row], sequence: u64| (sequence, decoded(&encoded(rows, 1_000)));
    assert_eq!(erase().row_count(), 2);
    assert_eq!(read(vec![push(bob, 1), push(ann, 2), (3, erase())]), Orders::new());
    assert_eq!(read(vec![push(ann, 1), push(bob, 2), (3, erase())])["x"].1, 4);
    assert_eq!(read(vec![push(ann, 1), (2, erase()), push(ann, 3)]), read(vec![push(ann, 3)]));
    assert_eq!(read(vec![push(bob, 1), (2, erase())]), read(vec![push(bob, 1)]));
}

#[test]
fn compaction_leaves_one_row_a_line() {
    let push: &[Row] = &[("o", Some("ann"), None, "a", 1_000, None), ("p", Some("bob"), None, "a", 1_000, None)];
    let update: &[Row] = &[("o", Some("ann"), Some(5), "a", 2_000, None), ("p", None, None, "a", 0, None)];
    let pushes = [push, update, update];
    let compacted = |pushes: &[&[Row]], removals| {
        let mut merge = Merge::default();
        (1..).zip(pushes).for_each(|(sequence, push)| merge.add(sequence, decoded(&encoded(push, 1_000))));
        let Compacted { live, gone } = merge.compact(0, removals);
        let rows = |segments: &[EncodedSegment]| segments.iter().map(|each| each.meta.rows).sum::<u64>();
        (rows(&live), rows(&gone))
    };
    // Of p nothing is left but what rows of bob and of nobody told, once each.
    assert_eq!(compacted(&pushes, Removals::Drop), (1, 2));
    assert_eq!(compacted(&pushes, Removals::Keep), (3, 0));
    assert_eq!(compacted(&[push, push], Removals::Drop), (2, 0));
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
    assert!(!meta.erases && meta.may_concern((hashes[0], hashes[0])) && !meta.may_concern((0, hashes[0] - 1)));
    assert!(encode_erasure(["x"], Instant(0)).meta.erases);
    assert!(encode_customer_erasure(["c"], Instant(0)).meta.may_concern((0, 0)), "it concerns every order");
    let old = serde_json::to_string(meta).expect("JSON").replace(",\"erases\":false", "");
    assert_eq!(&serde_json::from_str::<SegmentMeta>(&old).expect("written before there was the field"), meta);
}

/// More rows than a row group holds: orders of three lines.
fn large() -> EncodedSegment {
    let mut builder = BatchBuilder::default();
    let products = ["a", "b", "c"].map(|name| builder.product(name));
    let lines = products.map(|product| LineDraft { product, quantity: Quantity::ONE, price: None });
    (0..90_000).for_each(|at| builder.order(&format!("order-{at}"), Some("c"), None, &lines));
    encode_batch(&builder.build().0, Instant(7))
}

#[test]
fn ranges_of_hashes_add_up_to_the_whole() {
    let segment = large();
    let read = |hashes| decode_range(Bytes::from(segment.bytes.clone()), &segment.meta.sha256, hashes).expect("ours");
    let whole = orders(&merge(vec![(1, decoded(&segment))]));
    let mut parts = Orders::new();
    for at in 0..8 {
        let rows = read(bucket_hashes(at, 3));
        assert!((30_000..37_500).contains(&rows.row_count()), "{}", rows.row_count());
        parts.append(&mut orders(&merge(vec![(1, rows)])));
    }
    assert!(parts == whole, "the parts differ from the whole");
    let all = read((0, u64::MAX));
    assert_eq!((all.row_count(), all.order_count()), (270_000, 90_000));
    assert_eq!(read((segment.meta.max_hash, segment.meta.max_hash)).row_count(), 3);
    assert_eq!(read((0, 0)).row_count(), 0);
}

#[test]
fn erasures_of_customers_are_read_with_every_range() {
    let erasure = encode_customer_erasure(["ann"], Instant(0));
    for at in 0..4 {
        let rows = decode_range(Bytes::from(erasure.bytes.clone()), &erasure.meta.sha256, bucket_hashes(at, 2));
        assert_eq!(rows.expect("ours").row_count(), 1, "bucket {at}");
    }
}

#[test]
fn row_groups_that_stand_elsewhere_than_the_file_says_are_refused() {
    let segment = large();
    let first = format!("{:016x}-", segment.meta.min_hash);
    let place = segment.bytes.windows(first.len()).rposition(|bytes| bytes == first.as_bytes()).expect("its bounds");
    let read =
        |bytes: Vec<u8>, hashes| decode_range(bytes.clone().into(), &hex::encode(Sha256::digest(&bytes)), hashes);
    for (at, byte) in [(0, b'f'), (17, b'0'), (16, b'_'), (35, b'g')] {
        let mut bytes = segment.bytes.clone();
        bytes[place + at] = byte;
        let refused = read(bytes, (0, u64::MAX));
        assert!(matches!(refused, Err(SegmentProblem::Corrupt(_))), "{at}");
    }
    let sum = "0".repeat(64);
    let refused = decode_range(segment.bytes.into(), &sum, (0, 0));
    assert!(matches!(refused, Err(SegmentProblem::Checksum { .. })));
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
