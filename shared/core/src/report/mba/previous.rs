//! An earlier report of the same parameters, as far as this one compares itself with it. Read from what that report
//! wrote; whatever cannot be read is no report to compare with, never a failure.

use crate::decimal::Amount;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::RawValue;

/// The most bytes of an earlier report's list of rules that are read.
pub const MAX_PREVIOUS_BYTES: u64 = 32 << 20;

/// A report that was completed before.
#[derive(Debug, Clone)]
pub struct PreviousReport {
    pub report_id: String,
    /// RFC 3339.
    pub completed_at: String,
    pub period: Period,
    pub baskets: u64,
    pub rules_found: u64,
    pub rules: Vec<PreviousRule>,
}

/// First and last date of a report's orders.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Period {
    pub start: Option<String>,
    pub end: Option<String>,
}

/// A rule as it was listed then.
#[derive(Debug, Clone, Deserialize)]
pub struct PreviousRule {
    pub antecedents: Vec<String>,
    pub consequents: Vec<String>,
    pub support_count: u32,
    pub antecedent_count: u32,
    /// As it was written, to the last digit.
    #[serde(deserialize_with = "amount")]
    pub revenue: Amount,
}

fn amount<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Amount, D::Error> {
    let raw = Box::<RawValue>::deserialize(deserializer)?;
    Amount::parse(raw.get()).map_err(serde::de::Error::custom)
}

#[derive(Deserialize)]
struct Written {
    summary: Summary,
    data: Data,
}

#[derive(Deserialize)]
struct Data {
    date_range: Period,
}

#[derive(Deserialize)]
struct Summary {
    baskets: u64,
    rules_found: u64,
}

impl PreviousReport {
    /// From a report's result and its part `rules`. `None` where they are not of this form.
    pub fn read(report_id: &str, completed_at: &str, result: &[u8], rules: &[u8]) -> Option<Self> {
        let Written { summary, data } = serde_json::from_slice(result).ok()?;
        let Summary { baskets, rules_found } = summary;
        let rows = rules.split(|byte| *byte == b'\n').filter(|row| !row.is_empty());
        let rules: Vec<PreviousRule> = rows.map(serde_json::from_slice).collect::<Result<_, _>>().ok()?;
        let is_sound = |rule: &PreviousRule| rule.antecedent_count > 0 && rule.support_count <= rule.antecedent_count;
        rules.iter().all(is_sound).then(|| Self {
            report_id: report_id.to_owned(),
            completed_at: completed_at.to_owned(),
            period: data.date_range,
            baskets,
            rules_found,
            rules,
        })
    }

    /// About what it takes in memory.
    pub fn memory_bytes(&self) -> u64 {
        const TEXT: usize = size_of::<String>();
        let names = self.rules.iter().flat_map(|rule| rule.antecedents.iter().chain(&rule.consequents));
        let texts: usize = names.map(|name| TEXT + name.len()).sum();
        (texts + self.rules.len() * size_of::<PreviousRule>()) as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_report_is_nothing_to_compare_with() {
        let rule = r#"{"antecedents":["a"],"consequents":["b"],"support_count":3,"antecedent_count":4,"revenue":1.50,"lift":2.0}"#;
        let result = r#"{"summary":{"baskets":9,"rules_found":7,"aov":null},"data":{"date_range":{"start":"2025-01-01","end":null}}}"#;
        let read = |result: &str, rules: &str| PreviousReport::read("r", "t", result.as_bytes(), rules.as_bytes());
        let previous = read(result, &format!("{rule}\n{rule}\n")).expect("a report");
        assert_eq!((previous.baskets, previous.rules_found, previous.rules.len()), (9, 7, 2));
        assert_eq!(previous.rules[0].revenue, Amount::from_billionths(1_500_000_000));
        assert_eq!(previous.period, Period { start: Some("2025-01-01".to_owned()), end: None });
        assert!(previous.memory_bytes() > 100);
        assert!(read(result, "").is_some());
        assert!(read("{}", rule).is_none());
        assert!(read(result, r#"{"antecedents":["a"]}"#).is_none());
        assert!(read(result, &rule.replace("\"antecedent_count\":4", "\"antecedent_count\":0")).is_none());
        assert!(read(result, &rule[..40]).is_none());
    }
}
