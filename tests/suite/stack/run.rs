//! Starting a stack on a thread of its own, and calling its API as a client does.

use super::binaries;
use crate::kit::{project, sdk};
use affinsy_app::http::Caller;
use affinsy_app::manage_keys::{NewKey, create};
use affinsy_aws::clients;
use affinsy_aws::tables::{DynamoBook, DynamoKeys};
use affinsy_aws::world::{OsRandom, SystemClock};
use affinsy_core::plan::Plan;
use affinsy_local::lambda::Endpoints;
use affinsy_local::{LocalConfig, TemplateSource};
use reqwest::{Method, StatusCode};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::sync::oneshot;

/// A stack that answers; dropping it stops it in order.
#[derive(Debug)]
pub struct Stack {
    pub base_url: String,
    pub endpoints: Endpoints,
    /// Its data folder.
    pub data: PathBuf,
    outputs: BTreeMap<String, String>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
    _folder: Option<tempfile::TempDir>,
}

impl Stack {
    /// The one that tests share.
    pub fn shared() -> Arc<Self> {
        static SHARED: Mutex<Weak<Stack>> = Mutex::new(Weak::new());
        let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
        shared.upgrade().unwrap_or_else(|| {
            let folder = tempfile::tempdir().expect("a folder");
            let started = Arc::new(Self::start(folder.path()).keeping(folder));
            *shared = Arc::downgrade(&started);
            started
        })
    }

    /// One of its own, over a data folder.
    pub fn start(data: &Path) -> Self {
        let config = LocalConfig {
            port: 0,
            parameters: BTreeMap::from([("WebhookAllowPrivate".to_owned(), "true".to_owned())]),
            max_instances: 4,
            ..LocalConfig::new(data, binaries::folder(), TemplateSource::File(project().join("infra/template.yaml")))
        };
        let (stop, stopped) = oneshot::channel();
        let (tell, told) = std::sync::mpsc::channel();
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Runtime::new().expect("a runtime");
            runtime.block_on(async move {
                let stack = affinsy_local::start(config).await.expect("the stack starts");
                let facts = (stack.base_url.clone(), stack.endpoints.clone(), stack.outputs.clone());
                tell.send(facts).expect("the test waits for it");
                drop(stopped.await);
                assert_eq!(stack.denied(), [], "the template lacks rights that functions need");
                stack.shutdown().await.expect("the stack stops cleanly");
            });
        });
        let (base_url, endpoints, outputs) = told.recv().expect("the stack starts");
        let data = data.to_owned();
        Self { base_url, endpoints, data, outputs, stop: Some(stop), thread: Some(thread), _folder: None }
    }

    fn keeping(mut self, folder: tempfile::TempDir) -> Self {
        self._folder = Some(folder);
        self
    }

    fn output(&self, name: &str) -> &str {
        self.outputs.get(name).unwrap_or_else(|| panic!("the template has no output {name}"))
    }

    /// A client with a new key that `caller` describes.
    pub async fn client(&self, caller: Caller) -> Client {
        let keys =
            DynamoKeys::new(clients::dynamodb(&sdk(&self.endpoints.dynamodb).await), self.output("ControlTableName"));
        let Caller { tenant, user, scopes, plan, rate_limit, max_rows, .. } = caller;
        let new =
            NewKey { tenant, user, plan: Some(plan), rate_limit: Some(rate_limit), max_rows, scopes, expires_at: None };
        let (key, _) = create(new, &keys, &SystemClock, &OsRandom).await.expect("creates");
        Client::new(&self.base_url, key.reveal())
    }

    /// A client that may do everything, in a tenant that nobody else uses.
    pub async fn tenant(&self, name: &str) -> Client {
        let caller = crate::kit::caller(name);
        assert_eq!(caller.plan, Plan::Max);
        self.client(caller).await
    }

    pub async fn book(&self) -> DynamoBook {
        let client = clients::dynamodb(&sdk(&self.endpoints.dynamodb).await);
        DynamoBook::new(client, self.output("ControlTableName"), self.output("SegmentsTableName"))
    }

    /// Invokes a function with an event, as `aws lambda invoke` does; its answer.
    pub async fn invoke(&self, function: &str, event: String) -> Value {
        let url = format!("{}/2015-03-31/functions/{function}/invocations", self.endpoints.lambda);
        let answer = reqwest::Client::new().post(url).body(event).send().await.expect("answers");
        let error = answer.headers().get("x-amz-function-error").cloned();
        let body: Value = answer.json().await.expect("JSON");
        assert_eq!(error, None, "{function} failed: {body}");
        body
    }
}

