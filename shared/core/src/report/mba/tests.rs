//! Whole reports over small histories, and what every report must hold to.

mod bad_input;
mod changes;
pub mod random;

use crate::decimal::{Price, Quantity};
use crate::history::{History, HistoryBuilder, Line};
use crate::report::spec::ReportSpec;
use crate::report::{Budget, ReportOutput, RunEnd, run};
use crate::time::Instant;
use serde_json::{Value, json};

/// One order a text: `customer: product price*quantity, …`, a day apart. The order of `orders` gives the ids.
fn history(orders: &[(usize, &str)]) -> History {
    let mut builder = HistoryBuilder::default();
    for (at, order) in orders {
        let (customer, lines) = order.split_once(':').expect("customer: lines");
        let customer = Some(customer).filter(|c| !c.is_empty()).map(|c| builder.customer_code(c));
        let lines: Vec<Line> = lines.split(',').map(|line| line_of(&mut builder, line.trim())).collect();
        builder.order(&format!("o{at}"), customer, Instant(*at as i64 * 86_400_000_000), lines);
    }
    builder.build()
}

fn line_of(builder: &mut HistoryBuilder, line: &str) -> Line {
    let (product, money) = line.split_once(' ').unwrap_or((line, "1*1"));
    let (price, quantity) = money.split_once('*').expect("price*quantity");
    let quantity = Quantity::parse(quantity).expect("a quantity");
    let amount = Price::parse(price).ok().map(|price| price.times(quantity));
    Line { product: builder.product_code(product), quantity, amount }
}

fn report(history: &History, params: Value) -> Result<ReportOutput, RunEnd> {
    report_on(history, json!({"report_type": "MBA", "params": params}), false)
}

fn report_on(history: &History, body: Value, stopped: bool) -> Result<ReportOutput, RunEnd> {
    within(history, body, None, stopped)
}

fn within(history: &History, body: Value, memory_bytes: Option<u64>, stopped: bool) -> Result<ReportOutput, RunEnd> {
    let spec = ReportSpec::parse(body.to_string().as_bytes()).expect("a valid body");
    run(history, &spec, &Budget { threads: 1, memory_bytes, stop: &|| stopped, progress: &|_, _| {} })
}

fn result(output: &ReportOutput) -> Value {
    serde_json::from_str(output.result.get()).expect("JSON")
}

/// Twelve baskets: bread and butter go together, tea with neither.
const BREAKFAST: [&str; 12] = [
    "ann: bread 2.5*1, butter 1.1*2",
    "ann: bread 2.5*1, butter 1.1*1",
    "bob: bread 2.5*1, butter 1.2*1",
    "bob: bread 2.7*1, butter 1.1*1",
    "cat: bread 2.5*2, butter 1.1*1",
    "cat: bread 2.5*1, butter 1.1*1, tea 4*1",
    "dan: tea 4*1",
    "dan: tea 4*1",
    "eve: tea 4*1",
    "eve: tea 4*2",
    ": jam 3*1",
    ": jam 3*1, tea 4*1",
];

fn breakfast() -> History {
    history(&BREAKFAST.into_iter().enumerate().collect::<Vec<_>>())
}

#[test]
fn a_rule_states_its_counts_and_its_money() {
    let output = report(&breakfast(), json!({})).expect("a report");
    let result = result(&output);
    assert_eq!(result["parameters"]["min_support_count"], 5);
    assert_eq!(result["parameters"]["support_from"], "automatic");
    let rule = &result["association_rules"][0];
    assert_eq!((&rule["antecedents"], &rule["consequents"]), (&json!(["bread"]), &json!(["butter"])));
    let counts = ["support_count", "antecedent_count", "consequent_count"].map(|key| rule[key].as_u64());
    assert_eq!(counts, [Some(6), Some(6), Some(6)]);
    assert_eq!((&rule["lift"], &rule["conviction"]), (&json!(2.0), &Value::Null));
    assert_eq!(rule["revenue"], json!(25.5));
    let bundle = &result["bundles"][0];
    let money = ["revenue", "basket_revenue", "average_basket_value_with", "list_price"].map(|key| bundle[key].clone());
    assert_eq!(money, [json!(25.5), json!(29.5), json!(4.9167), json!(3.6)]);
    assert_eq!((&result["anchors"][0]["product"], &result["anchors"][0]["out_degree"]), (&json!("bread"), &json!(1)));
    let summary = &result["summary"];
    assert_eq!((&summary["single_item_baskets"], &summary["revenue"]), (&json!(5), &json!(59.5)));
    assert_eq!((&summary["rules_found"], &summary["reason"]), (&json!(2), &Value::Null));
    assert_eq!(
        output.parts.iter().map(|part| (part.name, part.rows)).collect::<Vec<_>>(),
        [("rules", 2), ("itemsets", 4)]
    );
    assert_eq!(result["itemsets"][0]["products"], json!(["bread", "butter"]));
}

