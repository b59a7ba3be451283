//! Going on from a checkpoint, at every place there is one.

use super::*;

/// Reads up to each byte, goes on from the checkpoint with another reader, and compares.
fn check(bytes: &[u8], settings: &str) {
    let (plan, findings, whole, summary) = read_with(bytes, settings);
    for stop in 0..bytes.len() {
        let (mut got, mut first) = (Got::default(), Reader::new(&plan, &findings, now()));
        first.feed(&bytes[..stop], &mut got);
        let stored = serde_json::to_string(&first.checkpoint().expect("between two rows")).expect("JSON");
        let checkpoint: Checkpoint = serde_json::from_str(&stored).expect("as it was written");
        let mut second = Reader::resume(&plan, &findings, now(), &checkpoint);
        let offset = usize::try_from(checkpoint.offset).expect("small");
        assert!(offset >= stop.min(offset) && offset <= bytes.len());
        bytes[offset..].chunks(11).for_each(|chunk| second.feed(chunk, &mut got));
        assert_eq!((second.finish(&mut got), &got), (summary.clone(), &whole), "stopped at byte {stop}");
    }
}

#[test]
fn every_file_goes_on_from_every_byte() {
    for name in
        ["shopify.csv", "woocommerce_advanced.csv", "bigcommerce.csv", "utf16.csv", "damaged.csv", "orders.ndjson"]
    {
        check(&file(name), "{}");
    }
    check(b"\xef\xbb\xbforder,product\r1,a\r2,\"b\rc\"\r3,d", "{}");
    check(
        "order,product\n1,\u{1f600}\n2,a\n".encode_utf16().flat_map(u16::to_be_bytes).collect::<Vec<u8>>().as_slice(),
        "{}",
    );
}

#[test]
fn a_plan_and_its_findings_may_be_stored() {
    let (plan, findings, ..) =
        read_with(&file("german.csv"), r#"{"mapping":{"order_id":"Rechnung","product_name":"Artikel"}}"#);
    let stored = serde_json::to_string(&(&plan, &findings)).expect("JSON");
    assert_eq!(serde_json::from_str::<(Plan, Findings)>(&stored).expect("as it was written"), (plan, findings));
}
