//! What a reader should know before trusting the report, in sentences. Changes no number.

use super::cohorts::{self, MAX_AGE, MAX_COHORTS};
use super::grid::{ScoreRange, ScoreRanges};
use super::overview::Data;
use super::result::Findings;
use super::value::Backtest;
use crate::report::spec::Filters;

const FEW_CUSTOMERS: usize = 50;
const SHORT_HISTORY_DAYS: i64 = 180;
const STALE_DAYS: i64 = 30;

pub fn of(findings: &Findings<'_>, data: &Data, ranges: &ScoreRanges, cohorts: cohorts::LeftOut) -> Vec<String> {
    let mut warnings = findings.spec.warnings.clone();
    if findings.population.customers.is_empty() {
        warnings.push(why_empty(data).to_owned());
    } else {
        warnings.extend(few_customers(findings));
        warnings.extend(dates(findings, data));
        warnings.extend(one_time_buyers(findings));
        warnings.extend(empty_scores(ranges));
    }
    warnings.extend(guests(data));
    warnings.extend(left_out(data));
    warnings.extend(unused(findings));
    warnings.extend(rough_outlook(findings));
    warnings.extend(cut_off(cohorts));
    warnings
}

fn why_empty(data: &Data) -> &'static str {
    let excluded = data.exclusions.orders;
    if data.exclusions.customers_not_scored > 0 {
        "No customer could be scored: all orders of customers are refunds or free of charge."
    } else if data.orders > 0 {
        "No customer could be scored: no order carries a customer_id."
    } else if excluded.orders_outside_date_range > 0 {
        "No customer could be scored: no order in scope lies inside the date range."
    } else if excluded.orders_out_of_scope + excluded.guest_orders_out_of_scope > 0 {
        "No customer could be scored: no order belongs to the customer scope asked for."
    } else if excluded.orders_after_as_of > 0 {
        "No customer could be scored: all orders are later than as_of."
    } else {
        "No customer could be scored: the dataset has no orders."
    }
}

fn few_customers(findings: &Findings<'_>) -> Option<String> {
    let scored = findings.population.customers.len();
    let noun = if scored == 1 { "customer was" } else { "customers were" };
    (scored < FEW_CUSTOMERS).then(|| {
        format!(
            "Only {scored} {noun} scored: with fewer than {FEW_CUSTOMERS}, scores say little about any one of them."
        )
    })
}

fn dates(findings: &Findings<'_>, data: &Data) -> Vec<String> {
    let (Some(first), Some(last), Some(as_of)) =
        (data.date_range.start, data.date_range.end, findings.population.past.window.as_of)
    else {
        return Vec::new();
    };
    let (history_days, stale_days) = (as_of.days_since(first), as_of.days_since(last));
    let short = (history_days < SHORT_HISTORY_DAYS).then(|| {
        format!(
            "The history is {history_days} days long: with fewer than {SHORT_HISTORY_DAYS}, loyalty hardly shows yet."
        )
    });
    let stale = (stale_days > STALE_DAYS).then(|| {
        format!(
            "The last order lies {stale_days} days before as_of ({as_of}): everybody looks less recent than they are."
        )
    });
    short.into_iter().chain(stale).collect()
}

fn one_time_buyers(findings: &Findings<'_>) -> Option<String> {
    let all = &findings.population.customers;
    let one_time = all.iter().filter(|customer| customer.frequency == 1).count();
    (one_time * 10 > all.len() * 9).then(|| {
        format!("{one_time} of {} scored customers bought once: frequency tells them hardly apart.", all.len())
    })
}

fn empty_scores(ranges: &ScoreRanges) -> Option<String> {
    let mut empty = names("R", &ranges.r);
    empty.extend(names("F", &ranges.f));
    empty.extend(names("M", &ranges.m));
    (!empty.is_empty()).then(|| format!("Equal values always get equal scores, so nobody has {}.", empty.join(", ")))
}

fn names<T>(dimension: &str, ranges: &[ScoreRange<T>]) -> Vec<String> {
    ranges.iter().filter(|range| range.count == 0).map(|range| format!("{dimension} = {}", range.score)).collect()
}

fn guests(data: &Data) -> Option<String> {
    let guests = data.exclusions.guest_orders;
    (guests * 5 > data.orders)
        .then(|| format!("{guests} of {} orders have no customer: they are in no segment.", data.orders))
}

fn left_out(data: &Data) -> Vec<String> {
    let after = data.exclusions.orders.orders_after_as_of;
    let unpriced = data.exclusions.unpriced_line_items;
    let sentences = [
        (after, format!("{after} orders are later than as_of and were left out.")),
        (unpriced, format!("{unpriced} line items have no price and add nothing to revenue.")),
    ];
    sentences.into_iter().filter(|(count, _)| *count > 0).map(|(_, sentence)| sentence).collect()
}

fn unused(findings: &Findings<'_>) -> Vec<String> {
    let mut sentences = Vec::new();
    if findings.spec.filters != Filters::default() {
        sentences.push("filters on products and basket size belong to MBA reports and were not applied.".to_owned());
    }
    if findings.migration.is_none() && findings.population.past.window.as_of.is_some() {
        sentences.push("compare_to does not lie before as_of: there is no migration to show.".to_owned());
    }
    if findings.migration.as_ref().is_some_and(|migration| migration.customers_then == 0) {
        sentences.push("Nobody could be scored at compare_to: migration shows newcomers only.".to_owned());
    }
    sentences
}

/// A season, or a shop that grows or shrinks: the model knows neither.
fn rough_outlook(findings: &Findings<'_>) -> Option<String> {
    let value = &findings.lifetime_value;
    let Backtest { days, expected_orders, actual_orders, .. } =
        value.backtest.filter(|test| value.model.is_some() && test.is_rough())?;
    Some(format!(
        "Lifetime value is a rough estimate here: put to the test on the last {days} days, the model expected \
         {expected_orders:.0} purchases, and {actual_orders} came."
    ))
}

fn cut_off(left_out: cohorts::LeftOut) -> Vec<String> {
    let mut sentences = Vec::new();
    if left_out.cohorts > 0 {
        let count = left_out.cohorts;
        sentences.push(format!("The {count} oldest cohorts are left out; the latest {MAX_COHORTS} are shown."));
    }
    if left_out.later_months {
        sentences
            .push(format!("Cohorts show the first {MAX_AGE} months after the first purchase; later ones are cut."));
    }
    sentences
}