/// Every number of every text stands in the report where its fact says, and every other word is ours or a product's.
#[track_caller]
fn check_insights(result: &Value) {
    let items = result["insights"]["items"].as_array().expect("insights");
    assert!(items.len() <= 6, "{items:?}");
    for item in items {
        let mut text = ["title", "body", "action"].map(|key| item[key].as_str().expect("text")).join(" ");
        for part in ["title", "body", "action"] {
            let starts = item[part].as_str().expect("text").starts_with(['=', '+', '-', '@', '\t', '<']);
            assert!(!starts, "a formula: {item}");
        }
        assert!(!text.contains(['<', '>', '\n']), "{text}");
        while let Some((before, (_, after))) =
            text.split_once('“').and_then(|(b, rest)| Some((b, rest.split_once('”')?)))
        {
            text = [before, after].join("P");
        }
        assert!(!text.contains("{{"), "{text}");
        let mut displays: Vec<&str> = Vec::new();
        for fact in item["facts"].as_array().expect("facts") {
            let pointer = fact["pointer"].as_str().expect("a pointer");
            assert_eq!(result.pointer(pointer), Some(&fact["value"]), "{pointer}");
            assert!(text.contains(fact["display"].as_str().expect("a display")), "{text}: {fact}");
            displays.push(fact["display"].as_str().expect("a display"));
        }
        displays.sort_by_key(|display| std::cmp::Reverse(display.len()));
        displays.iter().for_each(|display| text = text.replace(display, ""));
        assert!(!text.chars().any(char::is_numeric), "a number without a fact: {text}");
    }
}

#[test]
fn every_number_of_an_insight_stands_where_its_fact_says() {
    let result = result(&report(&breakfast(), json!({})).expect("a report"));
    check_insights(&result);
    let items = result["insights"]["items"].as_array().expect("insights");
    assert!((3..=6).contains(&items.len()), "{items:?}");
    let bundle = items.iter().find(|item| item["kind"] == "top_bundle").expect("a bundle");
    assert_eq!(bundle["title"], "“bread” and “butter” earn the most together");
    assert_eq!(
        bundle["body"],
        "They share 6 baskets and bring in 25.50 there. A basket is worth, on average: with all of them 4.92; with \
         neither side 5.00. One of each costs 3.60 at median prices."
    );
    let silent = report(&breakfast(), json!({"insights": false})).expect("a report");
    assert_eq!(self::result(&silent)["insights"], Value::Null);
}

#[test]
fn charges_are_no_advice() {
    let orders = [&["ann: POSTAGE 9*1, a, b"; 20][..], &["bob: c"; 20], &["cat: POSTAGE 9*1"; 4]].concat();
    let history = history(&orders.into_iter().enumerate().collect::<Vec<_>>());
    let result = result(&report(&history, json!({})).expect("a report"));
    assert!(result["bundles"].to_string().contains("POSTAGE") || result["anchors"].to_string().contains("POSTAGE"));
    // The set that earns the most has postage in it, and yet stands behind the one that can be sold.
    assert_eq!(result["bundles"][0]["products"], json!(["a", "b"]), "{}", result["bundles"]);
    assert_ne!(result["anchors"][0]["product"], "POSTAGE");
    let warnings = result["warnings"].to_string();
    assert!(warnings.contains("charges, not products: “POSTAGE”. They"), "{warnings}");
    let insights = result["insights"].to_string();
    assert!(insights.contains("“a”") && !insights.contains("POSTAGE"), "{insights}");
    check_insights(&result);
}

