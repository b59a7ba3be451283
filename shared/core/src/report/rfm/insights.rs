//! What a reader should take from the report, in sentences that quote the finished report. Works out no
//! number of its own.

mod customers;
mod outlook;

use crate::insight::{FactTable, Insight, Insights, Unit};
use serde_json::Value;

/// An insight and the pointer to the money it is about; one without money comes after all with.
struct Candidate {
    insight: Insight,
    money: Option<String>,
}

/// The insights about the most money first; a report without customers has one that says so.
pub fn of(report: &Value) -> Insights {
    let mut writer = Writer { report, table: FactTable::new(report) };
    let write = [
        customers::biggest_segment,
        customers::concentration,
        outlook::expected_spend,
        customers::guests,
        customers::at_risk,
        customers::lapsed,
        customers::one_time_buyers,
        outlook::slipping,
        outlook::rhythm,
    ];
    let mut found: Vec<Candidate> = write.iter().filter_map(|write| write(&mut writer)).collect();
    found.sort_by(|a, b| writer.stake(b).total_cmp(&writer.stake(a)));
    let items: Vec<Insight> = found.into_iter().map(|candidate| candidate.insight).collect();
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

    fn estimate(&mut self, pointer: &str) -> Option<String> {
        self.table.fact(Unit::Estimate, pointer)
    }

    fn money(&mut self, pointer: &str) -> Option<String> {
        self.table.fact(Unit::Money, pointer)
    }

    /// `3,903 customers`, `1 customer`
    fn counted(&mut self, pointer: &str, unit: Unit, noun: &str) -> Option<String> {
        let number = self.table.fact(unit, pointer)?;
        let one = self.number(pointer)? == 1.0;
        Some(format!("{number} {noun}{}", if one { "" } else { "s" }))
    }

    fn customers(&mut self, pointer: &str) -> Option<String> {
        self.counted(pointer, Unit::Count, "customer")
    }

    fn days(&mut self, pointer: &str) -> Option<String> {
        self.counted(pointer, Unit::Factor, "day")
    }

    /// The label of the segment with an id.
    fn label(&mut self, id: &Value) -> Option<String> {
        let segments = self.report["segments"].as_array()?;
        let at = segments.iter().position(|segment| segment["id"] == *id)?;
        self.table.name(&format!("/segments/{at}/label"))
    }

    fn number(&self, pointer: &str) -> Option<f64> {
        self.report.pointer(pointer)?.as_f64()
    }

    fn is_at_least(&self, pointer: &str, least: f64) -> Option<()> {
        self.number(pointer).filter(|value| *value >= least).map(|_| ())
    }

    fn is_positive(&self, pointer: &str) -> Option<()> {
        self.number(pointer).filter(|value| *value > 0.0).map(|_| ())
    }

    fn stake(&self, candidate: &Candidate) -> f64 {
        candidate.money.as_ref().and_then(|pointer| self.number(pointer)).map_or(f64::MIN, f64::abs)
    }

    fn about(&self, money: &str, kind: &str, [title, body, action]: [&str; 3]) -> Candidate {
        Candidate { insight: self.table.insight(kind, title, body, action), money: Some(money.to_owned()) }
    }
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
