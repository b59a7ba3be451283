//! What a reader should take from the report, in sentences that quote the finished report. Works out no
//! number of its own.

use crate::insight::{FactTable, Insight, Insights, Unit};
use serde_json::Value;

/// Up to six insights, the most money first; a report without customers has one that says so.
pub fn of(report: &Value) -> Insights {
    let mut writer = Writer { report, table: FactTable::new(report) };
    let write = [biggest_segment, revenue_at_risk, one_time_buyers, concentration, rhythm, biggest_move];
    let items: Vec<Insight> = write.iter().filter_map(|write| write(&mut writer)).collect();
    Insights::from_templates(if items.is_empty() { vec![nothing_to_say(&mut writer)] } else { items })
}

/// The finished report and what was quoted from it so far.
struct Writer<'r> {
    report: &'r Value,
    table: FactTable<'r>,
}

impl Writer<'_> {
    fn count(&mut self, pointer: &str) -> Option<String> {
        self.table.fact(Unit::Count, pointer)
    }

    fn share(&mut self, pointer: &str) -> Option<String> {
        self.table.fact(Unit::Share, pointer)
    }

    fn money(&mut self, pointer: &str) -> Option<String> {
        self.table.fact(Unit::Money, pointer)
    }

    /// `3,903 customers`, `1 customer`
    fn counted(&mut self, pointer: &str, unit: Unit, noun: &str) -> Option<String> {
        let number = self.table.fact(unit, pointer)?;
        let one = self.report.pointer(pointer)?.as_f64() == Some(1.0);
        Some(format!("{number} {noun}{}", if one { "" } else { "s" }))
    }

    fn customers(&mut self, pointer: &str) -> Option<String> {
        self.counted(pointer, Unit::Count, "customer")
    }

    fn days(&mut self, pointer: &str) -> Option<String> {
        self.counted(pointer, Unit::Factor, "day")
    }

    fn is_positive(&self, pointer: &str) -> Option<()> {
        self.report.pointer(pointer)?.as_f64().filter(|value| *value > 0.0).map(|_| ())
    }
}

/// Shares of revenue mislead where refunds leave a segment below zero: the others' add up to more than all.
fn biggest_segment(writer: &mut Writer<'_>) -> Option<Insight> {
    let segments = writer.report["segments"].as_array()?;
    if segments.iter().any(|segment| segment["revenue"].as_f64().is_some_and(|revenue| revenue < 0.0)) {
        return None;
    }
    let revenue = |at: &usize| segments[*at]["revenue"].as_f64().unwrap_or(f64::MIN);
    let best = (0..segments.len()).max_by(|a, b| revenue(a).total_cmp(&revenue(b)).then(b.cmp(a)))?;
    let at = |field: &str| format!("/segments/{best}/{field}");
    let label = writer.table.name(&at("label"))?;
    let title = format!("{label}: {} of revenue", writer.share(&at("revenue_share"))?);
    let body = format!(
        "{} in this segment ({} of those scored) spent {} of {}, a mean of {} each.",
        writer.customers(&at("customers"))?,
        writer.share(&at("share"))?,
        writer.money(&at("revenue"))?,
        writer.money("/summary/revenue")?,
        writer.money(&at("monetary/mean"))?,
    );
    let action = segments[best]["action"].as_str().unwrap_or("Find out what keeps this segment buying");
    Some(writer.table.insight("biggest_segment", &title, &body, &format!("{action}.")))
}

fn revenue_at_risk(writer: &mut Writer<'_>) -> Option<Insight> {
    writer.is_positive("/summary/at_risk/revenue_share")?;
    let title = format!(
        "{} of revenue comes from customers who are slipping away",
        writer.share("/summary/at_risk/revenue_share")?
    );
    let body = format!(
        "{} with good scores for orders and spend have not bought for long. They spent {} so far; \
         the median of the time since the last order is {}.",
        writer.customers("/summary/at_risk/customers")?,
        writer.money("/summary/at_risk/revenue")?,
        writer.days("/summary/at_risk/median_recency_days")?,
    );
    let action =
        "Win these back first, the highest spend before the rest, with a personal message and a reason to return.";
    Some(writer.table.insight("revenue_at_risk", &title, &body, action))
}

