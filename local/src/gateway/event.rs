//! The events of payload format 2.0: what the function gets, and what the authorizer gets before it.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::value::RawValue;

use super::request::Received;
use crate::template::LocalNames;
use crate::time;

const STAGE: &str = "$default";

/// One request on its way to a function.
#[derive(Debug)]
pub struct Invocation<'a> {
    request: &'a Received,
    route_key: &'a str,
    path_parameters: BTreeMap<&'a str, &'a str>,
    query_parameters: BTreeMap<Cow<'a, str>, String>,
    account_id: &'a str,
    api_id: String,
    time: jiff::Timestamp,
    /// What the authorizer passed on.
    pub authorizer: Option<Box<RawValue>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Event<'a> {
    version: &'static str,
    #[serde(flatten)]
    common: Common<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    body: Option<Cow<'a, str>>,
    is_base64_encoded: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct AuthorizerEvent<'a> {
    version: &'static str,
    r#type: &'static str,
    route_arn: String,
    /// Null: the authorizer names no identity source, and is asked about every request.
    identity_source: Option<Vec<String>>,
    #[serde(flatten)]
    common: Common<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Common<'a> {
    route_key: &'a str,
    raw_path: &'a str,
    raw_query_string: &'a str,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    cookies: &'a [String],
    headers: &'a BTreeMap<String, String>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    query_string_parameters: &'a BTreeMap<Cow<'a, str>, String>,
    request_context: RequestContext<'a>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    path_parameters: &'a BTreeMap<&'a str, &'a str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RequestContext<'a> {
    account_id: &'a str,
    api_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    authorizer: Option<Authorizer<'a>>,
    domain_name: &'a str,
    domain_prefix: &'a str,
    http: Http<'a>,
    request_id: &'a str,
    route_key: &'a str,
    stage: &'static str,
    time: String,
    time_epoch: i64,
}

#[derive(Serialize)]
struct Authorizer<'a> {
    lambda: &'a RawValue,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Http<'a> {
    method: &'a str,
    path: &'a str,
    protocol: &'a str,
    source_ip: &'a str,
    user_agent: &'a str,
}

impl<'a> Invocation<'a> {
    pub fn new(
        request: &'a Received,
        route_key: &'a str,
        path_parameters: &'a [(String, String)],
        names: &'a LocalNames,
    ) -> Self {
        Invocation {
            request,
            route_key,
            path_parameters: path_parameters.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect(),
            query_parameters: request.query_parameters(),
            account_id: &names.account_id,
            api_id: names.api_id(),
            time: time::now(),
            authorizer: None,
        }
    }

    pub fn trace(&self) -> Option<String> {
        self.request.trace()
    }

    pub fn to_json(&self) -> Vec<u8> {
        let (body, is_base64_encoded) = self.request.event_body();
        to_json(&Event { version: "2.0", common: self.common(), body, is_base64_encoded }, self.request.body.len())
    }

    pub fn to_authorizer_json(&self, names: &LocalNames) -> Vec<u8> {
        let route_arn = names.route_arn(&self.request.method, &self.request.path);
        let common = self.common();
        to_json(&AuthorizerEvent { version: "2.0", r#type: "REQUEST", route_arn, identity_source: None, common }, 0)
    }

    fn common(&self) -> Common<'_> {
        Common {
            route_key: self.route_key,
            raw_path: &self.request.path,
            raw_query_string: &self.request.query,
            cookies: &self.request.cookies,
            headers: &self.request.headers,
            query_string_parameters: &self.query_parameters,
            request_context: self.context(),
            path_parameters: &self.path_parameters,
        }
    }

    fn context(&self) -> RequestContext<'_> {
        let request = self.request;
        RequestContext {
            account_id: self.account_id,
            api_id: &self.api_id,
            authorizer: self.authorizer.as_deref().map(|lambda| Authorizer { lambda }),
            domain_name: &request.domain,
            domain_prefix: request.domain.split(['.', ':']).next().unwrap_or_default(),
            http: Http {
                method: &request.method,
                path: &request.path,
                protocol: &request.protocol,
                source_ip: &request.source_ip,
                user_agent: request.headers.get("user-agent").map_or("", String::as_str),
            },
            request_id: &request.request_id,
            route_key: self.route_key,
            stage: STAGE,
            time: self.time.strftime("%d/%b/%Y:%H:%M:%S +0000").to_string(),
            time_epoch: self.time.as_millisecond(),
        }
    }
}

fn to_json(event: &impl Serialize, body_bytes: usize) -> Vec<u8> {
    let mut json = Vec::with_capacity(2048 + body_bytes + body_bytes / 2);
    serde_json::to_writer(&mut json, event).expect("strings and numbers are JSON");
    json
}
