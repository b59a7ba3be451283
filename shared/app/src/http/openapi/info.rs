//! What stands before the paths: the conventions that hold for every request. Knows no single operation.

use crate::http::body::MAX_BODY_BYTES;
use affinsy_core::plan::RATE_WINDOW_S;
use serde_json::{Value, json};

pub fn info() -> Value {
    json!({
        "title": "Affinsy API",
        "version": env!("CARGO_PKG_VERSION"),
        "summary": "Market basket analysis and RFM customer segments from pushed orders",
        "description": description(),
        "license": {"name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0"},
    })
}

pub fn tags() -> Value {
    json!([
        {"name": "Orders", "description": "Pushing orders, and what became of each push"},
        {"name": "Datasets", "description": "What is stored, counted"},
        {"name": "Reports", "description": "Submitting reports, following them, reading their results"},
        {"name": "Schedules", "description": "Reports that come again every day, week or month"},
        {"name": "Webhooks", "description": "The signing secret and the delivery log"},
        {"name": "Keys", "description": "API keys, for keys with the scope `keys:admin`"},
        {"name": "Service", "description": "Open to all, without a key"},
    ])
}

fn description() -> String {
    let mebibytes = MAX_BODY_BYTES >> 20;
    format!(
        "Push orders, submit a report, be told by webhook when it is done, fetch the result.\n\n\
         **Quota.** 60 requests in {RATE_WINDOW_S} seconds a user, across all of the user's keys; the window begins \
         with the first request in it. Every answer to a known user carries `X-RateLimit-Limit` and \
         `X-RateLimit-Remaining`; beyond the quota the answer is 429 with `Retry-After`.\n\n\
         **Bodies** are JSON in UTF-8 without a byte order mark, at most {mebibytes} MiB decoded; \
         `Content-Encoding: gzip` is accepted. Unknown fields are ignored and named in `warnings`. A key that stands \
         twice in one object is refused.\n\n\
         **Lists** take `limit` and `cursor` and answer `data` and `next_cursor`, which is null on the last page. A \
         cursor is opaque, and good only for the list and the filters it came from. Query parameters that a list \
         does not know are refused with 422: a misspelt filter must not show everything.\n\n\
         **Retries.** Any POST takes an `Idempotency-Key`. For 24 hours the same key with the same path and body gets the first \
         answer again, with `Idempotent-Replayed: true` and without secrets, and has no second effect; with another path or \
         body it is 422 `idempotency_key_reused`, and while the first call runs 409 `idempotency_in_flight`. Kept are \
         successes and the refusals 400, 413 and 422; after any other answer, or none, the same call goes on where the \
         first stopped, under the same ids. Keys belong to the tenant, and a replay counts as a request.\n\n\
         **Errors** carry `error`, `code` and `request_id`, and `errors` with a JSON pointer for each problem of a \
         body. Another tenant's resource is 404, like one that never was. A path that does not exist is 404 \
         `no_such_route`; a method that its path does not take is 405 `method_not_allowed` with `Allow`. An answer \
         without `X-Request-Id` comes from the gateway in front of the API, whose errors have a body of their own: \
         `{{\"message\": …}}`.\n\n\
         **Numbers.** Money is in the dataset's currency, computed exactly and written with at most 4 decimals. \
         Shares are fractions of 1. What would be infinite or undefined is null."
    )
}
