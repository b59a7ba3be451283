//! Who may do what: the statements of each function's policy, by the access key that the function signs with. What no
//! statement allows is denied here as it would be in the cloud, so that a missing right shows on a laptop and not after
//! a deployment. A key that belongs to no function is the account owner's, who may do everything.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::services::ACCESS_KEY_ID;
use crate::template::Function;

/// What one statement allows: any of the actions on any of the resources. `*` and `?` stand for what they do in IAM.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    pub actions: Vec<String>,
    pub resources: Vec<String>,
}

/// Cheap to clone: services share it.
#[derive(Debug, Clone, Default)]
pub struct Rights {
    grants: Arc<BTreeMap<String, Vec<Grant>>>,
    denied: Arc<Mutex<Vec<Denied>>>,
}

/// Denials that are kept for who asks afterwards.
const KEPT: usize = 100;

/// A call that nobody allowed, in the words that AWS has for it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "User: {access_key_id} is not authorized to perform: {action} on resource: {resource} because no identity-based policy allows the {action} action"
)]
pub struct Denied {
    pub access_key_id: String,
    pub action: String,
    pub resource: String,
}

/// The access key that a function signs with.
pub fn access_key_id(function: &Function) -> String {
    format!("{ACCESS_KEY_ID}-{}", function.logical_id)
}

impl Rights {
    pub fn of(functions: &[Function]) -> Self {
        let grants = functions.iter().map(|function| (access_key_id(function), function.grants.clone()));
        Self { grants: Arc::new(grants.collect()), denied: Arc::default() }
    }

    #[cfg(test)]
    pub fn for_key(access_key_id: &str, grants: Vec<Grant>) -> Self {
        Self { grants: Arc::new([(access_key_id.to_owned(), grants)].into()), denied: Arc::default() }
    }

    /// Whether nobody is limited.
    pub fn is_empty(&self) -> bool {
        self.grants.is_empty()
    }

    /// The keys that are limited.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.grants.keys().map(String::as_str)
    }

    /// What was denied so far, the first of it.
    pub fn denied(&self) -> Vec<Denied> {
        self.denied.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// # Errors
    /// A function's key, and none of the function's statements allows this.
    pub fn check(&self, access_key_id: &str, action: &str, resource: &str) -> Result<(), Denied> {
        let Some(grants) = self.grants.get(access_key_id) else { return Ok(()) };
        let fits = |patterns: &[String], text: &str| patterns.iter().any(|pattern| matches(pattern, text));
        if grants.iter().any(|grant| fits(&grant.actions, action) && fits(&grant.resources, resource)) {
            return Ok(());
        }
        let denied = Denied {
            access_key_id: access_key_id.to_owned(),
            action: action.to_owned(),
            resource: resource.to_owned(),
        };
        tracing::error!(%denied, "the template lacks a right");
        let mut kept = self.denied.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() < KEPT {
            kept.push(denied.clone());
        }
        Err(denied)
    }
}

/// The access key that a request is signed with, by its `Authorization` header.
pub fn signer(headers: &http::HeaderMap) -> &str {
    let header = headers.get(http::header::AUTHORIZATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let credential = header.split_once("Credential=").map_or("", |(_, rest)| rest);
    credential.split('/').next().unwrap_or_default()
}

fn matches(pattern: &str, text: &str) -> bool {
    let (pattern, text) = (pattern.as_bytes(), text.as_bytes());
    // Where the last star stands, and how much of the text it has taken.
    let (mut p, mut t, mut star) = (0, 0, None);
    while t < text.len() {
        match pattern.get(p) {
            Some(b'*') => {
                star = Some((p, t));
                p += 1;
            }
            Some(byte) if *byte == b'?' || *byte == text[t] => {
                p += 1;
                t += 1;
            }
            _ => {
                let Some((at, taken)) = star else { return false };
                star = Some((at, taken + 1));
                (p, t) = (at + 1, taken + 1);
            }
        }
    }
    pattern[p..].iter().all(|byte| *byte == b'*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_are_those_of_iam() {
        let check = |pattern, text, expected| assert_eq!(matches(pattern, text), expected, "{pattern} {text}");
        check("s3:GetObject", "s3:GetObject", true);
        check("s3:GetObject", "s3:GetObjectTagging", false);
        check("s3:*", "s3:GetObject", true);
        check("arn:aws:s3:::data/uploads/*", "arn:aws:s3:::data/uploads/a/b", true);
        check("arn:aws:s3:::data/uploads/*", "arn:aws:s3:::data/uploads", false);
        check("*/index/due", "table/index/due/x", false);
        check("a*b*c", "a-b-b-c", true);
        check("a?c", "abc", true);
        check("a?c", "ac", false);
        check("", "", true);
        check("**", "", true);
    }

    #[test]
    fn a_functions_key_is_limited_and_no_other() {
        let grant = Grant { actions: vec!["s3:Get*".to_owned()], resources: vec!["arn:aws:s3:::data/*".to_owned()] };
        let rights = Rights::for_key("AFFINSYLOCAL-Reader", vec![grant]);
        let allowed = |key, action, resource| rights.check(key, action, resource).is_ok();
        assert!(allowed("AFFINSYLOCAL-Reader", "s3:GetObject", "arn:aws:s3:::data/a"));
        assert!(!allowed("AFFINSYLOCAL-Reader", "s3:PutObject", "arn:aws:s3:::data/a"));
        assert!(!allowed("AFFINSYLOCAL-Reader", "s3:GetObject", "arn:aws:s3:::other/a"));
        assert_eq!(rights.denied().len(), 2);
        assert!(allowed(ACCESS_KEY_ID, "s3:PutObject", "arn:aws:s3:::other/a"));
    }

    #[test]
    fn who_signed_stands_in_the_header() {
        let check = |value: &str, expected: &str| {
            let headers = [(http::header::AUTHORIZATION, value.parse().expect("a header"))].into_iter().collect();
            assert_eq!(signer(&headers), expected);
        };
        check(
            "AWS4-HMAC-SHA256 Credential=KEY-1/20250101/us-east-1/sqs/aws4_request, SignedHeaders=host, Signature=x",
            "KEY-1",
        );
        check("Bearer x", "");
        assert_eq!(signer(&http::HeaderMap::new()), "");
    }
}
