//! The ready-made reports (`affinsy_core::report::template`).

use super::{Named, parameters};
use crate::http::openapi::schema::{
    all_nullable, list_of, merged, nullable, object, object_but, one_of_names, reference, text,
};
use affinsy_core::report::template::Template;
use serde_json::{Value, json};

pub fn schemas() -> Named {
    vec![("TemplateList", list()), ("Template", template()), ("TemplateParams", params())]
}

fn list() -> Value {
    let fields = json!({
        "data": list_of(reference("Template"), "All of them."),
        "next_cursor": {"type": "null", "description": "There is one page."},
    });
    object("The ready-made reports.", fields)
}

fn template() -> Value {
    let fields = json!({
        "template": one_of_names("What `template` of `POST /reports` takes.", Template::ALL.map(Template::id)),
        "report_type": one_of_names("What kind of report.", ["MBA", "RFM"]),
        "name": text("What people call it."),
        "description": text("What it is for."),
        "params": reference("TemplateParams"),
    });
    object("A ready-made report.", fields)
}

/// Every parameter of the template's own type.
fn params() -> Value {
    let typed = all_nullable(merged([parameters::mba(), parameters::rfm()]));
    let names: Vec<String> = typed.as_object().into_iter().flat_map(|fields| fields.keys().cloned()).collect();
    let optional: Vec<&str> = names.iter().map(String::as_str).collect();
    let mut common = parameters::common();
    for worked_out in ["as_of", "churn_days"] {
        common[worked_out] = nullable(common[worked_out].clone());
    }
    let description = "Every parameter of the report's type with its value; null is worked out by the report.";
    object_but(description, merged([common, typed]), &optional)
}
