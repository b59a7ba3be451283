//! Whole files through detection, survey and reader: what comes out is the same whatever the chunks, and whoever goes
//! on from a checkpoint.

mod endless;
mod files;
mod parquet;
mod resume;
mod split;

use super::*;
use crate::decimal::Price;
use crate::time::{Instant, parse_instant};

/// What came out of a file, each line and each reject in words.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
struct Got {
    lines: Vec<String>,
    rejects: Vec<String>,
    rejects_csv: String,
}

impl Sink for Got {
    fn line(&mut self, line: &Line<'_>) {
        let date = line.order_date.map(Instant::to_rfc3339).unwrap_or_default();
        let price = line.unit_price.map(price_text).unwrap_or_default();
        let quantity = line.quantity.thousandths() as f64 / 1e3;
        let (order, customer) = (line.order_id, line.customer_id.unwrap_or_default());
        self.lines.push(format!("{}: {order}|{customer}|{date}|{}|{price}|{quantity}", line.number, line.product_name));
    }
    fn reject(&mut self, reject: &Reject<'_>) {
        self.rejects.push(reject.said());
        self.rejects_csv.push_str(&rejects_row(reject));
    }
}

fn price_text(price: Price) -> String {
    (price.millionths() as f64 / 1e6).to_string()
}

fn now() -> Instant {
    parse_instant("2025-12-01").expect("valid")
}

fn file(name: &str) -> Vec<u8> {
    let path = format!("{}/../../tests/data/imports/{name}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// What the caller has to decide, by its code.
fn understood(bytes: &[u8], settings: &Settings, chunk: usize) -> Result<(Plan, Findings), ImportProblem> {
    let plan = detect(&bytes[..bytes.len().min(HEAD_BYTES)], settings)?;
    let mut survey = Survey::new(&plan);
    bytes.chunks(chunk).for_each(|chunk| survey.feed(chunk));
    survey.finish().map(|findings| (plan, findings))
}

fn read(bytes: &[u8], plan: &Plan, findings: &Findings, chunk: usize) -> (Got, Summary) {
    let (mut got, mut reader) = (Got::default(), Reader::new(plan, findings, now()));
    bytes.chunks(chunk).for_each(|chunk| reader.feed(chunk, &mut got));
    let summary = reader.finish(&mut got);
    (got, summary)
}

/// Reads a file in chunks of several sizes, which must not matter.
fn read_with(bytes: &[u8], settings: &str) -> (Plan, Findings, Got, Summary) {
    let settings: Settings = serde_json::from_str(settings).expect("settings");
    let (plan, findings) = understood(bytes, &settings, bytes.len().max(1)).expect("understood");
    let (got, summary) = read(bytes, &plan, &findings, bytes.len().max(1));
    for chunk in [1, 2, 7, 64] {
        assert_eq!(understood(bytes, &settings, chunk), Ok((plan.clone(), findings.clone())), "chunks of {chunk}");
        assert_eq!(read(bytes, &plan, &findings, chunk), (got.clone(), summary.clone()), "chunks of {chunk}");
    }
    (plan, findings, got, summary)
}

/// A file of `tests/data/imports`: what it is taken for, its lines, its rejects and its warnings.
fn check(name: &str, settings: &str, kind: Kind, lines: &[&str], rejects: &[&str], warnings: &[&str]) {
    let (plan, findings, got, summary) = read_with(&file(name), settings);
    assert_eq!(plan.kind, kind, "{name}");
    assert_eq!(got.lines, lines, "{name}");
    assert_eq!(got.rejects, rejects, "{name}");
    assert_eq!(summary.warnings(&plan, &findings), warnings, "{name}");
    assert_eq!((summary.lines, summary.rejected), (lines.len() as u64, rejects.len() as u64), "{name}");
    assert_eq!(findings.rows, summary.rows, "{name}");
}
