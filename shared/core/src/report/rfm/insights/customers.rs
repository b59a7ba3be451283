//! Who brings the money, and who brings it no longer.

use super::{Candidate, Writer};
use crate::insight::Unit;

/// Below so many, the best customers are too few to speak of a share.
const MIN_TOP: f64 = 5.0;
/// Fewer orders without a customer are not worth a sentence.
const MIN_GUEST_SHARE: f64 = 0.05;

// Shares are of what known customers spent: a shop with guests has more revenue than that.

/// Shares of revenue mislead where refunds leave a segment below zero: the others' add up to more than all.
pub fn biggest_segment(writer: &mut Writer<'_>) -> Option<Candidate> {
    let segments = writer.report["segments"].as_array()?;
    if segments.iter().any(|segment| segment["revenue"].as_f64().is_some_and(|revenue| revenue < 0.0)) {
        return None;
    }
    let revenue = |at: &usize| segments[*at]["revenue"].as_f64().unwrap_or(f64::MIN);
    let best = (0..segments.len()).max_by(|a, b| revenue(a).total_cmp(&revenue(b)).then(b.cmp(a)))?;
    let at = |field: &str| format!("/segments/{best}/{field}");
    let label = writer.table.name(&at("label"))?;
    let title = format!("{label}: {} of customers' revenue", writer.share(&at("revenue_share"))?);
    let body = format!(
        "{} in this segment ({} of those scored) spent {} of {}, a mean of {} each.",
        writer.customers(&at("customers"))?,
        writer.share(&at("share"))?,
        writer.money(&at("revenue"))?,
        writer.money("/summary/revenue")?,
        writer.money(&at("monetary/mean"))?,
    );
    let action = segments[best]["action"].as_str().unwrap_or("Find out what keeps this segment buying");
    Some(writer.about(&at("revenue"), "biggest_segment", [&title, &body, &format!("{action}.")]))
}

pub fn concentration(writer: &mut Writer<'_>) -> Option<Candidate> {
    let top = |field: &str| format!("/concentration/top_20_percent/{field}");
    writer.is_at_least(&top("customers"), MIN_TOP)?;
    let title = format!(
        "The top {} of customers bring {} of all customers' revenue",
        writer.share(&top("share_of_customers"))?,
        writer.share(&top("revenue_share"))?,
    );
    let body = format!(
        "{} spent {} in all. The Gini coefficient of spend is {}: none when all spend the same, one when a single \
         customer spends everything.",
        writer.customers(&top("customers"))?,
        writer.money(&top("revenue"))?,
        writer.table.fact(Unit::Factor, "/concentration/gini")?,
    );
    let action = "Look after these customers by name, and measure service and stock by what they buy.";
    Some(writer.about(&top("revenue"), "concentration", [&title, &body, action]))
}

/// Money that no segment shows.
pub fn guests(writer: &mut Writer<'_>) -> Option<Candidate> {
    writer.is_at_least("/summary/guest_order_share", MIN_GUEST_SHARE)?;
    let revenue = "/data/exclusions/guest_revenue";
    writer.is_positive(revenue)?;
    let title = format!("{} of orders come without a customer", writer.share("/summary/guest_order_share")?);
    let body = format!(
        "{} of {} came to {} after refunds. No segment shows them, and nobody can thank, remind or win back these \
         buyers.",
        writer.count("/data/exclusions/guest_orders")?,
        writer.counted("/data/orders", Unit::Count, "order")?,
        writer.money(revenue)?,
    );
    let action = "Ask for an e-mail address at the checkout, and give a reason to leave it.";
    Some(writer.about(revenue, "guest_orders", [&title, &body, action]))
}

pub fn at_risk(writer: &mut Writer<'_>) -> Option<Candidate> {
    let revenue = "/summary/at_risk/revenue";
    writer.is_positive("/summary/at_risk/revenue_share")?;
    let title = format!(
        "{} of customers' revenue comes from those who are slipping away",
        writer.share("/summary/at_risk/revenue_share")?
    );
    let body = format!(
        "{} with good scores for orders and spend have not bought for long. They spent {} so far; \
         the median of the time since the last order is {}.",
        writer.customers("/summary/at_risk/customers")?,
        writer.money(revenue)?,
        writer.days("/summary/at_risk/median_recency_days")?,
    );
    let action =
        "Win these back first, the highest spend before the rest, with a personal message and a reason to return.";
    Some(writer.about(revenue, "revenue_at_risk", [&title, &body, action]))
}

/// By each customer's own rhythm, which scores know nothing of.
pub fn lapsed(writer: &mut Writer<'_>) -> Option<Candidate> {
    let revenue = "/summary/lapsed/revenue";
    writer.is_positive("/summary/lapsed/customers")?;
    writer.is_positive(revenue)?;
    let title = format!("{} stayed away for longer than usual", writer.customers("/summary/lapsed/customers")?);
    let body = format!(
        "That is {} of those scored; they have spent {} so far. How long is too long follows from each customer's own \
         rhythm, else from the shop's; the median limit is {}.",
        writer.share("/summary/lapsed/share")?,
        writer.money(revenue)?,
        writer.days("/churn/median_limit_days")?,
    );
    let action = "Send them a reason to return; the list of customers marks each of them as lapsed.";
    Some(writer.about(revenue, "lapsed_customers", [&title, &body, action]))
}

pub fn one_time_buyers(writer: &mut Writer<'_>) -> Option<Candidate> {
    let revenue = "/summary/one_time_revenue";
    writer.is_positive("/summary/one_time_customers")?;
    let title = format!("{} of customers bought only once", writer.share("/summary/one_time_share")?);
    let first = format!(
        "Of {}, {} placed a single order so far; these orders came to {} after refunds.",
        writer.customers("/summary/customers_scored")?,
        writer.count("/summary/one_time_customers")?,
        writer.money(revenue)?,
    );
    let later = writer.share("/repeat_funnel/1/p_next_order");
    let body = match later {
        Some(third) => format!("{first} Of those with a second order, {third} went on to a third."),
        None => first,
    };
    let action = "Put the effort into the second order: suggest what goes with the first one soon after it arrived.";
    Some(writer.about(revenue, "one_time_buyers", [&title, &body, action]))
}
