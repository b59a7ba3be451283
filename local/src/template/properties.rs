//! The properties that the local run knows, type by type. A property that is not written down here is
//! refused by name. Fields that begin with `_` are known and govern only the deployment: access lists,
//! encryption at rest, back-ups, billing, the build.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct FunctionProperties {
    pub runtime: String,
    pub handler: String,
    pub code_uri: String,
    #[serde(default = "default_memory_mib")]
    pub memory_size: u32,
    #[serde(default = "default_timeout_s")]
    pub timeout: u64,
    pub reserved_concurrent_executions: Option<usize>,
    #[serde(default)]
    pub environment: Environment,
    #[serde(default)]
    pub events: BTreeMap<String, EventProperties>,
    #[serde(rename = "Architectures")]
    pub _architectures: Option<Vec<String>>,
    #[serde(default)]
    pub policies: Vec<Policy>,
    #[serde(rename = "Description")]
    pub _description: Option<String>,
    #[serde(rename = "Tags")]
    pub _tags: Option<Value>,
    /// X-Ray samples; the trace header is passed on here all the same.
    #[serde(rename = "Tracing")]
    pub _tracing: Option<String>,
    /// Where the cloud keeps the logs; here they go to files.
    #[serde(rename = "LoggingConfig")]
    pub _logging: Option<Value>,
}

