//! What can be wrong with something a caller sent, in words for the caller. Knows no status codes.

use serde::Serialize;

/// One thing wrong with a well-formed body: where (a JSON pointer, RFC 6901) and what.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FieldProblem {
    pub pointer: String,
    pub detail: String,
}

impl FieldProblem {
    pub fn new(pointer: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { pointer: pointer.into(), detail: detail.into() }
    }
}

/// Why a body was not accepted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BodyProblem {
    /// Not JSON, or not the kind of JSON value that stands here (an array for an object). Lines and columns count from 1.
    #[error("the body is not valid JSON: {detail} (line {line}, column {column})")]
    Malformed { line: usize, column: usize, detail: String },
    /// More than the contract lets through in one request.
    #[error("{detail}")]
    TooLarge { detail: String },
    /// Well-formed, but with these mistakes; never empty.
    #[error("{}", summary(.errors))]
    Invalid { errors: Vec<FieldProblem> },
}

/// The most problems reported for one body: enough to mend it, bounded whatever was sent.
pub const MAX_FIELD_PROBLEMS: usize = 100;

fn summary(errors: &[FieldProblem]) -> String {
    match errors {
        [only] => format!("{}: {}", only.pointer, only.detail),
        [first, rest @ ..] => format!("{}: {} (and {} more)", first.pointer, first.detail, rest.len()),
        [] => "the body is not valid".to_owned(),
    }
}

impl From<FieldProblem> for BodyProblem {
    fn from(problem: FieldProblem) -> Self {
        Self::Invalid { errors: vec![problem] }
    }
}
