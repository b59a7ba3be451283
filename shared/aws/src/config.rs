//! Settings, read once from the environment that the template sets. Nothing else reads the environment.

use affinsy_core::webhook::url::UrlPolicy;
use std::collections::BTreeMap;

/// A variable of the template's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Setting {
    ControlTable,
    SegmentsTable,
    Bucket,
    ReportsQueueUrl,
    WebhooksQueueUrl,
    StoreQueueUrl,
    UploadsQueueUrl,
    WebhookAllowPrivate,
    InsightsModelId,
    EventBusName,
    WorkerConcurrency,
}

impl Setting {
    pub const fn variable(self) -> &'static str {
        match self {
            Self::ControlTable => "AFFINSY_CONTROL_TABLE",
            Self::SegmentsTable => "AFFINSY_SEGMENTS_TABLE",
            Self::Bucket => "AFFINSY_BUCKET",
            Self::ReportsQueueUrl => "AFFINSY_REPORTS_QUEUE_URL",
            Self::WebhooksQueueUrl => "AFFINSY_WEBHOOKS_QUEUE_URL",
            Self::StoreQueueUrl => "AFFINSY_STORE_QUEUE_URL",
            Self::UploadsQueueUrl => "AFFINSY_UPLOADS_QUEUE_URL",
            Self::WebhookAllowPrivate => "AFFINSY_WEBHOOK_ALLOW_PRIVATE",
            Self::InsightsModelId => "AFFINSY_INSIGHTS_MODEL_ID",
            Self::EventBusName => "AFFINSY_EVENT_BUS_NAME",
            Self::WorkerConcurrency => "AFFINSY_WORKER_CONCURRENCY",
        }
    }
}

/// Every variable that is missing or wrong, in one message.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("bad environment: {}", .0.join("; "))]
pub struct ConfigError(pub Vec<String>);

/// The settings a function needs.
#[derive(Debug, Clone)]
pub struct Config {
    values: BTreeMap<Setting, String>,
}

impl Config {
    pub fn from_env(needs: &[Setting]) -> Result<Self, ConfigError> {
        #[expect(clippy::disallowed_methods, reason = "the one place that reads the environment")]
        Self::from_variables(needs, |name| std::env::var(name).ok())
    }

    pub fn from_variables(needs: &[Setting], read: impl Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        let mut values = BTreeMap::new();
        let mut wrong = Vec::new();
        for setting in needs {
            match read(setting.variable()).filter(|value| !value.is_empty()) {
                None => wrong.push(format!("{} is not set", setting.variable())),
                Some(value) if *setting == Setting::WebhookAllowPrivate && !matches!(&*value, "true" | "false") => {
                    wrong.push(format!("{} must be true or false", setting.variable()));
                }
                Some(value) if *setting == Setting::WorkerConcurrency && value.parse::<u32>().is_err() => {
                    wrong.push(format!("{} must be a whole number", setting.variable()));
                }
                Some(value) => drop(values.insert(*setting, value)),
            }
        }
        if wrong.is_empty() { Ok(Self { values }) } else { Err(ConfigError(wrong)) }
    }

    /// A setting among those that were asked for; empty otherwise, which AWS refuses by name.
    pub fn get(&self, setting: Setting) -> &str {
        self.values.get(&setting).map_or("", String::as_str)
    }

    /// A level or a filter of log lines, `info` where nothing is said.
    pub fn log_filter() -> String {
        #[expect(clippy::disallowed_methods, reason = "the one place that reads the environment")]
        std::env::var("AFFINSY_LOG").unwrap_or_else(|_| "info".to_owned())
    }

    /// The memory that AWS Lambda gives this function, which Lambda itself says; none where there is no such word.
    pub fn function_memory_bytes() -> Option<u64> {
        #[expect(clippy::disallowed_methods, reason = "the one place that reads the environment")]
        let mebibytes = std::env::var("AWS_LAMBDA_FUNCTION_MEMORY_SIZE").ok()?;
        mebibytes.parse::<u64>().ok().map(|mebibytes| mebibytes << 20)
    }

    /// The model that words insights; none where the setting says `off`.
    pub fn insights_model_id(&self) -> Option<&str> {
        Some(self.get(Setting::InsightsModelId)).filter(|id| !id.is_empty() && *id != "off")
    }

    /// The bus that events are put on; none where the setting says `off`.
    pub fn event_bus_name(&self) -> Option<&str> {
        Some(self.get(Setting::EventBusName)).filter(|name| !name.is_empty() && *name != "off")
    }

    /// How many workers there are; one where nothing is said.
    pub fn worker_concurrency(&self) -> u32 {
        self.get(Setting::WorkerConcurrency).parse().unwrap_or(1)
    }

    pub fn url_policy(&self) -> UrlPolicy {
        if self.get(Setting::WebhookAllowPrivate) == "true" { UrlPolicy::AllowPrivate } else { UrlPolicy::PublicOnly }
    }
}
