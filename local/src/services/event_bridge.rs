//! EventBridge: takes `PutEvents` of the AWS JSON protocol, checks entries as AWS does, and appends each event, as a
//! rule's target would get it, to a log of one JSON document a line. Refuses rules and targets: who wants to react
//! follows the log.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

use super::server::{Bound, Running, create_folder};
use super::{ACCOUNT_ID, REGION, ServiceConfig, ServiceError, guard};
use crate::rights::{self, Rights};
use crate::time::now;

const JSON_1_1: &str = "application/x-amz-json-1.1";
const LOG: &str = "events.jsonl";
const MAX_ENTRIES: usize = 10;
const MAX_ENTRY_BYTES: usize = 256 * 1024;
/// What the time of an entry counts for.
const TIME_BYTES: usize = 14;

/// A running EventBridge. Dropping it stops the server; the log stays on disk.
#[derive(Debug)]
pub struct EventBridge {
    log: PathBuf,
    server: Running,
}

/// The log, to which one writes at a time.
type Log = Arc<Mutex<File>>;

#[derive(Debug, Clone)]
struct Shared {
    log: Log,
    rights: Rights,
}

impl EventBridge {
    /// Opens or creates the log under `config.dir` and answers on the port.
    ///
    /// # Errors
    /// The folder or the port cannot be used.
    pub async fn start(config: ServiceConfig) -> Result<Self, ServiceError> {
        create_folder(&config.dir)?;
        let path = config.dir.join(LOG);
        let log: Log = Arc::new(Mutex::new(open(&path)?));
        let bound = Bound::new(config.port).await?;
        let router = Router::new().fallback(respond).with_state(Shared { log, rights: config.rights });
        Ok(Self { log: path, server: bound.serve("EventBridge", router) })
    }

    /// What `AWS_ENDPOINT_URL_EVENTBRIDGE` is set to.
    pub fn url(&self) -> String {
        self.server.url()
    }

    /// Where the events stand, one a line, oldest first.
    pub fn log(&self) -> &Path {
        &self.log
    }

    /// Lets running requests finish, then closes.
    ///
    /// # Errors
    /// The server did not stop cleanly.
    pub async fn shutdown(self) -> Result<(), ServiceError> {
        self.server.shutdown().await
    }
}

fn open(path: &Path) -> Result<File, ServiceError> {
    let opened = OpenOptions::new().create(true).append(true).open(path);
    opened.map_err(|source| ServiceError::Folder { path: path.to_owned(), source })
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct PutEvents {
    entries: Vec<Entry>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Entry {
    /// Seconds since 1970.
    time: Option<f64>,
    source: Option<String>,
    detail_type: Option<String>,
    detail: Option<String>,
    event_bus_name: Option<String>,
    #[serde(default)]
    resources: Vec<String>,
}

/// Why an entry is not taken: code and message.
type Refused = (&'static str, String);

async fn respond(State(Shared { log, rights }): State<Shared>, headers: HeaderMap, body: Bytes) -> Response {
    let target = headers.get("x-amz-target").and_then(|target| target.to_str().ok());
    if target != Some("AWSEvents.PutEvents") {
        return refused(
            "UnknownOperationException",
            "Only AWSEvents.PutEvents of the AWS JSON protocol is spoken here.",
        );
    }
    let request: PutEvents = match serde_json::from_slice(&body) {
        Ok(request) => request,
        Err(error) => return refused("SerializationException", &error.to_string()),
    };
    if request.entries.is_empty() || request.entries.len() > MAX_ENTRIES {
        let message = format!("Entries must have 1 to {MAX_ENTRIES} members, not {}.", request.entries.len());
        return refused("ValidationException", &message);
    }
    let signer = rights::signer(&headers);
    let denied = request.entries.iter().map(|entry| guard::event_bus(&rights, signer, entry.event_bus_name.as_deref()));
    if let Some(denied) = denied.filter_map(Result::err).next() {
        return refused("AccessDeniedException", &denied.to_string());
    }
    let size: usize = request.entries.iter().map(Entry::bytes).sum();
    if size >= MAX_ENTRY_BYTES {
        let message = format!("Total size of the entries in the request is over the limit of {MAX_ENTRY_BYTES} bytes.");
        return refused("ValidationException", &message);
    }
    let results: Vec<Value> = request.entries.into_iter().map(|entry| taken(entry, &log)).collect();
    let failed = results.iter().filter(|result| result.get("ErrorCode").is_some()).count();
    render(StatusCode::OK, &json!({ "FailedEntryCount": failed, "Entries": results }))
}

/// The result of one entry.
fn taken(entry: Entry, log: &Log) -> Value {
    let id = uuid::Uuid::new_v4().to_string();
    match entry.event(&id).and_then(|event| append(log, &event)) {
        Ok(()) => json!({ "EventId": id }),
        Err((code, message)) => json!({ "ErrorCode": code, "ErrorMessage": message }),
    }
}

/// One write, so that a crash leaves whole lines.
fn append(log: &Log, event: &Value) -> Result<(), Refused> {
    let mut file = log.lock().unwrap_or_else(PoisonError::into_inner);
    let line = format!("{event}\n");
    file.write_all(line.as_bytes()).map_err(|error| ("InternalFailure", error.to_string()))
}

impl Entry {
    fn bytes(&self) -> usize {
        let text = |text: &Option<String>| text.as_ref().map_or(0, String::len);
        let resources: usize = self.resources.iter().map(String::len).sum();
        let time = self.time.map_or(0, |_| TIME_BYTES);
        text(&self.source) + text(&self.detail_type) + text(&self.detail) + resources + time
    }

    /// The event that a rule matches.
    fn event(self, id: &str) -> Result<Value, Refused> {
        let required = |value: Option<String>, name: &str| {
            let message = || format!("Parameter {name} is not valid. Reason: {name} is a required argument.");
            value.filter(|value| !value.is_empty()).ok_or_else(|| ("InvalidArgument", message()))
        };
        let (source, name) = (required(self.source, "Source")?, required(self.detail_type, "DetailType")?);
        let detail = required(self.detail, "Detail")?;
        if source.starts_with("aws.") {
            return Err(("NotAuthorizedForSourceException", "Not authorized for the source.".to_owned()));
        }
        let detail: Value = serde_json::from_str(&detail).unwrap_or(Value::Null);
        if !detail.is_object() {
            return Err(("MalformedDetail", "Detail is malformed.".to_owned()));
        }
        let at = self.time.map_or_else(|| Ok(now()), |seconds| Timestamp::from_second(seconds as i64));
        let time = at.map_err(|error| ("InvalidArgument", format!("Time is not valid: {error}")))?;
        let time = time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
        Ok(json!({
            "version": "0",
            "id": id,
            "detail-type": name,
            "source": source,
            "account": ACCOUNT_ID,
            "time": time,
            "region": REGION,
            "resources": self.resources,
            "detail": detail,
        }))
    }
}

fn refused(code: &str, message: &str) -> Response {
    render(StatusCode::BAD_REQUEST, &json!({ "__type": code, "message": message }))
}

fn render(status: StatusCode, body: &Value) -> Response {
    (status, [(header::CONTENT_TYPE, JSON_1_1)], body.to_string()).into_response()
}
