//! SQS: a queue server on SQLite that speaks the AWS JSON protocol: standard queues, long polls, visibility, delays,
//! dead-letter queues and batches. Refuses FIFO queues, encryption keys and permissions: nothing here needs them.

mod actions;
mod delivery;
mod error;
mod message;
mod queues;
mod settings;
mod store;
mod wire;

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, HeaderName, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

pub use error::{ErrorKind, SqsError};
pub use message::{Message, MessageAttribute, NewMessage, SentMessage};
pub use queues::{Queues, ReceiveOptions};

use super::clock::{Clock, SystemClock};
use super::guard;
use super::server::{Bound, Running, StopSignal, create_folder};
use super::{ServiceConfig, ServiceError};
use crate::rights::{self, Rights};

/// Ten entries of 1 MiB, each byte escaped to six, is the greatest body worth reading to say that it is too long.
const MAX_BODY_BYTES: usize = 64 * 1024 * 1024;
const JSON_1_0: &str = "application/x-amz-json-1.0";

/// A running SQS. Dropping it stops the server; the queues stay on disk.
#[derive(Debug)]
pub struct Sqs {
    queues: Queues,
    server: Running,
}

#[derive(Debug, Clone)]
struct Shared {
    queues: Queues,
    base_url: String,
    stop: StopSignal,
    rights: Rights,
}

impl Sqs {
    /// Opens or creates the queues under `config.dir` and answers on the port.
    pub async fn start(config: ServiceConfig) -> Result<Self, ServiceError> {
        Self::start_with_clock(config, Arc::new(SystemClock)).await
    }

    /// The same with another clock, so that tests move the time of delays, visibility and long polls.
    pub async fn start_with_clock(config: ServiceConfig, clock: Arc<dyn Clock>) -> Result<Self, ServiceError> {
        create_folder(&config.dir)?;
        let path = config.dir.join("sqs.sqlite");
        let queues =
            Queues::open(&path, config.durability, clock).map_err(|error| ServiceError::database(&path, error))?;
        let bound = Bound::new(config.port).await?;
        let base_url = format!("http://{}", bound.addr);
        let shared = Shared { queues: queues.clone(), base_url, stop: bound.stop_signal(), rights: config.rights };
        let router = Router::new().fallback(respond).layer(DefaultBodyLimit::max(MAX_BODY_BYTES)).with_state(shared);
        Ok(Self { queues, server: bound.serve("SQS", router) })
    }

    /// What `AWS_ENDPOINT_URL_SQS` is set to.
    pub fn url(&self) -> String {
        self.server.url()
    }

    pub fn addr(&self) -> SocketAddr {
        self.server.addr
    }

    /// `http://127.0.0.1:PORT/000000000000/NAME`
    pub fn queue_url(&self, name: &str) -> String {
        actions::queue_url(&self.url(), name)
    }

    /// `arn:aws:sqs:REGION:000000000000:NAME`
    pub fn queue_arn(&self, name: &str) -> String {
        settings::queue_arn(name)
    }

    /// The queues themselves, for consumers in this process.
    pub fn queues(&self) -> Queues {
        self.queues.clone()
    }

    /// Makes the queue be as an `AWS::SQS::Queue` with these (resolved) properties. Dead-letter queues come first.
    pub async fn ensure_queue(&self, name: &str, properties: &Value) -> Result<(), ServiceError> {
        let ensured = self.queues.ensure(name, properties).await;
        ensured.map_err(|error| ServiceError::resource(format!("queue {name}"), error))
    }

    /// Ends long polls, lets running requests finish, then closes.
    pub async fn shutdown(self) -> Result<(), ServiceError> {
        self.server.shutdown().await
    }
}

async fn respond(State(shared): State<Shared>, headers: HeaderMap, body: Bytes) -> Response {
    let target = headers.get("x-amz-target").and_then(|target| target.to_str().ok());
    let Some(action) = target.and_then(|target| target.strip_prefix("AmazonSQS.")) else {
        let message =
            "Only the AWS JSON protocol is spoken here: the header X-Amz-Target: AmazonSQS.ACTION is missing.";
        return render(Err(SqsError::new(ErrorKind::InvalidAction, message)));
    };
    if let Err(denied) = guard::sqs(&shared.rights, rights::signer(&headers), action, &body) {
        let body = json!({"__type": "com.amazonaws.sqs#AccessDeniedException", "message": denied.to_string()});
        return (StatusCode::FORBIDDEN, [(header::CONTENT_TYPE, JSON_1_0)], body.to_string()).into_response();
    }
    tokio::select! {
        outcome = actions::answer(&shared.queues, &shared.base_url, action, &body) => render(outcome),
        // Only a long poll lasts long enough to be cut; what it would have found is found by the next.
        () = stopped_while_polling(shared.stop, action) => render(Ok(json!({}))),
    }
}

async fn stopped_while_polling(stop: StopSignal, action: &str) {
    if action != "ReceiveMessage" {
        std::future::pending::<()>().await;
    }
    stop.stopped().await;
}

fn render(outcome: Result<Value, SqsError>) -> Response {
    let request_id = uuid::Uuid::new_v4().to_string();
    let common =
        [(header::CONTENT_TYPE, JSON_1_0.to_owned()), (HeaderName::from_static("x-amzn-requestid"), request_id)];
    match outcome {
        Ok(output) => (common, output.to_string()).into_response(),
        Err(error) => {
            let name = error.kind.wire_name();
            if !name.sender_fault {
                tracing::error!(error = %error, "a queue request failed");
            }
            let status = if name.sender_fault { StatusCode::BAD_REQUEST } else { StatusCode::INTERNAL_SERVER_ERROR };
            let fault = if name.sender_fault { "Sender" } else { "Receiver" };
            let query_error = [(HeaderName::from_static("x-amzn-query-error"), format!("{};{fault}", name.code))];
            let body = json!({"__type": name.shape, "message": error.message}).to_string();
            (status, common, query_error, body).into_response()
        }
    }
}
