//! One function for each parser of what others send: it feeds the parser and holds it to what it promises, so that any
//! bytes do. A fuzzer makes bytes up (`fuzz/`); the test `corpora` replays those that were worth keeping.

mod imports;
mod orders;
mod requests;
mod store;
mod values;
mod webhooks;

pub use imports::{import_parquet, import_text};
pub use orders::push;
pub use requests::{api_key, cursor, report_spec, schedule_spec};
pub use store::{job, previous_report, redact, segment};
pub use values::{dates, decimals};
pub use webhooks::{address, retry_after, webhook_url};

use affinsy_core::problem::{BodyProblem, MAX_FIELD_PROBLEMS};
use affinsy_core::time::{Instant, parse_instant};

/// Takes any bytes; panics where a promise is broken.
pub type Target = fn(&[u8]);

/// Every target by the name of its corpus.
pub const TARGETS: [(&str, Target); 16] = [
    ("address", address),
    ("api_key", api_key),
    ("cursor", cursor),
    ("dates", dates),
    ("decimals", decimals),
    ("import_parquet", import_parquet),
    ("import_text", import_text),
    ("job", job),
    ("previous_report", previous_report),
    ("push", push),
    ("redact", redact),
    ("report_spec", report_spec),
    ("retry_after", retry_after),
    ("schedule_spec", schedule_spec),
    ("segment", segment),
    ("webhook_url", webhook_url),
];

/// The clock of all targets.
fn now() -> Instant {
    parse_instant("2025-12-01").expect("a date")
}

/// The text before and behind the first line end; nothing behind where there is none.
fn two_texts(data: &[u8]) -> Option<(&str, &str)> {
    let text = std::str::from_utf8(data).ok()?;
    Some(text.split_once('\n').unwrap_or((text, "")))
}

/// What a caller is told of a body is short, whatever was sent, and says where.
fn check_problem(body: &[u8], problem: &BodyProblem) {
    match problem {
        BodyProblem::Malformed { line, column, detail } => {
            let lines = body.iter().filter(|byte| **byte == b'\n').count() + 1;
            assert!((1..=lines + 1).contains(line) && (1..=body.len() + 2).contains(column), "{problem}");
            check_short(detail);
        }
        BodyProblem::TooLarge { detail } => check_short(detail),
        BodyProblem::Invalid { errors } => {
            assert!((1..=2 * MAX_FIELD_PROBLEMS).contains(&errors.len()), "{} problems", errors.len());
            for error in errors {
                assert!(error.pointer.starts_with('/'), "{error:?}");
                check_short(&error.pointer);
                check_short(&error.detail);
            }
        }
    }
}

fn check_short(text: &str) {
    assert!(!text.is_empty() && text.chars().count() <= 1_000, "{} characters: {text:.200}", text.chars().count());
}

fn check_warnings(warnings: &[String]) {
    assert!(warnings.len() <= 300, "{} warnings", warnings.len());
    warnings.iter().for_each(|warning| assert!(warning.chars().count() <= 2_000, "{warning:.300}"));
}
