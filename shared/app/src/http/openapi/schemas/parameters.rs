//! The parameters of reports, each described once: requests take them, templates list them, results state them.
//! Names, bounds and defaults are those of `affinsy_core::report::spec`.

use crate::http::openapi::schema::{asked, count, day, flag, list_of, nullable, number, one_of_names, reference, text};
use affinsy_core::report::spec::{MbaParams, RfmParams, SORTS};
use affinsy_core::report::{CustomerScope, SEGMENT_PREFIX};
use serde::Serialize;
use serde_json::{Value, json};

/// The greatest whole number that a parameter takes.
const MAX_BOUND: u32 = 1_000_000_000;
const MAX_SEGMENTS: usize = 1_000;

/// Parameters of both report types.
pub fn common() -> Value {
    let scope = "Whose orders, and which of them: `all`; `first_order`, each customer's first; `repeat`, the second \
                 and later ones; `high_value`, all of the top 20 % by spend; `churning`, all of lapsed customers; \
                 `new_90d`, all of customers whose first order lies in the last 90 days before `as_of`. Worked out \
                 over the whole history up to `as_of`; the date range applies afterwards. MBA also takes `segment:` \
                 and the id of an RFM segment, as in `segment:champions`: all orders of its customers; `bins`, \
                 `segment_model`, `segments` and `thresholds` then say how customers are scored. Default: the \
                 template's, else `all`.";
    let names = CustomerScope::NAMES.map(|(name, _)| name).join("|");
    json!({
        "customer_scope": {
            "type": "string",
            "pattern": format!("^({names}|{SEGMENT_PREFIX}.+)$"),
            "description": scope,
        },
        "time_zone": {
            "type": "string",
            "maxLength": 64,
            "description": "An IANA name, in which instants become dates.",
            "examples": ["Europe/Berlin"],
        },
        "as_of": day(
            "The date up to which the history counts, from 1970 to 2999. Default: the end of the date range, else \
             the date of the dataset's latest order.",
        ),
        "churn_days": whole(
            "A customer is lapsed after more days than this without an order. Default: a limit that fits the \
             customer's own rhythm, or the shop's.",
            1,
            3_650,
        ),
        "insights": flag("Whether the result has `insights`."),
    })
}

/// Parameters of MBA reports.
pub fn mba() -> Value {
    let scope = "What makes a basket: the products of an `order`, or of all of a `customer`'s orders.";
    let fields = json!({
        "min_support": {
            "type": "number",
            "exclusiveMinimum": 0,
            "maximum": 1,
            "description": "MBA: an itemset is in at least this share of the baskets. Give this or \
                `min_support_count`; with neither the report chooses the smallest threshold that gives at most a \
                million itemsets.",
        },
        "min_support_count": whole("MBA: an itemset is in at least so many baskets.", 1, MAX_BOUND),
        "min_confidence": {
            "type": "number", "minimum": 0, "maximum": 1, "description": "MBA: a rule's confidence is at least this.",
        },
        "min_lift": {
            "type": "number",
            "minimum": 0,
            "maximum": MAX_BOUND,
            "description": "MBA: a rule's lift is greater than this; 0 lets all pass.",
        },
        "max_q_value": {
            "type": "number",
            "minimum": 0,
            "maximum": 1,
            "description": "MBA: a rule's q-value (Fisher's exact test after Benjamini and Hochberg) is at most \
                this; 1 lets all pass.",
        },
        "include_redundant": flag("MBA: also list rules that are no better than a more general one."),
        "max_itemset_size": whole("MBA: the most products of an itemset; null is no bound.", 1, MAX_BOUND),
        "max_consequent_size": whole("MBA: the most consequents of a rule; null is no bound.", 1, MAX_BOUND),
        "max_rules": whole("MBA: so many rules are listed, the best by `sort_by`; null is 500000.", 1, MAX_BOUND),
        "sort_by": one_of_names("MBA: which rules are best.", SORTS.map(|(name, _)| name)),
        "scope": one_of_names(&format!("MBA: {scope}"), ["order", "customer"]),
    });
    with_defaults(fields, &MbaParams::default())
}

/// Parameters of RFM reports.
pub fn rfm() -> Value {
    let model = "RFM: how scores become segments. `rfm10`: R against the mean of F and M, ten segments. `rf10`: the \
                 same with F alone. `custom`: the boxes in `segments`.";
    let fields = json!({
        "bins": whole("RFM: how many scores each dimension has.", 2, 10),
        "segment_model": one_of_names(model, ["rfm10", "rf10", "custom"]),
        "thresholds": reference("Thresholds"),
        "compare_to": day(
            "RFM: the earlier date that migration between segments is measured from; before `as_of`. Default: 90 \
             days before.",
        ),
    });
    with_defaults(fields, &RfmParams::default())
}

/// The caller's own segments, of a request.
pub fn custom_segments() -> Value {
    json!({
        "type": "array",
        "items": reference("CustomSegment"),
        "maxItems": MAX_SEGMENTS,
        "description": "RFM: the boxes of `segment_model` `custom`; together they hold each cell of scores exactly once.",
    })
}

/// Cut-offs in place of quantiles; in requests and in results.
pub fn thresholds() -> Value {
    let cut_offs = |kind: &str, what: &str| {
        let description = format!("{what}; ascending, `bins` − 1 of them. Null leaves the dimension to quantiles.");
        let mut schema = nullable(list_of(json!({"type": kind}), &description));
        schema["maxItems"] = json!(9);
        schema
    };
    let fields = json!({
        "recency_days": cut_offs("integer", "The greatest recency, in days, of the scores `bins`, `bins` − 1 … 2"),
        "frequency": cut_offs("integer", "The least number of orders of the scores 2, 3 … `bins`"),
        "monetary": cut_offs("number", "The least spend of the scores 2, 3 … `bins`"),
    });
    asked("Explicit cut-offs between neighbouring scores.", fields, &[])
}

/// The parameters as a result states them: every one, with what was worked out filled in.
pub fn as_used() -> Value {
    let mut fields = common();
    fields["report_type"] = one_of_names("What kind of report.", ["MBA", "RFM"]);
    fields["template"] = nullable(text("The template that was asked for."));
    fields["filters"] = reference("FiltersUsed");
    fields["as_of"] = nullable(day("The date up to which the history counted; null where there is no order."));
    fields["churn_days"] = nullable(count("As it was asked for."));
    fields
}

pub fn whole(description: &str, least: u32, most: u32) -> Value {
    json!({"type": "integer", "minimum": least, "maximum": most, "description": description})
}

/// Adds the defaults that the code has; a null is no default but a value that is worked out.
fn with_defaults(mut fields: Value, defaults: &impl Serialize) -> Value {
    let defaults = serde_json::to_value(defaults).expect("parameters are plain fields");
    for (name, default) in defaults.as_object().into_iter().flatten().filter(|(_, default)| !default.is_null()) {
        if let Some(field) = fields.get_mut(name) {
            field["default"] = default.clone();
        }
    }
    fields
}

/// Where the threshold of an MBA report came from.
pub fn support_from() -> Value {
    one_of_names("Where `min_support_count` came from.", ["min_support", "min_support_count", "automatic"])
}

/// A number that is stated as it was asked for.
pub fn asked_share() -> Value {
    nullable(number("As it was asked for; null where it was not."))
}
