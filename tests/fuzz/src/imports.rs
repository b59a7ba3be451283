//! Files: whatever the bytes, the chunks and what the caller says of them, every line is one that the API would take,
//! counts add up, and whoever goes on from a checkpoint reads what one does who never stopped.

use crate::{check_short, now};
use affinsy_core::decimal::Price;
use affinsy_core::import::parquet::{ParquetReader, ParquetRows};
use affinsy_core::import::{
    Checkpoint, Findings, HEAD_BYTES, ImportProblem, Line, Plan, Reader, Reject, Settings, Sink, Summary, Survey,
    detect, rejects_header, rejects_row,
};
use affinsy_core::order::{check_date, check_id, check_product_name, customer_id};
use affinsy_core::time::Instant;
use bytes::Bytes;

/// What callers say; the first byte of an input chooses.
const SETTINGS: [&str; 14] = [
    "{}",
    r#"{"format":"csv"}"#,
    r#"{"format":"ndjson"}"#,
    r#"{"source":"plain","decimal":",","delimiter":";"}"#,
    r#"{"decimal":"."}"#,
    r#"{"decimal":",","encoding":"windows-1252"}"#,
    r#"{"encoding":"utf-16le"}"#,
    r#"{"encoding":"utf-16be","time_zone":"America/New_York"}"#,
    r#"{"encoding":"utf-8","currency":"EUR","delimiter":"\t"}"#,
    r#"{"date_format":"%d/%m/%Y %H:%M","time_zone":"Europe/Berlin"}"#,
    r#"{"date_format":"%m/%d/%y","decimal":"."}"#,
    r#"{"source":"shopify","decimal":"."}"#,
    r#"{"source":"bigcommerce"}"#,
    r#"{"mapping":{"order_id":"a","product_name":"b","quantity":"c","order_date":"d","unit_price":"e"}}"#,
];

/// More is the work of a large file, which is slow with instrumentation and finds nothing else.
const MAX_BYTES: usize = 1 << 16;

/// What came out of a file, in words.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
struct Got {
    lines: Vec<String>,
    rejects: Vec<String>,
    bytes: usize,
}

impl Sink for Got {
    fn line(&mut self, line: &Line<'_>) {
        assert_eq!(check_id(line.order_id), Ok(()));
        assert_eq!(check_product_name(line.product_name), Ok(()));
        assert!(line.customer_id.is_none_or(|id| customer_id(id) == Ok(Some(id))), "{line:?}");
        assert!(line.order_date.is_none_or(|date| check_date(date, now()).is_ok()), "{line:?}");
        let price = line.unit_price.map_or(0, Price::millionths);
        assert!(price.unsigned_abs() < 10u64.pow(18), "{line:?}");
        assert!(line.quantity.thousandths().unsigned_abs() <= 10u64.pow(12), "{line:?}");
        self.lines.push(format!("{line:?}"));
    }
    fn reject(&mut self, reject: &Reject<'_>) {
        assert!(reject.value.chars().count() <= Reject::VALUE_CHARS, "{reject:?}");
        check_short(reject.reason);
        let row = rejects_row(reject);
        self.bytes += row.len();
        self.rejects.push(format!("{} {row}", reject.said()));
    }
}

fn check_counts(plan: &Plan, findings: &Findings, got: &Got, summary: &Summary) {
    let counts = (summary.lines, summary.rejected);
    assert_eq!(counts, (got.lines.len() as u64, got.rejects.len() as u64));
    assert_eq!(findings.rows, summary.rows, "both walks count the same rows");
    summary.warnings(plan, findings).iter().for_each(|warning| check_short(warning));
    assert_eq!(again(plan), *plan, "a plan that is stored is the same when it is read");
    assert_eq!(again(findings), *findings);
}

fn again<T: serde::Serialize + serde::de::DeserializeOwned>(value: &T) -> T {
    serde_json::from_str(&serde_json::to_string(value).expect("serializes")).expect("reads its own form")
}

fn check_import_problem(problem: &ImportProblem) {
    // The names of 80 columns at most, and words about them.
    assert!(problem.to_string().chars().count() <= 8_000, "{problem}");
}

fn settings(choice: u8) -> Settings {
    let text = SETTINGS[usize::from(choice.wrapping_sub(b'0')) % SETTINGS.len()];
    serde_json::from_str(text).expect("settings")
}

