//! Answers: headers, and one shared response for each status of a refusal. Statuses, codes and headers are those
//! of `refusal.rs`.

use super::schema::reference;
use serde_json::{Map, Value, json};

/// What every operation that needs a key can refuse with.
pub const WITH_KEY: [u16; 5] = [401, 403, 429, 500, 503];

/// A refusal as it is shared by the operations.
struct Refused {
    status: u16,
    name: &'static str,
    description: &'static str,
    /// Headers beside `X-Request-Id`.
    headers: &'static [&'static str],
    code: &'static str,
    sentence: &'static str,
}

/// Of every answer to a POST that may be a replay.
pub const REPLAYED: &str = "Idempotent-Replayed";
const RATE: [&str; 2] = ["X-RateLimit-Limit", "X-RateLimit-Remaining"];
const RATE_AND_REPLAY: [&str; 3] = ["X-RateLimit-Limit", "X-RateLimit-Remaining", REPLAYED];
const RATE_AND_WAIT: [&str; 3] = ["X-RateLimit-Limit", "X-RateLimit-Remaining", "Retry-After"];

const REFUSED: [Refused; 11] = [
    Refused {
        status: 400,
        name: "Malformed",
        description: "The body is not what it says it is: `malformed_json` (with line and column), `malformed_gzip`; or `invalid_idempotency_key`.",
        headers: &RATE_AND_REPLAY,
        code: "malformed_json",
        sentence: "The body is not valid JSON: expected value (line 1, column 1).",
    },
    Refused {
        status: 401,
        name: "Unauthorized",
        description: "`invalid_api_key`: the key is missing, malformed, unknown, expired or revoked. One answer for all.",
        headers: &["WWW-Authenticate"],
        code: "invalid_api_key",
        sentence: "A valid API key is needed: send it as the header Authorization: Bearer afn_…",
    },
    Refused {
        status: 403,
        name: "Forbidden",
        description: "`plan_required`: the key's plan is without the API. `scope_required`: the key lacks the scope.",
        headers: &RATE,
        code: "scope_required",
        sentence: "This key lacks the scope reports:write. Use a key that has it.",
    },
    Refused {
        status: 404,
        name: "NotFound",
        description: "`not_found`, `unknown_dataset`, `no_such_part`, `no_basket_report`: there is no such thing, or it is another tenant's.",
        headers: &RATE,
        code: "not_found",
        sentence: "There is no such report.",
    },
    Refused {
        status: 409,
        name: "Conflict",
        description: "`report_processing`: the report has not ended yet; `idempotency_in_flight`: the first call with this \
                      `Idempotency-Key` is still running; ask again after `Retry-After`. `delivery_under_way`: an \
                      attempt runs or is due. `url_disabled`: `POST /webhooks/test` first. `too_many_schedules`: delete \
                      one first.",
        headers: &RATE_AND_WAIT,
        code: "report_processing",
        sentence: "The report is still running; ask again when it has ended.",
    },
    Refused {
        status: 413,
        name: "TooLarge",
        description: "`too_large`: more bytes (decoded) or more line items than one request takes. What is too large for \
                      the gateway in front of the API, from some 6 MB on, is refused in its own words. Nothing was \
                      stored.",
        headers: &RATE_AND_REPLAY,
        code: "too_large",
        sentence: "A push takes at most 10000 line items: send the orders in several requests.",
    },
    Refused {
        status: 415,
        name: "UnsupportedMediaType",
        description: "`unsupported_media_type`: not JSON. `unsupported_encoding`: compressed, but not with gzip.",
        headers: &RATE,
        code: "unsupported_media_type",
        sentence: "Content-Type \"text/csv\" is not supported: send application/json.",
    },
    Refused {
        status: 422,
        name: "Invalid",
        description: "`invalid_request`: well-formed, but with the mistakes that `errors` names, each at its JSON \
                      pointer (the first 100). `unknown_parameter`: a query parameter that this list does not know. \
                      `part_too_large`: a report's list is too long for this. \
                      `idempotency_key_reused`: the `Idempotency-Key` stands for another request.",
        headers: &RATE_AND_REPLAY,
        code: "invalid_request",
        sentence: "/orders/0/order_id: is required.",
    },
    Refused {
        status: 429,
        name: "RateLimited",
        description: "`rate_limited`: over the quota. Wait for `Retry-After` seconds.",
        headers: &RATE_AND_WAIT,
        code: "rate_limited",
        sentence: "More than 60 requests in 60 seconds. Wait 42 s, then go on.",
    },
    Refused {
        status: 500,
        name: "InternalError",
        description: "`internal_error`: the whole error is logged under `request_id`.",
        headers: &RATE,
        code: "internal_error",
        sentence: "Something went wrong on our side. Try again; if it stays, report the request_id.",
    },
    Refused {
        status: 503,
        name: "Unavailable",
        description: "`unavailable`: nothing of this request was done for certain; send it again after `Retry-After`. \
                      The quota's headers are there when the caller was known by then.",
        headers: &RATE_AND_WAIT,
        code: "unavailable",
        sentence: "The service is busy. Nothing of this request was done for certain; send it again.",
    },
];