fn one_time_buyers(writer: &mut Writer<'_>) -> Option<Insight> {
    writer.is_positive("/summary/one_time_customers")?;
    let title = format!("{} of customers bought only once", writer.share("/summary/one_time_share")?);
    let first = format!(
        "Of {}, {} placed a single order so far.",
        writer.customers("/summary/customers_scored")?,
        writer.count("/summary/one_time_customers")?,
    );
    let later = writer.share("/repeat_funnel/1/p_next_order");
    let body = match later {
        Some(third) => format!("{first} Of those with a second order, {third} went on to a third."),
        None => first,
    };
    let action = "Put the effort into the second order: suggest what goes with the first one soon after it arrived.";
    Some(writer.table.insight("one_time_buyers", &title, &body, action))
}

fn concentration(writer: &mut Writer<'_>) -> Option<Insight> {
    let top = "/concentration/top_20_percent";
    let title = format!(
        "The top {} of customers bring {} of revenue",
        writer.share(&format!("{top}/share_of_customers"))?,
        writer.share(&format!("{top}/revenue_share"))?,
    );
    let body = format!(
        "{} spent {} in all. The Gini coefficient of spend is {}: none when all spend the same, one when a single \
         customer spends everything.",
        writer.customers(&format!("{top}/customers"))?,
        writer.money(&format!("{top}/revenue"))?,
        writer.table.fact(Unit::Factor, "/concentration/gini")?,
    );
    let action = "Look after these customers by name, and measure service and stock by what they buy.";
    Some(writer.table.insight("concentration", &title, &body, action))
}

fn rhythm(writer: &mut Writer<'_>) -> Option<Insight> {
    let title =
        format!("Half of all repeat purchases come within {}", writer.days("/repurchase_intervals/median_days")?);
    let body = format!(
        "Measured over {} between purchase days of the same customer. Nine in ten come within {}; \
         after that a return is seldom.",
        writer.counted("/repurchase_intervals/intervals", Unit::Count, "interval")?,
        writer.days("/repurchase_intervals/p90_days")?,
    );
    let action = "Send reminders before the usual interval ends, and start winning back well before the longer one.";
    Some(writer.table.insight("repurchase_rhythm", &title, &body, action))
}

fn biggest_move(writer: &mut Writer<'_>) -> Option<Insight> {
    let flows = writer.report.pointer("/migration/biggest_flows")?.as_array()?;
    let place = flows.iter().position(|flow| flow["from"] != "not_scored" && flow["to"] != "not_scored")?;
    let segments = writer.report["segments"].as_array()?;
    let label = |writer: &mut Writer<'_>, end: &str| {
        let at = segments.iter().position(|segment| segment["id"] == flows[place][end])?;
        writer.table.name(&format!("/segments/{at}/label"))
    };
    let (from, to) = (label(writer, "from")?, label(writer, "to")?);
    let at = |field: &str| format!("/migration/biggest_flows/{place}/{field}");
    let title = format!("The biggest move between segments: {from} to {to}");
    let body = format!(
        "{} made this move since the date compared with. They have spent {} so far.",
        writer.customers(&at("customers"))?,
        writer.money(&at("revenue"))?,
    );
    let action = "Compare what these customers bought and were sent with those who stayed.";
    Some(writer.table.insight("biggest_move", &title, &body, action))
}

fn nothing_to_say(writer: &mut Writer<'_>) -> Insight {
    refunds_prevail(writer).unwrap_or_else(|| nobody(writer))
}

/// There are customers, but no share of their revenue and no rhythm to tell.
fn refunds_prevail(writer: &mut Writer<'_>) -> Option<Insight> {
    writer.is_positive("/summary/customers_scored")?;
    let body = format!(
        "{} scored, with {} of revenue in all. Too little was kept of it to tell who brings which share.",
        writer.customers("/summary/customers_scored")?,
        writer.money("/summary/revenue")?,
    );
    let action = "Look into the refunds and the orders without a price first.";
    Some(writer.table.insight("refunds_prevail", "There is no revenue to share out", &body, action))
}

fn nobody(writer: &Writer<'_>) -> Insight {
    let body = "No customer with a purchase lies inside what was asked for; the warnings say why.";
    let action = "Send orders with a customer_id, or widen the date range or the customer scope.";
    writer.table.insight("no_customers", "There is nobody to score yet", body, action)
}