/// A policy document; managed policies and SAM's templates of policies are not known here.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct Policy {
    pub statement: Vec<Statement>,
    #[serde(rename = "Version")]
    pub _version: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct Statement {
    #[serde(rename = "Sid")]
    pub _sid: Option<String>,
    pub effect: String,
    pub action: OneOrMore,
    pub resource: OneOrMore,
    pub condition: Option<Value>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub enum OneOrMore {
    One(String),
    More(Vec<String>),
}

impl OneOrMore {
    pub fn into_vec(self) -> Vec<String> {
        match self {
            Self::One(one) => vec![one],
            Self::More(more) => more,
        }
    }
}

fn default_memory_mib() -> u32 {
    128
}

fn default_timeout_s() -> u64 {
    3
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct Environment {
    #[serde(default)]
    pub variables: BTreeMap<String, Value>,
}

#[derive(Debug, Deserialize)]
#[serde(tag = "Type", content = "Properties", deny_unknown_fields)]
pub enum EventProperties {
    HttpApi(RouteProperties),
    #[serde(rename = "SQS")]
    Sqs(QueueSourceProperties),
    Schedule(ScheduleProperties),
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct RouteProperties {
    #[serde(rename = "ApiId")]
    pub _api: String,
    pub method: Option<String>,
    pub path: Option<String>,
    #[serde(default)]
    pub auth: RouteAuth,
    pub payload_format_version: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct RouteAuth {
    pub authorizer: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct QueueSourceProperties {
    pub queue: String,
    #[serde(default = "default_batch_size")]
    pub batch_size: usize,
    #[serde(default)]
    pub maximum_batching_window_in_seconds: u64,
    #[serde(default)]
    pub function_response_types: Vec<ResponseType>,
    #[serde(default)]
    pub scaling_config: ScalingConfig,
    #[serde(default = "yes")]
    pub enabled: bool,
}

fn default_batch_size() -> usize {
    10
}

fn yes() -> bool {
    true
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub enum ResponseType {
    ReportBatchItemFailures,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct ScalingConfig {
    pub maximum_concurrency: Option<usize>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct ScheduleProperties {
    pub schedule: String,
    pub input: Option<String>,
    #[serde(default = "yes")]
    pub enabled: bool,
    #[serde(rename = "Name")]
    pub _name: Option<String>,
    #[serde(rename = "Description")]
    pub _description: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct ApiProperties {
    #[serde(default)]
    pub auth: ApiAuth,
    #[serde(rename = "Description")]
    pub _description: Option<String>,
    #[serde(rename = "Tags")]
    pub _tags: Option<Value>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct ApiAuth {
    pub default_authorizer: Option<String>,
    #[serde(default)]
    pub authorizers: BTreeMap<String, AuthorizerProperties>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct AuthorizerProperties {
    pub function_arn: String,
    pub authorizer_payload_format_version: String,
    #[serde(default)]
    pub enable_simple_responses: bool,
    #[serde(default)]
    pub identity: AuthorizerIdentity,
    #[serde(rename = "EnableFunctionDefaultPermissions")]
    pub _permissions: Option<bool>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct AuthorizerIdentity {
    /// Seconds an answer is kept; absent, SAM leaves API Gateway's default, which keeps it.
    pub reauthorize_every: Option<u64>,
}

#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct TableProperties {
    pub attribute_definitions: Vec<AttributeProperties>,
    pub key_schema: Vec<KeyProperties>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub global_secondary_indexes: Vec<IndexProperties>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time_to_live_specification: Option<TimeToLive>,
    #[serde(rename = "BillingMode", skip_serializing)]
    pub _billing: Option<String>,
    #[serde(rename = "PointInTimeRecoverySpecification", skip_serializing)]
    pub _recovery: Option<Value>,
    #[serde(rename = "SSESpecification", skip_serializing)]
    pub _encryption: Option<Value>,
    #[serde(rename = "DeletionProtectionEnabled", skip_serializing)]
    pub _protection: Option<bool>,
    #[serde(rename = "Tags", skip_serializing)]
    pub _tags: Option<Value>,
}

#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct AttributeProperties {
    pub attribute_name: String,
    pub attribute_type: String,
}

#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct KeyProperties {
    pub attribute_name: String,
    pub key_type: KeyType,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum KeyType {
    Hash,
    Range,
}

#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct IndexProperties {
    pub index_name: String,
    pub key_schema: Vec<KeyProperties>,
    pub projection: Projection,
}

#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct Projection {
    pub projection_type: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub non_key_attributes: Vec<String>,
}

#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct TimeToLive {
    pub attribute_name: String,
    pub enabled: bool,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct BucketProperties {
    #[serde(default)]
    pub notification_configuration: NotificationProperties,
    #[serde(rename = "BucketEncryption")]
    pub _encryption: Option<Value>,
    #[serde(rename = "PublicAccessBlockConfiguration")]
    pub _public_access: Option<Value>,
    /// What the cloud throws away after days, a local run keeps: no reader relies on the absence.
    #[serde(rename = "LifecycleConfiguration")]
    pub _lifecycle: Option<Value>,
    #[serde(rename = "OwnershipControls")]
    pub _ownership: Option<Value>,
    #[serde(rename = "Tags")]
    pub _tags: Option<Value>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct NotificationProperties {
    #[serde(default)]
    pub queue_configurations: Vec<QueueNotification>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct QueueNotification {
    pub event: String,
    pub queue: String,
    #[serde(default)]
    pub filter: NotificationFilter,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct NotificationFilter {
    #[serde(rename = "S3Key", default)]
    pub key: KeyFilter,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct KeyFilter {
    #[serde(default)]
    pub rules: Vec<FilterRule>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct FilterRule {
    pub name: FilterName,
    pub value: String,
}

/// CloudFormation takes either spelling.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub enum FilterName {
    #[serde(rename = "prefix", alias = "Prefix")]
    Prefix,
    #[serde(rename = "suffix", alias = "Suffix")]
    Suffix,
}

#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct QueueProperties {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub visibility_timeout: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message_retention_period: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delay_seconds: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub redrive_policy: Option<RedriveProperties>,
    #[serde(rename = "SqsManagedSseEnabled", skip_serializing)]
    pub _encryption: Option<bool>,
    #[serde(rename = "Tags", skip_serializing)]
    pub _tags: Option<Value>,
}

#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RedriveProperties {
    pub dead_letter_target_arn: String,
    pub max_receive_count: u32,
}
