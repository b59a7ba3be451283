//! The bodies of the events, byte for byte as the contract prints them.

use crate::report::ReportType;
use crate::time::Instant;
use serde_json::Value;

/// How a report or an import ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    Completed,
    Failed,
}

impl Ending {
    pub const fn of_report(self) -> &'static str {
        match self {
            Self::Completed => "report.completed",
            Self::Failed => "report.failed",
        }
    }
    pub const fn of_import(self) -> &'static str {
        match self {
            Self::Completed => "import.completed",
            Self::Failed => "import.failed",
        }
    }
    pub const fn status(self) -> &'static str {
        match self {
            Self::Completed => "Completed",
            Self::Failed => "Failed",
        }
    }
}

/// The event of a report that ended. The same arguments give the same bytes, so every attempt, also after a
/// crash, sends one body. No argument holds a character that JSON escapes.
pub fn report_body(ending: Ending, report_id: &str, report_type: ReportType, at: Instant) -> String {
    format!(
        r#"{{"event": "{}", "report_id": "{report_id}", "report_type": "{}", "status": "{}", "timestamp": "{}"}}"#,
        ending.of_report(),
        report_type.name(),
        ending.status(),
        at.to_rfc3339_seconds(),
    )
}

/// The event of an upload that ended. A dataset's name is the caller's, so it is escaped, always in the same way.
pub fn import_body(ending: Ending, import_id: &str, dataset_id: &str, at: Instant) -> String {
    format!(
        r#"{{"event": "{}", "import_id": "{import_id}", "dataset_id": {}, "status": "{}", "timestamp": "{}"}}"#,
        ending.of_import(),
        Value::from(dataset_id),
        ending.status(),
        at.to_rfc3339_seconds(),
    )
}

/// What an event bus gets: the webhook's fields after those that a rule filters on. `id` stays the same over all
/// attempts, so that whoever gets an event twice can tell. An import's body names its dataset itself.
pub fn bus_detail(id: &str, tenant: &str, dataset_id: Option<&str>, body: &str) -> String {
    let dataset = dataset_id.map(|name| format!(r#""dataset_id": {}, "#, Value::from(name))).unwrap_or_default();
    let fields = body.strip_prefix('{').unwrap_or(body);
    format!(r#"{{"id": "{id}", "tenant": {}, {dataset}{fields}"#, Value::from(tenant))
}

/// The event by which somebody tries out an endpoint.
pub const TEST_EVENT: &str = "webhook.test";

pub fn test_body(at: Instant) -> String {
    format!(r#"{{"event": "{TEST_EVENT}", "timestamp": "{}"}}"#, at.to_rfc3339_seconds())
}

/// Every event there is.
pub const EVENTS: [&str; 5] = [
    Ending::Completed.of_report(),
    Ending::Failed.of_report(),
    Ending::Completed.of_import(),
    Ending::Failed.of_import(),
    TEST_EVENT,
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_on_the_bus_says_whose_it_is_and_of_which_dataset() {
        let at = crate::time::parse_instant("2025-03-15T10:32:00Z").expect("valid");
        let report = report_body(Ending::Completed, "rpt_1", ReportType::Rfm, at);
        assert_eq!(
            bus_detail("evt_1", "shop", Some("a \"b\""), &report),
            r#"{"id": "evt_1", "tenant": "shop", "dataset_id": "a \"b\"", "event": "report.completed", "report_id": "rpt_1", "report_type": "RFM", "status": "Completed", "timestamp": "2025-03-15T10:32:00Z"}"#
        );
        let import = import_body(Ending::Failed, "imp_1", "d", at);
        assert_eq!(
            bus_detail("evt_1", "shop", None, &import),
            r#"{"id": "evt_1", "tenant": "shop", "event": "import.failed", "import_id": "imp_1", "dataset_id": "d", "status": "Failed", "timestamp": "2025-03-15T10:32:00Z"}"#
        );
    }

    #[test]
    fn an_import_names_its_dataset_whatever_it_is_called() {
        let at = crate::time::parse_instant("2025-03-15T10:32:00Z").expect("valid");
        let body = import_body(Ending::Failed, "imp_1", "a \"b\"\\ü", at);
        let expected = r#"{"event": "import.failed", "import_id": "imp_1", "dataset_id": "a \"b\"\\ü", "status": "Failed", "timestamp": "2025-03-15T10:32:00Z"}"#;
        assert_eq!(body, expected);
        assert_eq!(test_body(at), r#"{"event": "webhook.test", "timestamp": "2025-03-15T10:32:00Z"}"#);
    }

    #[test]
    fn the_body_is_the_contracts() {
        let at = crate::time::parse_instant("2025-03-15T10:32:00.75Z").expect("valid");
        assert_eq!(
            report_body(Ending::Completed, "abc123", ReportType::Mba, at),
            r#"{"event": "report.completed", "report_id": "abc123", "report_type": "MBA", "status": "Completed", "timestamp": "2025-03-15T10:32:00Z"}"#
        );
    }
}
