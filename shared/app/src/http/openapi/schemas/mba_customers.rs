//! What customers do next in a market basket analysis, and what changed since the report before.

use super::Named;
use crate::http::openapi::schema::{
    count, instant, list_of, merged, money, nullable, number, object, reference, share, text, texts,
};
use serde_json::{Value, json};

pub fn schemas() -> Named {
    vec![
        ("GatewayProducts", gateway()),
        ("GatewayProduct", gateway_product()),
        ("NextPurchases", next_purchases()),
        ("NextPurchase", next_purchase()),
        ("Drift", drift()),
        ("DriftBefore", before()),
        ("DriftRule", change()),
        ("DriftCounts", seen()),
    ]
}

fn gateway() -> Value {
    let fields = json!({
        "horizon_days": count("A second order counts within so many days, and every customer compared had them."),
        "customers": count("Customers whose first order ever is one of the report's, and who had the whole horizon."),
        "too_recent_customers": count("Customers left out because their first order is too recent."),
        "returned": count("Customers with a second order within the horizon."),
        "second_order_rate": nullable(share("Their share.")),
        "average_later_revenue": nullable(money(
            "What a customer's orders after the first come to within the horizon, refunds taken off.",
        )),
        "products_tested": count("Products tested: what `q_value` corrects for."),
        "products": list_of(
            reference("GatewayProduct"),
            "At most 20, those that gain the most returning customers over chance first.",
        ),
        "reason": nullable(text("Why no product is named; null where there are some.")),
    });
    object("Products in the first orders of customers who come back.", fields)
}

fn gateway_product() -> Value {
    let fields = json!({
        "product": text("The product."),
        "customers": count("Customers whose first order holds it."),
        "returned": count("Those of them with a second order within the horizon."),
        "second_order_rate": share("Their share."),
        "second_order_rate_low": share("Lower end of Wilson's 95 % interval of the rate."),
        "second_order_rate_high": share("Upper end."),
        "second_order_rate_others": nullable(share("The rate of customers who started without it; null of none.")),
        "median_days_to_second_order": nullable(number("Of those who came back.")),
        "average_later_revenue": nullable(money("What a customer who started with it spent afterwards.")),
        "average_later_revenue_others": nullable(money("What the others spent.")),
        "p_value": share("Fisher's exact test, one-sided."),
        "q_value": share("The p-value after Benjamini and Hochberg over the products tested."),
    });
    object("A product whose first buyers come back more often than others.", fields)
}

fn next_purchases() -> Value {
    let fields = json!({
        "steps": count("Pairs of consecutive orders of one customer, both of them the report's."),
        "customers": count("Customers with at least one such pair."),
        "median_days": nullable(number("Days from one order to the next.")),
        "pairs_tested": count("Pairs of products tested: what `q_value` corrects for."),
        "pairs": list_of(reference("NextPurchase"), "At most 50, those that gain the most over chance first."),
        "reason": nullable(text("Why no pair is named; null where there are some.")),
    });
    object("What customers buy in the order after the one with a given product.", fields)
}

fn next_purchase() -> Value {
    let fields = json!({
        "product": text("What an order held …"),
        "next_product": text("… and what the customer's next order added."),
        "times": count("Steps from an order with the one to an order that adds the other."),
        "customers": count("Different customers who took them."),
        "product_times": count("Steps from an order with the product."),
        "next_product_times": count("Steps to an order that adds the next product."),
        "rate": share("`times` over `product_times`."),
        "usual_rate": share("`next_product_times` over all steps."),
        "lift": number("The one over the other."),
        "median_days": nullable(number("Days from the one order to the other.")),
        "revenue": money("What the next product came to in those next orders."),
        "p_value": share("Fisher's exact test, one-sided."),
        "q_value": share("The p-value after Benjamini and Hochberg over the pairs tested."),
    });
    object("An ordered pair of products.", fields)
}

fn drift() -> Value {
    let rules = |description: &str| list_of(reference("DriftRule"), description);
    let counts = json!({
        "previous": reference("DriftBefore"),
        "in_both": count("Rules of both lists."),
        "tested": count("Rules whose difference was tested: what `q_value` corrects for."),
        "new": count("Rules of this list alone."),
        "gone": count("Rules of the earlier list alone."),
        "stronger": count("Rules of both lists whose confidence rose more than chance explains."),
        "weaker": count("Rules of both lists whose confidence fell more than chance explains."),
        "unchanged": count("Rules of both lists that are no different as far as can be told."),
    });
    let lists = json!({
        "new_rules": rules("At most 25 of them, those that earn the most first."),
        "gone_rules": rules("The same."),
        "stronger_rules": rules("The same."),
        "weaker_rules": rules("The same."),
        "note": nullable(text("What the comparison cannot say; null where there is no such thing.")),
    });
    object("A report held against an earlier one.", merged([counts, lists]))
}

fn before() -> Value {
    let day = || json!({"type": ["string", "null"], "format": "date", "description": "Null where it had no orders."});
    let fields = json!({
        "report_id": text("The earlier report."),
        "completed_at": instant("When it was completed."),
        "date_range": object("First and last date of its orders.", json!({"start": day(), "end": day()})),
        "baskets": count("Its baskets."),
        "rules_found": count("Its rules before `max_rules`."),
        "rules_listed": count("Its rules in the list."),
    });
    object("The report that this one is held against.", fields)
}

fn change() -> Value {
    let either = |description: &str| {
        let mut seen = nullable(reference("DriftCounts"));
        seen["description"] = json!(description);
        seen
    };
    let fields = json!({
        "antecedents": texts("Who buys these …"),
        "consequents": texts("… also buys these."),
        "before": either("Null where the rule is new."),
        "now": either("Null where fewer baskets hold its products now than the threshold asks for."),
        "difference": nullable(number("Confidence now less confidence before; null where one is not known.")),
        "p_value": nullable(share("The two-sided test of two proportions; null where there was too little to test.")),
        "q_value": nullable(share("The p-value after Benjamini and Hochberg over the rules tested.")),
    });
    object("A rule then and now.", fields)
}

fn seen() -> Value {
    let fields = json!({
        "support_count": count("Baskets with all of the rule's products."),
        "antecedent_count": count("Baskets with the antecedents."),
        "confidence": share("The one over the other."),
        "revenue": nullable(money("What the products come to there; null where the rule is not listed.")),
    });
    object("A rule's counts in one report.", fields)
}
