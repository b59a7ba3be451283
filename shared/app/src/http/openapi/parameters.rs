//! Parameters in paths, queries and headers. Names and limits are those the handlers check.

use super::schema::{one_of_names, text};
use super::schemas::common::NAME;
use crate::http::cursor::{DEFAULT_LIMIT, MAX_LIMIT};
use crate::http::once::MAX_KEY_CHARS;
use crate::http::recommendations::MAX_PRODUCTS;
use crate::http::view::SORTABLE;
use affinsy_core::order::MAX_ID_BYTES;
use affinsy_core::report::export::{ExportFormat, ExportPart};
use affinsy_core::report::recommend::RankBy;
use affinsy_core::report::spec::DEFAULT_DATASET;
use affinsy_core::webhook::body::EVENTS;
use serde_json::{Value, json};

/// Parameters that several operations share.
pub fn components() -> Value {
    json!({
        "Limit": query(
            "limit",
            "How many entries a page has at most.",
            json!({"type": "integer", "minimum": 1, "maximum": MAX_LIMIT, "default": DEFAULT_LIMIT}),
        ),
        "Cursor": query(
            "cursor",
            "The `next_cursor` of the page before; without it the list begins at its start.",
            json!({"type": "string", "minLength": 1}),
        ),
        "ReportId": path("report_id", "What `POST /reports` answered.", json!({"type": "string", "minLength": 1})),
        "ScheduleId": path("schedule_id", "What `POST /schedules` answered.", json!({"type": "string", "minLength": 1})),
        "ImportId": path("import_id", "What `POST /data/orders` or `POST /data/uploads` answered.", json!({"type": "string", "minLength": 1})),
        "DatasetId": path(
            "dataset_id",
            "As it was pushed, percent-encoded.",
            json!({"type": "string", "minLength": 1, "maxLength": MAX_ID_BYTES, "pattern": NAME}),
        ),
        "OrderId": path(
            "order_id",
            "As it was pushed, percent-encoded.",
            json!({"type": "string", "minLength": 1, "maxLength": MAX_ID_BYTES, "pattern": NAME}),
        ),
        "CustomerId": path(
            "customer_id",
            "As it was pushed, percent-encoded.",
            json!({"type": "string", "minLength": 1, "maxLength": MAX_ID_BYTES, "pattern": NAME}),
        ),
        "DeliveryId": path("delivery_id", "A `webhook-id`.", json!({"type": "string", "minLength": 1})),
        "KeyId": path("key_id", "As `GET /keys` shows it.", json!({"type": "string", "minLength": 1})),
        "IdempotencyKey": {
            "name": "Idempotency-Key",
            "in": "header",
            "description": "A name of the caller's for this call, such as a random UUID: a retry under it has one effect.",
            "schema": {"type": "string", "minLength": 1, "maxLength": MAX_KEY_CHARS, "pattern": "^[ -~]*$"},
        },
        "ContentEncoding": {
            "name": "Content-Encoding",
            "in": "header",
            "description": "How the body is compressed; empty is not at all. Its size is limited after decoding.",
            "schema": {"type": "string", "enum": ["identity", "gzip", ""]},
        },
    })
}

pub fn shared(name: &str) -> Value {
    json!({"$ref": format!("#/components/parameters/{name}")})
}

/// `limit` and `cursor`.
pub fn paging() -> Vec<Value> {
    vec![shared("Limit"), shared("Cursor")]
}

pub fn query(name: &str, description: &str, schema: Value) -> Value {
    json!({"name": name, "in": "query", "description": description, "schema": schema})
}

fn path(name: &str, description: &str, schema: Value) -> Value {
    json!({"name": name, "in": "path", "required": true, "description": description, "schema": schema})
}

pub fn report_filters() -> Vec<Value> {
    let enumerated = |names: &[&'static str]| json!({"type": "string", "enum": names});
    vec![
        query("dataset_id", "Only reports on this dataset.", json!({"type": "string"})),
        query("report_type", "Only reports of this type.", enumerated(&["MBA", "RFM"])),
        query("status", "Only reports in this status.", enumerated(&["Processing", "Completed", "Failed"])),
    ]
}

pub fn delivery_filters() -> Vec<Value> {
    let enumerated = |names: &[&'static str]| json!({"type": "string", "enum": names});
    vec![
        query(
            "state",
            "Only deliveries in this state.",
            enumerated(&["pending", "delivered", "exhausted", "disabled"]),
        ),
        query("event", "Only this event.", enumerated(&EVENTS)),
        query("report_id", "Only this report's.", json!({"type": "string"})),
        query("import_id", "Only this import's.", json!({"type": "string"})),
        query("url", "Only to exactly this URL.", json!({"type": "string"})),
    ]
}

/// Keeps rows that name a product among the given fields.
pub fn product(where_it_stands: &str) -> Value {
    let description = format!("Only rows that name exactly this product {where_it_stands}.");
    query("product", &description, json!({"type": "string"}))
}

pub fn min_lift() -> Value {
    query("min_lift", "Only rules whose lift is at least this.", json!({"type": "number"}))
}

pub fn segment() -> Value {
    query("segment", "Only customers of this segment, by its `id`.", text("Such as `champions`."))
}

/// The form and the list of an export.
pub fn export() -> Vec<Value> {
    let formats = ExportFormat::ALL.map(ExportFormat::name);
    let parts = ExportPart::ALL.map(ExportPart::name);
    vec![
        query("format", "The form of the file.", json!({"type": "string", "enum": formats, "default": "csv"})),
        query("part", "Which list.", json!({"type": "string", "enum": parts})),
    ]
}

pub fn recommendations() -> Vec<Value> {
    let products = json!({
        "type": "array",
        "items": {"type": "string", "minLength": 1},
        "minItems": 1,
        "maxItems": MAX_PRODUCTS,
    });
    let mut product = query("product", "A product by its name; once for each of several.", products);
    product["required"] = json!(true);
    product["style"] = json!("form");
    product["explode"] = json!(true);
    let names = RankBy::NAMES.map(|(name, _)| name);
    let dataset = json!({"type": "string", "default": DEFAULT_DATASET});
    vec![
        product,
        query("dataset_id", "Whose newest report.", dataset),
        query("rank_by", "What makes one better.", json!({"type": "string", "enum": names, "default": "confidence"})),
    ]
}

/// The fields by which a part of a report can be sorted, ascending or (with `-`) descending.
pub fn sort(part: &str) -> Value {
    let fields = SORTABLE.iter().find(|(name, _)| *name == part).map_or(&[][..], |(_, fields)| fields);
    let names: Vec<String> = fields.iter().flat_map(|field| [(*field).to_owned(), format!("-{field}")]).collect();
    let description = "The order of the rows: a field, with a - in front for descending. Nulls count as the \
                       greatest. Without it the rows stand in the report's own order.";
    query("sort", description, one_of_names("A field, or - and a field.", names.iter().map(String::as_str)))
}
