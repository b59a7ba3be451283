//! From resolved properties to the model: one function a resource type, and the routes' authorizers.

use std::time::Duration;

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::document::{Document, Resource};
use super::function::{self, PendingRoute};
use super::model::{Api, Bucket, Queue, Route, Table, Template};
use super::parameters::scalar_text;
use super::properties::{
    ApiAuth, ApiProperties, AuthorizerProperties, BucketProperties, QueueProperties, TableProperties,
};
use super::resolve::Resolver;
use super::{LocalNames, TemplateError, invalid, notifications, unsupported};

/// Resources that watch or permit and change nothing of what the functions see.
const WITHOUT_EFFECT: &[&str] = &[
    "AWS::Logs::LogGroup",
    "AWS::Logs::MetricFilter",
    "AWS::CloudWatch::Alarm",
    "AWS::CloudWatch::Dashboard",
    "AWS::SQS::QueuePolicy",
];

pub fn build(document: Document, resolver: &Resolver<'_>, names: &LocalNames) -> Result<Template, TemplateError> {
    let builder = Builder { resolver, names, globals: &document.globals.function };
    let mut template = Template::default();
    let (mut pending, mut auth) = (Vec::new(), None);
    for (id, resource) in &document.resources {
        match resource.kind.as_str() {
            "AWS::Serverless::Function" => {
                let (function, mut routes) = function::build(&builder, id, resource)?;
                template.functions.push(function);
                pending.append(&mut routes);
            }
            "AWS::Serverless::HttpApi" if auth.is_some() => {
                return Err(unsupported(at(id), "more than one HTTP API"));
            }
            "AWS::Serverless::HttpApi" => auth = Some(builder.api(id, resource)?),
            "AWS::DynamoDB::Table" => template.tables.push(builder.table(id, resource)?),
            "AWS::S3::Bucket" => template.buckets.push(builder.bucket(id, resource)?),
            "AWS::SQS::Queue" => template.queues.push(builder.queue(id, resource)?),
            kind if WITHOUT_EFFECT.contains(&kind) => drop(builder.resolved(id, resource)?),
            kind => return Err(unsupported(at(id), format!("resource type {kind}"))),
        }
    }
    template.queues.sort_by_key(|queue| queue.dead_letters.is_some());
    for (name, output) in &document.outputs {
        template.outputs.insert(name.clone(), output_value(resolver, name, output)?);
    }
    check_visibility(&template)?;
    notifications::check_queues(&template)?;
    template.api = match (auth, pending.first()) {
        (Some(auth), _) => Some(Api { routes: routes(pending, &auth)? }),
        (None, Some(route)) => return Err(invalid(&route.at, "a route needs an AWS::Serverless::HttpApi")),
        (None, None) => None,
    };
    Ok(template)
}

fn output_value(resolver: &Resolver<'_>, name: &str, output: &Value) -> Result<String, TemplateError> {
    let at = format!("Outputs.{name}");
    let resolved = resolver.resolve(output, &at)?;
    resolved.get("Value").and_then(scalar_text).ok_or_else(|| invalid(at, "an output needs a Value that is text"))
}

/// Lambda refuses a queue whose messages come back while their function may still run.
fn check_visibility(template: &Template) -> Result<(), TemplateError> {
    for function in &template.functions {
        for source in &function.queue_sources {
            let queue = template.queues.iter().find(|queue| queue.arn == source.queue_arn);
            let queue = queue.ok_or_else(|| TemplateError::UnknownReference {
                at: at(&function.logical_id),
                name: source.queue_arn.clone(),
            })?;
            if queue.visibility < function.timeout {
                let problem = format!("{} is shorter than the time-out of {}", queue.name, function.logical_id);
                return Err(invalid(at(&function.logical_id), format!("the visibility time-out of {problem}")));
            }
        }
    }
    Ok(())
}

