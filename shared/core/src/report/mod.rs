//! Reports: what was asked for, and the pure computation of the answer from a dataset's history.

pub mod basket;
pub mod calendar;
pub mod customer;
pub mod export;
pub mod mba;
pub mod recommend;
pub mod redact;
pub mod rfm;
pub mod scope;
pub mod spec;
pub mod template;
pub mod window;

use crate::insight::Insights;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// Market basket analysis or customer segments.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum ReportType {
    Mba,
    Rfm,
}

impl ReportType {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Mba => "MBA",
            Self::Rfm => "RFM",
        }
    }
}

/// `customer_scope` of a segment: this and the segment's id.
pub const SEGMENT_PREFIX: &str = "segment:";

/// Whose orders, and which of them, a report looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CustomerScope {
    All,
    FirstOrder,
    Repeat,
    HighValue,
    Churning,
    New90d,
    /// All orders of the customers of one RFM segment, by its place in the report's segment model.
    Segment(usize),
}

impl CustomerScope {
    /// Every scope that has one name by the name that `customer_scope` takes.
    pub const NAMES: [(&'static str, Self); 6] = [
        ("all", Self::All),
        ("first_order", Self::FirstOrder),
        ("repeat", Self::Repeat),
        ("high_value", Self::HighValue),
        ("churning", Self::Churning),
        ("new_90d", Self::New90d),
    ];

    /// Its name; of a segment's the part before the segment's own ([`spec::ReportSpec::scope_name`] gives both).
    pub fn name(self) -> &'static str {
        Self::NAMES.iter().find(|(_, scope)| *scope == self).map_or(SEGMENT_PREFIX, |(name, _)| name)
    }
}

/// A finished computation. The parts are whole and in newline-delimited JSON, one row a line; the result
/// holds the first page of each.
#[derive(Debug)]
pub struct ReportOutput {
    /// A JSON object without the report's own header (id, status, times): `parameters`, `data`, `insights`, …
    pub result: Box<RawValue>,
    /// The insights that the result holds; `None` where none were asked for.
    pub insights: Option<Insights>,
    pub parts: Vec<ReportPart>,
}

impl ReportOutput {
    /// Puts other texts in the place of the result's insights. All else keeps its bytes.
    pub fn reword(&mut self, insights: Insights) {
        let json = |insights: &Insights| {
            let text = serde_json::to_string(insights).expect("insights of plain fields always serialize");
            format!("\"insights\":{text}")
        };
        let Some(old) = &self.insights else { return };
        // No text in the result can hold this: its quotation marks would be escaped.
        let reworded = self.result.get().replacen(&json(old), &json(&insights), 1);
        self.result = RawValue::from_string(reworded).expect("an object with one of its fields replaced");
        self.insights = Some(insights);
    }
}

/// One of a report's long lists.
#[derive(Debug)]
pub struct ReportPart {
    /// `rules`, `itemsets` or `customers`.
    pub name: &'static str,
    pub rows: u64,
    pub ndjson: Vec<u8>,
}

/// Why a report ends `Failed`, in words that tell the caller what to do. Never an infrastructure error.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, thiserror::Error)]
#[error("{code}: {message}")]
pub struct ReportFailure {
    pub code: &'static str,
    pub message: String,
}

/// What the computation may use of the machine.
pub struct Budget<'a> {
    pub threads: usize,
    /// What it may allocate beside the history; `None` for no bound.
    pub memory_bytes: Option<u64>,
    /// True when the work must stop now (deadline, cancel); asked often.
    pub stop: &'a (dyn Fn() -> bool + Sync),
    /// Called with a stage's name and the fraction done, 0–1.
    pub progress: &'a (dyn Fn(&'static str, f64) + Sync),
}

impl Budget<'_> {
    /// The budget that is left when so many bytes are taken.
    #[must_use]
    pub fn without(&self, bytes: u64) -> Self {
        Self { memory_bytes: self.memory_bytes.map(|left| left.saturating_sub(bytes)), ..*self }
    }
}

impl std::fmt::Debug for Budget<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Budget")
            .field("threads", &self.threads)
            .field("memory_bytes", &self.memory_bytes)
            .finish_non_exhaustive()
    }
}

/// Works out the report that was asked for.
pub fn run(
    history: &crate::history::History,
    spec: &spec::ReportSpec,
    budget: &Budget<'_>,
) -> Result<ReportOutput, RunEnd> {
    run_after(history, spec, None, budget)
}

/// [`run`], held against an earlier report of the same parameters.
pub fn run_after(
    history: &crate::history::History,
    spec: &spec::ReportSpec,
    previous: Option<&mba::PreviousReport>,
    budget: &Budget<'_>,
) -> Result<ReportOutput, RunEnd> {
    match spec.report_type {
        ReportType::Mba => mba::run(history, spec, previous, budget),
        ReportType::Rfm => rfm::run(history, spec, budget),
    }
}

/// How a computation ends other than with a result.
#[derive(Debug, thiserror::Error)]
pub enum RunEnd {
    #[error(transparent)]
    Failed(#[from] ReportFailure),
    /// `Budget::stop` said so: hand the job back.
    #[error("stopped")]
    Stopped {
        /// What would have come to its end in the time that there was, as far as that can be told.
        advice: Option<String>,
    },
}

impl RunEnd {
    /// Stopped, and nothing is known of what would have helped.
    pub const STOPPED: Self = Self::Stopped { advice: None };
}
