//! SDK errors as port errors: whole for the log, with the kind that says what to do.

use affinsy_app::ports::PortError;
use aws_sdk_dynamodb::error::{DisplayErrorContext, ProvideErrorMetadata};

/// `doing` names the call, so that the log reads alone.
pub fn port_error<E>(doing: &str, error: E) -> PortError
where
    E: std::error::Error + ProvideErrorMetadata + Send + Sync + 'static,
{
    let code = error.code().unwrap_or_default().to_owned();
    let details = format!("{doing}: {}", DisplayErrorContext(error));
    match &*code {
        "ValidationException"
        | "AccessDenied"
        | "AccessDeniedException"
        | "NoSuchBucket"
        | "ResourceNotFoundException" => PortError::Damaged(details),
        _ => PortError::Unavailable(details),
    }
}
