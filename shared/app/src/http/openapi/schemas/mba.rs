//! The result of a market basket analysis (`affinsy_core::report::mba`).

use super::common::warnings;
use super::report::{data, order_exclusions};
use super::{Named, parameters};
use crate::http::openapi::schema::{
    count, list_of, merged, money, nullable, number, object, object_but, reference, share, text,
};
use serde_json::{Value, json};

pub fn schemas() -> Named {
    vec![
        ("MbaResult", result()),
        ("MbaParameters", used()),
        ("MbaData", data("Orders in scope and in the date range, up to `as_of`.", exclusions())),
        ("MbaSummary", summary()),
    ]
}

fn result() -> Value {
    let first_page = "The first page, at most 1,000 of them; all are under `links`.";
    let mut churn = nullable(reference("ChurnRules"));
    churn["description"] = json!("Null where the customer scope does not ask.");
    let mut drift = nullable(reference("Drift"));
    drift["description"] = json!(
        "What changed since the newest completed report of this dataset with the same parameters and filters, over the \
         same dates or dates before them; null where there is none."
    );
    let mut insights = nullable(reference("Insights"));
    insights["description"] = json!("Null where they were not wanted.");
    let fields = json!({
        "parameters": reference("MbaParameters"),
        "data": reference("MbaData"),
        "summary": reference("MbaSummary"),
        "association_rules": list_of(reference("Rule"), first_page),
        "itemsets": list_of(reference("Itemset"), first_page),
        "bundles": list_of(reference("Bundle"), "Sets that rules hold together, those that earn the most first."),
        "anchors": list_of(reference("Anchor"), "Products that bring others along, the strongest first."),
        "gateway_products": reference("GatewayProducts"),
        "substitutes": list_of(reference("Substitute"), "Pairs that are seldom bought together."),
        "next_purchases": reference("NextPurchases"),
        "drift": drift,
        "churn": churn,
        "insights": insights,
        "warnings": warnings(),
    });
    object("What a market basket analysis found.", fields)
}

fn used() -> Value {
    let mut own = parameters::mba();
    for bound in ["max_itemset_size", "max_consequent_size", "max_rules"] {
        own[bound] = nullable(own[bound].clone());
    }
    own["min_support"] = parameters::asked_share();
    own["min_support_count"] = count("The threshold that was used.");
    own["support_from"] = parameters::support_from();
    let segmentation = ["bins", "segment_model", "segments", "thresholds"];
    let fields = merged([parameters::as_used(), own, super::rfm::segmentation_used()]);
    object_but("The parameters as they were used; those of RFM only of one segment.", fields, &segmentation)
}

fn exclusions() -> Value {
    let own = json!({
        "refund_only_orders": count("Orders without one product of positive quantity (scope `order`)."),
        "refund_only_customers": count("Customers without one product of positive net quantity (scope `customer`)."),
        "guest_orders_without_basket": count("Orders without a customer (scope `customer`)."),
        "baskets_below_min_size": count("Baskets with too few products."),
        "baskets_above_max_size": count("Baskets with too many products."),
        "unknown_filter_products": count("Products of the filters that no order has."),
    });
    object("What did not count, or counted only in part.", merged([order_exclusions(), own]))
}

fn summary() -> Value {
    let fields = json!({
        "baskets": count("N, of which supports are shares."),
        "itemsets": count("Frequent itemsets."),
        "itemsets_by_size": {
            "type": "object",
            "additionalProperties": {"type": "integer", "minimum": 0},
            "description": "How many of each size.",
        },
        "rules_found": count("Rules that pass every bound, before `max_rules`."),
        "rules_listed": count("Rules in the report's list."),
        "rules_tested": count("Rules whose significance was tested: what `q_value` corrects for."),
        "covered_baskets": count("Baskets that hold all antecedents of a listed rule."),
        "coverage": nullable(share("Their share of the baskets.")),
        "products": count("Products in the baskets."),
        "products_in_rules": count("Products that a listed rule names."),
        "average_basket_size": nullable(number("Products a basket.")),
        "single_item_baskets": count("Baskets of one product."),
        "single_item_share": nullable(share("Their share of the baskets.")),
        "revenue": money("What the orders of all baskets come to."),
        "aov": nullable(money("Revenue an order.")),
        "average_basket_value": nullable(money("Revenue a basket.")),
        "average_single_item_basket_value": nullable(money("Revenue a basket of one product.")),
        "average_multi_item_basket_value": nullable(money("Revenue a basket of several products.")),
        "reason": nullable(text("Why there are no rules, and what would give some; null where there are rules.")),
    });
    object("The analysis in a few numbers; null where there is nothing to take a mean of.", fields)
}
