//! Texts about what is bought together.

use super::writer::{Candidate, Writer, number_of};
use crate::insight::Unit;
use serde_json::Value;

/// The set that earns the most.
pub fn bundle(writer: &mut Writer<'_>) -> Option<Candidate> {
    let at = writer.best("/bundles", &["products"], |bundle| number_of(bundle, "/revenue"))?;
    let products = writer.product(&format!("{at}/products"))?;
    let revenue = writer.money(format!("{at}/revenue"))?;
    let shared = writer.counted(&format!("{at}/support_count"), "basket")?;
    let title = format!("{products} earn the most together");
    let mut body = format!("They share {shared} and bring in {revenue} there.");
    body.push_str(&basket_values(writer, &at).unwrap_or_default());
    body.push_str(&prices(writer, &at).unwrap_or_default());
    let action = "Offer them as one bundle, and show each on the pages of the others.";
    let worth = writer.number(&format!("{at}/revenue"));
    Some(writer.about(worth, "top_bundle", &title, &body, action))
}

fn basket_values(writer: &mut Writer<'_>, at: &str) -> Option<String> {
    let values = format!("{at}/basket_values");
    let both = writer.money(format!("{values}/both/average"))?;
    let neither = writer.money(format!("{values}/neither/average"))?;
    let [antecedents, consequents] =
        ["antecedents", "consequents"].map(|side| writer.product(&format!("{at}/attach/{side}")));
    let sides = [("only_antecedents", antecedents?), ("only_consequents", consequents?)];
    let alone: Vec<String> = sides
        .into_iter()
        .filter_map(|(side, names)| {
            let average = writer.money(format!("{values}/{side}/average"))?;
            Some(format!("with {names} but not the rest {average}"))
        })
        .collect();
    let parts =
        [vec![format!("with all of them {both}")], alone, vec![format!("with neither side {neither}")]].concat();
    Some(format!(" A basket is worth, on average: {}.", parts.join("; ")))
}

fn prices(writer: &mut Writer<'_>, at: &str) -> Option<String> {
    let list_price = writer.money(format!("{at}/list_price"))?;
    let mut text = format!(" One of each costs {list_price} at median prices");
    let discount = format!("{at}/scenario/break_even_discount");
    if writer.number(&discount) > 0.0
        && let Some(discount) = writer.share(discount)
    {
        let antecedents = writer.product(&format!("{at}/attach/antecedents"))?;
        text.push_str(&format!(
            "; if every buyer of {antecedents} took the bundle, a discount of {discount} would leave the revenue from \
             these products as it is"
        ));
    }
    Some(format!("{text}."))
}

/// The listed rule that earns the most, of a set other than the bundle's.
pub fn strongest_rule(writer: &mut Writer<'_>) -> Option<Candidate> {
    let bundle = writer.best("/bundles", &["products"], |bundle| number_of(bundle, "/revenue"));
    let taken = bundle.and_then(|at| writer.report.pointer(&format!("{at}/products"))).map(names);
    let worth = |rule: &Value| {
        let is_taken = taken.as_ref().is_some_and(|taken| *taken == set_of(rule));
        if is_taken || number_of(rule, "/lift") <= 1.0 { 0.0 } else { number_of(rule, "/revenue") }
    };
    let at = writer.best("/association_rules", &["antecedents", "consequents"], worth)?;
    let antecedents = writer.product(&format!("{at}/antecedents"))?;
    let consequents = writer.product(&format!("{at}/consequents"))?;
    let lift = writer.fact(Unit::Factor, format!("{at}/lift"))?;
    let confidence = writer.share(format!("{at}/confidence"))?;
    let shared = writer.counted(&format!("{at}/support_count"), "basket")?;
    let usual = writer.share(format!("{at}/consequent_support"))?;
    let revenue = writer.money(format!("{at}/revenue"))?;
    let title = format!("{antecedents}: most likely to fit is {consequents}");
    let body = format!(
        "{confidence} of the baskets with {antecedents} also hold {consequents}, against {usual} of all baskets: \
         {lift} times as many. The link rests on {shared}; these products bring in {revenue} there."
    );
    let action = format!("Recommend {consequents} to everyone who puts {antecedents} into the basket.");
    let worth = writer.number(&format!("{at}/revenue"));
    Some(writer.about(worth, "strongest_rule", &title, &body, &action))
}

fn names(list: &Value) -> Vec<&str> {
    list.as_array().into_iter().flatten().filter_map(Value::as_str).collect()
}

/// The names of both sides of a rule as a set's row has them.
fn set_of(rule: &Value) -> Vec<&str> {
    let mut all = [names(&rule["antecedents"]), names(&rule["consequents"])].concat();
    all.sort_unstable();
    all
}

