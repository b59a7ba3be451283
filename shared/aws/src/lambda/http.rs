//! HTTP API events (payload format 2.0) as requests of ours, and our answers as Lambda's.

use super::authorizer;
use affinsy_app::http::{Answer, Request, Verdict};
use bytes::Bytes;
use lambda_http::request::{LambdaRequest, RequestContext};
use lambda_http::{Body, Context, RequestExt, Response};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// A request to a function that gets other events too.
pub fn event(payload: Value, context: Context) -> Result<lambda_http::Request, serde_json::Error> {
    let event = lambda_http::Request::from(LambdaRequest::ApiGatewayV2(serde_json::from_value(payload)?));
    Ok(event.with_lambda_context(context))
}

/// Its answer as the gateway reads it. Bodies are JSON, which is text.
pub fn payload(answer: Answer) -> Value {
    let headers: BTreeMap<&str, &str> = answer.headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
    json!({
        "statusCode": answer.status,
        "headers": headers,
        "body": String::from_utf8_lossy(&answer.body),
        "isBase64Encoded": false,
    })
}

pub fn request(event: lambda_http::Request) -> Request {
    let context = event.request_context_ref().cloned();
    let (verdict, route_key) = match context {
        Some(RequestContext::ApiGatewayV2(context)) => {
            let verdict = context.authorizer.as_ref().map_or(Verdict::Deny, |auth| authorizer::verdict(&auth.fields));
            (verdict, context.route_key)
        }
        _ => (Verdict::Deny, None),
    };
    let parameters = event.path_parameters_ref();
    let pairs = parameters.map(|map| map.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect());
    let request_id = event.lambda_context_ref().map(|context| context.request_id.clone()).unwrap_or_default();
    let query = event.uri().query().unwrap_or_default();
    let query = url::form_urlencoded::parse(query.as_bytes()).into_owned().collect();
    let path = event.raw_http_path().to_owned();
    let (parts, body) = event.into_parts();
    let header = |(name, value): (&http::HeaderName, &http::HeaderValue)| {
        (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned())
    };
    Request {
        method: parts.method.to_string(),
        path,
        route_key,
        path_parameters: pairs.unwrap_or_default(),
        query,
        headers: parts.headers.iter().map(header).collect(),
        body: bytes_of(body),
        verdict,
        request_id,
    }
}

fn bytes_of(body: Body) -> Bytes {
    match body {
        Body::Text(text) => text.into(),
        Body::Binary(bytes) => bytes.into(),
        _ => Bytes::new(),
    }
}

pub fn response(answer: Answer) -> Result<Response<Body>, lambda_http::Error> {
    let mut response = Response::builder().status(answer.status);
    for (name, value) in &answer.headers {
        response = response.header(*name, value);
    }
    // JSON is text; were it sent as binary, the gateway would get it a third larger.
    let body = String::from_utf8(answer.body.into()).map_or_else(|error| Body::Binary(error.into_bytes()), Body::Text);
    Ok(response.body(body)?)
}
