//! The environment of a function's process: the template's variables, and those that Lambda itself sets. Nothing of
//! the parent's environment comes through but `PATH`.

use std::collections::BTreeMap;
use std::path::Path;

use crate::template;

/// Where the AWS services of a local run answer.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Endpoints {
    pub dynamodb: String,
    pub s3: String,
    pub sqs: String,
    pub event_bridge: String,
    pub lambda: String,
}

/// Credentials and region for which the local services answer.
#[derive(Debug, Clone, Copy)]
pub struct Account<'a> {
    pub region: &'a str,
    pub access_key_id: &'a str,
    pub secret_access_key: &'a str,
}

/// Everything but `AWS_LAMBDA_RUNTIME_API`, which each instance gets for itself.
pub fn environment(
    function: &template::Function,
    task_root: &Path,
    endpoints: &Endpoints,
    account: Account<'_>,
) -> BTreeMap<String, String> {
    let mut variables = function.environment.clone();
    let mut set = |name: &str, value: &str| drop(variables.insert(name.to_owned(), value.to_owned()));
    set("AWS_REGION", account.region);
    set("AWS_DEFAULT_REGION", account.region);
    set("AWS_ACCESS_KEY_ID", account.access_key_id);
    set("AWS_SECRET_ACCESS_KEY", account.secret_access_key);
    set("AWS_ENDPOINT_URL_DYNAMODB", &endpoints.dynamodb);
    set("AWS_ENDPOINT_URL_S3", &endpoints.s3);
    set("AWS_ENDPOINT_URL_SQS", &endpoints.sqs);
    set("AWS_ENDPOINT_URL_EVENTBRIDGE", &endpoints.event_bridge);
    set("AWS_LAMBDA_FUNCTION_NAME", &function.name);
    set("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", &function.memory_mib.to_string());
    set("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST");
    set("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand");
    set("AWS_LAMBDA_LOG_GROUP_NAME", &format!("/aws/lambda/{}", function.name));
    set("AWS_LAMBDA_LOG_STREAM_NAME", "local");
    set("_HANDLER", &function.handler);
    set("LAMBDA_TASK_ROOT", &task_root.display().to_string());
    set("TZ", ":UTC");
    set("LANG", "en_US.UTF-8");
    if let Some(path) = path() {
        set("PATH", &path);
    }
    variables
}

#[expect(clippy::disallowed_methods, reason = "what is handed on to children is no setting of this process")]
fn path() -> Option<String> {
    std::env::var("PATH").ok()
}