/// The first byte chooses what the caller says, the second the size of chunks; the rest is the file.
pub fn import_text(data: &[u8]) {
    let Some(([choice, chunk], file)) = data.split_first_chunk::<2>() else { return };
    if file.len() > MAX_BYTES {
        return;
    }
    let (settings, chunk) = (settings(*choice), usize::from(*chunk) + 1);
    let plan = match detect(&file[..file.len().min(HEAD_BYTES)], &settings) {
        Ok(plan) => plan,
        Err(problem) => return check_import_problem(&problem),
    };
    let found = survey(&plan, file, file.len().max(1));
    assert_eq!(survey(&plan, file, chunk), found, "chunks of {chunk} do not matter");
    let findings = match found {
        Ok(findings) => findings,
        Err(problem) => return check_import_problem(&problem),
    };
    check_short(&plan.described(findings.encoding));
    let (mut whole, mut reader) = (Got::default(), Reader::new(&plan, &findings, now()));
    reader.feed(file, &mut whole);
    let summary = reader.finish(&mut whole);
    check_counts(&plan, &findings, &whole, &summary);
    // Each rejected row is told once, with the header's columns: bounded by rows times columns.
    let rows = whole.rejects.len();
    let most = 8 * file.len() + rows * (1_024 + 2 * rejects_header(&plan).len());
    assert!(whole.bytes <= most, "{} bytes of rejects of {} bytes", whole.bytes, file.len());
    assert_eq!(in_chunks(&plan, &findings, file, chunk), (whole, summary), "chunks of {chunk} do not matter");
}

fn survey(plan: &Plan, file: &[u8], chunk: usize) -> Result<Findings, ImportProblem> {
    let mut survey = Survey::new(plan);
    file.chunks(chunk).for_each(|chunk| survey.feed(chunk));
    survey.finish()
}

/// Reads in chunks, and from the middle on by a reader who has no more than a stored checkpoint.
fn in_chunks(plan: &Plan, findings: &Findings, file: &[u8], chunk: usize) -> (Got, Summary) {
    let (mut got, mut reader) = (Got::default(), Reader::new(plan, findings, now()));
    let chunks = file.len().div_ceil(chunk);
    for (at, bytes) in file.chunks(chunk).enumerate() {
        reader.feed(bytes, &mut got);
        let checkpoint: Option<Checkpoint> = reader.checkpoint().filter(|_| at == chunks / 2);
        if let Some(checkpoint) = checkpoint.map(|checkpoint| again(&checkpoint)) {
            let from = usize::try_from(checkpoint.offset).expect("an offset");
            let rest = file.get(from..).expect("a checkpoint lies within the file");
            let mut second = Reader::resume(plan, findings, now(), &checkpoint);
            rest.chunks(chunk).for_each(|bytes| second.feed(bytes, &mut got));
            let summary = second.finish(&mut got);
            return (got, summary);
        }
    }
    let summary = reader.finish(&mut got);
    (got, summary)
}

/// The first byte chooses what the caller says; the rest is the file.
pub fn import_parquet(data: &[u8]) {
    const MAX_ROWS: u64 = 10_000;
    let Some((choice, file)) = data.split_first() else { return };
    if let Err(problem) = parquet(Bytes::copy_from_slice(file), &settings(*choice), now(), MAX_ROWS) {
        check_import_problem(&problem);
    }
}

fn parquet(file: Bytes, settings: &Settings, now: Instant, max_rows: u64) -> Result<(), ImportProblem> {
    let file = ParquetRows::open(file)?;
    if file.row_count() > max_rows {
        return Ok(());
    }
    let plan = file.detect(settings)?;
    let findings = file.survey(&plan)?;
    let (mut got, mut reader) = (Got::default(), ParquetReader::new(&file, &plan, &findings, now));
    while reader.next(&mut got)? {}
    let summary = reader.summary().clone();
    check_counts(&plan, &findings, &got, &summary);
    // Row group by row group, each by another reader.
    let (mut parts, mut checkpoint) = (Got::default(), ParquetReader::new(&file, &plan, &findings, now).checkpoint());
    loop {
        let mut part = ParquetReader::resume(&file, &plan, &findings, now, &again(&checkpoint));
        if !part.next(&mut parts)? {
            break;
        }
        checkpoint = part.checkpoint();
    }
    assert_eq!((parts, checkpoint.summary), (got, summary));
    Ok(())
}
