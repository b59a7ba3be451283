//! The attributes of a queue: parsed once, checked against the ranges of SQS. Refuses to know messages.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use serde_json::Value;

use super::error::{ErrorKind, SqsError};
use super::message::MAX_MESSAGE_BYTES;
use crate::services::{ACCOUNT_ID, REGION};

/// Attributes by name, in the form of the wire: every value is text.
pub(super) type Attributes = BTreeMap<String, String>;

/// The numbers with a default and a range.
const NUMBERS: [(&str, i64, RangeInclusive<i64>); 5] = [
    ("DelaySeconds", 0, 0..=900),
    ("MaximumMessageSize", MAX_MESSAGE_BYTES as i64, 1024..=MAX_MESSAGE_BYTES as i64),
    ("MessageRetentionPeriod", 345_600, 60..=1_209_600),
    ("ReceiveMessageWaitTimeSeconds", 0, 0..=20),
    ("VisibilityTimeout", 30, 0..=43_200),
];

/// Kept and given back, but without effect on one machine.
const WITHOUT_EFFECT: [&str; 5] =
    ["KmsDataKeyReusePeriodSeconds", "KmsMasterKeyId", "Policy", "RedriveAllowPolicy", "SqsManagedSseEnabled"];

/// What a queue does with its messages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct QueueSettings {
    pub(super) delay_s: i64,
    pub(super) max_message_bytes: i64,
    pub(super) retention_s: i64,
    pub(super) wait_s: i64,
    pub(super) visibility_s: i64,
    pub(super) redrive: Option<Redrive>,
}

/// Where messages go that were received too often.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Redrive {
    pub(super) queue: String,
    pub(super) max_receive_count: i64,
}

impl QueueSettings {
    pub(super) fn parse(attributes: &Attributes) -> Result<Self, SqsError> {
        for name in attributes.keys() {
            require_known(name)?;
        }
        Ok(Self {
            delay_s: number(attributes, "DelaySeconds")?,
            max_message_bytes: number(attributes, "MaximumMessageSize")?,
            retention_s: number(attributes, "MessageRetentionPeriod")?,
            wait_s: number(attributes, "ReceiveMessageWaitTimeSeconds")?,
            visibility_s: number(attributes, "VisibilityTimeout")?,
            redrive: attributes.get("RedrivePolicy").map(|policy| Redrive::parse(policy)).transpose()?.flatten(),
        })
    }
}

impl Redrive {
    /// An empty policy takes the redrive off.
    fn parse(policy: &str) -> Result<Option<Self>, SqsError> {
        if policy.is_empty() {
            return Ok(None);
        }
        let refuse = |reason: &str| SqsError::parameter("RedrivePolicy", policy, reason);
        let json: Value = serde_json::from_str(policy).map_err(|_| refuse("Redrive policy is not a valid JSON map"))?;
        let arn = json["deadLetterTargetArn"].as_str().ok_or_else(|| refuse("deadLetterTargetArn is required"))?;
        let queue = arn.rsplit(':').next().filter(|name| !name.is_empty()).unwrap_or(arn).to_owned();
        let count = &json["maxReceiveCount"];
        let count = count.as_i64().or_else(|| count.as_str()?.parse().ok()).filter(|count| (1..=1000).contains(count));
        let max_receive_count = count.ok_or_else(|| refuse("maxReceiveCount must be from 1 to 1000"))?;
        Ok(Some(Self { queue, max_receive_count }))
    }
}

/// All settable attributes, with the defaults for those that were not set.
pub(super) fn with_defaults(attributes: &Attributes) -> Attributes {
    let defaults = NUMBERS.iter().map(|(name, default, _)| ((*name).to_owned(), default.to_string()));
    let sse = ("SqsManagedSseEnabled".to_owned(), "true".to_owned());
    let mut all: Attributes = defaults.chain([sse]).collect();
    all.extend(
        attributes.iter().filter(|(_, value)| !value.is_empty()).map(|(name, value)| (name.clone(), value.clone())),
    );
    all
}

/// The attributes in the properties of an `AWS::SQS::Queue`: numbers and maps become text.
pub(super) fn from_properties(properties: &Value) -> Attributes {
    let fields = properties.as_object().into_iter().flatten();
    let fields = fields.filter(|(name, _)| !matches!(name.as_str(), "QueueName" | "Tags"));
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    fields.map(|(name, value)| (name.clone(), text(value))).collect()
}

pub(super) fn queue_arn(name: &str) -> String {
    format!("arn:aws:sqs:{REGION}:{ACCOUNT_ID}:{name}")
}

pub(super) fn validate_name(name: &str) -> Result<(), SqsError> {
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if name.ends_with(".fifo") {
        return Err(SqsError::new(ErrorKind::UnsupportedOperation, "FIFO queues are not supported here."));
    }
    if !(1..=80).contains(&name.len()) || !name.chars().all(is_name) {
        let reason = "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length";
        return Err(SqsError::parameter("QueueName", name, reason));
    }
    Ok(())
}

fn require_known(name: &str) -> Result<(), SqsError> {
    let known = name == "RedrivePolicy" || WITHOUT_EFFECT.contains(&name) || NUMBERS.iter().any(|(n, ..)| *n == name);
    if known {
        return Ok(());
    }
    Err(SqsError::new(ErrorKind::InvalidAttributeName, format!("Unknown Attribute {name}.")))
}

fn number(attributes: &Attributes, name: &str) -> Result<i64, SqsError> {
    let (_, default, range) = NUMBERS.iter().find(|(n, ..)| *n == name).expect("asked for by a name in the table");
    let Some(text) = attributes.get(name) else { return Ok(*default) };
    text.parse().ok().filter(|number| range.contains(number)).ok_or_else(|| {
        let message = format!("Invalid value for the parameter {name}.");
        SqsError::new(ErrorKind::InvalidAttributeValue, message)
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn properties_of_a_template_become_settings() {
        let properties = json!({
            "VisibilityTimeout": 5400,
            "SqsManagedSseEnabled": true,
            "RedrivePolicy": {"deadLetterTargetArn": queue_arn("dead"), "maxReceiveCount": 5},
        });
        let settings = QueueSettings::parse(&from_properties(&properties)).unwrap();
        assert_eq!((settings.visibility_s, settings.retention_s), (5400, 345_600));
        assert_eq!(settings.redrive, Some(Redrive { queue: "dead".into(), max_receive_count: 5 }));
    }

    #[test]
    fn wrong_attributes_are_refused_by_name() {
        let check = |name: &str, value: &str, expected: ErrorKind| {
            let attributes = Attributes::from([(name.to_owned(), value.to_owned())]);
            assert_eq!(QueueSettings::parse(&attributes).unwrap_err().kind, expected, "{name}={value}");
        };
        check("VisibilityTimeout", "43201", ErrorKind::InvalidAttributeValue);
        check("DelaySeconds", "soon", ErrorKind::InvalidAttributeValue);
        check("Colour", "red", ErrorKind::InvalidAttributeName);
        check("FifoQueue", "true", ErrorKind::InvalidAttributeName);
        check("RedrivePolicy", "{", ErrorKind::InvalidParameterValue);
        check("RedrivePolicy", "{\"deadLetterTargetArn\":\"a:b\"}", ErrorKind::InvalidParameterValue);
    }
}
