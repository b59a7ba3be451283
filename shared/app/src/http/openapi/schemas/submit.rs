//! The body of `POST /reports` (`affinsy_core::report::spec`) and its answer.

use super::Named;
use super::common::{id, name, product_name};
use super::parameters::{self, whole};
use crate::http::openapi::schema::{
    all_nullable, asked, constant, list_of, merged, nullable, object_but, one_of_names, reference, text, texts,
};
use affinsy_core::report::spec::{DEFAULT_DATASET, MAX_NAME_CHARS};
use affinsy_core::report::template::Template;
use affinsy_core::webhook::url::MAX_LEN;
use serde_json::{Value, json};

/// The most products that a filter names.
const MAX_PRODUCTS: usize = 1_000;
const MAX_BASKET_SIZE: u32 = 1_000_000_000;

pub fn schemas() -> Named {
    vec![
        ("SubmitReport", submit()),
        ("ReportFilters", filters()),
        ("DateRange", date_range()),
        ("ProductFilter", product_filter()),
        ("ReportParams", params()),
        ("CustomSegment", custom_segment()),
        ("ScoreRangeAsked", score_range()),
        ("Thresholds", parameters::thresholds()),
        ("ReportSubmitted", submitted()),
    ]
}

fn submit() -> Value {
    let fields = json!({
        "template": one_of_names(
            "A ready-made report: a type and a customer scope.",
            Template::ALL.map(Template::id),
        ),
        "report_type": one_of_names("Needed without a template; with one it must be the template's.", ["MBA", "RFM"]),
        "dataset_id": id("Which dataset; at most 256 bytes."),
        "name": name("What to call the report.", MAX_NAME_CHARS),
        "webhook_url": {
            "type": "string",
            "format": "uri",
            "maxLength": MAX_LEN,
            "description": "Where to send the event when the report has ended: https, a public host, port 443, 8443 \
                or one from 1024 on, no user name.",
        },
        "filters": reference("ReportFilters"),
        "params": reference("ReportParams"),
    });
    let mut fields = all_nullable(fields);
    fields["dataset_id"]["default"] = json!(DEFAULT_DATASET);
    let mut schema = asked("What report to make. Null is the same as left out.", fields, &[]);
    let given = |field: &str| json!({"required": [field], "properties": {field: {"type": "string"}}});
    schema["anyOf"] = json!([given("template"), given("report_type")]);
    schema
}

fn filters() -> Value {
    let fields = json!({
        "dateRange": reference("DateRange"),
        "products": reference("ProductFilter"),
        "min_basket_size": whole("MBA: baskets with fewer products do not count.", 1, MAX_BASKET_SIZE),
        "max_basket_size": whole("MBA: baskets with more products do not count.", 1, MAX_BASKET_SIZE),
    });
    asked("Which orders, products and baskets count.", all_nullable(fields), &[])
}

fn date_range() -> Value {
    let bound = |description: &str| {
        let mut schema = nullable(reference("DateOrInstant"));
        schema["description"] = json!(description);
        schema
    };
    let fields = json!({
        "start": bound("The first date in `time_zone`, or the first instant; null is open."),
        "end": bound("The last date in `time_zone`, or the last instant, inclusive; null is open."),
    });
    asked("Orders from start to end, both inclusive.", fields, &[])
}

fn product_filter() -> Value {
    let products = |description: &str| {
        let mut schema = nullable(list_of(product_name("A product, exactly as it was pushed."), description));
        schema["maxItems"] = json!(MAX_PRODUCTS);
        schema
    };
    let fields = json!({
        "include": products("Only these products stay in the baskets; an empty list filters nothing."),
        "exclude": products("These products leave the baskets."),
    });
    asked("MBA: which products baskets are made of. A basket emptied by it still counts.", fields, &[])
}

fn params() -> Value {
    let own = json!({"segments": parameters::custom_segments()});
    let fields = merged([parameters::common(), parameters::mba(), parameters::rfm(), own]);
    let description = "How the report is made. Null is the same as left out, but for the bounds that null switches \
                       off. Parameters of the other report type are ignored, with a warning.";
    let mut schema = asked(description, all_nullable(fields), &[]);
    schema["properties"]["insights"]["default"] = json!(true);
    schema["properties"]["time_zone"]["default"] = json!("UTC");
    let both = json!({
        "required": ["min_support", "min_support_count"],
        "properties": {"min_support": {"type": "number"}, "min_support_count": {"type": "number"}},
    });
    schema["not"] = both;
    schema
}

fn custom_segment() -> Value {
    let side = |dimension: &str| {
        let mut schema = nullable(reference("ScoreRangeAsked"));
        schema["description"] = json!(format!("The scores of {dimension}; all of them where it is missing."));
        schema
    };
    let fields = json!({
        "id": name("Its name in the result; no two are the same.", 64),
        "label": nullable(name("What people read; the id where it is missing.", 80)),
        "r": side("recency"),
        "f": side("frequency"),
        "m": side("monetary value"),
    });
    asked("A box of scores.", fields, &["id"])
}

fn score_range() -> Value {
    let score = json!({"type": "integer", "minimum": 1, "maximum": 10});
    json!({
        "description": "One score, or the lowest and the highest, both included; at most `bins`.",
        "anyOf": [score, {"type": "array", "items": score, "minItems": 2, "maxItems": 2}],
    })
}

fn submitted() -> Value {
    let fields = json!({
        "report_id": text("For `GET /reports/{report_id}`; also in the header `Location`."),
        "status": constant("Processing"),
        "warnings": texts("What was read but not used; left out where there is none."),
    });
    object_but("The report is stored and will run.", fields, &["warnings"])
}
