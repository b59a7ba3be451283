//! `AWS::Serverless::Function`: globals merged in, its events turned into routes, queues and schedules.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::Value;

use super::build::{Builder, at, typed};
use super::document::Resource;
use super::model::{Function, QueueSource, Route, Schedule};
use super::parameters::scalar_text;
use super::properties::{
    EventProperties, FunctionProperties, Policy, QueueSourceProperties, ResponseType, RouteProperties,
    ScheduleProperties,
};
use super::{TemplateError, invalid, unsupported};
use crate::rights::Grant;

/// A route whose authorizer is still a name, or absent.
pub struct PendingRoute {
    pub at: String,
    pub route: Route,
    pub authorizer: Option<String>,
}

pub fn build(
    builder: &Builder<'_>,
    id: &str,
    resource: &Resource,
) -> Result<(Function, Vec<PendingRoute>), TemplateError> {
    let globals = builder.resolver.resolve(builder.globals, "Globals.Function")?;
    let own = builder.resolved(id, resource)?;
    let properties: FunctionProperties = typed(&at(id), merged(globals, own))?;
    if !properties.runtime.starts_with("provided.") {
        return Err(unsupported(at(id), format!("runtime {}", properties.runtime)));
    }
    let name = builder.names.physical(&resource.kind, id);
    let mut function = Function {
        logical_id: id.to_owned(),
        arn: builder.names.function_arn(&name),
        name,
        folder: folder_of(&properties.code_uri),
        handler: properties.handler,
        memory_mib: properties.memory_size,
        timeout: Duration::from_secs(properties.timeout),
        environment: environment(id, properties.environment.variables)?,
        reserved_concurrency: properties.reserved_concurrent_executions,
        queue_sources: Vec::new(),
        schedules: Vec::new(),
        grants: grants(id, properties.policies)?,
    };
    let mut routes = Vec::new();
    for (event, properties) in properties.events {
        let at = format!("Resources.{id}.Properties.Events.{event}");
        match properties {
            EventProperties::HttpApi(properties) => routes.push(route(id, at, properties)?),
            EventProperties::Sqs(properties) => function.queue_sources.extend(queue_source(&at, properties)?),
            EventProperties::Schedule(properties) => {
                function.schedules.extend(schedule(&at, &format!("{id}{event}"), properties)?);
            }
        }
    }
    Ok((function, routes))
}

/// What the policies allow for certain: what a condition stands before is left out, as nothing here can judge it.
fn grants(id: &str, policies: Vec<Policy>) -> Result<Vec<Grant>, TemplateError> {
    let statements = policies.into_iter().flat_map(|policy| policy.statement);
    let mut grants = Vec::new();
    for statement in statements.filter(|statement| statement.condition.is_none()) {
        if statement.effect != "Allow" {
            return Err(unsupported(format!("{}.Policies", at(id)), format!("the effect {}", statement.effect)));
        }
        grants.push(Grant { actions: statement.action.into_vec(), resources: statement.resource.into_vec() });
    }
    Ok(grants)
}

/// SAM's merge: maps are merged, everything else of the function's own wins.
fn merged(base: Value, own: Value) -> Value {
    match (base, own) {
        (Value::Object(mut base), Value::Object(own)) => {
            for (key, value) in own {
                let value = match base.remove(&key) {
                    Some(below) => merged(below, value),
                    None => value,
                };
                base.insert(key, value);
            }
            Value::Object(base)
        }
        (base, Value::Null) => base,
        (_, own) => own,
    }
}

fn folder_of(code_uri: &str) -> String {
    code_uri.trim_end_matches('/').rsplit('/').next().unwrap_or(code_uri).to_owned()
}

fn environment(id: &str, variables: BTreeMap<String, Value>) -> Result<BTreeMap<String, String>, TemplateError> {
    let text = |(name, value): (String, Value)| match scalar_text(&value) {
        Some(text) => Ok((name, text)),
        None => Err(invalid(format!("{}.Environment.Variables.{name}", at(id)), "is no text")),
    };
    variables.into_iter().map(text).collect()
}

fn route(function: &str, at: String, properties: RouteProperties) -> Result<PendingRoute, TemplateError> {
    if properties.payload_format_version.as_deref().is_some_and(|version| version != "2.0") {
        return Err(unsupported(at, "a payload format other than 2.0"));
    }
    if properties.method.is_some() != properties.path.is_some() {
        return Err(invalid(at, "Method and Path come together, or neither"));
    }
    let method = properties.method.map(|method| method.to_uppercase());
    let route = Route { method, path: properties.path, function: function.to_owned(), authorizer: None };
    Ok(PendingRoute { at, route, authorizer: properties.auth.authorizer })
}

fn queue_source(at: &str, properties: QueueSourceProperties) -> Result<Option<QueueSource>, TemplateError> {
    if !(1..=10_000).contains(&properties.batch_size) {
        return Err(invalid(at, "BatchSize is 1 to 10,000"));
    }
    if properties.batch_size > 10 && properties.maximum_batching_window_in_seconds == 0 {
        return Err(invalid(at, "a BatchSize over 10 needs MaximumBatchingWindowInSeconds of 1 or more"));
    }
    if properties.scaling_config.maximum_concurrency.is_some_and(|most| !(2..=1000).contains(&most)) {
        return Err(invalid(at, "MaximumConcurrency is 2 to 1,000"));
    }
    Ok(properties.enabled.then(|| QueueSource {
        queue_arn: properties.queue,
        batch_size: properties.batch_size,
        batching_window: Duration::from_secs(properties.maximum_batching_window_in_seconds),
        reports_item_failures: properties.function_response_types.contains(&ResponseType::ReportBatchItemFailures),
        maximum_concurrency: properties.scaling_config.maximum_concurrency,
    }))
}

fn schedule(at: &str, name: &str, properties: ScheduleProperties) -> Result<Option<Schedule>, TemplateError> {
    let every = rate(&properties.schedule)
        .ok_or_else(|| unsupported(at, format!("the schedule `{}` (only rate(…) is)", properties.schedule)))?;
    Ok(properties.enabled.then(|| Schedule { name: name.to_owned(), every, input: properties.input }))
}

/// The period of `rate(5 minutes)`.
fn rate(expression: &str) -> Option<Duration> {
    let (count, unit) = expression.strip_prefix("rate(")?.strip_suffix(')')?.split_once(' ')?;
    let count: u64 = count.parse().ok().filter(|count| *count > 0)?;
    let unit_s = match unit {
        "minute" | "minutes" => 60,
        "hour" | "hours" => 3_600,
        "day" | "days" => 86_400,
        _ => return None,
    };
    count.checked_mul(unit_s).map(Duration::from_secs)
}
