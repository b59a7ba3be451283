//! Rows and cells of random texts, compared with those of the `csv` crate.

use super::*;
use crate::import::row::CellSplitter;
use crate::import::splitter::{Flaw, Foreign, Splitter};

type Rows = Vec<Vec<String>>;

fn by_the_crate(text: &str) -> Rows {
    let reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(text.as_bytes());
    reader.into_records().map(|row| row.expect("UTF-8").iter().map(str::to_owned).collect()).collect()
}

fn by_us(text: &str, chunk: usize, plan: &Plan) -> (Rows, Vec<u64>) {
    let mut splitter = Splitter::at(plan, Foreign::Refuse, 0, 1);
    let (mut rows, mut lines, mut cells) = (Rows::new(), Vec::new(), CellSplitter::new(b','));
    let mut keep = |record: crate::import::splitter::Record<'_>| {
        assert!(matches!(record.flaw, None | Some(Flaw::OpenQuote)), "{text:?}");
        if !record.text.is_empty() {
            rows.push(cells.split(&record.text, record.quoted).iter().map(str::to_owned).collect());
            lines.push(record.line);
        }
    };
    text.as_bytes().chunks(chunk).for_each(|chunk| splitter.feed(chunk, &mut keep));
    splitter.finish(&mut keep);
    (rows, lines)
}

#[test]
fn random_rows_are_those_of_the_csv_crate() {
    let plan = detect(b"order,product\n", &Settings::default()).expect("known");
    let mut state = 7u64;
    let mut next = |below: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % below
    };
    for _ in 0..20_000 {
        let text: String = (0..next(40)).map(|_| ["a", ",", "\"", "\n", "\r\n", "\u{e9}", ","][next(7)]).collect();
        // A carriage return that ends the text is a line end to the crate, and part of a cell to nobody.
        let expected = by_the_crate(&text);
        let whole = by_us(&text, text.len().max(1), &plan);
        assert_eq!(whole.0, expected, "{text:?}");
        assert_eq!(by_us(&text, 1 + next(5), &plan), whole, "{text:?}");
    }
}

#[test]
fn lines_are_the_file_s() {
    let plan = detect(b"order,product\n", &Settings::default()).expect("known");
    let check = |text: &str, expected: &[u64]| assert_eq!(by_us(text, 3, &plan).1, expected, "{text:?}");
    check("a\n\nb\n\"c\nd\"\ne", &[1, 3, 4, 6]);
    check("a\r\n\"b\r\nc\"\r\nd\r\n", &[1, 2, 4]);
}
