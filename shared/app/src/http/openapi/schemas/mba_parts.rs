//! The rows of a market basket analysis about products: rules, itemsets, bundles, anchors, substitutes.

use super::Named;
use crate::http::openapi::schema::{
    count, flag, instant, list_of, merged, money, nullable, number, object, page_of, reference, share, text, texts,
};
use serde_json::{Value, json};

pub fn schemas() -> Named {
    vec![
        ("Rule", rule()),
        ("RuleList", page_of("Rule", "Rules.")),
        ("Recommendations", recommendations()),
        ("Recommendation", recommendation()),
        ("Itemset", itemset()),
        ("ItemsetList", page_of("Itemset", "Itemsets.")),
        ("Bundle", bundle()),
        ("BundleAttach", attach()),
        ("BasketValues", basket_values()),
        ("BasketValue", basket_value()),
        ("BundleScenario", scenario()),
        ("Anchor", anchor()),
        ("Substitute", substitute()),
    ]
}

fn rule() -> Value {
    let counts = json!({
        "antecedents": texts("Who buys these …"),
        "consequents": texts("… also buys these."),
        "support": share("Share of the baskets with all of them."),
        "support_count": count("Baskets with all of them."),
        "antecedent_support": share("Share of the baskets with the antecedents."),
        "consequent_support": share("Share of the baskets with the consequents."),
        "antecedent_count": count("Baskets with the antecedents."),
        "consequent_count": count("Baskets with the consequents."),
        "redundant": flag("A more general rule does as well."),
        "revenue": money("What the rule's products come to in the baskets that hold them all."),
    });
    object("An association rule.", merged([counts, measures()]))
}

fn measures() -> Value {
    json!({
        "confidence": share("Support over the antecedents' support."),
        "confidence_low": share("Lower end of Wilson's 95 % interval of the confidence."),
        "confidence_high": share("Upper end."),
        "lift": number("Confidence over the consequents' support; 1 is independence."),
        "leverage": number("Support less what independence would give."),
        "conviction": nullable(number("(1 − consequents' support) / (1 − confidence); null is infinite or 0 / 0.")),
        "zhang": nullable(number("Zhang's metric, −1 to 1.")),
        "jaccard": share("Support over the share of baskets with either side."),
        "certainty": nullable(number("(Confidence − consequents' support) / (1 − consequents' support), at most 1.")),
        "kulczynski": share("Mean of the confidences in both directions."),
        "cosine": share("Support over the geometric mean of both sides' supports."),
        "imbalance_ratio": share("How unequal the two sides are in size."),
        "p_value": share("Fisher's exact test, one-sided."),
        "q_value": share("The p-value after Benjamini and Hochberg over the rules tested."),
    })
}

fn recommendations() -> Value {
    let fields = json!({
        "dataset_id": text("The dataset."),
        "report_id": text("The report whose rules these are: its newest completed MBA report."),
        "report_completed_at": nullable(instant("When it ended.")),
        "products": texts("As they were asked for."),
        "data": list_of(reference("Recommendation"), "The best first; at most `limit`."),
        "reason": nullable(text("Why there are none; null where there are some.")),
    });
    object("What goes with some products.", fields)
}

fn recommendation() -> Value {
    let fields = json!({
        "product": text("The consequent of the rule that speaks for it."),
        "antecedents": texts("The rule's antecedents, all of them among the products."),
        "confidence": share("Share of the baskets with the antecedents that hold the product too."),
        "lift": number("Confidence over the product's support; 1 is independence."),
        "support": share("Share of all baskets with all of them."),
        "support_count": count("Baskets with all of them."),
    });
    object("A product that goes with those that were asked for.", fields)
}

fn itemset() -> Value {
    let fields = json!({
        "products": texts("The set."),
        "size": count("How many products."),
        "support": share("Share of the baskets that hold the whole set."),
        "support_count": count("Baskets that hold the whole set."),
    });
    object("A frequent itemset.", fields)
}

fn bundle() -> Value {
    let prices = list_of(nullable(reference("Money")), "In the order of `products`; null where no price is known.");
    let fields = json!({
        "products": texts("The set."),
        "size": count("How many products."),
        "support": share("Share of the baskets that hold the whole set."),
        "support_count": count("Baskets that hold the whole set."),
        "lift": nullable(number(
            "How many times more often than if the products had nothing to do with each other; null where that is \
             more than a double holds.",
        )),
        "revenue": money("What the set's products come to in the baskets that hold them all."),
        "basket_revenue": money("What those baskets come to as a whole."),
        "average_basket_value_with": nullable(money("Revenue a basket with the whole set.")),
        "average_basket_value_without": nullable(money("Revenue of any other basket.")),
        "median_unit_prices": prices,
        "list_price": nullable(money("The median unit prices added up.")),
        "attach": reference("BundleAttach"),
        "basket_values": reference("BasketValues"),
        "scenario": reference("BundleScenario"),
    });
    object("A set of products that sell together.", fields)
}

fn attach() -> Value {
    let fields = json!({
        "antecedents": texts("Who buys these …"),
        "consequents": texts("… also buys these."),
        "confidence": share("How often: the attach rate."),
        "reverse_confidence": share("The same the other way round."),
        "antecedent_count": count("Baskets with the antecedents."),
        "consequent_count": count("Baskets with the consequents."),
        "baskets_without": count("Those of them that lack the consequents."),
    });
    object("The bundle's most confident rule.", fields)
}

fn basket_values() -> Value {
    let fields = json!({
        "both": reference("BasketValue"),
        "only_antecedents": reference("BasketValue"),
        "only_consequents": reference("BasketValue"),
        "neither": reference("BasketValue"),
    });
    object("All baskets in four parts: with both sides of `attach`, with one of them whole, with neither.", fields)
}

fn basket_value() -> Value {
    let fields = json!({
        "baskets": count("How many."),
        "average": nullable(money("What they come to each on average; null of none.")),
    });
    object("Some baskets and their worth.", fields)
}

fn scenario() -> Value {
    let fields = json!({
        "assumption": text("What is assumed."),
        "baskets": count("Baskets that would take the rest of the bundle."),
        "revenue": nullable(money("What that would come to; null without prices.")),
        "break_even_discount": nullable(number(
            "The discount on the list price at which these products would bring what they do now, if every basket \
             with the antecedents took the whole bundle.",
        )),
    });
    object("Arithmetic on what was sold, not a forecast.", fields)
}

fn anchor() -> Value {
    let fields = json!({
        "product": text("The product."),
        "support": share("Share of the baskets with it."),
        "support_count": count("Baskets with it."),
        "out_degree": count("To how many products a rule leads from this one alone."),
        "mean_confidence": share("Of those rules."),
        "mean_lift": number("Of those rules."),
        "attached": texts("The products they lead to, the most confident first, at most five."),
        "revenue": money("What the product itself comes to."),
        "basket_revenue": money("What the baskets that hold it come to."),
    });
    object("A product that others follow.", fields)
}

fn substitute() -> Value {
    let pair = |items: Value| json!({"type": "array", "items": items, "minItems": 2, "maxItems": 2});
    let fields = json!({
        "products": pair(json!({"type": "string"})),
        "counts": pair(json!({"type": "integer", "minimum": 0})),
        "support_count": count("Baskets with both."),
        "expected_count": number("Baskets with both if they had nothing to do with each other."),
        "lift": number("The one over the other; under 1."),
        "p_value": share("Fisher's exact test for fewer than expected."),
        "q_value": share("The p-value after Benjamini and Hochberg over the pairs compared."),
    });
    object("Two popular products that share fewer baskets than chance would give.", fields)
}
