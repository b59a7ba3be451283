//! The API's HTTP client: one key, one base URL, polite retries. Knows no endpoint's meaning.

use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, RETRY_AFTER};
use reqwest::{Method, StatusCode};
use serde_json::Value;

use crate::failure::Failure;

/// An API at its base URL (`https://…/api/v1`), as one key sees it.
#[derive(Debug, Clone)]
pub struct Client {
    http: reqwest::Client,
    base_url: String,
    authorization: String,
}

/// A 2xx or 304 answer.
#[derive(Debug)]
pub struct Answer {
    pub body: Value,
    /// The body as it came, every digit of it.
    pub bytes: Bytes,
    /// How long the server asks to wait before asking again.
    pub retry_after: Option<Duration>,
}

/// Why there is no answer.
#[derive(Debug)]
pub enum ClientError {
    /// The server answered, and said no.
    Refused { call: String, status: StatusCode, body: Value },
    /// No answer came, after every attempt.
    Unreachable { call: String, reason: String },
}

/// A request that finds no room or no server is sent this often in all.
const ATTEMPTS: u32 = 10;
const FIRST_PAUSE: Duration = Duration::from_millis(200);
const LONGEST_PAUSE: Duration = Duration::from_secs(10);
/// A rate limit's window is a minute; longer waits are asked for by something else.
const LONGEST_RETRY_AFTER: Duration = Duration::from_secs(120);
/// The API answers within 30 seconds or not at all.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(45);

impl Client {
    pub fn new(base_url: &str, api_key: &str) -> Result<Self, Failure> {
        let http = reqwest::Client::builder()
            .timeout(ATTEMPT_TIMEOUT)
            .user_agent(concat!("affinsy/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| Failure::run(format!("cannot make an HTTP client: {error}")))?;
        let base_url = base_url.trim_end_matches('/').to_owned();
        Ok(Self { http, base_url, authorization: format!("Bearer {api_key}") })
    }

    pub async fn get(&self, path: &str) -> Result<Answer, ClientError> {
        self.call(Method::GET, path, None, None).await
    }

    /// Sent again when no answer came: the body must be one that the server may see twice.
    pub async fn post(&self, path: &str, body: Bytes) -> Result<Answer, ClientError> {
        self.call(Method::POST, path, Some(body), None).await
    }

    /// A POST that must not happen twice: its `Idempotency-Key` makes a retry replay the first answer.
    pub async fn post_once(&self, path: &str, body: Bytes, idempotency_key: &str) -> Result<Answer, ClientError> {
        self.call(Method::POST, path, Some(body), Some(idempotency_key)).await
    }

    async fn call(
        &self,
        method: Method,
        path: &str,
        body: Option<Bytes>,
        idempotency_key: Option<&str>,
    ) -> Result<Answer, ClientError> {
        let mut attempt = 1;
        loop {
            let outcome = self.attempt(&method, path, body.clone(), idempotency_key).await;
            let (error, wait) = match outcome {
                Ok(answer) => return Ok(answer),
                Err((error, wait)) => (error, wait),
            };
            if attempt == ATTEMPTS || !error.may_pass() {
                return Err(error);
            }
            let pause = match &error {
                // Who died is let go of after 35 seconds, and asks each time to come again in one.
                ClientError::Refused { status: StatusCode::CONFLICT, .. } => wait.max(Some(pause_after(attempt))),
                _ => wait,
            };
            tokio::time::sleep(pause.unwrap_or_else(|| pause_after(attempt)).min(LONGEST_RETRY_AFTER)).await;
            attempt += 1;
        }
    }

    /// One request; with an error comes how long the server asks to wait.
    async fn attempt(
        &self,
        method: &Method,
        path: &str,
        body: Option<Bytes>,
        idempotency_key: Option<&str>,
    ) -> Result<Answer, (ClientError, Option<Duration>)> {
        let call = format!("{method} {}{path}", self.base_url);
        let url = format!("{}{path}", self.base_url);
        let mut request = self.http.request(method.clone(), url).header(AUTHORIZATION, &self.authorization);
        if let Some(body) = body {
            request = request.header(CONTENT_TYPE, "application/json").body(body);
        }
        if let Some(key) = idempotency_key {
            request = request.header("Idempotency-Key", key);
        }
        let unreachable =
            |error: reqwest::Error| ClientError::Unreachable { call: call.clone(), reason: causes(&error) };
        let response = request.send().await.map_err(|error| (unreachable(error), None))?;
        let status = response.status();
        let retry_after =
            response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.trim().parse().ok());
        let retry_after = retry_after.map(Duration::from_secs);
        let bytes = response.bytes().await.map_err(|error| (unreachable(error), None))?;
        let body = serde_json::from_slice(&bytes)
            .unwrap_or_else(|_| Value::String(String::from_utf8_lossy(&bytes).chars().take(300).collect()));
        if status.is_success() || status == StatusCode::NOT_MODIFIED {
            return Ok(Answer { body, bytes, retry_after });
        }
        Err((ClientError::Refused { call, status, body }, retry_after))
    }
}

fn pause_after(attempt: u32) -> Duration {
    (FIRST_PAUSE * 2u32.saturating_pow(attempt - 1)).min(LONGEST_PAUSE)
}

fn causes(error: &reqwest::Error) -> String {
    let mut said = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        said = format!("{said}: {cause}");
        source = cause.source();
    }
    said
}

