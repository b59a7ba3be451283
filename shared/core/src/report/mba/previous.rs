//! An earlier report of the same parameters, as far as this one compares itself with it. Read from what that report
//! wrote; whatever cannot be read is no report to compare with, never a failure.

use crate::decimal::Amount;
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

/// The most bytes of an earlier report's list of rules that are read.
pub const MAX_PREVIOUS_BYTES: u64 = 32 << 20;

/// A report that was completed before.
#[derive(Debug, Clone)]
pub struct PreviousReport {
    pub report_id: String,
    /// RFC 3339.
    pub completed_at: String,
    pub baskets: u64,
    pub rules_found: u64,
    pub rules: Vec<PreviousRule>,
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
}

#[derive(Deserialize)]
struct Summary {
    baskets: u64,
    rules_found: u64,
}

impl PreviousReport {
    /// From a report's result and its part `rules`. `None` where they are not of this form.
    pub fn read(report_id: &str, completed_at: &str, result: &[u8], rules: &[u8]) -> Option<Self> {
        let Summary { baskets, rules_found } = serde_json::from_slice::<Written>(result).ok()?.summary;
        let rows = rules.split(|byte| *byte == b'\n').filter(|row| !row.is_empty());
        let rules: Vec<PreviousRule> = rows.map(serde_json::from_slice).collect::<Result<_, _>>().ok()?;
        let is_sound = |rule: &PreviousRule| rule.antecedent_count > 0 && rule.support_count <= rule.antecedent_count;
        rules.iter().all(is_sound).then(|| Self {
            report_id: report_id.to_owned(),
            completed_at: completed_at.to_owned(),
            baskets,
            rules_found,
            rules,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_report_is_nothing_to_compare_with() {
        let rule = r#"{"antecedents":["a"],"consequents":["b"],"support_count":3,"antecedent_count":4,"revenue":1.50,"lift":2.0}"#;
        let result = r#"{"summary":{"baskets":9,"rules_found":7,"aov":null},"data":{}}"#;
        let read = |result: &str, rules: &str| PreviousReport::read("r", "t", result.as_bytes(), rules.as_bytes());
        let previous = read(result, &format!("{rule}\n{rule}\n")).expect("a report");
        assert_eq!((previous.baskets, previous.rules_found, previous.rules.len()), (9, 7, 2));
        assert_eq!(previous.rules[0].revenue, Amount::from_billionths(1_500_000_000));
        assert!(read(result, "").is_some());
        assert!(read("{}", rule).is_none());
        assert!(read(result, r#"{"antecedents":["a"]}"#).is_none());
        assert!(read(result, &rule.replace("\"antecedent_count\":4", "\"antecedent_count\":0")).is_none());
        assert!(read(result, &rule[..40]).is_none());
    }
}
