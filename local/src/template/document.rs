//! The sections of a template, their content still unresolved. Unknown sections are refused.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use super::{TemplateError, invalid, parameters::ParameterSpec, yaml};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct Document {
    #[serde(rename = "AWSTemplateFormatVersion")]
    pub _version: Option<Value>,
    #[serde(rename = "Transform")]
    pub _transform: Option<Value>,
    #[serde(rename = "Description")]
    pub _description: Option<Value>,
    /// Notes for consoles and tools; nothing in it changes what runs.
    #[serde(rename = "Metadata")]
    pub _metadata: Option<Value>,
    #[serde(default)]
    pub parameters: BTreeMap<String, ParameterSpec>,
    #[serde(default)]
    pub globals: Globals,
    pub resources: BTreeMap<String, Resource>,
    #[serde(default)]
    pub outputs: BTreeMap<String, Value>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct Globals {
    #[serde(default)]
    pub function: Value,
}

/// One entry of `Resources`. What governs only deployment (policies of deletion, build metadata, order
/// of creation) is known and has no effect here.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct Resource {
    #[serde(rename = "Type")]
    pub kind: String,
    #[serde(default)]
    pub properties: Value,
    #[serde(rename = "Metadata")]
    pub _metadata: Option<Value>,
    #[serde(rename = "DeletionPolicy")]
    pub _deletion: Option<Value>,
    #[serde(rename = "UpdateReplacePolicy")]
    pub _replacement: Option<Value>,
    #[serde(rename = "DependsOn")]
    pub _order: Option<Value>,
}

impl Document {
    pub fn parse(text: &str) -> Result<Document, TemplateError> {
        serde_json::from_value(yaml::parse(text)?).map_err(|error| invalid("template", error))
    }

    /// The type of each resource by its logical id.
    pub fn resource_types(&self) -> BTreeMap<String, String> {
        self.resources.iter().map(|(id, resource)| (id.clone(), resource.kind.clone())).collect()
    }
}
