//! The insight model port: Amazon Bedrock's Converse API. Asks once; every trouble leaves the templates' texts.

use affinsy_app::ports::{InsightModel, ModelError};
use affinsy_core::insight::Brief;
use async_trait::async_trait;
use aws_config::SdkConfig;
use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_sdk_bedrockruntime::error::{BuildError, DisplayErrorContext, SdkError};
use aws_sdk_bedrockruntime::operation::converse::{ConverseError, ConverseOutput};
use aws_sdk_bedrockruntime::types::{
    AnyToolChoice, ContentBlock, ConversationRole, InferenceConfiguration, Message, StopReason, SystemContentBlock,
    Tool, ToolChoice, ToolConfiguration, ToolInputSchema, ToolSpecification,
};
use aws_smithy_types::{Document, Number};
use serde_json::Value;
use std::time::Duration;

/// The tool that the model is made to call: its input is the answer. It has no effect.
const TOOL: &str = "write_insights";
/// Room for the longest good answer.
const MAX_TOKENS: i32 = 4_096;

#[derive(Debug, Clone)]
pub struct BedrockModel {
    client: aws_sdk_bedrockruntime::Client,
    model_id: String,
}

impl BedrockModel {
    /// A model or an inference profile by its id, asked once and waited for so long.
    pub fn new(config: &SdkConfig, model_id: &str, patience: Duration) -> Self {
        let timeouts = TimeoutConfig::builder()
            .connect_timeout(Duration::from_secs(2))
            .operation_attempt_timeout(patience)
            .operation_timeout(patience);
        let config = aws_sdk_bedrockruntime::config::Builder::from(config)
            .timeout_config(timeouts.build())
            .retry_config(RetryConfig::disabled());
        let client = aws_sdk_bedrockruntime::Client::from_conf(config.build());
        Self { client, model_id: model_id.to_owned() }
    }
}

#[async_trait]
impl InsightModel for BedrockModel {
    async fn word(&self, brief: &Brief) -> Result<String, ModelError> {
        let user = Message::builder().role(ConversationRole::User).content(ContentBlock::Text(brief.user.clone()));
        let call = self
            .client
            .converse()
            .model_id(&self.model_id)
            .system(SystemContentBlock::Text(brief.system.clone()))
            .messages(user.build().map_err(|error| unbuilt(&error))?)
            .inference_config(InferenceConfiguration::builder().max_tokens(MAX_TOKENS).build())
            .tool_config(tool(&brief.schema).map_err(|error| unbuilt(&error))?);
        answer(call.send().await.map_err(failed)?)
    }
}

fn unbuilt(error: &BuildError) -> ModelError {
    ModelError::Failed(format!("Bedrock Converse: {error}"))
}

fn tool(schema: &Value) -> Result<ToolConfiguration, BuildError> {
    let specification = ToolSpecification::builder()
        .name(TOOL)
        .description("Takes the findings as you word them.")
        .input_schema(ToolInputSchema::Json(document(schema)))
        .build()?;
    let any = ToolChoice::Any(AnyToolChoice::builder().build());
    ToolConfiguration::builder().tools(Tool::ToolSpec(specification)).tool_choice(any).build()
}

fn failed(error: SdkError<ConverseError>) -> ModelError {
    let details = |error| format!("Bedrock Converse: {}", DisplayErrorContext(error));
    match &error {
        SdkError::TimeoutError(_) => ModelError::Timeout,
        SdkError::DispatchFailure(failure) if failure.is_timeout() => ModelError::Timeout,
        SdkError::ServiceError(failure) => match failure.err() {
            ConverseError::ModelTimeoutException(_) => ModelError::Timeout,
            ConverseError::ThrottlingException(_) => ModelError::Throttled(details(error)),
            _ => ModelError::Failed(details(error)),
        },
        _ => ModelError::Failed(details(error)),
    }
}

/// The input of the tool's call, else the text: some models answer in text, made to or not.
fn answer(output: ConverseOutput) -> Result<String, ModelError> {
    if !matches!(output.stop_reason, StopReason::EndTurn | StopReason::ToolUse) {
        return Err(ModelError::Stopped(output.stop_reason.as_str().to_owned()));
    }
    let message = output.output.and_then(|output| output.as_message().ok().cloned());
    let blocks = message.map(|message| message.content).unwrap_or_default();
    let call = blocks.iter().find_map(|block| block.as_tool_use().ok()).filter(|call| call.name == TOOL);
    if let Some(call) = call {
        return Ok(value(&call.input).to_string());
    }
    let text: String = blocks.iter().filter_map(|block| block.as_text().ok()).map(String::as_str).collect();
    if text.is_empty() { Err(ModelError::Failed("an answer without text".to_owned())) } else { Ok(text) }
}

fn document(value: &Value) -> Document {
    match value {
        Value::Null => Document::Null,
        Value::Bool(bool) => Document::Bool(*bool),
        Value::Number(number) => Document::Number(match number.as_u64() {
            Some(number) => Number::PosInt(number),
            None => Number::Float(number.as_f64().unwrap_or_default()),
        }),
        Value::String(text) => Document::String(text.clone()),
        Value::Array(items) => Document::Array(items.iter().map(document).collect()),
        Value::Object(fields) => {
            Document::Object(fields.iter().map(|(name, value)| (name.clone(), document(value))).collect())
        }
    }
}

fn value(document: &Document) -> Value {
    match document {
        Document::Null => Value::Null,
        Document::Bool(bool) => Value::Bool(*bool),
        Document::Number(number) => {
            serde_json::Number::from_f64(number.to_f64_lossy()).map_or(Value::Null, Value::Number)
        }
        Document::String(text) => Value::String(text.clone()),
        Document::Array(items) => Value::Array(items.iter().map(value).collect()),
        Document::Object(fields) => {
            Value::Object(fields.iter().map(|(name, document)| (name.clone(), value(document))).collect())
        }
    }
}
