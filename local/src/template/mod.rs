//! The SAM template, read into what the local run needs: functions, routes, tables, buckets, queues.
//!
//! It refuses to guess: whatever the template asks for that the local run does not know (a resource
//! type, an event type, a property, an intrinsic function) is an error that names it, so what runs
//! here is what would be deployed. It starts nothing and opens nothing.

mod build;
mod document;
mod function;
mod model;
mod names;
mod notifications;
mod parameters;
mod properties;
mod resolve;
#[cfg(test)]
mod tests;
mod yaml;

use std::collections::BTreeMap;

pub use model::{Api, Bucket, Function, Notification, Queue, QueueSource, Route, Schedule, Table, Template};
pub use names::LocalNames;

/// Why a template cannot be run here.
#[derive(Debug, thiserror::Error)]
pub enum TemplateError {
    #[error("the template is not valid YAML: {0}")]
    Yaml(String),
    #[error("{at}: {what} is not supported by a local run")]
    Unsupported { at: String, what: String },
    #[error("{at}: {problem}")]
    Invalid { at: String, problem: String },
    #[error("{at}: nothing in the template is called `{name}`")]
    UnknownReference { at: String, name: String },
    #[error("parameter {name}: {problem}")]
    Parameter { name: String, problem: String },
}

impl Template {
    /// Reads `text` with its references resolved against `names` and the parameters' defaults, or the
    /// values in `overrides` where given.
    ///
    /// # Errors
    /// What is malformed, refers to nothing, or is not supported, by its place in the template.
    pub fn read(
        text: &str,
        overrides: &BTreeMap<String, String>,
        names: &LocalNames,
    ) -> Result<Template, TemplateError> {
        let document = document::Document::parse(text)?;
        let parameters = parameters::resolve(&document.parameters, overrides)?;
        let resolver = resolve::Resolver::new(parameters, document.resource_types(), names);
        build::build(document, &resolver, names)
    }
}

pub(crate) fn invalid(at: impl Into<String>, problem: impl ToString) -> TemplateError {
    TemplateError::Invalid { at: at.into(), problem: problem.to_string() }
}

pub(crate) fn unsupported(at: impl Into<String>, what: impl Into<String>) -> TemplateError {
    TemplateError::Unsupported { at: at.into(), what: what.into() }
}
