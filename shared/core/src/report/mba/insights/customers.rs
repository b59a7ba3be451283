//! Texts about what customers do next, and about what changed.

use super::writer::{Candidate, Writer, number_of};
use crate::insight::Unit;
use serde_json::Value;

/// The gateway product that most newcomers start with.
pub fn gateway(writer: &mut Writer<'_>) -> Option<Candidate> {
    let worth = |product: &Value| number_of(product, "/customers");
    let at = writer.best("/gateway_products/products", &["product"], worth)?;
    let product = writer.product(&format!("{at}/product"))?;
    let customers = writer.counted(&format!("{at}/customers"), "customer")?;
    let rate = writer.share(format!("{at}/second_order_rate"))?;
    let others = writer.share(format!("{at}/second_order_rate_others"))?;
    let days = writer.days("/gateway_products/horizon_days")?;
    let title = format!("Customers who start with {product} come back more often");
    let mut body = format!(
        "Of {customers} whose first order held it, {rate} ordered again within {days}; of those who started without \
         it, {others}."
    );
    let [later, later_others] = ["", "_others"].map(|of| writer.money(format!("{at}/average_later_revenue{of}")));
    if let (Some(later), Some(later_others)) = (later, later_others) {
        body.push_str(&format!(
            " In that time, each spent {later} on average after the first order, the others {later_others}."
        ));
    }
    let action = format!(
        "Put {product} before new customers, in the welcome offer and in campaigns, and measure whether more of them \
         come back."
    );
    let spent = writer.number(&format!("{at}/customers")) * writer.number(&format!("{at}/average_later_revenue"));
    Some(writer.about(spent.max(0.0), "gateway_product", &title, &body, &action))
}

/// The pair whose second product earns the most in the next orders.
pub fn next_purchase(writer: &mut Writer<'_>) -> Option<Candidate> {
    let fields = ["product", "next_product"];
    let at = writer.best("/next_purchases/pairs", &fields, |pair| number_of(pair, "/revenue"))?;
    let [product, next] = fields.map(|field| writer.product(&format!("{at}/{field}")));
    let (product, next) = (product?, next?);
    let rate = writer.share(format!("{at}/rate"))?;
    let usual = writer.share(format!("{at}/usual_rate"))?;
    let orders = writer.counted(&format!("{at}/product_times"), "order")?;
    let customers = writer.counted(&format!("{at}/customers"), "customer")?;
    let days = writer.days(&format!("{at}/median_days"))?;
    let revenue = writer.money(format!("{at}/revenue"))?;
    let title = format!("After {product}, the next order often brings {next}");
    let body = format!(
        "Of {orders} with the first and an order after it, {rate} were followed by one that adds the second, against \
         {usual} of all; half of them within {days}. {customers} did so, and it came to {revenue} in those orders."
    );
    let action = format!("Write to those who bought {product} before that time is over, and offer them {next}.");
    let worth = writer.number(&format!("{at}/revenue"));
    Some(writer.about(worth, "next_purchase", &title, &body, &action))
}

pub fn weaker_rules(writer: &mut Writer<'_>) -> Option<Candidate> {
    let action = "Find out what changed: stock, price, or where the one is shown beside the other.";
    changed(writer, ("weaker", "fell", "weakened"), action)
}

pub fn stronger_rules(writer: &mut Writer<'_>) -> Option<Candidate> {
    let action = "Give the link more room while it grows: on the product page, in the cart, in a bundle.";
    changed(writer, ("stronger", "rose", "strengthened"), action)
}

/// How many links moved since the report before, and the one among them that earns the most.
fn changed(writer: &mut Writer<'_>, (kind, moved, done): (&str, &str, &str), action: &str) -> Option<Candidate> {
    let sides = ["antecedents", "consequents"];
    let list = format!("/drift/{kind}_rules");
    let revenue = |rule: &Value| number_of(rule, "/now/revenue").max(number_of(rule, "/before/revenue"));
    let at = writer.best(&list, &sides, revenue)?;
    let [antecedents, consequents] = sides.map(|side| writer.product(&format!("{at}/{side}")));
    let (antecedents, consequents) = (antecedents?, consequents?);
    let rules = writer.counted(&format!("/drift/{kind}"), "link")?;
    let before = writer.share(format!("{at}/before/confidence"))?;
    let now = writer.share(format!("{at}/now/confidence"))?;
    let in_both = writer.fact(Unit::Count, "/drift/in_both")?;
    let title = format!("{rules} between products {done} since the last report");
    let mut body = format!(
        "Of {in_both} in both reports. First by revenue: the share of baskets with {antecedents} that also hold \
         {consequents} {moved} from {before} to {now}."
    );
    if let Some(revenue) = writer.money(format!("{at}/now/revenue")) {
        body.push_str(&format!(" These products bring in {revenue} together."));
    }
    let worth = writer.number(&format!("{at}/now/revenue")).max(writer.number(&format!("{at}/before/revenue")));
    Some(writer.about(worth, &format!("{kind}_rules"), &title, &body, action))
}
