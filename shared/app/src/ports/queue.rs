//! Messages between functions: versioned, with ids and no payload, so that old and new code can meet.

use super::PortResult;
use affinsy_core::ids::Tenant;
use async_trait::async_trait;
use serde::{Deserialize, Serialize};

/// Work for another function. Every job is safe to do twice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Job {
    /// Compute a report (queue: reports).
    Report { tenant: Tenant, report_id: String },
    /// Compact a dataset, count it, and drop what nobody needs any more (queue: store).
    Tend { tenant: Tenant, dataset_id: String },
    /// Go on with what an erasure left behind (queue: store).
    Purge { tenant: Tenant, purge_id: String },
    /// Go on with the import of a file (queue: uploads).
    Import { tenant: Tenant, import_id: String },
    /// Attempt a delivery (queue: webhooks).
    Delivery { tenant: Tenant, delivery_id: String },
}

const VERSION: u32 = 1;

#[derive(Serialize, Deserialize)]
struct Envelope<T> {
    v: u32,
    #[serde(flatten)]
    job: T,
}

impl Job {
    pub fn tenant(&self) -> &Tenant {
        match self {
            Self::Report { tenant, .. }
            | Self::Tend { tenant, .. }
            | Self::Purge { tenant, .. }
            | Self::Import { tenant, .. }
            | Self::Delivery { tenant, .. } => tenant,
        }
    }
    pub fn to_message(&self) -> String {
        serde_json::to_string(&Envelope { v: VERSION, job: self }).expect("strings and numbers serialise")
    }
    /// The job in a message's body; what is wrong with it otherwise (such a message never gets better).
    pub fn from_message(body: &str) -> Result<Self, String> {
        let envelope: Envelope<Self> = serde_json::from_str(body).map_err(|error| error.to_string())?;
        if envelope.v > VERSION {
            return Err(format!("version {} is newer than this function", envelope.v));
        }
        Ok(envelope.job)
    }
}

#[async_trait]
pub trait Queue: Send + Sync {
    /// Sends a job to the queue of its kind, to be seen after `delay_s` (at most 900).
    async fn send(&self, job: &Job, delay_s: u32) -> PortResult<()>;
    /// Makes a received message visible again after `seconds`, counted from now.
    async fn hide_for(&self, job: &Job, receipt: &str, seconds: u32) -> PortResult<()>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_versioned() {
        let job = Job::Report { tenant: "shop".parse().expect("valid"), report_id: "rpt_1".to_owned() };
        assert_eq!(job.to_message(), r#"{"v":1,"kind":"report","tenant":"shop","report_id":"rpt_1"}"#);
        assert_eq!(Job::from_message(&job.to_message()), Ok(job));
        assert!(Job::from_message(r#"{"v":2,"kind":"report","tenant":"shop","report_id":"rpt_1"}"#).is_err());
        assert!(Job::from_message(r#"{"v":1,"kind":"report","tenant":"a#b","report_id":"rpt_1"}"#).is_err());
        assert!(Job::from_message("[]").is_err());
    }

    /// A deployment may add a field without a new version, and an old function still does the job.
    #[test]
    fn fields_that_a_later_deployment_adds_are_passed_over() {
        let job = Job::Tend { tenant: "shop".parse().expect("valid"), dataset_id: "d".to_owned() };
        let later = r#"{"v":1,"kind":"tend","tenant":"shop","dataset_id":"d","why":{"since":[1,2]}}"#;
        assert_eq!(Job::from_message(later), Ok(job));
        let unknown = Job::from_message(r#"{"v":1,"kind":"refund","tenant":"shop","order_id":"o"}"#);
        assert!(unknown.is_err(), "a job that it does not know stays in the queue: {unknown:?}");
    }
}
