//! The answer of a Lambda authorizer, simple form: whether the request goes on, and the context that goes with it.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::Refusal;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct SimpleResponse {
    is_authorized: bool,
    context: Option<Box<RawValue>>,
}

/// The context for the function. A refusal is 403; an answer in another form is a broken authorizer, 500.
pub fn verdict(answer: &[u8]) -> Result<Box<RawValue>, Refusal> {
    let response: SimpleResponse = serde_json::from_slice(answer).map_err(|_| Refusal::FunctionFailed)?;
    if !response.is_authorized {
        return Err(Refusal::Forbidden);
    }
    Ok(response.context.unwrap_or_else(|| RawValue::NULL.to_owned()))
}
