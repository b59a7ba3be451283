//! Everything that is not a success, and the one table from kinds to statuses.

use super::Answer;
use crate::ports::PortError;
use affinsy_core::problem::{BodyProblem, FieldProblem};
use serde::Serialize;

/// Why a request is not served. What the client reads is `message`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    pub kind: Kind,
    pub code: &'static str,
    pub message: String,
    /// What only some refusals have, apart so that every `Result` stays small.
    pub extra: Box<Extra>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Extra {
    pub errors: Vec<FieldProblem>,
    pub retry_after_s: Option<u64>,
    /// The methods that the path takes.
    pub allow: Option<String>,
    /// For the log alone.
    pub internal: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Malformed,
    Unauthorized,
    Forbidden,
    NotFound,
    MethodNotAllowed,
    Conflict,
    TooLarge,
    UnsupportedMediaType,
    Invalid,
    TooManyRequests,
    Internal,
    Unavailable,
}

impl Kind {
    pub const fn status(self) -> u16 {
        match self {
            Self::Malformed => 400,
            Self::Unauthorized => 401,
            Self::Forbidden => 403,
            Self::NotFound => 404,
            Self::MethodNotAllowed => 405,
            Self::Conflict => 409,
            Self::TooLarge => 413,
            Self::UnsupportedMediaType => 415,
            Self::Invalid => 422,
            Self::TooManyRequests => 429,
            Self::Internal => 500,
            Self::Unavailable => 503,
        }
    }
}

impl Refusal {
    pub fn new(kind: Kind, code: &'static str, message: impl Into<String>) -> Self {
        let message = message.into();
        Self { kind, code, message, extra: Box::default() }
    }
    /// One answer for every kind of bad key, so that none of them tells anything.
    pub fn unauthorized() -> Self {
        Self::new(
            Kind::Unauthorized,
            "invalid_api_key",
            "A valid API key is needed: send it as the header Authorization: Bearer afn_…",
        )
    }
    pub fn not_found(what: &str) -> Self {
        Self::new(Kind::NotFound, "not_found", format!("There is no such {what}."))
    }
    pub fn internal(details: impl Into<String>) -> Self {
        let mut refusal = Self::new(
            Kind::Internal,
            "internal_error",
            "Something went wrong on our side. Try again; if it stays, report the request_id.",
        );
        refusal.extra.internal = Some(details.into());
        refusal
    }
    pub fn unavailable(details: impl Into<String>) -> Self {
        let mut refusal = Self::new(
            Kind::Unavailable,
            "unavailable",
            "The service is busy. Nothing of this request was done for certain; send it again.",
        );
        refusal.extra.retry_after_s = Some(1);
        refusal.extra.internal = Some(details.into());
        refusal
    }
    pub fn invalid(pointer: impl Into<String>, detail: impl Into<String>) -> Self {
        BodyProblem::from(FieldProblem::new(pointer, detail)).into()
    }

    pub fn answer(&self, request_id: &str) -> Answer {
        #[derive(Serialize)]
        struct Body<'a> {
            error: &'a str,
            code: &'a str,
            request_id: &'a str,
            #[serde(skip_serializing_if = "<[_]>::is_empty")]
            errors: &'a [FieldProblem],
        }
        let body = Body { error: &self.message, code: self.code, request_id, errors: &self.extra.errors };
        let bytes = serde_json::to_vec(&body).expect("strings serialise");
        let mut answer = Answer::json_bytes(self.kind.status(), bytes);
        if self.kind == Kind::Unauthorized {
            answer = answer.with_header("www-authenticate", r#"Bearer realm="affinsy""#);
        }
        if let Some(seconds) = self.extra.retry_after_s {
            answer = answer.with_header("retry-after", seconds.to_string());
        }
        match &self.extra.allow {
            Some(methods) => answer.with_header("allow", methods.clone()),
            None => answer,
        }
    }
}

impl From<PortError> for Refusal {
    fn from(error: PortError) -> Self {
        match error {
            PortError::Unavailable(details) => Self::unavailable(details),
            PortError::Damaged(details) => Self::internal(details),
        }
    }
}

impl From<BodyProblem> for Refusal {
    fn from(problem: BodyProblem) -> Self {
        let sentence = capitalised(&problem.to_string());
        match problem {
            BodyProblem::Malformed { .. } => Self::new(Kind::Malformed, "malformed_json", sentence),
            BodyProblem::TooLarge { .. } => Self::new(Kind::TooLarge, "too_large", sentence),
            BodyProblem::Invalid { errors } => {
                let mut refusal = Self::new(Kind::Invalid, "invalid_request", sentence);
                refusal.extra.errors = errors;
                refusal
            }
        }
    }
}

fn capitalised(sentence: &str) -> String {
    let mut chars = sentence.chars();
    let first = chars.next().map(|c| c.to_uppercase().to_string()).unwrap_or_default();
    let stop = if sentence.ends_with(['.', '!', '?']) { "" } else { "." };
    format!("{first}{}{stop}", chars.as_str())
}

/// Refusals at the door.
impl Refusal {
    pub fn too_many_requests(rate: crate::ports::RateDecision) -> Self {
        let wait_s = u64::try_from(rate.resets_in_ms).unwrap_or(0).div_ceil(1_000).max(1);
        let message = format!(
            "More than {} requests in {} seconds. Wait {wait_s} s, then go on.",
            rate.limit,
            affinsy_core::plan::RATE_WINDOW_S
        );
        let mut refusal = Self::new(Kind::TooManyRequests, "rate_limited", message);
        refusal.extra.retry_after_s = Some(wait_s);
        refusal
    }
    pub fn plan_too_low(plan: affinsy_core::plan::Plan) -> Self {
        let message = format!(
            "The API needs the plan max or enterprise; this key's plan is {}. Upgrade the plan, then use the same key.",
            plan.name()
        );
        Self::new(Kind::Forbidden, "plan_required", message)
    }
    pub fn missing_scope(scope: affinsy_core::plan::Scope) -> Self {
        let message = format!("This key lacks the scope {}. Use a key that has it.", scope.name());
        Self::new(Kind::Forbidden, "scope_required", message)
    }
}
