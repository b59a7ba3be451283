//! What goes with some products, from a dataset's newest completed basket report. A report's rules are read once and
//! kept while they are asked for: results are immutable, and whether the report is still there is looked up each time.

use crate::ports::{Objects, PortError, PortResult, ReportBook, ReportFilter, ReportRecord, ReportStatus};
use affinsy_core::ids::Tenant;
use affinsy_core::report::ReportType;
use affinsy_core::report::recommend::Recommender;
use std::sync::{Arc, Mutex, PoisonError};

/// The longest list of rules that is asked: it stands in memory while it is read.
pub const MOST_BYTES: u64 = 192 << 20;
/// What may be kept of lists that were read.
const KEPT_BYTES: u64 = 128 << 20;

/// The rules of reports that were asked lately, by their objects' keys, newest first.
#[derive(Debug, Default)]
pub struct Shelf(Mutex<Vec<(String, Arc<Recommender>)>>);

impl Shelf {
    fn find(&self, key: &str) -> Option<Arc<Recommender>> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let at = kept.iter().position(|(known, _)| known == key)?;
        let entry = kept.remove(at);
        let found = Arc::clone(&entry.1);
        kept.insert(0, entry);
        Some(found)
    }

    fn keep(&self, key: &str, rules: &Arc<Recommender>) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|(known, _)| known != key);
        kept.insert(0, (key.to_owned(), Arc::clone(rules)));
        let mut bytes = 0;
        kept.retain(|(known, rules)| {
            bytes += rules.memory_bytes();
            known == key || bytes <= KEPT_BYTES
        });
    }
}

#[derive(Debug)]
pub enum NoRules {
    /// The dataset has no completed basket report.
    NoReport,
    TooMany {
        report_id: String,
        rows: u64,
    },
    Port(PortError),
}

impl From<PortError> for NoRules {
    fn from(error: PortError) -> Self {
        Self::Port(error)
    }
}

/// The newest completed basket report of a dataset, and its rules.
pub async fn newest_rules(
    tenant: &Tenant,
    dataset_id: &str,
    reports: &dyn ReportBook,
    objects: &dyn Objects,
    shelf: &Shelf,
) -> Result<(ReportRecord, Arc<Recommender>), NoRules> {
    let report = newest(tenant, dataset_id, reports).await?.ok_or(NoRules::NoReport)?;
    let part = report.parts.iter().find(|part| part.name == "rules");
    let part = part.ok_or_else(|| PortError::Damaged(format!("report {} has no rules", report.report_id)))?;
    if let Some(rules) = shelf.find(&part.key) {
        return Ok((report, rules));
    }
    if part.bytes > MOST_BYTES {
        return Err(NoRules::TooMany { rows: part.rows, report_id: report.report_id });
    }
    let bytes = objects.read(&part.key).await?;
    let bytes = bytes.ok_or_else(|| PortError::Damaged(format!("{} is missing", part.key)))?;
    let rules = Recommender::of_rules(&bytes);
    let rules = rules.map_err(|error| PortError::Damaged(format!("{} is not what a worker writes: {error}", part.key)));
    let rules = Arc::new(rules?);
    shelf.keep(&part.key, &rules);
    Ok((report, rules))
}

async fn newest(tenant: &Tenant, dataset_id: &str, reports: &dyn ReportBook) -> PortResult<Option<ReportRecord>> {
    let filter = ReportFilter {
        dataset_id: Some(dataset_id.to_owned()),
        report_type: Some(ReportType::Mba.name().to_owned()),
        status: Some(ReportStatus::Completed.name().to_owned()),
    };
    let mut after: Option<String> = None;
    loop {
        let page = reports.list(tenant, &filter, after.as_deref(), 1).await?;
        match (page.items.into_iter().next(), page.next_after) {
            (Some(report), _) => return Ok(Some(report)),
            (None, Some(next)) => after = Some(next),
            (None, None) => return Ok(None),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_asked_last_is_kept_longest() {
        let shelf = Shelf::default();
        let rules = Arc::new(Recommender::of_rules(b"").expect("no rules"));
        for key in ["a", "b", "a"] {
            shelf.keep(key, &rules);
        }
        assert!(shelf.find("b").is_some() && shelf.find("c").is_none());
        let kept: Vec<String> = shelf.0.lock().expect("shelf").iter().map(|(key, _)| key.clone()).collect();
        assert_eq!(kept, ["b", "a"]);
    }
}
