//! Template parameters: defaults, overrides and the bounds that CloudFormation would enforce.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use super::TemplateError;

/// A parameter as the template declares it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct ParameterSpec {
    #[serde(rename = "Type")]
    kind: ParameterKind,
    default: Option<Value>,
    allowed_values: Option<Vec<Value>>,
    min_value: Option<f64>,
    max_value: Option<f64>,
    #[serde(rename = "Description")]
    _description: Option<String>,
}

#[derive(Debug, Clone, Copy, Deserialize)]
enum ParameterKind {
    String,
    Number,
}

/// The value of every parameter; an override of a parameter that the template lacks is an error.
pub fn resolve(
    specs: &BTreeMap<String, ParameterSpec>,
    overrides: &BTreeMap<String, String>,
) -> Result<BTreeMap<String, Value>, TemplateError> {
    if let Some(unknown) = overrides.keys().find(|name| !specs.contains_key(*name)) {
        return Err(problem(unknown, "the template has no such parameter"));
    }
    specs.iter().map(|(name, spec)| Ok((name.clone(), value_of(name, spec, overrides.get(name))?))).collect()
}

fn value_of(name: &str, spec: &ParameterSpec, given: Option<&String>) -> Result<Value, TemplateError> {
    let text = match (given, &spec.default) {
        (Some(text), _) => text.clone(),
        (None, Some(default)) => scalar_text(default).ok_or_else(|| problem(name, "the default is no scalar"))?,
        (None, None) => return Err(problem(name, "needs a value")),
    };
    if let Some(allowed) = &spec.allowed_values
        && !allowed.iter().any(|value| scalar_text(value).as_deref() == Some(&text))
    {
        return Err(problem(name, &format!("`{text}` is not one of the allowed values")));
    }
    match spec.kind {
        ParameterKind::String => Ok(Value::String(text)),
        ParameterKind::Number => number(name, spec, &text),
    }
}

fn number(name: &str, spec: &ParameterSpec, text: &str) -> Result<Value, TemplateError> {
    let not_a_number = || problem(name, &format!("`{text}` is not a number"));
    let value: Value = serde_json::from_str(text).map_err(|_| not_a_number())?;
    let size = value.as_f64().ok_or_else(not_a_number)?;
    let too_small = spec.min_value.is_some_and(|least| size < least);
    let too_large = spec.max_value.is_some_and(|most| size > most);
    if too_small || too_large {
        return Err(problem(name, &format!("`{text}` is out of bounds")));
    }
    Ok(value)
}

/// A scalar as CloudFormation writes it into a string.
pub fn scalar_text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        _ => None,
    }
}

fn problem(name: &str, problem: &str) -> TemplateError {
    TemplateError::Parameter { name: name.to_owned(), problem: problem.to_owned() }
}