/// Gives each route its authorizer: its own, none, or the API's default.
fn routes(pending: Vec<PendingRoute>, auth: &ApiAuth) -> Result<Vec<Route>, TemplateError> {
    let authorized = |PendingRoute { at, mut route, authorizer }| {
        route.authorizer = match authorizer.as_deref().or(auth.default_authorizer.as_deref()) {
            None | Some("NONE") => None,
            Some(name) => {
                let found = auth.authorizers.get(name);
                let found = found.ok_or_else(|| TemplateError::UnknownReference { at, name: name.to_owned() })?;
                Some(found.function_arn.clone())
            }
        };
        Ok(route)
    };
    pending.into_iter().map(authorized).collect()
}

pub struct Builder<'a> {
    pub resolver: &'a Resolver<'a>,
    pub names: &'a LocalNames,
    pub globals: &'a Value,
}

impl Builder<'_> {
    pub fn resolved(&self, id: &str, resource: &Resource) -> Result<Value, TemplateError> {
        let properties = match &resource.properties {
            Value::Null => Value::Object(Map::new()),
            given => given.clone(),
        };
        self.resolver.resolve(&properties, &at(id))
    }

    fn properties<P: DeserializeOwned>(&self, id: &str, resource: &Resource) -> Result<P, TemplateError> {
        typed(&at(id), self.resolved(id, resource)?)
    }

    fn api(&self, id: &str, resource: &Resource) -> Result<ApiAuth, TemplateError> {
        let auth = self.properties::<ApiProperties>(id, resource)?.auth;
        for (name, authorizer) in &auth.authorizers {
            check_authorizer(&format!("{}.Auth.Authorizers.{name}", at(id)), authorizer)?;
        }
        Ok(auth)
    }

    fn table(&self, id: &str, resource: &Resource) -> Result<Table, TemplateError> {
        let properties: TableProperties = self.properties(id, resource)?;
        let name = self.names.physical(&resource.kind, id);
        let mut definition = serde_json::to_value(properties).map_err(|error| invalid(at(id), error))?;
        definition["TableName"] = Value::from(name.clone());
        Ok(Table { name, definition })
    }

    fn bucket(&self, id: &str, resource: &Resource) -> Result<Bucket, TemplateError> {
        let properties: BucketProperties = self.properties(id, resource)?;
        let notifications = notifications::read(&at(id), properties.notification_configuration)?;
        Ok(Bucket { name: self.names.physical(&resource.kind, id), notifications })
    }

    fn queue(&self, id: &str, resource: &Resource) -> Result<Queue, TemplateError> {
        let properties: QueueProperties = self.properties(id, resource)?;
        let redrive = properties.redrive_policy.as_ref();
        Ok(Queue {
            name: self.names.physical(&resource.kind, id),
            arn: self.names.attribute(&resource.kind, id, "Arn").expect("every queue has an ARN"),
            visibility: Duration::from_secs(properties.visibility_timeout.map_or(30, u64::from)),
            dead_letters: redrive.map(|policy| policy.dead_letter_target_arn.clone()),
            definition: serde_json::to_value(properties).map_err(|error| invalid(at(id), error))?,
        })
    }
}

pub fn at(id: &str) -> String {
    format!("Resources.{id}.Properties")
}

pub fn typed<P: DeserializeOwned>(at: &str, properties: Value) -> Result<P, TemplateError> {
    serde_json::from_value(properties).map_err(|error| invalid(at, error))
}

fn check_authorizer(at: &str, authorizer: &AuthorizerProperties) -> Result<(), TemplateError> {
    if authorizer.authorizer_payload_format_version != "2.0" || !authorizer.enable_simple_responses {
        return Err(unsupported(at, "an authorizer without payload format 2.0 and simple responses"));
    }
    if authorizer.identity.reauthorize_every != Some(0) {
        return Err(unsupported(at, "an authorizer whose answers are kept (ReauthorizeEvery other than 0)"));
    }
    Ok(())
}
