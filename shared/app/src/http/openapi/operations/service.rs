//! The routes that need no key.

use super::Operation;
use crate::http::openapi::responses;
use crate::http::openapi::schema::{constant, object};
use serde_json::json;

const SERVICE: &str = "Service";

pub fn openapi() -> Operation {
    let answer = responses::open("The document.", json!({"type": "object"}));
    Operation::get(SERVICE, "This document", "The OpenAPI 3.1 description of the API.", answer)
}

pub fn health() -> Operation {
    let schema = object("The service answers.", json!({"status": constant("ok")}));
    let answer = responses::open("The service answers.", schema);
    Operation::get(SERVICE, "Health", "Whether the API answers. Says nothing of what stands behind it.", answer)
}
