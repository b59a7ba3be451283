//! The webhook secret and the delivery log.

use super::Operation;
use crate::http::openapi::parameters::paging;
use crate::http::openapi::responses;
use serde_json::json;

const WEBHOOKS: &str = "Webhooks";

pub fn secret() -> Operation {
    let description = "The secret that signs this tenant's webhooks; it is made on first use.";
    let answer = responses::success("The secret.", "WebhookSecret", &["Cache-Control"], json!({}));
    Operation::get(WEBHOOKS, "Get the signing secret", description, answer)
}

pub fn deliveries() -> Operation {
    let description = "The events sent or to be sent, newest first, each with its attempts.";
    let answer = responses::success("A page of the log.", "DeliveryList", &[], json!({}));
    Operation::get(WEBHOOKS, "List deliveries", description, answer).taking(paging(), &[422])
}
