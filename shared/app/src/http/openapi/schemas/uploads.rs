//! Uploads (`import_upload::open`, `http/uploads.rs`).

use super::Named;
use super::common::{id, warnings};
use crate::http::openapi::schema::{asked, closed, constant, instant, nullable, object, one_of_names, reference, text};
use crate::import_upload::MAX_FILE_BYTES;
use affinsy_core::dataset::DEFAULT_ID;
use affinsy_core::webhook::url::MAX_LEN;
use serde_json::{Value, json};

/// The names of [`affinsy_core::import::Kind`], as a request has them.
const SOURCES: [&str; 7] =
    ["shopify", "woocommerce_items", "woocommerce_advanced", "woocommerce_analytics", "bigcommerce", "plain", "orders"];

pub fn schemas() -> Named {
    vec![("OpenUpload", open()), ("ColumnMapping", mapping()), ("UploadOpened", opened()), ("UploadTarget", target())]
}

fn open() -> Value {
    let mut dataset_id = nullable(id("Which dataset; at most 256 bytes."));
    dataset_id["default"] = json!(DEFAULT_ID);
    let optional = |description: &str| nullable(text(description));
    let one_of = |description: &str, names: &[&str]| nullable(one_of_names(description, names.iter().copied()));
    let fields = json!({
        "dataset_id": dataset_id,
        "bytes": {
            "type": ["integer", "null"],
            "minimum": 0,
            "description": "The file's size, if it is known: one that is too large is refused before it is sent.",
        },
        "webhook_url": {
            "type": ["string", "null"],
            "format": "uri",
            "maxLength": MAX_LEN,
            "description": "Who is told of the import's end; the rules are those of a report's.",
        },
        "format": one_of("What the file is; found out where it is not said.", &["csv", "ndjson", "parquet"]),
        "source": one_of("Which shop's export it is; found out where it is not said.", &SOURCES),
        "mapping": nullable(reference("ColumnMapping")),
        "time_zone": optional("IANA zone of dates that name no offset, such as Europe/Berlin; else they are UTC."),
        "date_format": optional("How the file writes dates, as strptime has it, such as `%d/%m/%Y %H:%M`."),
        "decimal": one_of("What stands before the decimals of a number; found out where the file decides it.", &[".", ","]),
        "delimiter": one_of("What stands between the columns of a CSV file.", &[",", ";", "\t", "|"]),
        "encoding": one_of("Found out where it is not said.", &["utf-8", "utf-16le", "utf-16be", "windows-1252"]),
        "currency": {
            "type": ["string", "null"],
            "pattern": "^[A-Z]{3}$",
            "description": "ISO 4217; rows in another currency are rejected.",
        },
    });
    asked("What is known of the file.", fields, &[])
}

fn mapping() -> Value {
    let column = |field: &str| {
        let description = format!("The column that holds the {field}.");
        json!({"type": ["string", "null"], "minLength": 1, "maxLength": 256, "description": description})
    };
    let fields = json!({
        "order_id": column("order's id"),
        "customer_id": column("customer's id"),
        "order_date": column("order's date"),
        "product_name": column("product"),
        "unit_price": column("unit price"),
        "quantity": column("quantity"),
        "currency": column("currency"),
    });
    closed(asked("Which column holds what, where the names do not tell.", fields, &[]))
}

fn opened() -> Value {
    let fields = json!({
        "import_id": text("For `GET /data/imports/{import_id}`."),
        "dataset_id": text("Where the orders will go."),
        "status": constant("Processing"),
        "upload": reference("UploadTarget"),
        "warnings": warnings(),
    });
    object("An import that waits for its file.", fields)
}

fn target() -> Value {
    let fields = json!({
        "method": constant("PUT"),
        "url": text("Where the file goes. Whoever has it may send the file, without a key."),
        "headers": {
            "type": "object",
            "additionalProperties": {"type": "string"},
            "description": "Headers that must be sent with it, as they are.",
        },
        "expires_at": instant("Sending has to begin before."),
        "max_bytes": json!({"const": MAX_FILE_BYTES, "description": "The most that is taken."}),
    });
    let mut target = object("The one request that sends the file.", fields);
    target["properties"]["method"]["description"] = json!("The request's method.");
    target
}
