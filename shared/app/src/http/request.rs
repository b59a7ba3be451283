//! A request as a function gets it, and who the authorizer says is calling.

use affinsy_core::ids::{Tenant, User};
use affinsy_core::plan::{Plan, Scopes};
use bytes::Bytes;

/// Who calls, checked by the authorizer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    pub tenant: Tenant,
    pub user: User,
    pub plan: Plan,
    pub scopes: Scopes,
    pub key_id: String,
    /// Requests in a window.
    pub rate_limit: u32,
    /// Live lines of a dataset; `None`: as many as there are.
    pub max_rows: Option<u64>,
}

/// What the authorizer found. Anything that is not a whole *allow* is one of the others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    Allow(Caller),
    /// A good key of a plan without the API.
    PlanTooLow(Caller),
    /// No key, or one that is not good; for all of these one answer.
    Deny,
    /// The key could not be looked up.
    Unavailable,
}

/// One HTTP request, decoded by the gateway but not otherwise interpreted.
#[derive(Debug, Clone)]
pub struct Request {
    pub method: String,
    /// The path as it came, `/api/v1/…`.
    pub path: String,
    /// The gateway's route, `GET /api/v1/reports/{report_id}`, where it found one.
    pub route_key: Option<String>,
    /// The route's path parameters as the gateway found them, by name, decoded.
    pub path_parameters: Vec<(String, String)>,
    /// Decoded query parameters, in order.
    pub query: Vec<(String, String)>,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    pub body: Bytes,
    pub verdict: Verdict,
    /// A UUID; the log's and the client's name for this request.
    pub request_id: String,
}

impl Request {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }
    pub fn query(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }
}
