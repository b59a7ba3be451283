//! A message on its way in and on its way out, what makes it valid, and its digests. Refuses to know queues.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use s3s::crypto::{Checksum, Md5};
use serde::{Deserialize, Serialize};

use super::error::{ErrorKind, SqsError};

/// The greatest sum of body and attributes, of a message and of a batch.
pub(super) const MAX_MESSAGE_BYTES: usize = 1024 * 1024;
const MAX_ATTRIBUTES: usize = 10;
const MAX_GROUP_ID_CHARS: usize = 128;

/// A message to be sent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NewMessage {
    pub body: String,
    /// Overrides the queue's delay.
    pub delay_seconds: Option<i64>,
    pub attributes: BTreeMap<String, MessageAttribute>,
    pub group_id: Option<String>,
    /// The `AWSTraceHeader` system attribute.
    pub trace_header: Option<String>,
}

/// A value that travels beside the body, in the form of the wire.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct MessageAttribute {
    /// `String`, `Number` or `Binary`, each with an optional label: `Number.int`.
    pub data_type: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub string_value: Option<String>,
    /// In Base64.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub binary_value: Option<String>,
}

/// A message as a consumer receives it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    pub message_id: String,
    pub receipt_handle: String,
    pub body: String,
    /// System attributes by their AWS names: `ApproximateReceiveCount`, `SentTimestamp`, `MessageGroupId` …
    pub attributes: BTreeMap<String, String>,
    pub message_attributes: BTreeMap<String, MessageAttribute>,
}

/// What SQS says about a message that it has stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SentMessage {
    pub message_id: String,
    pub md5_of_body: String,
    pub md5_of_attributes: Option<String>,
    /// The digest of the trace header, the only system attribute that can be sent.
    pub md5_of_system_attributes: Option<String>,
}

impl NewMessage {
    pub fn new(body: impl Into<String>) -> Self {
        Self { body: body.into(), ..Self::default() }
    }

    /// Bytes that count against the limit.
    pub(super) fn size(&self) -> usize {
        let attribute = |(name, value): (&String, &MessageAttribute)| name.len() + value.size();
        self.body.len() + self.attributes.iter().map(attribute).sum::<usize>()
    }

    pub(super) fn validate(&self, max_bytes: usize) -> Result<(), SqsError> {
        if self.body.is_empty() {
            let message = "The request must contain the parameter MessageBody.";
            return Err(SqsError::new(ErrorKind::MissingParameter, message));
        }
        if !self.body.chars().all(is_allowed) {
            let message = "Invalid binary character was found in the message body.";
            return Err(SqsError::new(ErrorKind::InvalidMessageContents, message));
        }
        if self.size() > max_bytes {
            let message =
                format!("One or more parameters are invalid. Reason: Message must be shorter than {max_bytes} bytes.");
            return Err(SqsError::new(ErrorKind::InvalidParameterValue, message));
        }
        if let Some(delay) = self.delay_seconds.filter(|delay| !(0..=900).contains(delay)) {
            return Err(SqsError::parameter("DelaySeconds", delay, "DelaySeconds must be >= 0 and <= 900"));
        }
        if let Some(group) = self.group_id.as_deref().filter(|group| !is_group_id(group)) {
            return Err(SqsError::parameter(
                "MessageGroupId",
                group,
                "1 to 128 alphanumeric and punctuation characters",
            ));
        }
        self.validate_attributes()
    }

    fn validate_attributes(&self) -> Result<(), SqsError> {
        if self.attributes.len() > MAX_ATTRIBUTES {
            let message =
                format!("Number of message attributes [{}] exceeds the allowed maximum [10].", self.attributes.len());
            return Err(SqsError::new(ErrorKind::InvalidParameterValue, message));
        }
        self.attributes.iter().try_for_each(|(name, value)| value.validate(name))
    }

    pub(super) fn sent(&self, message_id: String) -> SentMessage {
        SentMessage {
            message_id,
            md5_of_body: md5_hex(self.body.as_bytes()),
            md5_of_attributes: md5_of_attributes(&self.attributes),
            md5_of_system_attributes: self.trace_header.as_ref().and_then(|header| {
                let value = MessageAttribute::text(header.clone());
                md5_of_attributes(&BTreeMap::from([("AWSTraceHeader".to_owned(), value)]))
            }),
        }
    }
}

impl MessageAttribute {
    /// An attribute of type `String`.
    pub fn text(value: impl Into<String>) -> Self {
        Self { data_type: "String".into(), string_value: Some(value.into()), binary_value: None }
    }

