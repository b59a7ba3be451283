//! The second walk over a file: its rows as order lines and rejects, in bounded memory, from any row on.

use serde::{Deserialize, Serialize};

use super::interpret::{Header, Interpreter};
use super::rows::Rows;
use super::splitter::{Foreign, Splitter};
use super::{Encoding, Findings, Plan, Sink, Summary};
use crate::time::Instant;

/// Takes a file's bytes, in chunks of any size.
#[derive(Debug)]
pub struct Reader {
    splitter: Splitter,
    rows: Rows,
}

/// Where a reading stands, between two rows. Whoever goes on from here hands over the same lines and rejects as one
/// who never stopped.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checkpoint {
    /// The byte of the unpacked file at which the next row begins; for Parquet the row group.
    pub offset: u64,
    /// That row's line.
    pub line: u64,
    /// What has been counted up to here.
    pub summary: Summary,
    pub(super) header: Option<Header>,
}

impl Reader {
    /// Expects the file from its first byte on. `now` bounds the dates of orders.
    pub fn new(plan: &Plan, findings: &Findings, now: Instant) -> Self {
        let interpreter = Interpreter::new(plan, findings, now);
        Self { splitter: Splitter::new(plan, foreign(findings)), rows: Rows::new(plan, interpreter) }
    }

    /// Expects the file from [`Checkpoint::offset`] on.
    pub fn resume(plan: &Plan, findings: &Findings, now: Instant, from: &Checkpoint) -> Self {
        let interpreter = Interpreter::resume(plan, findings, now, from);
        let splitter = Splitter::at(plan, foreign(findings), from.offset, from.line);
        Self { splitter, rows: Rows::new(plan, interpreter) }
    }

    pub fn feed(&mut self, bytes: &[u8], sink: &mut dyn Sink) {
        let Self { splitter, rows } = self;
        splitter.feed(bytes, &mut |record| rows.record(&record, sink));
    }

    /// Where the next row begins that was not handed over yet. `None` in the middle of a row that is too long to be
    /// held: a later chunk has one again.
    pub fn checkpoint(&self) -> Option<Checkpoint> {
        let (offset, line) = self.splitter.position()?;
        let rows = &self.rows.interpreter;
        Some(Checkpoint { offset, line, summary: rows.summary.clone(), header: rows.header.clone() })
    }

    /// What has been counted so far.
    pub fn summary(&self) -> &Summary {
        &self.rows.interpreter.summary
    }

    /// Reads what stands behind the last line end.
    pub fn finish(mut self, sink: &mut dyn Sink) -> Summary {
        let Self { splitter, rows } = &mut self;
        splitter.finish(&mut |record| rows.record(&record, sink));
        self.rows.interpreter.summary
    }
}

fn foreign(findings: &Findings) -> Foreign {
    match findings.encoding {
        Encoding::Windows1252 => Foreign::Windows1252,
        Encoding::Utf8 | Encoding::Utf16Le | Encoding::Utf16Be => Foreign::Refuse,
    }
}
