//! What a local run is asked to be, and why it may refuse to start.

use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crate::lambda::LogSink;
use crate::services::ServiceError;
use crate::template::TemplateError;

/// Where the template is.
#[derive(Debug, Clone)]
pub enum TemplateSource {
    File(PathBuf),
    Text(String),
}

/// What to run, and where.
#[derive(Clone)]
pub struct LocalConfig {
    /// Port of the HTTP API; 0 takes a free one.
    pub port: u16,
    /// Holds everything that outlives the run; one run at a time.
    pub data: PathBuf,
    /// Holds the binaries: `FOLDER` (cargo's target folder) or `LOGICAL_ID/bootstrap` (`sam build`).
    pub functions: PathBuf,
    pub template: TemplateSource,
    /// Template parameters, such as `WebhookAllowPrivate` = `true`.
    pub parameters: BTreeMap<String, String>,
    /// Variables for every function, over those of the template and of Lambda: another emulator's endpoint, say.
    pub environment: BTreeMap<String, String>,
    /// Instances of a function that has no reserved concurrency.
    pub max_instances: usize,
    /// How long running invocations may take to end at shutdown.
    pub grace: Duration,
    /// Is told every line that a function prints.
    pub log: LogSink,
}

impl LocalConfig {
    /// The default port 3000, no overrides, nobody listening to the logs.
    pub fn new(data: impl Into<PathBuf>, functions: impl Into<PathBuf>, template: TemplateSource) -> Self {
        LocalConfig {
            port: 3000,
            data: data.into(),
            functions: functions.into(),
            template,
            parameters: BTreeMap::new(),
            environment: BTreeMap::new(),
            max_instances: default_instances(),
            grace: Duration::from_secs(10),
            log: Arc::new(|_| {}),
        }
    }
}

/// Enough to show concurrency, few enough that a small machine does not choke on cold starts.
fn default_instances() -> usize {
    std::thread::available_parallelism().map_or(4, |cores| cores.get() * 4).clamp(4, 16)
}

impl std::fmt::Debug for LocalConfig {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut shown = formatter.debug_struct("LocalConfig");
        shown.field("port", &self.port).field("data", &self.data).field("functions", &self.functions);
        shown.field("parameters", &self.parameters).finish_non_exhaustive()
    }
}

/// Why a local run did not start; the message says what to do.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error("the template {path} cannot be read: {source}", path = path.display())]
    TemplateFile { path: PathBuf, source: io::Error },
    #[error(transparent)]
    Template(#[from] TemplateError),
    #[error(
        "the binary of {function} is missing: {looked_for} (build it with `cargo build --release -p {package}`)",
        looked_for = looked_for.display()
    )]
    MissingBinary { function: String, package: String, looked_for: PathBuf },
    #[error("{path} cannot be used: {source}", path = path.display())]
    Data { path: PathBuf, source: io::Error },
    #[error("{path} is in use by another local run", path = path.display())]
    DataInUse { path: PathBuf },
    #[error("{path} is not what a local run wrote ({reason}); delete it to choose new ports", path = path.display())]
    PortsFile { path: PathBuf, reason: String },
    #[error("port {port} is taken ({source}); stop who listens there, or choose another with --port")]
    PortTaken { port: u16, source: io::Error },
    #[error("no free port was found for {service}")]
    NoFreePort { service: &'static str },
    #[error(transparent)]
    Service(#[from] ServiceError),
}

impl StartError {
    pub(crate) fn data(path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> StartError {
        let path = path.into();
        move |source| StartError::Data { path, source }
    }
}