/// The shared response of a status.
pub fn refusal(status: u16) -> Value {
    let name = REFUSED.iter().find(|refused| refused.status == status).map_or("InternalError", |refused| refused.name);
    json!({"$ref": format!("#/components/responses/{name}")})
}

pub fn components() -> Value {
    REFUSED.iter().map(|refused| (refused.name.to_owned(), shared(refused))).collect()
}

/// What a refusal says. A body of more than 6 MB does not get to a function: the gateway refuses it, in its own words.
fn body(refused: &Refused) -> Value {
    match refused.status {
        413 => json!({"anyOf": [reference("Error"), reference("GatewayError")]}),
        _ => reference("Error"),
    }
}

fn shared(refused: &Refused) -> Value {
    let mut example = json!({
        "error": refused.sentence,
        "code": refused.code,
        "request_id": "5f0c3d1e-8f6b-4c55-9a43-0e9f5c1b2a7d",
    });
    if refused.status == 422 {
        example["errors"] = json!([{"pointer": "/orders/0/order_id", "detail": "is required"}]);
    }
    json!({
        "description": refused.description,
        "headers": header_map(refused.headers),
        "content": {"application/json": {"schema": body(refused), "example": example}},
    })
}

/// A success with a JSON body, and headers beside those that every answer to a known caller has.
pub fn success(description: &str, schema: &str, headers: &[&str], examples: Value) -> Value {
    let mut content = json!({"schema": reference(schema)});
    if examples.as_object().is_some_and(|examples| !examples.is_empty()) {
        content["examples"] = examples;
    }
    json!({
        "description": description,
        "headers": header_map(&[&RATE, headers].concat()),
        "content": {"application/json": content},
    })
}

/// A success without a body.
pub fn bodiless(description: &str, headers: &[&str]) -> Value {
    json!({"description": description, "headers": header_map(&[&RATE, headers].concat())})
}

/// A success of a route without a key: no quota.
pub fn open(description: &str, schema: Value) -> Value {
    json!({
        "description": description,
        "headers": header_map(&[]),
        "content": {"application/json": {"schema": schema}},
    })
}

fn header_map(names: &[&str]) -> Map<String, Value> {
    let reference = |name: &str| (name.to_owned(), json!({"$ref": format!("#/components/headers/{name}")}));
    names.iter().copied().chain(["X-Request-Id"]).map(reference).collect()
}

pub fn headers() -> Value {
    let whole = json!({"type": "integer", "minimum": 0});
    let text = json!({"type": "string"});
    json!({
        "X-Request-Id": header("The request's name in the log.", json!({"type": "string", "format": "uuid"})),
        "X-RateLimit-Limit": header("Requests a user may make in a window.", whole.clone()),
        "X-RateLimit-Remaining": header("Requests left in the current window.", whole),
        "Retry-After": header("Seconds to wait.", json!({"type": "integer", "minimum": 1})),
        "WWW-Authenticate": header("`Bearer realm=\"affinsy\"`", text.clone()),
        "Location": header("Where the report is, `/api/v1/reports/{report_id}`; or where its file can be downloaded.", text.clone()),
        "ETag": header("The strong tag of a completed report; send it as `If-None-Match`.", text.clone()),
        REPLAYED: header("`true` where the answer is that of an earlier call with this `Idempotency-Key`.", json!({"type": "string", "const": "true"})),
        "Cache-Control": header("How the answer may be cached.", text),
    })
}

fn header(description: &str, schema: Value) -> Value {
    json!({"description": description, "schema": schema})
}