    fn size(&self) -> usize {
        self.data_type.len() + self.bytes().len()
    }

    /// The value itself. One that is not Base64 is empty here, and refused by `validate`.
    fn bytes(&self) -> Vec<u8> {
        match (&self.string_value, &self.binary_value) {
            (Some(text), _) => text.clone().into_bytes(),
            (None, Some(base64)) => STANDARD.decode(base64).unwrap_or_default(),
            (None, None) => Vec::new(),
        }
    }

    fn is_binary(&self) -> bool {
        self.data_type.split('.').next() == Some("Binary")
    }

    fn validate(&self, name: &str) -> Result<(), SqsError> {
        let refuse = |reason: &str| {
            let message = format!("The message attribute '{name}' {reason}.");
            Err(SqsError::new(ErrorKind::InvalidParameterValue, message))
        };
        if name.is_empty() || name.len() > 256 || !name.chars().all(|c| c.is_ascii_alphanumeric() || "_-.".contains(c))
        {
            return refuse("has an invalid name");
        }
        match self.data_type.split('.').next() {
            Some("String" | "Number") if self.string_value.as_deref().is_none_or(str::is_empty) => {
                refuse("must contain a non-empty string value")
            }
            Some("Number") if self.string_value.as_deref().is_some_and(|text| text.parse::<f64>().is_err()) => {
                refuse("must be a number")
            }
            Some("String" | "Number") => Ok(()),
            Some("Binary") if self.bytes().is_empty() => refuse("must contain a non-empty binary value in Base64"),
            Some("Binary") => Ok(()),
            _ => refuse("must have the type String, Number or Binary"),
        }
    }
}

/// The characters of XML 1.0, which are those that SQS takes.
fn is_allowed(character: char) -> bool {
    matches!(character, '\t' | '\n' | '\r' | ' '..='\u{FFFD}' | '\u{10000}'..)
}

fn is_group_id(group: &str) -> bool {
    (1..=MAX_GROUP_ID_CHARS).contains(&group.len()) && group.bytes().all(|byte| byte.is_ascii_graphic())
}

pub(super) fn md5_hex(bytes: &[u8]) -> String {
    let mut digest = Md5::new();
    digest.update(bytes);
    hex::encode(digest.finalize())
}

/// The digest that SDKs compare: every field with its length before it, in the order of the names, and one byte that
/// tells text from binary.
pub(super) fn md5_of_attributes(attributes: &BTreeMap<String, MessageAttribute>) -> Option<String> {
    if attributes.is_empty() {
        return None;
    }
    let mut encoded = Vec::new();
    for (name, attribute) in attributes {
        push_with_length(&mut encoded, name.as_bytes());
        push_with_length(&mut encoded, attribute.data_type.as_bytes());
        encoded.push(if attribute.is_binary() { 2 } else { 1 });
        push_with_length(&mut encoded, &attribute.bytes());
    }
    Some(md5_hex(&encoded))
}

fn push_with_length(encoded: &mut Vec<u8>, bytes: &[u8]) {
    let length = u32::try_from(bytes.len()).expect("a message has at most 1 MiB");
    encoded.extend_from_slice(&length.to_be_bytes());
    encoded.extend_from_slice(bytes);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_are_those_of_the_sdk() {
        assert_eq!(md5_hex(b"This is a test message"), "fafb00f5732ab283681e124bf8747ed1");
        let number = MessageAttribute { data_type: "Number".into(), ..MessageAttribute::text("1493147359900") };
        let attributes = BTreeMap::from([("timestamp".to_owned(), number)]);
        assert_eq!(md5_of_attributes(&attributes).as_deref(), Some("235c5c510d26fb653d073faed50ae77c"));
        assert_eq!(md5_of_attributes(&BTreeMap::new()), None);
    }

    #[test]
    fn bodies_outside_xml_are_refused() {
        let check = |body: &str, expected: bool| {
            assert_eq!(NewMessage::new(body).validate(MAX_MESSAGE_BYTES).is_ok(), expected, "{body:?}");
        };
        check("text\t\r\n✓", true);
        check("😀", true);
        check("", false);
        check("\u{0}", false);
        check("\u{FFFE}", false);
        check(&"x".repeat(MAX_MESSAGE_BYTES), true);
        check(&"x".repeat(MAX_MESSAGE_BYTES + 1), false);
    }
}
