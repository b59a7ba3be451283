//! Insights: sentences whose every number stands in the report. Knows no report type; each report makes its own.

use serde::Serialize;

/// One number a text quotes, and where the report holds it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Fact {
    /// `F1`, `F2` …, unique in the report.
    pub id: String,
    pub value: serde_json::Value,
    /// The number as the text writes it.
    pub display: String,
    /// JSON pointer (RFC 6901) into the report.
    pub pointer: String,
}

/// One insight: what was found, why it matters, what to do next.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Insight {
    pub kind: String,
    pub title: String,
    pub body: String,
    pub facts: Vec<Fact>,
    pub action: String,
}

/// The insights of a report and who wrote their texts.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Insights {
    pub source: &'static str,
    pub items: Vec<Insight>,
}

impl Insights {
    pub fn from_templates(items: Vec<Insight>) -> Self {
        Self { source: "template", items }
    }
}
