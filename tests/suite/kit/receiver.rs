//! A webhook endpoint on this machine that answers what it was told to and keeps what it got.

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use bytes::Bytes;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::JoinHandle;

/// One POST as it came.
#[derive(Debug)]
pub struct Delivery {
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Delivery {
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }
}

#[derive(Clone)]
struct Desk {
    answers: Arc<Mutex<VecDeque<u16>>>,
    kept: UnboundedSender<Delivery>,
}

/// A listening endpoint; it ends with this value.
#[derive(Debug)]
pub struct Receiver {
    pub url: String,
    deliveries: UnboundedReceiver<Delivery>,
    server: JoinHandle<()>,
}

/// Far more than a delivery takes on the slowest machine: only a lost one waits so long.
const PATIENCE: Duration = Duration::from_secs(300);

impl Receiver {
    /// Answers with these statuses, then with 204.
    pub async fn answering(statuses: impl IntoIterator<Item = u16>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("http://{}/hooks/affinsy", listener.local_addr().expect("is bound"));
        let (kept, deliveries) = unbounded_channel();
        let desk = Desk { answers: Arc::new(Mutex::new(statuses.into_iter().collect())), kept };
        let app = Router::new().route("/hooks/affinsy", post(keep)).with_state(desk);
        let server = tokio::spawn(async move { axum::serve(listener, app).await.expect("serves") });
        Self { url, deliveries, server }
    }

    /// The next delivery; waits for it.
    pub async fn next(&mut self) -> Delivery {
        let next = tokio::time::timeout(PATIENCE, self.deliveries.recv()).await;
        next.expect("a webhook comes within minutes").expect("the receiver keeps what it gets")
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn keep(State(desk): State<Desk>, headers: HeaderMap, body: Bytes) -> StatusCode {
    let status = desk.answers.lock().ok().and_then(|mut answers| answers.pop_front()).unwrap_or(204);
    match desk.kept.send(Delivery { headers, body }) {
        Ok(()) => StatusCode::from_u16(status).unwrap_or(StatusCode::NO_CONTENT),
        Err(_) => StatusCode::SERVICE_UNAVAILABLE,
    }
}
