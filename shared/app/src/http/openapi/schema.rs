//! Small constructors of JSON Schema 2020-12, the dialect of OpenAPI 3.1. Knows no field of the API.

use serde_json::{Map, Value, json};

/// An object whose fields are always there.
pub fn object(description: &str, fields: Value) -> Value {
    object_but(description, fields, &[])
}

/// An object whose fields are always there, but for some.
pub fn object_but(description: &str, fields: Value, optional: &[&str]) -> Value {
    let names = fields.as_object().into_iter().flat_map(Map::keys);
    let mut required: Vec<String> = names.filter(|name| !optional.contains(&name.as_str())).cloned().collect();
    required.sort_unstable();
    json!({"type": "object", "description": description, "properties": fields, "required": required})
}

/// An object of a request: only what is named has to be there.
pub fn asked(description: &str, fields: Value, required: &[&str]) -> Value {
    let mut schema = json!({"type": "object", "description": description, "properties": fields});
    if !required.is_empty() {
        schema["required"] = json!(required);
    }
    schema
}

/// The fields of several objects in one.
pub fn merged(parts: impl IntoIterator<Item = Value>) -> Value {
    let fields = parts.into_iter().filter_map(|part| match part {
        Value::Object(fields) => Some(fields),
        _ => None,
    });
    Value::Object(fields.flatten().collect())
}

pub fn text(description: &str) -> Value {
    json!({"type": "string", "description": description})
}

pub fn flag(description: &str) -> Value {
    json!({"type": "boolean", "description": description})
}

pub fn number(description: &str) -> Value {
    json!({"type": "number", "description": description})
}

/// A fraction of 1.
pub fn share(description: &str) -> Value {
    json!({"type": "number", "minimum": 0, "maximum": 1, "description": description})
}

/// How many of something.
pub fn count(description: &str) -> Value {
    json!({"type": "integer", "minimum": 0, "description": description})
}

pub fn instant(description: &str) -> Value {
    json!({"type": "string", "format": "date-time", "description": description})
}

pub fn day(description: &str) -> Value {
    json!({"type": "string", "format": "date", "description": description})
}

pub fn money(description: &str) -> Value {
    json!({"$ref": "#/components/schemas/Money", "description": description})
}

pub fn one_of_names<'a>(description: &str, names: impl IntoIterator<Item = &'a str>) -> Value {
    json!({"type": "string", "enum": names.into_iter().collect::<Vec<_>>(), "description": description})
}

pub fn constant(value: &str) -> Value {
    json!({"type": "string", "const": value})
}

pub fn reference(schema: &str) -> Value {
    json!({"$ref": format!("#/components/schemas/{schema}")})
}

pub fn list_of(items: Value, description: &str) -> Value {
    json!({"type": "array", "items": items, "description": description})
}

pub fn texts(description: &str) -> Value {
    list_of(json!({"type": "string"}), description)
}

/// A body whose unknown fields are refused.
pub fn closed(mut schema: Value) -> Value {
    schema["additionalProperties"] = json!(false);
    schema
}

/// The schema, or null.
pub fn nullable(mut schema: Value) -> Value {
    let Some(kind) = schema.get("type").and_then(Value::as_str).map(str::to_owned) else {
        let description = schema.as_object_mut().and_then(|fields| fields.remove("description"));
        let mut either = json!({"anyOf": [schema, {"type": "null"}]});
        if let Some(description) = description {
            either["description"] = description;
        }
        return either;
    };
    schema["type"] = json!([kind, "null"]);
    if let Some(names) = schema.get_mut("enum").and_then(Value::as_array_mut) {
        names.push(Value::Null);
    }
    schema
}

/// Each field of an object of fields, or null.
pub fn all_nullable(fields: Value) -> Value {
    match fields {
        Value::Object(fields) => fields.into_iter().map(|(name, schema)| (name, nullable(schema))).collect(),
        other => other,
    }
}

/// A page of a list.
pub fn page_of(schema: &str, description: &str) -> Value {
    let cursor = nullable(text("Give it as `cursor` to get the next page; null on the last page."));
    object(description, json!({"data": list_of(reference(schema), "At most `limit` of them."), "next_cursor": cursor}))
}
