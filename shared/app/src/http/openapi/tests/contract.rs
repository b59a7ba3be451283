//! The document as a judge: whether a value fits a schema, and an answer its operation. Stricter than the
//! document is with clients: a field that it does not describe does not fit.

use crate::http::openapi::document;
use crate::http::{Answer, Route};
use jsonschema::ValidationError;
use jsonschema::error::ValidationErrorKind;
use serde_json::{Value, json};

#[derive(Debug)]
pub struct Contract {
    components: Value,
}

/// Combined with others by `allOf`: those that combine them are closed instead.
const OPEN: [&str; 3] = ["ReportHeader", "MbaResult", "RfmResult"];

impl Contract {
    pub fn new() -> Self {
        let mut components = document()["components"].clone();
        for (name, schema) in components["schemas"].as_object_mut().expect("schemas") {
            close(schema, !OPEN.contains(&name.as_str()));
        }
        Self { components }
    }

    /// Fails unless the value fits the named schema.
    pub fn check(&self, schema: &str, value: &Value) {
        let errors = self.errors(json!({"$ref": format!("#/components/schemas/{schema}")}), value);
        assert!(errors.is_empty(), "{schema}: {errors:#?}");
    }

    pub fn fits(&self, schema: &str, value: &Value) -> bool {
        self.errors(json!({"$ref": format!("#/components/schemas/{schema}")}), value).is_empty()
    }

    /// Fails unless status, headers and body are those of one of the operation's answers.
    pub fn check_answer(&self, route: &Route, answer: &Answer) {
        let operation = &document()["paths"][route.path][route.method.to_ascii_lowercase()];
        let name = format!("{} {}", route.operation, answer.status);
        let response = self.resolved(&operation["responses"][answer.status.to_string()]);
        assert!(response.is_object(), "{name} is not described");
        let described = response["headers"].as_object().expect("headers");
        for (header, _) in answer.headers.iter().filter(|(header, _)| *header != "content-type") {
            assert!(described.keys().any(|known| known.eq_ignore_ascii_case(header)), "{name}: {header}");
        }
        let Some(schema) = response.pointer("/content/application~1json/schema") else {
            return assert!(answer.body.is_empty(), "{name} has a body");
        };
        let body = serde_json::from_slice(&answer.body).expect("JSON");
        let errors = self.errors(schema.clone(), &body);
        assert!(errors.is_empty(), "{name}: {errors:#?}");
    }

    pub fn request_examples(&self, path: &str) -> Vec<Value> {
        let content = &document()["paths"][path]["post"]["requestBody"]["content"]["application/json"];
        values(&content["examples"])
    }

    /// Every example of an answer or an event fits the schema beside it.
    pub fn check_answer_examples(&self) {
        let mut seen = 0;
        self.check_examples_in(document(), &mut seen);
        assert!(seen > 10, "only {seen} examples");
    }

    fn check_examples_in(&self, value: &Value, seen: &mut usize) {
        if let Some(schema) = value.get("schema") {
            for example in values(&value["examples"]).iter().chain(value.get("example")) {
                let errors = self.errors(schema.clone(), example);
                assert!(errors.is_empty(), "{schema}: {errors:#?}");
                *seen += 1;
            }
        }
        match value {
            Value::Object(fields) => fields.values().for_each(|field| self.check_examples_in(field, seen)),
            Value::Array(items) => items.iter().for_each(|item| self.check_examples_in(item, seen)),
            _ => {}
        }
    }

    pub fn parameters(&self, path: &str, method: &str, place: &str) -> Vec<String> {
        let operation = &document()["paths"][path][method.to_ascii_lowercase()];
        let all = operation["parameters"].as_array().into_iter().flatten().map(|parameter| self.resolved(parameter));
        all.filter(|p| p["in"] == place).map(|p| p["name"].as_str().expect("a name").to_owned()).collect()
    }

    fn resolved<'v>(&'v self, value: &'v Value) -> &'v Value {
        let pointer = value["$ref"].as_str().and_then(|reference| reference.strip_prefix("#/components"));
        pointer.map_or(value, |pointer| self.components.pointer(pointer).expect("a component"))
    }

    fn errors(&self, mut schema: Value, value: &Value) -> Vec<String> {
        schema["components"] = self.components.clone();
        let validator = jsonschema::draft202012::options().should_validate_formats(true).build(&schema);
        let validator = validator.expect("a schema of JSON Schema 2020-12");
        validator.iter_errors(value).flat_map(|error| causes(&error)).take(10).collect()
    }
}

/// What is wrong, in the alternative that fits best.
fn causes(error: &ValidationError<'_>) -> Vec<String> {
    match error.kind() {
        ValidationErrorKind::OneOfNotValid { context } | ValidationErrorKind::AnyOf { context } => {
            let nearest = context.iter().min_by_key(|errors| errors.len());
            nearest.into_iter().flatten().flat_map(causes).collect()
        }
        _ => vec![format!("{}: {}", error.instance_path(), error.masked())],
    }
}

fn values(examples: &Value) -> Vec<Value> {
    examples.as_object().into_iter().flatten().map(|(_, example)| example["value"].clone()).collect()
}

/// No field but those described.
fn close(schema: &mut Value, closed: bool) {
    if let Value::Object(fields) = schema {
        if closed && fields.contains_key("allOf") {
            fields.insert("unevaluatedProperties".to_owned(), json!(false));
        } else if closed && fields.get("type").is_some_and(|kind| kind == "object") && fields.contains_key("properties")
        {
            fields.entry("additionalProperties").or_insert(json!(false));
        }
    }
    match schema {
        Value::Object(fields) => fields.values_mut().for_each(|field| close(field, true)),
        Value::Array(items) => items.iter_mut().for_each(|item| close(item, true)),
        _ => {}
    }
}
