//! Events, the secret, and the delivery log (`affinsy_core::webhook`, `http/views.rs`).

use super::Named;
use crate::http::openapi::schema::{
    constant, count, instant, nullable, object, one_of_names, page_of, reference, text,
};
use affinsy_core::webhook::body::Ending;
use affinsy_core::webhook::schedule::STEPS_S;
use serde_json::{Value, json};

pub fn schemas() -> Named {
    vec![
        ("ReportCompletedEvent", event(Ending::Completed)),
        ("ReportFailedEvent", event(Ending::Failed)),
        ("WebhookSecret", secret()),
        ("Delivery", delivery()),
        ("DeliveryAttempt", attempt()),
        ("DeliveryList", page_of("Delivery", "Deliveries, newest first.")),
    ]
}

fn event(ending: Ending) -> Value {
    let fields = json!({
        "event": constant(ending.event()),
        "report_id": text("Fetch it by `GET /reports/{report_id}`."),
        "report_type": one_of_names("What kind of report.", ["MBA", "RFM"]),
        "status": constant(ending.status()),
        "timestamp": instant("When the report ended, in whole seconds."),
    });
    object("A report ended.", fields)
}

fn secret() -> Value {
    let secret = json!({
        "type": "string",
        "pattern": "^whsec_[A-Za-z0-9+/]+=*$",
        "description": "`whsec_` and the base64 of the key's 32 bytes.",
    });
    object("What signs this tenant's webhooks.", json!({"secret": secret}))
}

fn delivery() -> Value {
    let state = "`pending`: an attempt is due at `next_attempt_at`. `exhausted`: every attempt failed. `disabled`: \
                 the receiver asked for no more.";
    let fields = json!({
        "delivery_id": text("The `webhook-id` of all its attempts."),
        "event": one_of_names("What happened.", [Ending::Completed.event(), Ending::Failed.event()]),
        "report_id": text("To which report."),
        "url": text("Where it goes."),
        "state": one_of_names(state, ["pending", "delivered", "exhausted", "disabled"]),
        "created_at": instant("When the report ended."),
        "next_attempt_at": nullable(instant("Null when no attempt is to come.")),
        "attempts": {
            "type": "array",
            "items": reference("DeliveryAttempt"),
            "maxItems": STEPS_S.len(),
            "description": "In the order in which they were made.",
        },
    });
    object("One event on its way to one URL.", fields)
}

fn attempt() -> Value {
    let fields = json!({
        "at": instant("When it began."),
        "duration_ms": count("How long it took."),
        "status": nullable(json!({
            "type": "integer", "minimum": 100, "maximum": 999, "description": "What the receiver answered; null where it did not.",
        })),
        "error": nullable(text("Why there was no answer: `timeout`, `blocked_address: …` or words of the connection.")),
        "answer": nullable(text("The first KiB of the answer's body.")),
    });
    object("One attempt.", fields)
}
