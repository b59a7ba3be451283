//! How an invocation ended: the response's bytes, or the error that Lambda would hand to the caller.

use std::time::Duration;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

/// The response of a function, or why there is none.
pub type Answer = Result<Bytes, FunctionError>;

/// A failed invocation, in the words Lambda uses (`errorType`, `errorMessage`).
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize, thiserror::Error)]
#[serde(rename_all = "camelCase")]
#[error("{error_type}: {error_message}")]
pub struct FunctionError {
    #[serde(default)]
    pub error_type: String,
    #[serde(default)]
    pub error_message: String,
}

impl FunctionError {
    pub(crate) fn new(error_type: &str, message: impl Into<String>) -> Self {
        FunctionError { error_type: error_type.to_owned(), error_message: message.into() }
    }

    /// What the function's runtime reported; a body that is not Lambda's error shape becomes the message.
    pub(crate) fn reported(body: &[u8]) -> Self {
        serde_json::from_slice(body)
            .unwrap_or_else(|_| FunctionError::new("Unhandled", String::from_utf8_lossy(body).into_owned()))
    }

    pub(crate) fn timed_out(request_id: &str, after: Duration) -> Self {
        let message = format!("RequestId: {request_id} Error: Task timed out after {:.2} seconds", after.as_secs_f64());
        FunctionError::new("Sandbox.Timedout", message)
    }

    pub(crate) fn exited(request_id: &str, how: &str) -> Self {
        let message = format!("RequestId: {request_id} Error: Runtime exited with error: {how}");
        FunctionError::new("Runtime.ExitError", message)
    }

    pub(crate) fn too_large(size: usize) -> Self {
        let limit = super::MAX_PAYLOAD_BYTES;
        let message =
            format!("Response payload size ({size} bytes) exceeded maximum allowed payload size ({limit} bytes).");
        FunctionError::new("Function.ResponseSizeTooLarge", message)
    }

    /// The body of the Invoke API's answer.
    pub fn to_json(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("two strings are JSON")
    }
}
