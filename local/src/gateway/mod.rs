//! The HTTP API: routes of the template, events in payload format 2.0, the Lambda authorizer, API Gateway's limits and
//! its own refusals. It refuses to know what the routes do.

mod answer;
mod authorizer;
mod event;
mod request;
mod routes;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{ConnectInfo, State};
use axum::http::{Request, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::Value;
use serde_json::value::RawValue;

use crate::lambda::{Function, Functions, MAX_PAYLOAD_BYTES};
use crate::template::{Api, LocalNames};
use event::Invocation;
use request::Received;
use routes::Routes;

/// Bodies that an HTTP API takes.
const MAX_BODY_BYTES: usize = 10 * 1024 * 1024;
/// The longest that an HTTP API waits for a function.
const INTEGRATION_LIMIT: Duration = Duration::from_secs(30);

/// A request that the gateway itself turns down, with API Gateway's status and message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refusal {
    NotFound,
    Forbidden,
    TooLarge,
    FunctionFailed,
    TimedOut,
    BadRequest,
}

/// The HTTP API of a run.
#[derive(Debug)]
pub struct Gateway {
    routes: Routes,
    names: LocalNames,
}

impl Gateway {
    /// # Errors
    /// The logical id of a function that a route names and `functions` lacks.
    pub fn new(api: &Api, functions: &Functions, names: LocalNames) -> Result<Gateway, String> {
        Ok(Gateway { routes: Routes::new(&api.routes, functions)?, names })
    }

    /// Serve it with `into_make_service_with_connect_info::<SocketAddr>()`.
    pub fn router(self) -> Router {
        Router::new().fallback(handle).with_state(Arc::new(self))
    }

    async fn answer(&self, peer: SocketAddr, request: Request<Body>) -> Result<Response, Refusal> {
        let received = Received::read(peer, request, MAX_BODY_BYTES).await?;
        let (endpoint, path_parameters) =
            self.routes.find(&received.method, &received.encoded_path).ok_or(Refusal::NotFound)?;
        let mut invocation = Invocation::new(&received, &endpoint.key, &path_parameters, &self.names);
        if let Some(authorizer) = &endpoint.authorizer {
            invocation.authorizer = Some(self.authorize(authorizer, &invocation).await?);
        }
        let payload = invocation.to_json();
        if payload.len() > MAX_PAYLOAD_BYTES {
            return Err(Refusal::TooLarge);
        }
        let running = endpoint.function.invoke(payload.into(), received.trace());
        match tokio::time::timeout(INTEGRATION_LIMIT, running).await {
            Err(_) => Err(Refusal::TimedOut),
            Ok(Err(_)) => Err(Refusal::FunctionFailed),
            Ok(Ok(payload)) => answer::from_payload(payload),
        }
    }

    async fn authorize(&self, authorizer: &Function, invocation: &Invocation<'_>) -> Result<Box<RawValue>, Refusal> {
        let event = invocation.to_authorizer_json(&self.names);
        let answer = authorizer.invoke(event.into(), invocation.trace()).await.map_err(|_| Refusal::FunctionFailed)?;
        authorizer::verdict(&answer)
    }
}

async fn handle(
    State(gateway): State<Arc<Gateway>>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    request: Request<Body>,
) -> Response {
    match gateway.answer(peer, request).await {
        Ok(response) => response,
        Err(refusal) => refusal.into_response(),
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let (status, message) = match self {
            Refusal::NotFound => (StatusCode::NOT_FOUND, "Not Found"),
            Refusal::Forbidden => (StatusCode::FORBIDDEN, "Forbidden"),
            Refusal::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "Request Entity Too Large"),
            Refusal::FunctionFailed => (StatusCode::INTERNAL_SERVER_ERROR, "Internal Server Error"),
            Refusal::TimedOut => (StatusCode::SERVICE_UNAVAILABLE, "Service Unavailable"),
            Refusal::BadRequest => (StatusCode::BAD_REQUEST, "Bad Request"),
        };
        let body = Value::from_iter([("message", message)]).to_string();
        (status, [("content-type", "application/json")], body).into_response()
    }
}
