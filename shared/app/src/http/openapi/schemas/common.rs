//! What several schemas are made of: errors, money, names, dates, failures, insights.

use super::Named;
use crate::http::openapi::schema::{list_of, nullable, object, object_but, one_of_names, reference, text, texts};
use affinsy_core::order::{MAX_ID_BYTES, MAX_NAME_CHARS};
use affinsy_core::problem::MAX_FIELD_PROBLEMS;
use serde_json::{Value, json};

/// Text that is not blank and has no control characters.
pub const NAME: &str = r"^[^\u0000-\u001f\u007f-\u009f]*[^\s\u0000-\u001f\u007f-\u009f][^\u0000-\u001f\u007f-\u009f]*$";
/// Text without control characters.
const PLAIN: &str = r"^[^\u0000-\u001f\u007f-\u009f]*$";
/// A date, or a date and a time of day.
const MOMENT: &str =
    r"^[0-9]{4}-[0-9]{2}-[0-9]{2}([Tt ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,9})?)?([Zz]|[+-][0-9]{2}:?[0-9]{2})?)?$";

pub fn schemas() -> Named {
    vec![
        ("Error", error()),
        (
            "GatewayError",
            object(
                "What the gateway in front of the API says.",
                json!({"message": text("What is wrong, for people.")}),
            ),
        ),
        ("FieldError", field_error()),
        ("Failure", failure()),
        ("Money", json!({"type": "number", "description": "In the dataset's currency; exact, at most 4 decimals."})),
        ("DateOrInstant", moment()),
        ("Insights", insights()),
        ("Insight", insight()),
        ("Fact", fact()),
    ]
}

/// An id that a caller gives.
pub fn id(description: &str) -> Value {
    json!({"type": "string", "minLength": 1, "maxLength": MAX_ID_BYTES, "pattern": NAME, "description": description})
}

/// A customer's id; blank is none.
pub fn customer_id(description: &str) -> Value {
    json!({"type": "string", "maxLength": MAX_ID_BYTES, "pattern": PLAIN, "description": description})
}

pub fn product_name(description: &str) -> Value {
    name(description, MAX_NAME_CHARS)
}

/// A name that a caller gives.
pub fn name(description: &str, most: usize) -> Value {
    json!({"type": "string", "minLength": 1, "maxLength": most, "pattern": NAME, "description": description})
}

fn moment() -> Value {
    json!({
        "type": "string",
        "pattern": MOMENT,
        "description": "RFC 3339, with `T` or a space, seconds and offset optional; or a date alone. Without an \
            offset it is UTC. Dates that do not exist, 24:00 and leap seconds are refused.",
        "examples": ["2025-03-15T10:30:00Z", "2025-03-15"],
    })
}

fn error() -> Value {
    let fields = json!({
        "error": text("What is wrong and what to do, for people."),
        "code": text("What is wrong, for programs: stable, in snake_case. New ones may come."),
        "request_id": text("The request's name in the log, a UUID; also the header `X-Request-Id`."),
        "errors": {
            "type": "array",
            "items": reference("FieldError"),
            "minItems": 1,
            "maxItems": MAX_FIELD_PROBLEMS,
            "description": "Every problem of a well-formed request that is invalid.",
        },
    });
    object_but("The body of every refusal.", fields, &["errors"])
}

fn field_error() -> Value {
    let fields = json!({
        "pointer": text("Where: a JSON pointer (RFC 6901) into the body, or `/` and a query parameter's name."),
        "detail": text("What."),
    });
    object("One problem of a request.", fields)
}

fn failure() -> Value {
    let fields = json!({
        "code": text(
            "What failed, for programs: `too_many_itemsets`, `too_many_rules`, `invalid_segments`, \
             `invalid_parameters`, `invalid_request`, `corrupt_segment`, `resource_exhausted`, `erased`. New ones may \
             come.",
        ),
        "message": text("What to do about it."),
    });
    object("Why something ended `Failed`.", fields)
}

fn insights() -> Value {
    let fields = json!({
        "source": one_of_names("Who worded the texts: `model` where a language model worded at least two.", ["template", "model"]),
        "items": list_of(reference("Insight"), "At most six, the most valuable first."),
    });
    object("What to take from the report, in sentences whose every number stands in the report.", fields)
}

fn insight() -> Value {
    let fields = json!({
        "kind": text("Such as `top_bundle` or `revenue_at_risk`."),
        "title": text("In a few words."),
        "body": text("What was found, and why it matters."),
        "facts": list_of(reference("Fact"), "The numbers that the texts quote, in order."),
        "action": text("What to do next."),
        "source": one_of_names("Who worded this one.", ["template", "model"]),
    });
    object("One finding.", fields)
}

fn fact() -> Value {
    let fields = json!({
        "id": text("`F1`, `F2` …, unique in the report."),
        "value": {"type": "number", "description": "The number as the report holds it."},
        "display": text("The number as the text writes it."),
        "pointer": text("Where the report holds it: a JSON pointer (RFC 6901)."),
    });
    object("A number that a text quotes.", fields)
}

/// Sentences for the reader.
pub fn warnings() -> Value {
    texts("What the caller should know: unknown fields, odd data, weak evidence.")
}

/// A failure, or null.
pub fn failure_or_null(description: &str) -> Value {
    let mut schema = nullable(reference("Failure"));
    schema["description"] = json!(description);
    schema
}
