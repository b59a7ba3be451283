//! What a customer segment report found, as a text table of its segments.

use serde_json::Value;

use super::json::{fixed, list, money, percent, text};
use super::mba::currency;
use crate::layout::{Align, TextTable};

pub fn findings(report: &Value) -> String {
    let segments = list(report, "segments");
    if segments.is_empty() {
        return "\n  No customers to segment.\n".to_owned();
    }
    let mut table = TextTable::new(&[
        ("segment", Align::Left),
        ("customers", Align::Right),
        ("share", Align::Right),
        ("revenue", Align::Right),
        ("of all", Align::Right),
        ("days since", Align::Right),
        ("orders each", Align::Right),
        ("what to do", Align::Left),
    ]);
    for segment in segments {
        table.row(vec![
            text(&segment["label"]),
            text(&segment["customers"]),
            percent(&segment["share"]),
            money(&segment["revenue"], currency(report)),
            percent(&segment["revenue_share"]),
            fixed(&segment["recency_days"]["median"], 0),
            fixed(&segment["frequency"]["mean"], 1),
            segment["action"].as_str().unwrap_or_default().to_owned(),
        ]);
    }
    format!("\n  Segments\n{}", table.render())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn segments_show_size_and_money() {
        let segment = json!({"id": "champions", "label": "Champions", "customers": 900, "share": 0.25, "revenue": 1000,
            "revenue_share": null, "recency_days": {"median": 7.0}, "frequency": {"mean": 4.2}, "action": "Thank them"});
        let shown = findings(&json!({"segments": [segment]}));
        assert!(shown.contains("Champions        900  25.00 %  1,000.00       –"), "{shown}");
        assert!(shown.contains("Thank them"));
    }
}
