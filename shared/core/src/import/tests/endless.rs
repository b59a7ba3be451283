//! Rows without end: rejected, not held.

use super::*;

fn check(text: &str, lines: &[&str], rejects: &[&str]) {
    let settings = Settings::default();
    for chunk in [64 << 10, 1 << 20, text.len()] {
        let (plan, findings) = understood(text.as_bytes(), &settings, chunk).expect("understood");
        let (got, summary) = read(text.as_bytes(), &plan, &findings, chunk);
        assert_eq!((got.lines, got.rejects), (own(lines), own(rejects)), "chunks of {chunk}");
        assert_eq!(summary.rows, findings.rows);
    }
}

fn own(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

#[test]
fn a_row_too_long_is_left_out_and_reading_goes_on() {
    let long = "x".repeat(MAX_ROW_BYTES);
    check(
        &format!("order,product\n1,tea\n2,{long}\n3,jam\n"),
        &["2: 1|||tea||1", "4: 3|||jam||1"],
        &["line 3: the row is longer than 1024 kB"],
    );
    let lines = "a, \"\"quoted\"\" line\n".repeat(MAX_ROW_BYTES / 10);
    let after = 3 + lines.lines().count() + 1;
    check(
        &format!("order,product\n1,tea\n2,\"{lines}\"\n3,jam\n"),
        &["2: 1|||tea||1", &format!("{after}: 3|||jam||1")],
        &["line 3: the row is longer than 1024 kB"],
    );
    check(&format!("order,product\n1,tea\n2,{long}"), &["2: 1|||tea||1"], &["line 3: the row is longer than 1024 kB"]);
}

#[test]
fn a_quote_that_never_closes_is_said_before_anything_is_read() {
    let text = format!("order,product\n1,tea\n2,\"{}", "x\n".repeat(MAX_ROW_BYTES));
    for chunk in [64 << 10, text.len()] {
        let problem = understood(text.as_bytes(), &Settings::default(), chunk).expect_err("open");
        assert_eq!(problem, ImportProblem::OpenQuote { line: 3 });
    }
}

#[test]
fn between_chunks_of_an_endless_row_there_is_no_checkpoint() {
    let (plan, findings) = understood(b"order,product\n1,a\n", &Settings::default(), 9).expect("understood");
    let (mut got, mut reader) = (Got::default(), Reader::new(&plan, &findings, now()));
    reader.feed(b"order,product\n1,", &mut got);
    assert_eq!(reader.checkpoint().map(|at| at.offset), Some(14));
    reader.feed("x".repeat(MAX_ROW_BYTES).as_bytes(), &mut got);
    assert_eq!(reader.checkpoint(), None);
    reader.feed(b"x\n2,tea\n3", &mut got);
    assert_eq!(reader.checkpoint().map(|at| (at.line, at.summary.rejected)), Some((4, 1)));
    assert_eq!(got.lines, ["3: 2|||tea||1"]);
}
