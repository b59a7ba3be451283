//! The OpenAPI 3.1 document, made from the route table: what stands in `ROUTES` is described here, and nothing
//! else is. Knows the contract's words and shapes; serves no request.

mod examples;
mod info;
mod operations;
mod parameters;
mod responses;
mod schema;
mod schemas;
mod webhooks;

#[cfg(test)]
mod tests;

use super::{ROUTES, Route};
use operations::Operation;
use serde_json::{Map, Value, json};
use std::sync::LazyLock;

/// The whole document. Made once; its keys are sorted, so that equal code gives equal bytes.
pub fn document() -> &'static Value {
    static DOCUMENT: LazyLock<Value> = LazyLock::new(make);
    &DOCUMENT
}

fn make() -> Value {
    let mut document = json!({
        "openapi": "3.1.0",
        "info": info::info(),
        "servers": [{"url": "/", "description": "The origin that serves this document"}],
        "tags": info::tags(),
        "security": [{"bearer": []}],
        "paths": paths(),
        "webhooks": webhooks::all(),
        "components": {
            "securitySchemes": {"bearer": security_scheme()},
            "parameters": parameters::components(),
            "headers": responses::headers(),
            "responses": responses::components(),
            "schemas": schemas::components(),
        },
    });
    document.sort_all_objects();
    document
}

fn paths() -> Value {
    let mut paths = Map::new();
    for route in ROUTES {
        let Some(operation) = operations::of(route.operation) else { continue };
        let path = paths.entry(route.path).or_insert_with(|| json!({}));
        path[route.method.to_ascii_lowercase()] = described(route, operation);
    }
    Value::Object(paths)
}

/// One operation with what every route of its kind has: who may call it, and how it refuses.
fn described(route: &Route, operation: Operation) -> Value {
    let Operation { tag, summary, description, mut parameters, body, mut answers, refusals } = operation;
    let mut own = refusals.to_vec();
    if route.method == "POST" {
        // Every POST may come with an Idempotency-Key: `http/once.rs` stands around all of them.
        parameters.push(self::parameters::shared("IdempotencyKey"));
        own.extend([400, 409, 422]);
        for (_, answer) in &mut answers {
            answer["headers"][responses::REPLAYED] =
                json!({"$ref": format!("#/components/headers/{}", responses::REPLAYED)});
        }
    }
    let always: &[u16] = if route.scope.is_some() { &responses::WITH_KEY } else { &[] };
    let refused = always.iter().chain(&own).map(|status| (status.to_string(), responses::refusal(*status)));
    let responses: Map<String, Value> =
        answers.into_iter().map(|(status, answer)| (status.to_string(), answer)).chain(refused).collect();
    let mut described = json!({
        "operationId": route.operation,
        "tags": [tag],
        "summary": summary,
        "description": description,
        "responses": responses,
        "security": security(route),
    });
    if !parameters.is_empty() {
        described["parameters"] = Value::Array(parameters);
    }
    if let Some(body) = body {
        described["requestBody"] = body;
    }
    described
}

/// The scope that a key needs, as the role of the one security scheme.
fn security(route: &Route) -> Value {
    route.scope.map_or_else(|| json!([]), |scope| json!([{"bearer": [scope.name()]}]))
}

fn security_scheme() -> Value {
    json!({
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "afn_…",
        "description": "An API key: `Authorization: Bearer afn_…`. The API is part of the plans `max` and `enterprise`. \
            The roles listed at an operation are the scope that a key needs for it; a key with the scope `*` has all.",
    })
}