impl Drop for Stack {
    fn drop(&mut self) {
        drop(self.stop.take());
        let ended = self.thread.take().map(JoinHandle::join);
        // A test that failed already says more than a stack that did not stop.
        if !std::thread::panicking() {
            assert!(!matches!(ended, Some(Err(_))), "the stack did not end well: see above");
        }
    }
}

/// A caller of the HTTP API with a key.
#[derive(Debug, Clone)]
pub struct Client {
    pub key: String,
    base: String,
    http: reqwest::Client,
}

/// What came back.
#[derive(Debug)]
pub struct Reply {
    pub status: StatusCode,
    pub headers: reqwest::header::HeaderMap,
    pub text: String,
}

impl Reply {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

/// Far more than any report here takes on the slowest machine.
const PATIENCE: Duration = Duration::from_secs(300);
const LOOK_AGAIN: Duration = Duration::from_millis(100);

impl Client {
    pub fn new(base_url: &str, key: &str) -> Self {
        let base = format!("{base_url}{}", crate::kit::BASE);
        Self { key: key.to_owned(), base, http: reqwest::Client::new() }
    }

    /// The same key at another address.
    pub fn at(&self, base_url: &str) -> Self {
        Self::new(base_url, &self.key)
    }

    pub async fn send(&self, method: Method, path: &str, headers: &[(&str, &str)], body: Option<String>) -> Reply {
        let request = self.http.request(method, format!("{}{path}", self.base));
        let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        let request = body.into_iter().fold(request, |request, body| request.body(body));
        let answer = request.send().await.expect("the API answers");
        let (status, headers) = (answer.status(), answer.headers().clone());
        Reply { status, headers, text: answer.text().await.expect("a whole answer") }
    }

    pub async fn get(&self, path: &str) -> Reply {
        self.send(Method::GET, path, &[("authorization", &format!("Bearer {}", self.key))], None).await
    }

    pub async fn post(&self, path: &str, body: &str) -> Reply {
        let authorization = format!("Bearer {}", self.key);
        let headers = [("authorization", &*authorization), ("content-type", "application/json")];
        self.send(Method::POST, path, &headers, Some(body.to_owned())).await
    }

    /// Submits a report that must be taken; its id.
    pub async fn submit(&self, body: &str) -> String {
        let reply = self.post("/reports", body).await;
        assert_eq!(reply.status, StatusCode::ACCEPTED, "{reply:?}");
        reply.json()["report_id"].as_str().expect("an id").to_owned()
    }

    /// The report once it ended.
    pub async fn ended(&self, report_id: &str) -> Value {
        self.until(&format!("/reports/{report_id}"), |report| report["status"] != "Processing").await
    }

    /// What a path answers once it is as expected.
    pub async fn until(&self, path: &str, expected: impl Fn(&Value) -> bool) -> Value {
        let poll = async {
            loop {
                let reply = self.get(path).await;
                assert_eq!(reply.status, StatusCode::OK, "{path}: {reply:?}");
                let body = reply.json();
                if expected(&body) {
                    return body;
                }
                tokio::time::sleep(LOOK_AGAIN).await;
            }
        };
        tokio::time::timeout(PATIENCE, poll).await.unwrap_or_else(|_| panic!("{path} stayed as it was for minutes"))
    }
}
