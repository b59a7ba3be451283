//! Intrinsic functions: `Ref`, `Fn::Sub` and `Fn::GetAtt`, against parameters and local names. Any
//! other intrinsic is refused by name.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::{LocalNames, TemplateError, invalid, parameters::scalar_text, unsupported};

#[derive(Debug)]
pub struct Resolver<'a> {
    parameters: BTreeMap<String, Value>,
    resource_types: BTreeMap<String, String>,
    names: &'a LocalNames,
}

impl<'a> Resolver<'a> {
    pub fn new(
        parameters: BTreeMap<String, Value>,
        resource_types: BTreeMap<String, String>,
        names: &'a LocalNames,
    ) -> Self {
        Resolver { parameters, resource_types, names }
    }

    /// `value` with every intrinsic in it replaced; `at` is its place in the template, for errors.
    pub fn resolve(&self, value: &Value, at: &str) -> Result<Value, TemplateError> {
        match value {
            Value::Object(map) => match intrinsic(map) {
                Some((name, argument)) => self.call(name, argument, at),
                None => self.resolve_map(map, at),
            },
            Value::Array(items) => {
                let resolved = items.iter().enumerate().map(|(i, item)| self.resolve(item, &format!("{at}[{i}]")));
                resolved.collect::<Result<Vec<_>, _>>().map(Value::Array)
            }
            scalar => Ok(scalar.clone()),
        }
    }

    fn resolve_map(&self, map: &Map<String, Value>, at: &str) -> Result<Value, TemplateError> {
        let entries = map.iter().map(|(key, value)| Ok((key.clone(), self.resolve(value, &format!("{at}.{key}"))?)));
        entries.collect::<Result<Map<_, _>, _>>().map(Value::Object)
    }

    fn call(&self, name: &str, argument: &Value, at: &str) -> Result<Value, TemplateError> {
        match (name, argument) {
            ("Ref", Value::String(target)) => self.reference(target, at),
            ("Fn::Sub", Value::String(pattern)) => self.substitute(pattern, at).map(Value::String),
            ("Fn::GetAtt", Value::Array(path)) => match path.as_slice() {
                [Value::String(id), Value::String(attribute)] => self.attribute(id, attribute, at).map(Value::String),
                _ => Err(invalid(at, "GetAtt takes a resource and an attribute")),
            },
            _ => Err(unsupported(at, format!("the intrinsic function {name} in this form"))),
        }
    }

    fn reference(&self, target: &str, at: &str) -> Result<Value, TemplateError> {
        if let Some(value) = self.parameters.get(target) {
            return Ok(value.clone());
        }
        if let Some(value) = self.names.pseudo(target) {
            return Ok(Value::String(value));
        }
        let kind = self.kind_of(target, at)?;
        let value = self.names.reference(kind, target);
        value.map(Value::String).ok_or_else(|| unsupported(at, format!("Ref to {target} ({kind})")))
    }

    fn attribute(&self, id: &str, attribute: &str, at: &str) -> Result<String, TemplateError> {
        let kind = self.kind_of(id, at)?;
        let value = self.names.attribute(kind, id, attribute);
        value.ok_or_else(|| unsupported(at, format!("GetAtt {id}.{attribute} ({kind})")))
    }

    fn kind_of(&self, id: &str, at: &str) -> Result<&str, TemplateError> {
        let kind = self.resource_types.get(id).map(String::as_str);
        kind.ok_or_else(|| TemplateError::UnknownReference { at: at.to_owned(), name: id.to_owned() })
    }

    /// `${Name}` and `${Name.Attribute}` replaced; `${!Name}` stands for a literal `${Name}`.
    fn substitute(&self, pattern: &str, at: &str) -> Result<String, TemplateError> {
        let mut text = String::with_capacity(pattern.len());
        let mut rest = pattern;
        while let Some(start) = rest.find("${") {
            let end = rest[start..].find('}').ok_or_else(|| invalid(at, "`${` without `}`"))? + start;
            text.push_str(&rest[..start]);
            text.push_str(&self.placeholder(&rest[start + 2..end], at)?);
            rest = &rest[end + 1..];
        }
        text.push_str(rest);
        Ok(text)
    }

    fn placeholder(&self, name: &str, at: &str) -> Result<String, TemplateError> {
        if let Some(literal) = name.strip_prefix('!') {
            return Ok(format!("${{{literal}}}"));
        }
        match name.split_once('.') {
            Some((id, attribute)) => self.attribute(id, attribute, at),
            None => {
                let value = self.reference(name, at)?;
                scalar_text(&value).ok_or_else(|| invalid(at, format!("{name} is no text")))
            }
        }
    }
}

fn intrinsic(map: &Map<String, Value>) -> Option<(&str, &Value)> {
    let mut entries = map.iter();
    match (entries.next(), entries.next()) {
        (Some((name, argument)), None) if name == "Ref" || name.starts_with("Fn::") => Some((name, argument)),
        _ => None,
    }
}
