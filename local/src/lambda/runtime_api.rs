//! The Lambda runtime API of one instance: `invocation/next`, `response`, `error` and `init/error`. It hands over one
//! invocation at a time and refuses answers to any other. It knows nothing of processes and time-outs.

use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use bytes::Bytes;
use tokio::sync::{mpsc, oneshot, watch};

use super::{Answer, FunctionError, MAX_PAYLOAD_BYTES};

/// One event for the instance, and where its answer goes.
#[derive(Debug)]
pub struct Job {
    pub request_id: String,
    pub payload: Bytes,
    pub deadline_ms: i64,
    pub trace: String,
    pub answer: oneshot::Sender<Answer>,
}

/// Both sides' meeting point: the pool puts jobs, the function's runtime takes them.
#[derive(Debug)]
pub struct Desk {
    arn: String,
    jobs: tokio::sync::Mutex<mpsc::Receiver<Job>>,
    running: Mutex<Option<(String, oneshot::Sender<Answer>)>>,
    /// Whether the runtime waits in `next`.
    polling: watch::Sender<bool>,
    init_error: watch::Sender<Option<FunctionError>>,
}

impl Desk {
    /// A desk, and where jobs for it are put.
    pub fn new(arn: String) -> (Arc<Desk>, mpsc::Sender<Job>) {
        let (put, jobs) = mpsc::channel(1);
        let desk = Desk {
            arn,
            jobs: tokio::sync::Mutex::new(jobs),
            running: Mutex::new(None),
            polling: watch::Sender::new(false),
            init_error: watch::Sender::new(None),
        };
        (Arc::new(desk), put)
    }

    /// Ends when the runtime waits for an event.
    pub async fn polled(&self) {
        self.polling.subscribe().wait_for(|polling| *polling).await.expect("the desk outlives its own subscription");
    }

    /// What the function reported before it ever asked for an event.
    pub fn init_error(&self) -> Option<FunctionError> {
        self.init_error.borrow().clone()
    }

    /// Whether the runtime was handed the job, so that it may have had effects.
    pub fn took(&self, request_id: &str) -> bool {
        let running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        running.as_ref().is_some_and(|(id, _)| id == request_id)
    }

    pub fn router(self: Arc<Desk>) -> Router {
        Router::new()
            .route("/2018-06-01/runtime/invocation/next", get(next))
            .route("/2018-06-01/runtime/invocation/{id}/response", post(response))
            .route("/2018-06-01/runtime/invocation/{id}/error", post(error))
            .route("/2018-06-01/runtime/init/error", post(init_error))
            .with_state(self)
    }

    fn finish(&self, request_id: &str, answer: Answer) -> bool {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        match running.take_if(|(id, _)| id == request_id) {
            Some((_, waiting)) => {
                if waiting.send(answer).is_err() {
                    tracing::debug!(request_id, "an answer came after its time-out");
                }
                true
            }
            None => false,
        }
    }
}

async fn next(State(desk): State<Arc<Desk>>) -> Response {
    let mut jobs = desk.jobs.lock().await;
    desk.polling.send_replace(true);
    let job = jobs.recv().await;
    desk.polling.send_replace(false);
    match job {
        Some(job) => hand_over(&desk, job),
        // The instance is being dropped and its process killed; any answer would only make it complain first.
        None => std::future::pending().await,
    }
}

fn hand_over(desk: &Desk, job: Job) -> Response {
    let mut headers = HeaderMap::new();
    let mut set = |name: &'static str, value: &str| {
        headers.insert(name, HeaderValue::from_str(value).expect("ids, ARNs and numbers are header text"));
    };
    set("lambda-runtime-aws-request-id", &job.request_id);
    set("lambda-runtime-deadline-ms", &job.deadline_ms.to_string());
    set("lambda-runtime-invoked-function-arn", &desk.arn);
    set("lambda-runtime-trace-id", &job.trace);
    set("content-type", "application/json");
    *desk.running.lock().unwrap_or_else(PoisonError::into_inner) = Some((job.request_id, job.answer));
    (headers, job.payload).into_response()
}

async fn response(State(desk): State<Arc<Desk>>, Path(id): Path<String>, body: Body) -> Response {
    let (answer, status) = match to_bytes(body, MAX_PAYLOAD_BYTES).await {
        Ok(payload) => (Ok(payload), StatusCode::ACCEPTED),
        Err(_) => (Err(FunctionError::too_large(MAX_PAYLOAD_BYTES + 1)), StatusCode::PAYLOAD_TOO_LARGE),
    };
    acknowledge(desk.finish(&id, answer), status)
}

async fn error(State(desk): State<Arc<Desk>>, Path(id): Path<String>, body: Bytes) -> Response {
    acknowledge(desk.finish(&id, Err(FunctionError::reported(&body))), StatusCode::ACCEPTED)
}

async fn init_error(State(desk): State<Arc<Desk>>, body: Bytes) -> Response {
    desk.init_error.send_replace(Some(FunctionError::reported(&body)));
    acknowledge(true, StatusCode::ACCEPTED)
}

fn acknowledge(known: bool, status: StatusCode) -> Response {
    match (known, status) {
        (false, _) => refusal(StatusCode::BAD_REQUEST, "InvalidRequestID", "no such invocation is running"),
        (true, StatusCode::PAYLOAD_TOO_LARGE) => refusal(status, "RequestEntityTooLarge", "the response is too large"),
        (true, status) => (status, r#"{"status":"OK"}"#).into_response(),
    }
}

fn refusal(status: StatusCode, error_type: &str, message: &str) -> Response {
    (status, FunctionError::new(error_type, message).to_json()).into_response()
}
