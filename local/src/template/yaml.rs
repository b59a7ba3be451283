//! YAML text to a JSON tree, with CloudFormation's short tags (`!Ref X`) in their long form
//! (`{"Ref": "X"}`). It knows no intrinsic function's meaning.

use saphyr::{LoadableYamlNode, Scalar, Yaml};
use serde_json::{Map, Value};

use super::TemplateError;

/// The one document in `text`.
pub fn parse(text: &str) -> Result<Value, TemplateError> {
    let documents = Yaml::load_from_str(text).map_err(|error| TemplateError::Yaml(error.to_string()))?;
    match documents.as_slice() {
        [document] => to_json(document),
        others => Err(TemplateError::Yaml(format!("{} documents where one is expected", others.len()))),
    }
}

fn to_json(node: &Yaml<'_>) -> Result<Value, TemplateError> {
    match node {
        Yaml::Value(scalar) => scalar_to_json(scalar),
        Yaml::Sequence(items) => items.iter().map(to_json).collect::<Result<Vec<_>, _>>().map(Value::Array),
        Yaml::Mapping(entries) => {
            let mut map = Map::new();
            for (key, value) in entries {
                let key =
                    scalar_text(key).ok_or_else(|| TemplateError::Yaml(format!("a key that is no text: {key:?}")))?;
                map.insert(key, to_json(value)?);
            }
            Ok(Value::Object(map))
        }
        Yaml::Tagged(tag, inner) if tag.handle == "!" => Ok(long_form(&tag.suffix, to_json(inner)?)),
        other => Err(TemplateError::Yaml(format!("a node that templates do not use: {other:?}"))),
    }
}

fn scalar_to_json(scalar: &Scalar<'_>) -> Result<Value, TemplateError> {
    Ok(match scalar {
        Scalar::Null => Value::Null,
        Scalar::Boolean(value) => Value::Bool(*value),
        Scalar::Integer(value) => Value::from(*value),
        Scalar::FloatingPoint(value) => Value::from(value.into_inner()),
        Scalar::String(text) => Value::String(text.to_string()),
    })
}

fn scalar_text(node: &Yaml<'_>) -> Option<String> {
    match node {
        Yaml::Value(Scalar::String(text)) => Some(text.to_string()),
        Yaml::Value(Scalar::Integer(number)) => Some(number.to_string()),
        _ => None,
    }
}

fn long_form(tag: &str, argument: Value) -> Value {
    let (name, argument) = match (tag, argument) {
        ("Ref" | "Condition", argument) => (tag.to_owned(), argument),
        ("GetAtt", Value::String(path)) => ("Fn::GetAtt".to_owned(), split_attribute(&path)),
        (_, argument) => (format!("Fn::{tag}"), argument),
    };
    Value::Object(Map::from_iter([(name, argument)]))
}

fn split_attribute(path: &str) -> Value {
    let (resource, attribute) = path.split_once('.').unwrap_or((path, ""));
    Value::from(vec![resource, attribute])
}
