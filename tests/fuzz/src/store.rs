//! What our own functions wrote and read again: segments, messages, results. Whatever became of it meanwhile, the answer
//! is a value that keeps its promises, or none.

use crate::orders::texts;
use crate::{check_short, two_texts};
use affinsy_app::ports::Job;
use affinsy_core::json::{self, Node};
use affinsy_core::report::mba::PreviousReport;
use affinsy_core::report::redact::{rows_without_customer, without_customer};
use affinsy_core::segment::{self, ALL_HASHES, EncodedSegment, Merge, Removals, SegmentRows};
use bytes::Bytes;

pub fn segment(data: &[u8]) {
    let rows = match segment::decode(Bytes::copy_from_slice(data), None) {
        Ok(rows) => rows,
        Err(problem) => return check_short(&problem.to_string()),
    };
    assert!(segment::decode(Bytes::copy_from_slice(data), Some("")).is_err(), "no other checksum is its own");
    let orders = texts(&segment::merge(vec![(1, rows.clone())]));
    let mut keys: Vec<(&str, &str)> = rows.keys().collect();
    assert!(orders.len() <= rows.order_count() && keys.len() <= rows.row_count());
    keys.sort_unstable();
    if !keys.is_sorted_by(|a, b| a < b) {
        // No push says two things of one product of an order, and which of them holds is not laid down.
        return;
    }
    for (bits, removals) in [(0, Removals::Keep), (2, Removals::Keep), (0, Removals::Drop)] {
        let mut merge = Merge::default();
        merge.add(1, rows.clone());
        let compacted = merge.compact(bits, removals);
        let again = |range| compacted.live.iter().chain(&compacted.gone).map(move |segment| decoded(segment, range));
        let merged = segment::merge(again(ALL_HASHES).map(|rows| (1, rows)).collect());
        assert_eq!(texts(&merged), orders, "{bits} bits, {removals:?}");
        // The two halves together are the whole.
        let half = u64::MAX / 2;
        let halves = [(0, half), (half + 1, u64::MAX)].map(|range| {
            let merged = segment::merge(again(range).map(|rows| (1, rows)).collect());
            texts(&merged)
        });
        assert_eq!(halves.concat(), orders, "{bits} bits, {removals:?}");
    }
}

fn decoded(segment: &EncodedSegment, range: segment::Hashes) -> SegmentRows {
    let bytes = Bytes::from(segment.bytes.clone());
    segment::decode_range(bytes, &segment.meta.sha256, range).expect("a segment of ours")
}

pub fn job(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    match Job::from_message(text) {
        Ok(job) => {
            assert!((1..=128).contains(&job.tenant().as_str().len()), "{job:?}");
            let message = job.to_message();
            assert!(message.len() <= 6 * data.len() + 64, "{message}");
            assert_eq!(Job::from_message(&message), Ok(job));
        }
        Err(problem) => assert!(!problem.is_empty()),
    }
}

/// The first line is a result, the rest are its rules.
pub fn previous_report(data: &[u8]) {
    let Some((result, rules)) = two_texts(data) else { return };
    let Some(report) = PreviousReport::read("rpt_1", "2025-11-01", result.as_bytes(), rules.as_bytes()) else { return };
    assert!(report.rules.len() <= rules.lines().count());
    assert!(report.memory_bytes() <= 64 * data.len() as u64, "{} of {}", report.memory_bytes(), data.len());
    for rule in &report.rules {
        assert!(rule.antecedent_count > 0 && rule.support_count <= rule.antecedent_count, "{rule:?}");
    }
}

/// The first line is a customer, the rest a report; and rows.
pub fn redact(data: &[u8]) {
    let Some((customer, report)) = two_texts(data) else { return };
    if let Ok(Some(text)) = without_customer(report.as_bytes(), customer) {
        assert!(text.len() <= report.len(), "taking out adds nothing");
        let node = json::parse(&text).expect("what is left is JSON");
        assert!(!is_named(&node, customer), "{}", String::from_utf8_lossy(&text));
        assert!(matches!(without_customer(&text, customer), Ok(None)), "once is enough");
    }
    if let Ok(Some((kept, rows))) = rows_without_customer(report.as_bytes(), customer) {
        assert!(kept.len() < report.len() && rows < report.split_inclusive('\n').count() as u64);
        assert!(matches!(rows_without_customer(&kept, customer), Ok(None)), "once is enough");
        assert_eq!(kept.split_inclusive(|byte| *byte == b'\n').count() as u64, rows);
    }
}

/// Whether a row of any list names the customer.
fn is_named(node: &Node, customer: &str) -> bool {
    let names = |item: &Node| matches!(item.get("customer_id"), Some(Node::String(id)) if id == customer);
    match node {
        Node::Array(items) => items.iter().any(|item| names(item) || is_named(item, customer)),
        Node::Object(fields) => fields.iter().any(|(_, value)| is_named(value, customer)),
        Node::Null | Node::Bool(_) | Node::Number(_) | Node::String(_) => false,
    }
}
