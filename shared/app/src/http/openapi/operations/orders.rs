//! Pushes, imports and datasets.

use super::{Operation, json_body};
use crate::http::body::MAX_BODY_BYTES;
use crate::http::openapi::parameters::{paging, shared};
use crate::http::openapi::{examples, responses};
use affinsy_core::order::MAX_LINE_ITEMS;
use serde_json::{Value, json};

pub(super) const ORDERS: &str = "Orders";
const DATASETS: &str = "Datasets";

pub fn push() -> Operation {
    let body = format!(
        "At most {MAX_LINE_ITEMS} line items and {} MiB, decoded. Pack whole orders: an order's lines belong in one request.",
        MAX_BODY_BYTES >> 20
    );
    Operation {
        tag: ORDERS,
        summary: "Push orders",
        description: "Stores line items, all or nothing. Lines are keyed on (`order_id`, `product_name`): what is \
                      sent again updates and never duplicates; the last acknowledged value wins. The same product \
                      twice in one order of one push: quantities and amounts add up. Quantity 0 removes the line. \
                      The dataset comes into being with its first push.\n\nThe answer promises that every line is \
                      durable and is seen by every report submitted afterwards. After an answer of 500 or 503, or \
                      none, send the push again: that is always safe."
            .to_owned(),
        parameters: vec![shared("ContentEncoding")],
        body: Some(json_body(&body, "PushOrders", examples::push())),
        answers: vec![(202, responses::success("Stored.", "PushAccepted", &[], examples::pushed()))],
        refusals: &[400, 413, 415, 422],
    }
}

pub fn imports() -> Operation {
    let description = "What became of pushes and uploads, newest first.";
    Operation::get(ORDERS, "List imports", description, page("ImportList")).taking(paging(), &[422])
}

pub fn import() -> Operation {
    let answer = responses::success("The import.", "Import", &[], json!({}));
    Operation::get(ORDERS, "Get an import", "What became of one push or upload, and how far it is.", answer)
        .taking(vec![shared("ImportId")], &[404])
}

pub fn datasets() -> Operation {
    let description = "The datasets with their counts. Counts are exact as of `counted_at` and catch up by \
                       themselves, within a minute or two of a push.";
    Operation::get(DATASETS, "List datasets", description, page("DatasetList")).taking(paging(), &[422])
}

pub fn dataset() -> Operation {
    let answer = responses::success("The dataset.", "Dataset", &[], json!({}));
    Operation::get(DATASETS, "Get a dataset", "One dataset with its counts.", answer)
        .taking(vec![shared("DatasetId")], &[404])
}

fn page(schema: &str) -> Value {
    responses::success("A page of the list.", schema, &[], json!({}))
}
