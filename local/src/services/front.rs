//! The door before a server of HTTP that takes no questions: whoever asks is held to their rights, then the request goes
//! on as it came.

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, Uri, header, uri::PathAndQuery};
use axum::response::{IntoResponse, Response};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::json;
use std::net::SocketAddr;

use super::guard;
use crate::rights::{self, Rights};

/// What DynamoDB takes.
const MAX_BODY_BYTES: usize = 16 * 1024 * 1024;
const JSON_1_0: &str = "application/x-amz-json-1.0";

#[derive(Clone)]
struct Door {
    client: Client<HttpConnector, Body>,
    behind: SocketAddr,
    rights: Rights,
}

/// Before the DynamoDB that answers at `behind`.
pub fn dynamodb(behind: SocketAddr, rights: Rights) -> Router {
    let mut connector = HttpConnector::new();
    connector.set_nodelay(true);
    let client = Client::builder(TokioExecutor::new()).build(connector);
    let door = Door { client, behind, rights };
    Router::new().fallback(pass).with_state(door)
}

async fn pass(State(door): State<Door>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let body = match axum::body::to_bytes(body, MAX_BODY_BYTES).await {
        Ok(body) => body,
        Err(error) => return (StatusCode::PAYLOAD_TOO_LARGE, error.to_string()).into_response(),
    };
    if let Some(action) = action(&parts.headers)
        && let Err(denied) = guard::dynamodb(&door.rights, rights::signer(&parts.headers), action, &body)
    {
        let said = json!({"__type": "com.amazon.coral.service#AccessDeniedException", "Message": denied.to_string()});
        return (StatusCode::BAD_REQUEST, [(header::CONTENT_TYPE, JSON_1_0)], said.to_string()).into_response();
    }
    let mut onward = Request::from_parts(parts, Body::from(body));
    let path = onward.uri().path_and_query().map_or("/", PathAndQuery::as_str);
    match format!("http://{}{path}", door.behind).parse::<Uri>() {
        Ok(uri) => *onward.uri_mut() = uri,
        Err(error) => return (StatusCode::BAD_REQUEST, error.to_string()).into_response(),
    }
    match door.client.request(onward).await {
        Ok(answer) => answer.map(Body::new),
        Err(error) => {
            tracing::error!(%error, "DynamoDB does not answer");
            StatusCode::BAD_GATEWAY.into_response()
        }
    }
}

/// `GetItem` of `X-Amz-Target: DynamoDB_20120810.GetItem`.
fn action(headers: &HeaderMap) -> Option<&str> {
    headers.get("x-amz-target")?.to_str().ok()?.split_once('.').map(|(_, action)| action)
}