#[test]
fn baskets_are_valued_by_the_sides_that_they_hold() {
    let orders = [
        [&["ann: bread 2*1, butter 1*1"; 6][..], &["bob: bread 2*3"; 2], &["cat: butter 1*4, tea 7*1"; 1]].concat(),
        vec![": tea 5*1", ": tea 6*1", ": jam 7*1", ": jam 8*1", ": jam 9*1"],
    ]
    .concat();
    let history = history(&orders.into_iter().enumerate().collect::<Vec<_>>());
    let result = result(&report(&history, json!({"max_q_value": 1})).expect("a report"));
    let bundle = &result["bundles"][0];
    // Of 7 buyers of butter 6 take bread, of 8 buyers of bread 6 take butter: butter leads.
    let (attach, values) = (&bundle["attach"], &bundle["basket_values"]);
    assert_eq!((&attach["antecedents"], &attach["antecedent_count"]), (&json!(["butter"]), &json!(7)));
    assert_eq!((attach["reverse_confidence"].as_f64(), &attach["consequent_count"]), (Some(0.75), &json!(8)));
    assert_eq!(values["both"], json!({"baskets": 6, "average": 3}));
    assert_eq!(values["only_antecedents"], json!({"baskets": 1, "average": 11}));
    assert_eq!(values["only_consequents"], json!({"baskets": 2, "average": 6}));
    assert_eq!(values["neither"], json!({"baskets": 5, "average": 7}));
    let summary = &result["summary"];
    assert_eq!((&summary["covered_baskets"], &summary["products_in_rules"]), (&json!(9), &json!(2)));
    assert_eq!((summary["coverage"].as_f64(), &summary["products"]), (Some(9.0 / 14.0), &json!(4)));
}

#[test]
fn the_order_of_storage_does_not_matter() {
    let shuffled: Vec<(usize, &str)> = BREAKFAST.into_iter().enumerate().rev().collect();
    let [one, other] =
        [breakfast(), history(&shuffled)].map(|h| report(&h, json!({"min_support_count": 1})).expect("a report"));
    assert_eq!(one.result.get(), other.result.get());
    assert_eq!(one.parts[1].ndjson, other.parts[1].ndjson);
}

#[track_caller]
fn check_reason(orders: &[&str], body: Value, expected: &str) {
    let history = history(&orders.iter().copied().enumerate().collect::<Vec<_>>());
    let output = report_on(&history, body, false).expect("a report");
    let result = result(&output);
    assert_eq!(result["summary"]["reason"], expected);
    assert_eq!(result["warnings"][0], expected);
    assert_eq!(result["association_rules"], json!([]));
}

#[test]
fn a_report_without_rules_says_why() {
    let mba = |params: Value| json!({"report_type": "MBA", "params": params});
    check_reason(&[], mba(json!({})), "No baskets: the dataset has no orders.");
    check_reason(&["ann: a 1*-1"], mba(json!({})), "No baskets: no order has a product with positive quantity.");
    check_reason(
        &["ann: a"],
        json!({"report_type": "MBA", "filters": {"dateRange": {"start": "2001-01-01", "end": "2001-12-31"}}}),
        "No baskets: no order lies in the date range; 1 orders in scope lie outside it.",
    );
    check_reason(
        &["ann: a"],
        mba(json!({"customer_scope": "repeat"})),
        "No baskets: none of the 1 orders is in customer_scope repeat; all would take them.",
    );
    check_reason(
        &[": a"],
        mba(json!({"scope": "customer"})),
        "No baskets: all orders are guest orders, and scope customer needs customers. Ask for scope order.",
    );
    check_reason(
        &["ann: a", "ann: b"],
        json!({"report_type": "MBA", "filters": {"min_basket_size": 2}}),
        "No baskets: 2 have fewer products than min_basket_size, 0 more than max_basket_size.",
    );
    check_reason(&["ann: a", "bob: b"], mba(json!({})), "No rules: no two products share a basket.");
    check_reason(
        &["ann: a, b", "bob: b, a"],
        mba(json!({})),
        "No rules: no two products share at least 5 baskets. The most any two share is 2: min_support_count 2 or less \
         would find them.",
    );
    check_reason(
        &["ann: a, b"],
        mba(json!({"max_itemset_size": 1})),
        "No rules: max_itemset_size is 1, and a rule needs two products. Ask for 2 or more.",
    );
}

#[test]
fn the_bound_that_emptied_the_list_is_named() {
    let check = |params: Value, expected: &str| {
        let body = json!({"report_type": "MBA", "params": params});
        check_reason(&["ann: a, b", "ann: a, b", "ann: a", "ann: a", "bob: b", "bob: c"], body, expected);
    };
    check(
        json!({"min_support_count": 1, "min_confidence": 0.8, "min_lift": 0, "max_q_value": 1}),
        "No rules: min_confidence 0.8 leaves none; the greatest confidence is 0.6666. min_confidence 0 with include_redundant true would give 2.",
    );
    check(
        json!({"min_support_count": 1, "max_q_value": 1}),
        "No rules: min_lift 1 leaves none; the greatest lift is 1.0000. min_lift 0 with include_redundant true would give 2.",
    );
    check(
        json!({"min_support_count": 1, "min_confidence": 0.8}),
        "No rules: min_confidence 0.8 leaves none; the greatest confidence is 0.6666. min_confidence 0 with min_lift 0, \
         max_q_value 1 and include_redundant true would give 2.",
    );
    check(
        json!({"min_support_count": 1, "min_lift": 0, "include_redundant": true}),
        "No rules: max_q_value 0.05 leaves none; the least q_value is 0.8000. max_q_value 1 would give 2.",
    );
}

