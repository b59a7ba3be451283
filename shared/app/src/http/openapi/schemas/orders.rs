//! Pushes, imports and datasets (`affinsy_core::order`, `http/views.rs`).

use super::Named;
use super::common::{customer_id, failure_or_null, id, product_name, warnings};
use crate::http::openapi::schema::{
    asked, count, instant, nullable, object, object_but, one_of_names, page_of, reference, text,
};
use affinsy_core::dataset::DEFAULT_ID;
use affinsy_core::order::MAX_LINE_ITEMS;
use serde_json::{Value, json};

pub fn schemas() -> Named {
    vec![
        ("PushOrders", push()),
        ("Order", order()),
        ("LineItem", line_item()),
        ("PushAccepted", accepted()),
        ("Import", import()),
        ("ImportList", page_of("Import", "Imports, newest first.")),
        ("Dataset", dataset()),
        ("DatasetList", page_of("Dataset", "Datasets.")),
        ("Erased", erased()),
    ]
}

fn push() -> Value {
    let mut dataset_id = nullable(id("Which dataset; at most 256 bytes."));
    dataset_id["default"] = json!(DEFAULT_ID);
    let currency = json!({
        "type": ["string", "null"],
        "pattern": "^[A-Z]{3}$",
        "description": "ISO 4217. Fixed by the first push that names one; another one is refused with 422.",
        "examples": ["EUR"],
    });
    let orders = json!({
        "type": "array",
        "items": reference("Order"),
        "minItems": 1,
        "maxItems": MAX_LINE_ITEMS,
        "description": "Whole orders.",
    });
    asked("Orders to store.", json!({"dataset_id": dataset_id, "currency": currency, "orders": orders}), &["orders"])
}

fn order() -> Value {
    let mut date = nullable(reference("DateOrInstant"));
    date["description"] =
        json!("From 1970 to two days ahead. Without it the time of the push stands in for it, and a warning says so.");
    let fields = json!({
        "order_id": id("The shop's own; at most 256 bytes."),
        "customer_id": nullable(customer_id(
            "At most 256 bytes, without the white space around it. RFM and the customer scopes need it; without it \
             the order is a guest's.",
        )),
        "order_date": date,
        "line_items": {
            "type": "array",
            "items": reference("LineItem"),
            "minItems": 1,
            "maxItems": MAX_LINE_ITEMS,
            "description": "All lines of the order.",
        },
    });
    asked("One order.", fields, &["order_id", "line_items"])
}

fn line_item() -> Value {
    let fields = json!({
        "product_name": product_name("Which product: the name is its identity, kept as it is sent."),
        "unit_price": {
            "type": ["number", "null"],
            "exclusiveMinimum": -1e12,
            "exclusiveMaximum": 1e12,
            "description": "At most 6 decimals. Null, or no price: unknown, which is not zero.",
        },
        "quantity": {
            "type": ["number", "null"],
            "minimum": -1e9,
            "maximum": 1e9,
            "default": 1,
            "description": "At most 3 decimals (goods by weight). Negative: a refund. 0 removes the line.",
        },
    });
    asked("One product of an order.", fields, &["product_name"])
}

fn accepted() -> Value {
    let fields = json!({
        "import_id": text("For `GET /data/imports/{import_id}`."),
        "dataset_id": text("Where the orders went."),
        "status": status(),
        "orders": count("Distinct orders."),
        "line_items": count("Line items as they were sent."),
        "warnings": warnings(),
        "warning": text(
            "Only where the plan's cap of order lines in a dataset is reached: new lines beyond it were not stored. The \
             import says how many (`rejected`). Updates always are.",
        ),
    });
    object_but("The push is stored.", fields, &["warning"])
}

fn import() -> Value {
    let fields = json!({
        "import_id": text("The import."),
        "dataset_id": text("Where the orders went."),
        "source": one_of_names("How they came.", ["push", "upload"]),
        "status": status(),
        "orders": count("Distinct orders."),
        "line_items": count("Line items as they were sent."),
        "inserted": nullable(count(
            "Lines that were new. Of a push null until it was looked, within a minute or so; null for good where that \
             would have meant to read a dataset of many millions of lines, or where something was erased meanwhile.",
        )),
        "updated": nullable(count(
            "Lines that were there before, those that were removed among them; null where `inserted` is.",
        )),
        "rejected": count("Line items that were refused."),
        "rejects_url": nullable(text(
            "Where the refused rows can be read as CSV, with line, column and reason, for an hour; ask again for a new \
             link. Null where there are none, and while the import runs.",
        )),
        "progress": progress_or_null(),
        "warnings": warnings(),
        "created_at": instant("When it began."),
        "completed_at": nullable(instant("When it ended.")),
        "failure": failure_or_null("Null unless it failed."),
    });
    object("What became of a push or an upload.", fields)
}

fn progress_or_null() -> Value {
    let mut progress = nullable(reference("Progress"));
    progress["description"] =
        json!("How far a file is (`waiting_for_file`, `surveying`, `reading`, `storing`); null once it has ended.");
    progress
}

fn dataset() -> Value {
    let fields = json!({
        "dataset_id": text("Its name."),
        "orders": count("Distinct orders."),
        "line_items": count("Live lines: distinct (order, product) that were not removed."),
        "customers": count("Distinct customers."),
        "products": count("Distinct products."),
        "guest_orders": count("Orders without a customer."),
        "first_order_date": nullable(instant("Null while nothing is counted, or nothing is there.")),
        "last_order_date": nullable(instant("Null while nothing is counted, or nothing is there.")),
        "bytes": count("What its orders take up in storage."),
        "pending_line_items": count("Acknowledged line items that came after the count; reports see them."),
        "counted_at": nullable(instant("When the counts were exact; null before the first count, when they are 0.")),
        "currency": nullable(text("ISO 4217; null while no push has named one.")),
        "created_at": instant("When its first push came."),
        "updated_at": instant("When its newest push came."),
    });
    object("A dataset, counted.", fields)
}

fn erased() -> Value {
    let fields = json!({
        "dataset_id": text("Which dataset, or in which."),
        "order_id": text("Which order; left out for others."),
        "customer_id": text("Which customer; left out for others."),
        "status": text("`Erased`: gone from every report submitted from now on."),
        "purged_by": instant("When nothing of it is stored any more."),
    });
    object_but("An erasure.", fields, &["order_id", "customer_id"])
}

fn status() -> Value {
    one_of_names("How far it is.", ["Processing", "Completed", "Failed"])
}
