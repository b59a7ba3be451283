//! The shapes of the AWS JSON 1.0 protocol of SQS. Refuses to know what the actions do.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::error::SqsError;
use super::message::{Message, MessageAttribute, NewMessage, SentMessage, md5_hex, md5_of_attributes};
use super::settings::Attributes;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct QueueInput {
    pub(super) queue_url: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct QueueNameInput {
    pub(super) queue_name: String,
    #[serde(default)]
    pub(super) attributes: Attributes,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct ListInput {
    #[serde(default)]
    pub(super) queue_name_prefix: String,
    pub(super) max_results: Option<usize>,
    /// The last name of the page before.
    pub(super) next_token: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct GetAttributesInput {
    pub(super) queue_url: String,
    #[serde(default)]
    pub(super) attribute_names: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct SetAttributesInput {
    pub(super) queue_url: String,
    pub(super) attributes: Attributes,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct SendInput {
    pub(super) queue_url: String,
    #[serde(flatten)]
    pub(super) message: MessageInput,
}

/// A message of `SendMessage`, or of an entry of `SendMessageBatch`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct MessageInput {
    #[serde(default)]
    message_body: String,
    delay_seconds: Option<i64>,
    #[serde(default)]
    message_attributes: BTreeMap<String, MessageAttribute>,
    #[serde(default)]
    message_system_attributes: BTreeMap<String, MessageAttribute>,
    message_group_id: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct ReceiveInput {
    pub(super) queue_url: String,
    pub(super) max_number_of_messages: Option<usize>,
    pub(super) wait_time_seconds: Option<i64>,
    pub(super) visibility_timeout: Option<i64>,
    #[serde(flatten)]
    pub(super) selection: Selection,
}

/// Which attributes a consumer wants to see.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Selection {
    /// The older name of the next.
    #[serde(default)]
    attribute_names: Vec<String>,
    #[serde(default)]
    message_system_attribute_names: Vec<String>,
    #[serde(default)]
    message_attribute_names: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct ReceiptInput {
    pub(super) queue_url: String,
    pub(super) receipt_handle: String,
    /// Of `ChangeMessageVisibility` alone.
    pub(super) visibility_timeout: Option<i64>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct BatchInput<T> {
    pub(super) queue_url: String,
    pub(super) entries: Vec<Entry<T>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Entry<T> {
    pub(super) id: String,
    #[serde(flatten)]
    pub(super) item: T,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct ReceiptEntry {
    pub(super) receipt_handle: String,
    pub(super) visibility_timeout: Option<i64>,
}

#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct BatchOutput {
    pub(super) successful: Vec<Value>,
    pub(super) failed: Vec<Value>,
}

impl BatchOutput {
    pub(super) fn push(&mut self, id: &str, outcome: Result<Value, SqsError>) {
        match outcome {
            Ok(mut output) => {
                output["Id"] = json!(id);
                self.successful.push(output);
            }
            Err(error) => {
                let name = error.kind.wire_name();
                self.failed.push(json!({
                    "Id": id,
                    "Code": name.code,
                    "Message": error.message,
                    "SenderFault": name.sender_fault,
                }));
            }
        }
    }
}

impl From<MessageInput> for NewMessage {
    fn from(input: MessageInput) -> Self {
        let trace_header = input.message_system_attributes.get("AWSTraceHeader");
        Self {
            body: input.message_body,
            delay_seconds: input.delay_seconds,
            trace_header: trace_header.and_then(|attribute| attribute.string_value.clone()),
            attributes: input.message_attributes,
            group_id: input.message_group_id,
        }
    }
}

pub(super) fn sent(sent: SentMessage) -> Value {
    let mut output = json!({"MessageId": sent.message_id, "MD5OfMessageBody": sent.md5_of_body});
    if let Some(md5) = sent.md5_of_attributes {
        output["MD5OfMessageAttributes"] = json!(md5);
    }
    if let Some(md5) = sent.md5_of_system_attributes {
        output["MD5OfMessageSystemAttributes"] = json!(md5);
    }
    output
}

impl Selection {
    /// The message with the attributes that were asked for, and no other.
    pub(super) fn received(&self, message: Message) -> Value {
        let mut output = json!({
            "MessageId": message.message_id,
            "ReceiptHandle": message.receipt_handle,
            "MD5OfBody": md5_hex(message.body.as_bytes()),
            "Body": message.body,
        });
        let wants_system = |name: &str| {
            let mut names = self.attribute_names.iter().chain(&self.message_system_attribute_names);
            names.any(|wanted| wanted == "All" || wanted == name)
        };
        let system: Attributes = message.attributes.into_iter().filter(|(name, _)| wants_system(name)).collect();
        if !system.is_empty() {
            output["Attributes"] = json!(system);
        }
        let wants = |name: &str| self.message_attribute_names.iter().any(|wanted| selects(wanted, name));
        let attributes: BTreeMap<_, _> =
            message.message_attributes.into_iter().filter(|(name, _)| wants(name)).collect();
        if let Some(md5) = md5_of_attributes(&attributes) {
            output["MD5OfMessageAttributes"] = json!(md5);
            output["MessageAttributes"] = json!(attributes);
        }
        output
    }
}

/// `All`, `.*`, `prefix.*` or a name.
fn selects(wanted: &str, name: &str) -> bool {
    match wanted.strip_suffix(".*") {
        Some(prefix) => name.starts_with(prefix),
        None => wanted == "All" || wanted == name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attribute_names_select_by_name_prefix_or_all() {
        let check = |wanted: &str, name: &str, expected: bool| {
            assert_eq!(selects(wanted, name), expected, "{wanted} {name}");
        };
        check("All", "tenant", true);
        check(".*", "tenant", true);
        check("ten.*", "tenant", true);
        check("tenant", "tenant", true);
        check("ten", "tenant", false);
        check("x.*", "tenant", false);
    }
}
