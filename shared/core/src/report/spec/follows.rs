//! Which of two reports asks the same question again, later. Knows no result.

use super::ReportSpec;
use crate::report::ReportType;

impl ReportSpec {
    /// Whether what this basket analysis finds can be held against what an earlier one of the same dataset found: the
    /// same parameters and filters, over the same dates or later ones. What only names or presents a report may differ.
    pub fn follows(&self, earlier: &Self) -> bool {
        let is_mba = self.report_type == ReportType::Mba && earlier.report_type == ReportType::Mba;
        let is_same = self.mba == earlier.mba
            && self.filters == earlier.filters
            && self.customer_scope == earlier.customer_scope
            && self.churn_days == earlier.churn_days
            // A segment's customers depend on how it was scored.
            && self.rfm == earlier.rfm
            && self.time_zone_name == earlier.time_zone_name;
        is_mba && is_same && self.covers_later_dates_than(earlier)
    }

    /// A month follows a month, and everything follows everything; a month does not follow a year, whose thresholds
    /// mean something else.
    fn covers_later_dates_than(&self, earlier: &Self) -> bool {
        let is_ordered = not_before(self.start, earlier.start)
            && not_before(self.end, earlier.end)
            && not_before(self.as_of, earlier.as_of);
        let length = |spec: &Self| Some(i128::from(spec.end?.0) - i128::from(spec.start?.0));
        // Months, quarters and years differ by less than an eighth of their length.
        let is_alike = |(one, other): (i128, i128)| (one - other).abs() * 8 <= one.max(other);
        is_ordered && length(self).zip(length(earlier)).is_none_or(is_alike)
    }
}

/// Both open, or both given and in this order.
fn not_before<T: PartialOrd>(later: Option<T>, earlier: Option<T>) -> bool {
    match (later, earlier) {
        (Some(later), Some(earlier)) => later >= earlier,
        (later, earlier) => later.is_none() && earlier.is_none(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn spec(body: &Value) -> ReportSpec {
        ReportSpec::parse(body.to_string().as_bytes()).expect("a valid body")
    }

    #[track_caller]
    fn check(earlier: &Value, later: &Value, expected: bool) {
        assert_eq!(spec(later).follows(&spec(earlier)), expected, "{earlier} {later}");
    }

    #[test]
    fn the_same_question_in_other_words() {
        let plain = json!({"report_type": "MBA"});
        check(&plain, &plain, true);
        check(&plain, &json!({"template": "standard_mba", "name": "May", "webhook_url": "https://example.com/"}), true);
        check(&plain, &json!({"report_type": "MBA", "params": {"insights": false, "min_confidence": 0.1}}), true);
        let with = |support: &str| {
            let body = format!(r#"{{"report_type":"MBA","params":{{"min_support":{support}}}}}"#);
            ReportSpec::parse(body.as_bytes()).expect("a valid body")
        };
        assert!(with("0.01").follows(&with("1e-2")) && !with("0.01").follows(&with("0.0100001")));
        let lists = |names: Value| json!({"report_type": "MBA", "filters": {"products": {"exclude": names}}});
        check(&lists(json!(["a", "b"])), &lists(json!(["b", "a", "b"])), true);
    }

    #[test]
    fn another_question() {
        let plain = json!({"report_type": "MBA"});
        for params in [
            json!({"min_support_count": 5}),
            json!({"min_lift": 2}),
            json!({"max_rules": 5}),
            json!({"sort_by": "support"}),
            json!({"scope": "customer"}),
            json!({"customer_scope": "repeat"}),
            json!({"churn_days": 9}),
            json!({"time_zone": "Europe/Berlin"}),
        ] {
            check(&plain, &json!({"report_type": "MBA", "params": params}), false);
        }
        check(&plain, &json!({"report_type": "MBA", "filters": {"min_basket_size": 2}}), false);
        let champions =
            |bins: u32| json!({"report_type": "MBA", "params": {"customer_scope": "segment:champions", "bins": bins}});
        check(&champions(5), &champions(5), true);
        check(&champions(5), &champions(4), false);
        check(&json!({"report_type": "RFM"}), &plain, false);
        check(&json!({"report_type": "RFM"}), &json!({"report_type": "RFM"}), false);
    }

    #[test]
    fn dates_go_on() {
        let range = |start: &str, end: &str| {
            let bound = |text: &str| Some(text).filter(|text| !text.is_empty()).map(|text| format!("2025-{text}"));
            json!({"report_type": "MBA", "filters": {"dateRange": {"start": bound(start), "end": bound(end)}}})
        };
        let of = |(start, end): (&str, &str)| {
            let mut body = range(start, end);
            let dates = body["filters"]["dateRange"].as_object_mut().expect("an object");
            dates.retain(|_, bound| !bound.is_null());
            body
        };
        let check = |earlier, later, expected| check(&of(earlier), &of(later), expected);
        let (january, february) = (("01-01", "01-31"), ("02-01", "02-28"));
        check(january, february, true);
        check(january, january, true);
        check(february, january, false);
        check(january, ("01-01", "12-31"), false);
        check(("01-01", "12-31"), ("12-01", "12-31"), false);
        check(("01-01", ""), ("02-01", ""), true);
        check(("01-01", ""), january, false);
        check(("", ""), january, false);
        let as_of = |day: &str| json!({"report_type": "MBA", "params": {"as_of": day}});
        assert!(spec(&as_of("2025-05-01")).follows(&spec(&as_of("2025-04-01"))));
        assert!(!spec(&as_of("2025-04-01")).follows(&spec(&as_of("2025-05-01"))));
    }
}
