//! From a function's response in payload format 2.0 to HTTP.

use std::collections::BTreeMap;

use axum::body::Body;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde::Deserialize;
use serde_json::Value;

use super::Refusal;

/// The keys that a response may have. `multiValueHeaders` belongs to format 1.0; runtimes send it empty.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct FunctionResponse {
    status_code: u16,
    #[serde(default)]
    headers: BTreeMap<String, Value>,
    #[serde(default)]
    multi_value_headers: BTreeMap<String, Vec<Value>>,
    #[serde(default)]
    cookies: Vec<String>,
    #[serde(default)]
    body: Option<String>,
    #[serde(default)]
    is_base64_encoded: bool,
}

/// A payload that is no response object is the body itself, as HTTP APIs infer it.
pub fn from_payload(payload: Bytes) -> Result<Response, Refusal> {
    match serde_json::from_slice::<FunctionResponse>(&payload) {
        Ok(response) => response.into_http().ok_or(Refusal::FunctionFailed),
        Err(_) if claims_a_status(&payload) => Err(Refusal::FunctionFailed),
        Err(_) => Ok(([(header::CONTENT_TYPE, "application/json")], payload).into_response()),
    }
}

fn claims_a_status(payload: &[u8]) -> bool {
    serde_json::from_slice::<Value>(payload).is_ok_and(|value| value.get("statusCode").is_some())
}

impl FunctionResponse {
    /// `None` when a part of it is no HTTP.
    fn into_http(self) -> Option<Response> {
        let status = StatusCode::from_u16(self.status_code).ok()?;
        let headers = self.header_map()?;
        let body = self.body.unwrap_or_default();
        let body = if self.is_base64_encoded { STANDARD.decode(body).ok()? } else { body.into_bytes() };
        let mut response = Response::new(Body::from(body));
        *response.status_mut() = status;
        *response.headers_mut() = headers;
        Some(response)
    }

    fn header_map(&self) -> Option<HeaderMap> {
        let mut headers = HeaderMap::new();
        let single = self.headers.iter().map(|(name, value)| (name, std::slice::from_ref(value)));
        let many = self.multi_value_headers.iter().filter(|(name, _)| !self.headers.contains_key(*name));
        for (name, values) in single.chain(many.map(|(name, values)| (name, values.as_slice()))) {
            let name: HeaderName = name.parse().ok()?;
            for value in values {
                headers.append(name.clone(), HeaderValue::from_str(&text(value)).ok()?);
            }
        }
        for cookie in &self.cookies {
            headers.append(header::SET_COOKIE, HeaderValue::from_str(cookie).ok()?);
        }
        // The body's true length is the server's to say.
        headers.remove(header::CONTENT_LENGTH);
        if !headers.contains_key(header::CONTENT_TYPE) && self.body.as_ref().is_some_and(|body| !body.is_empty()) {
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain;charset=UTF-8"));
        }
        Some(headers)
    }
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
