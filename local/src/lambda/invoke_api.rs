//! The Lambda Invoke API, so that `aws lambda invoke --endpoint-url` reaches the local functions. It invokes, and
//! refuses every other operation of the Lambda API.

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use bytes::Bytes;
use serde::de::IgnoredAny;
use serde_json::json;

use super::{Function, MAX_PAYLOAD_BYTES};

/// The functions of a run, found by any of their names.
#[derive(Debug, Clone, Default)]
pub struct Functions(Arc<Vec<Function>>);

impl Functions {
    pub fn new(functions: Vec<Function>) -> Self {
        Functions(Arc::new(functions))
    }

    pub fn iter(&self) -> impl Iterator<Item = &Function> {
        self.0.iter()
    }

    /// By logical id, folder, physical name or ARN, with or without a version.
    pub fn find(&self, name: &str) -> Option<&Function> {
        let name = name.strip_suffix(":$LATEST").unwrap_or(name);
        self.iter().find(|function| {
            let spec = function.spec();
            [&spec.logical_id, &spec.folder, &spec.name, &spec.launch.arn].into_iter().any(|own| own == name)
        })
    }
}

/// `POST /2015-03-31/functions/{name}/invocations`.
pub fn router(functions: Functions) -> Router {
    Router::new().route("/2015-03-31/functions/{name}/invocations", post(invoke)).with_state(functions)
}

async fn invoke(
    State(functions): State<Functions>,
    Path(name): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let Some(function) = functions.find(&name) else {
        return refusal(StatusCode::NOT_FOUND, "ResourceNotFoundException", &format!("Function not found: {name}"));
    };
    let Ok(payload) = to_bytes(body, MAX_PAYLOAD_BYTES).await else {
        let message =
            format!("Request must be smaller than {MAX_PAYLOAD_BYTES} bytes for the InvokeFunction operation");
        return refusal(StatusCode::PAYLOAD_TOO_LARGE, "RequestTooLargeException", &message);
    };
    let payload = if payload.is_empty() { Bytes::from_static(b"{}") } else { payload };
    if let Err(error) = serde_json::from_slice::<IgnoredAny>(&payload) {
        let message = format!("Could not parse request body into json: {error}");
        return refusal(StatusCode::BAD_REQUEST, "InvalidRequestContentException", &message);
    }
    match header(&headers, "x-amz-invocation-type").unwrap_or("RequestResponse") {
        "RequestResponse" => synchronous(function, payload, header(&headers, "x-amzn-trace-id")).await,
        "Event" => {
            function.invoke_async(payload);
            StatusCode::ACCEPTED.into_response()
        }
        "DryRun" => StatusCode::NO_CONTENT.into_response(),
        other => {
            refusal(StatusCode::BAD_REQUEST, "InvalidParameterValueException", &format!("invocation type {other}"))
        }
    }
}

async fn synchronous(function: &Function, payload: Bytes, trace: Option<&str>) -> Response {
    let version = ("x-amz-executed-version", "$LATEST");
    let json = ("content-type", "application/json");
    match function.invoke(payload, trace.map(str::to_owned)).await {
        Ok(response) => ([version, json], response).into_response(),
        Err(error) => ([version, json, ("x-amz-function-error", "Unhandled")], error.to_json()).into_response(),
    }
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

fn refusal(status: StatusCode, kind: &'static str, message: &str) -> Response {
    (status, [("x-amzn-errortype", kind)], json!({"Type": "User", "Message": message}).to_string()).into_response()
}