/// The bundle whose scenario is worth the most.
pub fn cross_sell(writer: &mut Writer<'_>) -> Option<Candidate> {
    let at = writer.best("/bundles", &["products"], |bundle| number_of(bundle, "/scenario/revenue"))?;
    let antecedents = writer.product(&format!("{at}/attach/antecedents"))?;
    let consequents = writer.product(&format!("{at}/attach/consequents"))?;
    let lacking = writer.fact(Unit::Count, format!("{at}/attach/baskets_without"))?;
    let confidence = writer.share(format!("{at}/attach/confidence"))?;
    let takers = writer.counted(&format!("{at}/scenario/baskets"), "basket")?;
    let verb = if writer.is_one(&format!("{at}/attach/baskets_without")) { "does" } else { "do" };
    let revenue = writer.money(format!("{at}/scenario/revenue"))?;
    let title = format!("Room to sell {consequents} with {antecedents}");
    let body = format!(
        "{confidence} of the baskets with {antecedents} already hold {consequents}; {lacking} {verb} not. As a scenario, \
         not a forecast: if a tenth of those, {takers}, added one of each at its median price, that would be {revenue}."
    );
    let action = format!("Test an offer of {consequents} in the cart of those who buy {antecedents}.");
    let worth = writer.number(&format!("{at}/scenario/revenue"));
    Some(writer.moving(worth, "cross_sell_scenario", &title, &body, &action))
}

/// The first anchor that is a product.
pub fn anchor(writer: &mut Writer<'_>) -> Option<Candidate> {
    let at = writer.best("/anchors", &["product"], |anchor| number_of(anchor, "/out_degree"))?;
    let product = writer.product(&format!("{at}/product"))?;
    let attached = writer.sellable(&format!("{at}/attached"))?;
    let degree = writer.counted(&format!("{at}/out_degree"), "other product")?;
    let confidence = writer.share(format!("{at}/mean_confidence"))?;
    let holding = writer.counted(&format!("{at}/support_count"), "basket")?;
    let title = format!("{product} is an anchor: it stands beside {degree}");
    let worth = match writer.money(format!("{at}/basket_revenue")) {
        Some(revenue) => format!(", worth {revenue} in all"),
        None => String::new(),
    };
    let body = format!(
        "It is in {holding}{worth}. Rules lead from it to {degree}; on average {confidence} of its baskets hold what \
         such a rule names. Most often: {attached}."
    );
    let action = "Keep it in stock and in sight, and build its page and campaigns around what goes with it.";
    let worth = writer.number(&format!("{at}/revenue"));
    Some(writer.about(worth, "anchor_product", &title, &body, action))
}

pub fn single_items(writer: &mut Writer<'_>) -> Option<Candidate> {
    let (count, single, multi) = (
        writer.number("/summary/single_item_baskets"),
        writer.number("/summary/average_single_item_basket_value"),
        writer.number("/summary/average_multi_item_basket_value"),
    );
    if count == 0.0 {
        return None;
    }
    let share = writer.share("/summary/single_item_share")?;
    let those = writer.counted("/summary/single_item_baskets", "basket")?;
    let worth = [("single", ", worth", " on average"), ("multi", "; baskets with more products are worth", "")].map(
        |(size, lead, end)| {
            let money = writer.money(format!("/summary/average_{size}_item_basket_value"));
            money.map_or(String::new(), |money| format!("{lead} {money}{end}"))
        },
    );
    let title = format!("{share} of baskets hold one product only");
    let body = format!("That is {those}{}.", worth.concat());
    let action = "Suggest a second product before checkout; the rules name the one most likely to fit.";
    Some(writer.about(count * (multi - single).max(0.0), "single_item_baskets", &title, &body, action))
}

pub fn substitutes(writer: &mut Writer<'_>) -> Option<Candidate> {
    let at = writer.best("/substitutes", &["products"], |pair| 1.0 - number_of(pair, "/p_value"))?;
    let first = writer.product(&format!("{at}/products/0"))?;
    let second = writer.product(&format!("{at}/products/1"))?;
    let shared = writer.counted(&format!("{at}/support_count"), "basket")?;
    let expected = writer.fact(Unit::Factor, format!("{at}/expected_count"))?;
    let title = format!("{first} and {second} are seldom bought together");
    let body = format!(
        "They share {shared} where chance alone would give {expected}. Buyers may choose between them, or be \
         different people."
    );
    let action =
        "Do not bundle them; show them side by side where a buyer compares, and one where the other is sold out.";
    Some(writer.moving(0.0, "substitutes", &title, &body, action))
}

/// The report has no rules: what it looked at instead, and where the reason stands.
pub fn nothing_found(writer: &mut Writer<'_>) -> Option<Candidate> {
    writer.report.pointer("/summary/reason")?.as_str()?;
    let orders = writer.counted("/data/orders", "order")?;
    let baskets = writer.counted("/summary/baskets", "basket")?;
    let itemsets = writer.counted("/summary/itemsets", "product set")?;
    let verb = if writer.is_one("/summary/itemsets") { "is" } else { "are" };
    let (title, body) = if writer.number("/summary/baskets") == 0.0 {
        ("No baskets to look at", format!("The report's dates and customers take {orders}, which make {baskets}."))
    } else {
        (
            "No rules within the bounds",
            format!("In {baskets}, {itemsets} {verb} frequent enough, and none makes a rule within the bounds."),
        )
    };
    let action = "Read the reason in the summary: it names what left nothing, and what would find more.";
    Some(writer.moving(f64::INFINITY, "no_rules", title, &body, action))
}
