//! What is known of an object beside its bytes, and the conditions that a write or a read may set. Refuses to know
//! where objects are kept.

use std::collections::BTreeMap;
use std::time::{Duration, UNIX_EPOCH};

use http::HeaderMap;
use s3s::dto::{ETag, ETagCondition, Timestamp};
use s3s::{S3Result, s3_error};
use serde::{Deserialize, Serialize};

use crate::services::clock::Millis;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct StoredObject {
    pub(super) blob: String,
    pub(super) size: u64,
    /// Without quotes.
    pub(super) etag: String,
    pub(super) modified_ms: Millis,
    pub(super) headers: Headers,
    pub(super) checksums: Checksums,
}

/// By the header that carries each: `x-amz-checksum-crc32` and its like.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Checksums(pub(super) BTreeMap<String, String>);

/// What the writer said about the content.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Headers {
    pub(super) cache_control: Option<String>,
    pub(super) content_disposition: Option<String>,
    pub(super) content_encoding: Option<String>,
    pub(super) content_language: Option<String>,
    pub(super) content_type: Option<String>,
    pub(super) metadata: BTreeMap<String, String>,
}

impl Checksums {
    pub(super) fn get(&self, name: &str) -> Option<String> {
        self.0.get(&format!("x-amz-checksum-{name}")).cloned()
    }
}

impl StoredObject {
    pub(super) fn e_tag(&self) -> ETag {
        ETag::Strong(self.etag.clone())
    }

    /// In whole seconds, as HTTP has it.
    pub(super) fn last_modified(&self) -> Timestamp {
        timestamp(self.modified_ms / 1000 * 1000)
    }
}

pub(super) fn timestamp(at_ms: Millis) -> Timestamp {
    Timestamp::from(UNIX_EPOCH + Duration::from_millis(u64::try_from(at_ms).unwrap_or(0)))
}

/// What must be true of the object that stands under the key, if any, for a write to happen.
#[derive(Debug, Clone, Default)]
pub(super) struct WriteCondition {
    pub(super) if_match: Option<ETagCondition>,
    pub(super) if_none_match: Option<ETagCondition>,
}

impl WriteCondition {
    /// From the headers of an operation whose input does not carry them.
    pub(super) fn from_headers(headers: &HeaderMap) -> S3Result<Self> {
        let condition = |name: &str| -> S3Result<Option<ETagCondition>> {
            let value = headers.get(name).map(|value| ETagCondition::parse_http_header(value.as_bytes()));
            value.transpose().map_err(|error| s3_error!(error, InvalidArgument))
        };
        Ok(Self { if_match: condition("if-match")?, if_none_match: condition("if-none-match")? })
    }

    pub(super) fn check(&self, existing: Option<&StoredObject>) -> S3Result<()> {
        match (&self.if_none_match, existing) {
            (Some(ETagCondition::Any), Some(_)) => return Err(precondition_failed()),
            (Some(ETagCondition::ETag(_)), _) => {
                return Err(s3_error!(NotImplemented, "If-None-Match on a write takes * alone"));
            }
            _ => {}
        }
        match (&self.if_match, existing) {
            (None, _) => Ok(()),
            (Some(_), None) => Err(s3_error!(NoSuchKey)),
            (Some(condition), Some(object)) if matches(condition, object) => Ok(()),
            (Some(_), Some(_)) => Err(precondition_failed()),
        }
    }
}

/// What must be true of an object for a read to give it, or for a copy to take it.
#[derive(Debug, Clone, Default)]
pub(super) struct ReadCondition {
    pub(super) if_match: Option<ETagCondition>,
    pub(super) if_none_match: Option<ETagCondition>,
    pub(super) if_modified_since: Option<Timestamp>,
    pub(super) if_unmodified_since: Option<Timestamp>,
}

impl ReadCondition {
    /// A tag outranks a time, as in RFC 9110, section 13.2.2.
    pub(super) fn check(&self, object: &StoredObject) -> S3Result<()> {
        let modified = object.last_modified();
        let holds = match (&self.if_match, &self.if_unmodified_since) {
            (Some(condition), _) => matches(condition, object),
            (None, Some(time)) => modified <= *time,
            (None, None) => true,
        };
        if !holds {
            return Err(precondition_failed());
        }
        let is_new = match (&self.if_none_match, &self.if_modified_since) {
            (Some(condition), _) => !matches(condition, object),
            (None, Some(time)) => modified > *time,
            (None, None) => true,
        };
        if is_new { Ok(()) } else { Err(s3_error!(NotModified)) }
    }
}

fn matches(condition: &ETagCondition, object: &StoredObject) -> bool {
    match condition {
        ETagCondition::Any => true,
        ETagCondition::ETag(etag) => etag.value() == object.etag,
    }
}

fn precondition_failed() -> s3s::S3Error {
    s3_error!(PreconditionFailed, "At least one of the pre-conditions you specified did not hold")
}
