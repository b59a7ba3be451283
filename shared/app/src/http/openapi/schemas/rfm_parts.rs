//! The rows of a customer segmentation: segments, scores, customers, and how loyal they are.

use super::Named;
use super::rfm_value::outlook;
use crate::http::openapi::schema::{
    count, day, flag, list_of, merged, money, nullable, number, object, object_but, page_of, reference, share, text,
};
use serde_json::{Value, json};

pub fn schemas() -> Named {
    let mut named = vec![
        ("Segment", segment()),
        ("Spread", spread()),
        ("Heatmap", heatmap()),
        ("ScoreRanges", score_ranges()),
        ("ScoreRange", score_range()),
        ("Cell", cell()),
        ("Customer", customer()),
        ("CustomerList", page_of("Customer", "Scored customers.")),
    ];
    named.extend(loyalty());
    named
}

fn loyalty() -> Named {
    vec![
        ("Concentration", concentration()),
        ("TopShare", top_share()),
        ("FunnelStep", funnel_step()),
        ("RepurchaseIntervals", repurchase()),
    ]
}

fn score() -> Value {
    json!({"type": "integer", "minimum": 1, "maximum": 10})
}

fn segment() -> Value {
    let fields = json!({
        "id": text("`champions`, `loyal_customers`, `potential_loyalists`, `new_customers`, `promising`, \
            `need_attention`, `about_to_sleep`, `at_risk`, `cant_lose_them`, `hibernating`, or the caller's own."),
        "label": text("What people read."),
        "description": text("Who is in it."),
        "customers": count("How many."),
        "share": nullable(share("Of the scored customers.")),
        "orders": count("Their qualifying orders."),
        "revenue": money("What they spent."),
        "revenue_share": nullable(number("Of the scored customers' revenue; null where that is not above zero.")),
        "recency_days": reference("Spread"),
        "frequency": reference("Spread"),
        "monetary": reference("Spread"),
        "aov": nullable(money("Revenue a qualifying order.")),
        "median_repurchase_days": nullable(number("Median of the days between their purchase days.")),
        "action": nullable(text("What to do; null for the caller's own segments.")),
        "kpi": nullable(text("What to watch; null for the caller's own segments.")),
    });
    object("A segment.", fields)
}

fn spread() -> Value {
    let fields =
        json!({"mean": nullable(number("Null where there is nobody.")), "median": nullable(number("As the mean."))});
    object("Mean and median.", fields)
}

fn heatmap() -> Value {
    let cells = |column: &str, description: &str| {
        let fields = json!({
            "r": score(), column: score(), "customers": count("How many."), "revenue": money("What they spent."),
        });
        list_of(object("A cell.", fields), description)
    };
    let fields = json!({
        "rf": cells("f", "Recency against frequency."),
        "rfm": cells("fm", "Recency against the mean of frequency and monetary value, rounded down."),
    });
    object("Customers and revenue on two grids.", fields)
}

fn score_ranges() -> Value {
    let ranges = |description: &str| list_of(reference("ScoreRange"), description);
    let fields = json!({
        "r": ranges("Days since the last order."), "f": ranges("Numbers of orders."), "m": ranges("Spend."),
    });
    object("What the values of each score are.", fields)
}

fn score_range() -> Value {
    let fields = json!({
        "score": score(),
        "min": nullable(number("Null where nobody has this score: equal values get equal scores.")),
        "max": nullable(number("As `min`.")),
        "count": count("Customers with this score."),
    });
    object("One score of one dimension.", fields)
}

fn cell() -> Value {
    let fields = json!({
        "r": score(), "f": score(), "m": score(), "segment": text("By its `id`."),
        "customers": count("How many."), "revenue": money("What they spent."),
    });
    object("A cell of the three scores.", fields)
}

fn customer() -> Value {
    let fields = json!({
        "customer_id": text("As it was pushed."),
        "segment": text("By its `id`."),
        "recency_days": count("From the last qualifying order to `as_of`."),
        "frequency": count("Qualifying orders."),
        "monetary": money("Net of all orders that count; may be negative."),
        "r": score(), "f": score(), "m": score(), "fm": score(),
        "first_order": day("Of the first qualifying order."),
        "last_order": day("Of the last one."),
        "aov": nullable(money("Spend a qualifying order.")),
        "lapsed": flag("Away for longer than the rule of `churn` allows."),
    });
    let alive = json!({
        "p_alive": nullable(share("Chance that the customer has not left; null for one-time buyers, of whom no model can tell.")),
    });
    let predicted =
        ["p_alive", "expected_orders_90d", "expected_orders_365d", "expected_value_90d", "expected_value_365d"];
    let description = "A scored customer. What is expected of the customer is left out where the report has no model.";
    object_but(description, merged([fields, alive, outlook()]), &predicted)
}

fn concentration() -> Value {
    let fields = json!({
        "gini": nullable(share("0: all spend the same; near 1: one spends everything.")),
        "top_20_percent": reference("TopShare"),
        "top": list_of(reference("TopShare"), "The top 1, 5, 10, 20 and 50 %."),
    });
    object("How much of the revenue the best customers bring.", fields)
}

fn top_share() -> Value {
    let fields = json!({
        "share_of_customers": share("The share."),
        "customers": count("How many that is, rounded up."),
        "revenue": money("What they spent."),
        "revenue_share": nullable(number("Of the revenue of all; above 1 where others' refunds exceed their spend.")),
    });
    object("The customers of highest spend.", fields)
}

fn funnel_step() -> Value {
    let fields = json!({
        "order": count("Number of the order, from 1."),
        "customers": count("Customers with at least this many."),
        "with_next_order": count("Those of them with one more."),
        "p_next_order": nullable(share("The one over the other.")),
    });
    object("One step of the repeat funnel.", fields)
}

fn repurchase() -> Value {
    let days = |what: &str| nullable(number(what));
    let repeat = json!({
        "repeat": count("1: from the first purchase day to the second."),
        "intervals": count("How many."),
        "median_days": days("Their median."),
    });
    let fields = json!({
        "intervals": count("How many."),
        "mean_days": days("Mean."),
        "p10_days": days("10th percentile."), "p25_days": days("25th percentile."), "median_days": days("Median."),
        "p75_days": days("75th percentile."), "p80_days": days("80th percentile."),
        "p90_days": days("90th percentile."), "p95_days": days("95th percentile."),
        "by_repeat": list_of(object("The days to one more purchase day.", repeat), "The first, the second … tenth."),
    });
    object("Days between a customer's consecutive purchase days; null where there are none.", fields)
}
