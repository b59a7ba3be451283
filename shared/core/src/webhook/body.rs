//! The bodies of the events, byte for byte as the contract prints them.

use crate::report::ReportType;
use crate::time::Instant;

/// How a report ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    Completed,
    Failed,
}

impl Ending {
    pub const fn event(self) -> &'static str {
        match self {
            Self::Completed => "report.completed",
            Self::Failed => "report.failed",
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
        ending.event(),
        report_type.name(),
        ending.status(),
        at.to_rfc3339_seconds(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_body_is_the_contracts() {
        let at = crate::time::parse_instant("2025-03-15T10:32:00.75Z").expect("valid");
        assert_eq!(
            report_body(Ending::Completed, "abc123", ReportType::Mba, at),
            r#"{"event": "report.completed", "report_id": "abc123", "report_type": "MBA", "status": "Completed", "timestamp": "2025-03-15T10:32:00Z"}"#
        );
    }
}
