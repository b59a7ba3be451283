//! The events that the API sends, as OpenAPI 3.1 `webhooks`. Knows nothing of retries beyond their promise.

use super::examples::{event, import_event};
use super::schema::reference;
use affinsy_core::webhook::schedule::STEPS_S;
use serde_json::{Value, json};

pub fn all() -> Value {
    json!({
        "report.completed": {"post": receiver(
            "OnReportCompleted", "A report is completed", "ReportCompletedEvent", event("report.completed", "Completed"),
        )},
        "report.failed": {"post": receiver(
            "OnReportFailed", "A report failed", "ReportFailedEvent", event("report.failed", "Failed"),
        )},
        "import.completed": {"post": receiver(
            "OnImportCompleted", "The import of a file is completed", "ImportCompletedEvent",
            import_event("import.completed", "Completed"),
        )},
        "import.failed": {"post": receiver(
            "OnImportFailed", "The import of a file failed", "ImportFailedEvent", import_event("import.failed", "Failed"),
        )},
        "webhook.test": {"post": receiver(
            "OnWebhookTest", "Somebody tries out the endpoint", "TestEvent",
            json!({"event": "webhook.test", "timestamp": "2025-03-15T10:32:00Z"}),
        )},
    })
}

fn receiver(operation: &str, summary: &str, schema: &str, example: Value) -> Value {
    json!({
        "operationId": operation,
        "tags": ["Webhooks"],
        "summary": summary,
        "description": description(),
        "security": [],
        "parameters": headers(),
        "requestBody": {
            "required": true,
            "content": {"application/json": {"schema": reference(schema), "example": example}},
        },
        "responses": answers(),
    })
}

fn description() -> String {
    format!(
        "Sent to the `webhook_url` by the Standard Webhooks specification 1.0.0: at least once, in no particular \
         order, with the same `webhook-id` and the same bytes at each of up to {} attempts over three days (a test \
         event: one). An attempt takes at most 15 seconds, the answer's body included, of which 16 KiB are read; \
         redirects are not followed. The event carries no result: fetch what it names.",
        STEPS_S.len()
    )
}

fn headers() -> Value {
    let header = |name: &str, description: &str, schema: Value| json!({"name": name, "in": "header", "required": true, "description": description, "schema": schema});
    json!([
        header(
            "webhook-id",
            "The event's id, the same at all attempts: drop what you have seen.",
            json!({"type": "string"})
        ),
        header(
            "webhook-timestamp",
            "Seconds since 1970 of this attempt: refuse what is old.",
            json!({"type": "integer"})
        ),
        header(
            "webhook-signature",
            "`v1,` and the base64 of HMAC-SHA256 over `{webhook-id}.{webhook-timestamp}.{body}` under the secret of \
             `GET /webhooks/secret`; several are separated by spaces, and one that fits is enough.",
            json!({"type": "string"}),
        ),
    ])
}

fn answers() -> Value {
    let answer = |description: &str| json!({"description": description});
    json!({
        "2XX": answer("Delivered."),
        "410": answer("Send nothing to this URL any more; the header `webhook-delivery: disable` says the same."),
        "429": answer("Tried again, no sooner than in 60 seconds; `Retry-After` is honoured up to twice the step."),
        "default": answer("Anything else, redirects among it, is a failure: tried again by the schedule."),
    })
}
