//! The authorizer's events. It always lets a request pass and hands its verdict on, because the gateway's own
//! refusals cannot carry the contract's body; a function that finds no whole *allow* refuses.

use affinsy_app::http::{Caller, Verdict};
use aws_lambda_events::apigw::ApiGatewayV2CustomAuthorizerV2Request;
use serde_json::{Value, json};
use std::collections::HashMap;

/// Whether the gateway asks for a verdict. Requests to a route have no type of their own, and whoever sends one can put
/// nothing beside the event's own fields.
pub fn is_asked(event: &Value) -> bool {
    event.get("type").and_then(Value::as_str) == Some("REQUEST") && event.get("routeArn").is_some()
}

/// The one Authorization header of a request; with two of them the caller is not known.
pub fn authorization(event: &ApiGatewayV2CustomAuthorizerV2Request) -> Option<&str> {
    let mut headers = event.headers.get_all("authorization").iter();
    let first = headers.next()?.to_str().ok()?;
    headers.next().is_none().then_some(first)
}

/// The answer to API Gateway: payload format 2.0, simple response.
pub fn answer(verdict: &Verdict) -> Value {
    let context = match verdict {
        Verdict::Allow(caller) => with_caller("allow", caller),
        Verdict::PlanTooLow(caller) => with_caller("plan", caller),
        Verdict::Deny => json!({"verdict": "deny"}),
        Verdict::Unavailable => json!({"verdict": "unavailable"}),
    };
    json!({"isAuthorized": true, "context": context})
}

/// Said where a caller's datasets hold as much as there is.
const NO_CAP: &str = "none";

fn with_caller(verdict: &str, caller: &Caller) -> Value {
    json!({
        "verdict": verdict,
        "tenant": caller.tenant.as_str(),
        "user": caller.user.as_str(),
        "plan": caller.plan.name(),
        "scopes": caller.scopes.as_str(),
        "key_id": caller.key_id,
        "rate_limit": caller.rate_limit.to_string(),
        "max_rows": caller.max_rows.map_or(NO_CAP.to_owned(), |rows| rows.to_string()),
    })
}

/// The verdict in a request's context; *deny* when any part of it is missing or odd.
pub fn verdict(context: &HashMap<String, Value>) -> Verdict {
    let text = |name: &str| context.get(name).and_then(Value::as_str);
    match text("verdict") {
        Some("allow") => caller(&text).map_or(Verdict::Deny, Verdict::Allow),
        Some("plan") => caller(&text).map_or(Verdict::Deny, Verdict::PlanTooLow),
        Some("unavailable") => Verdict::Unavailable,
        _ => Verdict::Deny,
    }
}

fn caller<'a>(text: &impl Fn(&str) -> Option<&'a str>) -> Option<Caller> {
    Some(Caller {
        tenant: text("tenant")?.parse().ok()?,
        user: text("user")?.parse().ok()?,
        plan: text("plan")?.parse().ok()?,
        scopes: affinsy_core::plan::Scopes::parse(text("scopes")?).ok()?,
        key_id: text("key_id")?.to_owned(),
        rate_limit: text("rate_limit")?.parse().ok()?,
        max_rows: match text("max_rows")? {
            NO_CAP => None,
            rows => Some(rows.parse().ok()?),
        },
    })
}