#[test]
fn one_order_and_identical_orders_make_finite_numbers() {
    for orders in [&["ann: a, b"][..], &["ann: a ?*1, b ?*1"; 9]] {
        let history = history(&orders.iter().copied().enumerate().collect::<Vec<_>>());
        let params = json!({"min_support_count": 1, "min_lift": 0, "max_q_value": 1, "include_redundant": true});
        let result = result(&report(&history, params).expect("a report"));
        assert_eq!(result["association_rules"].as_array().map(Vec::len), Some(2), "{result}");
        assert_eq!(result["association_rules"][0]["conviction"], Value::Null);
    }
}

/// Everything that can be switched off; the threshold is left to the report.
fn everything() -> Value {
    json!({"max_itemset_size": null, "max_consequent_size": null, "min_lift": 0, "max_q_value": 1,
        "include_redundant": true, "max_rules": null})
}

/// `wide` baskets of the same sixteen products, which split into forty million rules, and ten of two others.
fn wide_and_narrow(wide: usize, narrow: usize) -> Value {
    let names: Vec<String> = (0..16).map(|at| format!("p{at}")).collect();
    let broad = format!("ann: {}", names.join(", "));
    let orders = (0..wide).map(|_| broad.as_str()).chain((0..narrow).map(|_| "bob: a, b"));
    let history = history(&orders.enumerate().collect::<Vec<_>>());
    result(&report(&history, everything()).expect("a report"))
}

#[test]
fn a_threshold_left_to_the_report_is_one_that_it_can_work_out() {
    let report = wide_and_narrow(6, 10);
    assert_eq!(report["parameters"]["min_support_count"], 7);
    assert_eq!(report["parameters"]["max_rules"], 500_000);
    assert_eq!(report["summary"]["rules_found"], 2);
    let warnings = report["warnings"].to_string();
    assert!(warnings.contains("more than 20000000 possible rules; it is 7 baskets"), "{warnings}");
    assert!(warnings.contains("max_rules is 500000"), "{warnings}");
    let nothing = wide_and_narrow(6, 0);
    let reason = nothing["summary"]["reason"].as_str().expect("a reason");
    assert!(reason.contains("gives more than 20000000 possible rules. Ask for a smaller max_itemset_size"), "{reason}");
}

#[test]
fn too_much_to_work_out_ends_with_advice() {
    let names: Vec<String> = (0..40).map(|at| format!("p{at}")).collect();
    let wide = |width: usize| format!("ann: {}", names[..width].join(", "));
    let check = |width: usize, code: &str, advice: &str| {
        let history = history(&[(0, &wide(width)), (1, &wide(width))]);
        let params = json!({"min_support_count": 2, "max_itemset_size": null, "max_consequent_size": null});
        match report(&history, params) {
            Err(RunEnd::Failed(failure)) => {
                assert_eq!(failure.code, code);
                assert!(failure.message.contains(advice), "{failure}");
            }
            other => panic!("{other:?}"),
        }
    };
    check(40, "too_many_itemsets", "smaller max_itemset_size");
    check(16, "too_many_rules", "smaller max_itemset_size or max_consequent_size");
    assert!(matches!(report_on(&breakfast(), json!({"report_type": "MBA"}), true), Err(RunEnd::Stopped { .. })));
}

#[test]
fn memory_bounds_the_product_sets() {
    let names: Vec<String> = (0..12).map(|at| format!("p{at}")).collect();
    let (wide, pair) = (format!("ann: {}", names.join(", ")), "bob: p0, p1");
    // 4,095 sets in 2 baskets, 3 of them in 8.
    let orders: Vec<(usize, &str)> = [[&*wide; 2].as_slice(), &[pair; 6]].concat().into_iter().enumerate().collect();
    let history = history(&orders);
    let megabytes = |megabytes: u64| Some(megabytes << 20);
    let everything = |support: u32| json!({"report_type": "MBA", "params": {"min_support_count": support, "max_itemset_size": null}});
    assert!(within(&history, everything(2), megabytes(1_000), false).is_ok());
    match within(&history, everything(2), megabytes(1), false) {
        Err(RunEnd::Failed(failure)) => {
            assert_eq!(failure.code, "too_many_itemsets");
            assert!(failure.message.contains("Ask for min_support_count 3 (min_support 0.375) or more"), "{failure}");
        }
        other => panic!("{other:?}"),
    }
    assert!(within(&history, everything(3), megabytes(1), false).is_ok());
}
