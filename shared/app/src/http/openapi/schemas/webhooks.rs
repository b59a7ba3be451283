//! Events, the secret, and the delivery log (`affinsy_core::webhook`, `http/views.rs`).

use super::Named;
use crate::http::openapi::schema::{
    asked, closed, constant, count, flag, instant, list_of, nullable, object, one_of_names, page_of, reference, text,
};
use crate::ports::DeliveryState;
use affinsy_core::webhook::body::{EVENTS, Ending, TEST_EVENT};
use affinsy_core::webhook::schedule::STEPS_S;
use affinsy_core::webhook::url::MAX_LEN;
use serde_json::{Value, json};

/// The most old secrets that still sign (`dispatch_webhook`).
const MOST_RETIRED: usize = 2;

pub fn schemas() -> Named {
    vec![
        ("ReportCompletedEvent", report_event(Ending::Completed)),
        ("ReportFailedEvent", report_event(Ending::Failed)),
        ("ImportCompletedEvent", import_event(Ending::Completed)),
        ("ImportFailedEvent", import_event(Ending::Failed)),
        ("TestEvent", test_event()),
        ("WebhookSecret", secret()),
        ("Delivery", delivery()),
        ("DeliveryAttempt", attempt()),
        ("DeliveryList", list()),
        ("DisabledUrl", disabled_url()),
        ("TestWebhook", test()),
        ("WebhookTested", tested()),
        ("RedeliverEvents", range()),
        ("Redelivered", redelivered()),
    ]
}

fn report_event(ending: Ending) -> Value {
    let fields = json!({
        "event": constant(ending.of_report()),
        "report_id": text("Fetch it by `GET /reports/{report_id}`."),
        "report_type": one_of_names("What kind of report.", ["MBA", "RFM"]),
        "status": constant(ending.status()),
        "timestamp": instant("When the report ended, in whole seconds."),
    });
    object("A report ended.", fields)
}

fn import_event(ending: Ending) -> Value {
    let fields = json!({
        "event": constant(ending.of_import()),
        "import_id": text("Fetch it by `GET /data/imports/{import_id}`."),
        "dataset_id": text("Which dataset the file was for."),
        "status": constant(ending.status()),
        "timestamp": instant("When the import ended, in whole seconds."),
    });
    object("The import of a file ended.", fields)
}

fn test_event() -> Value {
    let fields = json!({
        "event": constant(TEST_EVENT),
        "timestamp": instant("When it was asked for, in whole seconds."),
    });
    object("Somebody tried out an endpoint.", fields)
}

fn secret() -> Value {
    let secret = json!({
        "type": ["string", "null"],
        "pattern": "^whsec_[A-Za-z0-9+/]+=*$",
        "description": "`whsec_` and the base64 of the key's 32 bytes; null in the replay of a rotation.",
    });
    let until = json!({"signs_until": instant("Until then its signature stands beside the newest's.")});
    let retired = json!({
        "type": "array",
        "items": object("A secret that was replaced.", until),
        "maxItems": MOST_RETIRED,
        "description": "Secrets before it that still sign, newest first.",
    });
    object("What signs this tenant's webhooks.", json!({"secret": secret, "retired": retired}))
}

fn delivery() -> Value {
    let state = "`pending`: an attempt is due at `next_attempt_at`. `exhausted`: every attempt failed. `disabled`: the \
                 URL is disabled; there is no further attempt, or there was none.";
    let fields = json!({
        "delivery_id": text("The `webhook-id` of all its attempts."),
        "event": one_of_names("What happened.", EVENTS),
        "report_id": nullable(text("To which report.")),
        "import_id": nullable(text("To which import.")),
        "url": text("Where it goes."),
        "state": one_of_names(state, DeliveryState::ALL.map(DeliveryState::name)),
        "created_at": instant("When it happened."),
        "redelivered_at": nullable(instant("When it was last sent anew: its attempts count from then.")),
        "next_attempt_at": nullable(instant("Null when no attempt is to come.")),
        "attempts": {
            "type": "array",
            "items": reference("DeliveryAttempt"),
            "maxItems": 2 * STEPS_S.len(),
            "description": "In the order in which they were made; of those before it was sent anew, the last ten.",
        },
    });
    object("One event on its way to one URL.", fields)
}

fn list() -> Value {
    let mut page = page_of("Delivery", "Deliveries, newest first.");
    let description = "URLs that take no more webhooks, of all pages: `POST /webhooks/test` enables one again.";
    page["properties"]["disabled_urls"] = list_of(reference("DisabledUrl"), description);
    page["required"] = json!(["data", "disabled_urls", "next_cursor"]);
    page
}

fn disabled_url() -> Value {
    let reason = "`gone`: it answered 410. `refused`: it answered with the header `webhook-delivery: disable`. \
                  `failing`: nothing but failures for 120 hours.";
    let fields = json!({
        "url": text("Which URL."),
        "disabled_at": instant("Since when."),
        "reason": one_of_names(reason, ["gone", "refused", "failing"]),
        "detail": text("What happened and what to do, for people."),
    });
    object("A URL that takes no more webhooks.", fields)
}

fn test() -> Value {
    let url = json!({
        "type": "string", "format": "uri", "maxLength": MAX_LEN,
        "description": "Where to send the event; the rules are those of `webhook_url`.",
    });
    closed(asked("Which endpoint to try out.", json!({"url": url}), &["url"]))
}

fn tested() -> Value {
    let fields = json!({
        "delivery_id": text("The `webhook-id` that was sent; it stands in the log."),
        "url": text("Where it went."),
        "accepted": flag("The endpoint answered 2xx."),
        "reenabled": flag("The URL was disabled, and is not any more."),
        "attempt": reference("DeliveryAttempt"),
    });
    object("What came of a test event.", fields)
}

fn range() -> Value {
    let fields = json!({
        "since": instant("Events of this moment or later."),
        "until": nullable(instant("Events before this moment; without it all since.")),
        "state": nullable(one_of_names(
            "Only deliveries in this state; without it those that did not arrive: `exhausted` and `disabled`.",
            ["delivered", "exhausted", "disabled"],
        )),
        "event": nullable(one_of_names("Only this event.", EVENTS)),
        "url": nullable(text("Only to this URL.")),
        "cursor": nullable(text("The `next_cursor` of the call before, with the same other fields.")),
    });
    closed(asked("Which events to send anew.", fields, &["since"]))
}

fn redelivered() -> Value {
    let fields = json!({
        "redelivered": count("Deliveries that are sent anew."),
        "disabled": count("Deliveries left alone, because their URL is disabled."),
        "next_cursor": nullable(text("There may be more: call again with it as `cursor`. Null at the end.")),
    });
    object("What a call over a range did.", fields)
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
