//! The webhook secret, a test event, the delivery log, and sending events anew.

use super::{Operation, json_body};
use crate::http::openapi::parameters::{delivery_filters, paging, shared};
use crate::http::openapi::{examples, responses};
use crate::redeliver::MOST_AT_ONCE;
use serde_json::{Value, json};

const WEBHOOKS: &str = "Webhooks";

fn secret_answer() -> Value {
    responses::success("The secret.", "WebhookSecret", &["Cache-Control"], json!({}))
}

pub fn secret() -> Operation {
    let description = "The secret that signs this tenant's webhooks; it is made on first use.";
    Operation::get(WEBHOOKS, "Get the signing secret", description, secret_answer())
}

pub fn rotate() -> Operation {
    let description = "Makes a new secret. The old one signs beside it for 24 hours: `webhook-signature` then has \
                       several entries, and a receiver that knows either secret finds one that fits. Rotated again \
                       within that time, the newest two old secrets sign on: never more than three signatures.";
    Operation::get(WEBHOOKS, "Rotate the signing secret", description, secret_answer())
}

pub fn test() -> Operation {
    let answer = responses::success("What the endpoint answered.", "WebhookTested", &[], json!({}));
    Operation {
        tag: WEBHOOKS,
        summary: "Send a test event",
        description: "Sends `webhook.test` to a URL now, signed like every event and by the same rules for URLs, and \
                      answers what came of it: an endpoint that fails is a success of this call with \
                      `accepted: false`. There is one attempt. A 2xx enables a URL again that was disabled."
            .to_owned(),
        parameters: vec![shared("ContentEncoding")],
        body: Some(json_body("Which endpoint.", "TestWebhook", examples::test_webhook())),
        answers: vec![(200, answer)],
        refusals: &[400, 413, 415, 422],
    }
}

pub fn deliveries() -> Operation {
    let description = "The events sent or to be sent in the last 30 days, newest first, each with its attempts; and \
                       the URLs that are disabled. A page may be short where few entries pass the filter.";
    let answer = responses::success("A page of the log.", "DeliveryList", &[], json!({}));
    let taken = [paging(), delivery_filters()].concat();
    Operation::get(WEBHOOKS, "List deliveries", description, answer).taking(taken, &[422])
}

pub fn redeliver_one() -> Operation {
    let description = "Sends an event of the log anew, whatever became of it: the same `webhook-id`, the same bytes, \
                       attempts counted from the beginning.";
    let answer = responses::success("It is due now.", "Delivery", &[], json!({}));
    let operation = Operation::get(WEBHOOKS, "Send an event anew", description, Value::Null)
        .taking(vec![shared("DeliveryId")], &[404, 409]);
    Operation { answers: vec![(202, answer)], ..operation }
}

pub fn redeliver_some() -> Operation {
    let answer = responses::success("They are due now.", "Redelivered", &[], json!({}));
    Operation {
        tag: WEBHOOKS,
        summary: "Send a range of events anew",
        description: format!(
            "Sends the events of a stretch of time anew that did not arrive, or those in another state: at most \
             {MOST_AT_ONCE} a call, and `next_cursor` leads on. Events under way and those to a disabled URL are left \
             alone.",
        ),
        parameters: vec![shared("ContentEncoding")],
        body: Some(json_body("Which events.", "RedeliverEvents", examples::redeliver())),
        answers: vec![(202, answer)],
        refusals: &[400, 413, 415, 422],
    }
}
