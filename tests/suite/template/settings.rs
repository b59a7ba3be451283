//! Each function gets the variables that it reads, and no other.

use crate::kit::template;
use affinsy_aws::config::Setting;

/// What each function says it needs.
const FUNCTIONS: [(&str, &[Setting]); 7] = [
    ("AuthFunction", &affinsy_auth::NEEDS),
    ("IngestFunction", &affinsy_ingest::NEEDS),
    ("ReportsFunction", &affinsy_reports::NEEDS),
    ("WorkerFunction", &affinsy_worker::NEEDS),
    ("CompactorFunction", &affinsy_compactor::NEEDS),
    ("WebhooksFunction", &affinsy_webhooks::NEEDS),
    ("SweeperFunction", &affinsy_sweeper::NEEDS),
];
/// Read by the logs of each function, which start before its settings.
const LOG_LEVEL: &str = "AFFINSY_LOG";

#[test]
fn are_given_to_who_needs_them() {
    let template = template();
    assert_eq!(template.functions.len(), FUNCTIONS.len());
    for function in &template.functions {
        let (_, needs) = FUNCTIONS.iter().find(|(id, _)| *id == function.logical_id).expect("a function of ours");
        let mut needed: Vec<&str> = needs.iter().map(|setting| setting.variable()).chain([LOG_LEVEL]).collect();
        needed.sort_unstable();
        let given: Vec<&str> = function.environment.keys().map(String::as_str).collect();
        assert_eq!(given, needed, "{}", function.logical_id);
        assert!(function.environment.values().all(|value| !value.is_empty()), "{}", function.logical_id);
    }
}