impl ClientError {
    /// Whether the same request may find another answer later.
    fn may_pass(&self) -> bool {
        match self {
            Self::Unreachable { .. } => true,
            // The first call under this `Idempotency-Key` is still being served, or died: its answer will come.
            Self::Refused { status: StatusCode::CONFLICT, body, .. } => body["code"] == "idempotency_in_flight",
            Self::Refused { status, .. } => *status == StatusCode::TOO_MANY_REQUESTS || status.is_server_error(),
        }
    }

    /// The problems the server found in the body: JSON pointer and what is wrong there.
    pub fn field_problems(&self) -> Vec<(String, String)> {
        let Self::Refused { body, .. } = self else { return Vec::new() };
        let text = |problem: &Value, name: &str| problem[name].as_str().unwrap_or_default().to_owned();
        let problems = body["errors"].as_array().map(Vec::as_slice).unwrap_or_default();
        problems.iter().map(|problem| (text(problem, "pointer"), text(problem, "detail"))).collect()
    }
}

const SHOWN_PROBLEMS: usize = 10;

impl fmt::Display for ClientError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreachable { call, reason } => write!(f, "{call}: no answer ({reason})"),
            Self::Refused { call, status, body } => {
                let said = body["error"].as_str().or(body.as_str()).unwrap_or("no reason given");
                write!(f, "{call}: {} {said}", status.as_u16())?;
                for name in ["code", "request_id"] {
                    if let Some(value) = body[name].as_str() {
                        write!(f, "\n  {name}: {value}")?;
                    }
                }
                let problems = self.field_problems();
                for (pointer, detail) in problems.iter().take(SHOWN_PROBLEMS) {
                    write!(f, "\n  {pointer}: {detail}")?;
                }
                match problems.len().saturating_sub(SHOWN_PROBLEMS) {
                    0 => Ok(()),
                    more => write!(f, "\n  and {more} more"),
                }
            }
        }
    }
}

impl std::error::Error for ClientError {}

impl From<ClientError> for Failure {
    fn from(error: ClientError) -> Self {
        Self::run(error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn refused(status: u16, body: Value) -> ClientError {
        ClientError::Refused { call: "POST /x".to_owned(), status: StatusCode::from_u16(status).expect("valid"), body }
    }

    #[test]
    fn errors_show_everything_the_contract_gives() {
        let body = json!({"error": "2 problems", "code": "invalid_body", "request_id": "r-1",
            "errors": [{"pointer": "/orders/0/order_id", "detail": "is missing"}]});
        let shown = refused(422, body).to_string();
        assert_eq!(
            shown,
            "POST /x: 422 2 problems\n  code: invalid_body\n  request_id: r-1\n  /orders/0/order_id: is missing"
        );
    }

    #[test]
    fn only_what_may_pass_is_sent_again() {
        let check = |status, expected| assert_eq!(refused(status, Value::Null).may_pass(), expected, "{status}");
        check(429, true);
        check(500, true);
        check(503, true);
        check(422, false);
        check(403, false);
        check(409, false);
        assert!(refused(409, json!({"code": "idempotency_in_flight"})).may_pass());
    }

    /// Answers each request with the next of these statuses; all ask to be tried again at once.
    async fn server(statuses: Vec<u16>) -> String {
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("bound"));
        let statuses = std::sync::Arc::new(std::sync::Mutex::new(statuses.into_iter()));
        let answer = move || {
            let status = statuses.lock().expect("no panic").next().unwrap_or(500);
            let status = axum::http::StatusCode::from_u16(status).expect("valid");
            std::future::ready((status, [("retry-after", "0")], r#"{"error": "not now"}"#))
        };
        let app = axum::Router::new().route("/x", axum::routing::any(answer));
        tokio::spawn(async move { axum::serve(listener, app).await });
        url
    }

    #[tokio::test]
    async fn a_busy_server_is_asked_again_and_a_refusal_is_not() {
        async fn check(statuses: &[u16], expected: bool) {
            let client = Client::new(&server(statuses.to_vec()).await, "afn_x").expect("a client");
            let answer = client.post("/x", Bytes::from("{}")).await;
            assert_eq!(answer.is_ok(), expected, "{statuses:?}: {answer:?}");
        }
        check(&[429, 503, 202], true).await;
        check(&[422, 202], false).await;
        check(&[503; ATTEMPTS as usize], false).await;
    }

    #[test]
    fn pauses_grow_to_a_bound() {
        assert_eq!(pause_after(1), FIRST_PAUSE);
        assert_eq!(pause_after(3), FIRST_PAUSE * 4);
        assert_eq!(pause_after(30), LONGEST_PAUSE);
    }
}
