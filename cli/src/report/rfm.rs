//! What a customer segment report found: segments with actions, who moved, who comes back, what is to come.

use serde_json::Value;

use super::json::{fixed, list, money, percent, text};
use super::mba::currency;
use super::section::{Cell, Section};

const SHOWN_SEGMENTS: usize = 20;
const SHOWN_OTHERS: usize = 5;

pub fn sections(report: &Value) -> Vec<Section> {
    let parts = [segments, moves, repeats, cohorts, lifetime, concentration, lapsed];
    parts.iter().map(|part| part(report)).collect()
}

fn segments(report: &Value) -> Section {
    let columns =
        ["segment", "#customers", "#share", "#revenue", "#of all", "#days since", "#orders each", "what to do"];
    let segments = list(report, "segments");
    let none = segments.is_empty().then(|| "No customers to segment.".to_owned());
    Section::new("Segments", &columns, SHOWN_SEGMENTS).note(none).rows(segments, |segment| {
        vec![
            Cell::of(&segment["label"]),
            Cell::of(&segment["customers"]),
            Cell::bar(&segment["share"]),
            Cell::money(&segment["revenue"], currency(report)),
            Cell::bar(&segment["revenue_share"]),
            Cell::fixed(&segment["recency_days"]["median"], 0),
            Cell::fixed(&segment["frequency"]["mean"], 1),
            Cell::said(segment["action"].as_str().unwrap_or_default().to_owned()),
        ]
    })
}

/// A segment's name as the report shows it to people.
fn label(report: &Value, id: &Value) -> Cell {
    let known = list(report, "segments").iter().find(|segment| segment["id"] == *id);
    match known {
        Some(segment) => Cell::of(&segment["label"]),
        // Who was in none yet, or is in none any more.
        None => Cell::said(text(id).replace('_', " ")),
    }
}

fn moves(report: &Value) -> Section {
    let migration = &report["migration"];
    let title = match migration["compare_to"].as_str() {
        Some(day) => format!("Who moved since {day}"),
        None => "Who moved".to_owned(),
    };
    let columns = ["from", "to", "#customers", "#their revenue"];
    Section::new(&title, &columns, SHOWN_OTHERS).rows(list(migration, "biggest_flows"), |flow| {
        vec![
            label(report, &flow["from"]),
            label(report, &flow["to"]),
            Cell::of(&flow["customers"]),
            Cell::money(&flow["revenue"], currency(report)),
        ]
    })
}

fn repeats(report: &Value) -> Section {
    let columns = ["#order", "#customers", "#go on to another"];
    let days = &report["repurchase_intervals"];
    let said = days["median_days"].is_number().then(|| {
        let day = |name: &str| fixed(&days[name], 0);
        let (median, p75, p90) = (day("median_days"), day("p75_days"), day("p90_days"));
        format!("Between two orders lie {median} days in the median; three in four come within {p75}, nine in ten within {p90}.")
    });
    Section::new("Who comes back", &columns, SHOWN_OTHERS).note(said).rows(list(report, "repeat_funnel"), |step| {
        vec![Cell::of(&step["order"]), Cell::of(&step["customers"]), Cell::bar(&step["p_next_order"])]
    })
}

/// Too wide for a terminal: by month of the first order, who of them ordered so many months later.
fn cohorts(report: &Value) -> Section {
    let cohorts = list(report, "cohorts");
    let ages = cohorts.iter().map(|cohort| list(cohort, "periods").len()).max().unwrap_or(0);
    let months: Vec<String> = (1..ages).map(|age| format!("#+{age}")).collect();
    let columns: Vec<&str> =
        ["first order in", "#customers"].into_iter().chain(months.iter().map(String::as_str)).collect();
    Section::new("Cohorts: who ordered so many months later", &columns, 0).rows(cohorts, |cohort| {
        let later = list(cohort, "periods").iter().skip(1).map(|period| Cell::narrow_bar(&period["retention"]));
        [Cell::of(&cohort["cohort"]), Cell::of(&cohort["customers"])].into_iter().chain(later).collect()
    })
}

fn lifetime(report: &Value) -> Section {
    let lifetime = &report["lifetime_value"];
    let columns = ["segment", "#orders in 90 days", "#value in 90 days", "#value in 365 days"];
    let total = &lifetime["total"];
    let said = total["expected_value_90d"].is_number().then(|| {
        let value = |name: &str| money(&total[name], currency(report));
        format!("{} to be expected in 90 days, {} in 365.", value("expected_value_90d"), value("expected_value_365d"))
    });
    let why = lifetime["reason"].as_str().map(str::to_owned);
    Section::new("Lifetime value", &columns, SHOWN_SEGMENTS).note(why.or(said)).rows(
        list(lifetime, "segments"),
        |segment| {
            vec![
                label(report, &segment["segment"]),
                Cell::fixed(&segment["expected_orders_90d"], 0),
                Cell::money(&segment["expected_value_90d"], currency(report)),
                Cell::money(&segment["expected_value_365d"], currency(report)),
            ]
        },
    )
}

fn concentration(report: &Value) -> Section {
    let columns = ["#best customers", "#that is", "#revenue", "#of all"];
    let top = list(&report["concentration"], "top");
    Section::new("How much hangs on how few", &columns, SHOWN_OTHERS).rows(top, |share| {
        vec![
            Cell::percent(&share["share_of_customers"]),
            Cell::of(&share["customers"]),
            Cell::money(&share["revenue"], currency(report)),
            Cell::bar(&share["revenue_share"]),
        ]
    })
}

fn lapsed(report: &Value) -> Section {
    let lapsed = &report["summary"]["lapsed"];
    let said = lapsed["customers"].as_u64().map(|_| {
        let limit = fixed(&report["churn"]["median_limit_days"], 0);
        format!(
            "{} customers ({}) have been away for longer than they used to be, with {} of past revenue; the median limit is \
             {limit} days.",
            text(&lapsed["customers"]),
            percent(&lapsed["share"]),
            money(&lapsed["revenue"], currency(report))
        )
    });
    Section::new("Lapsed customers", &[], 1).note(said)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn report() -> Value {
        let segment = json!({"id": "champions", "label": "Champions", "customers": 900, "share": 0.25, "revenue": 1000,
            "revenue_share": null, "recency_days": {"median": 7.0}, "frequency": {"mean": 4.2}, "action": "Thank them"});
        json!({"segments": [segment], "data": {"currency": "GBP"},
            "migration": {"compare_to": "2011-09-10", "biggest_flows": [
                {"from": "champions", "to": "mine", "customers": 161, "revenue": 869.07}]},
            "repeat_funnel": [{"order": 1, "customers": 4338, "p_next_order": 0.656}],
            "repurchase_intervals": {"median_days": 28.0, "p75_days": 58.0, "p90_days": 110.0},
            "cohorts": [{"cohort": "2010-12", "customers": 885, "periods": [{"retention": 1.0}, {"retention": 0.37}]}],
            "lifetime_value": {"reason": null, "total": {"expected_value_90d": 2167.55, "expected_value_365d": 8784.57},
                "segments": [{"segment": "champions", "expected_orders_90d": 1573.04, "expected_value_90d": 937.4,
                    "expected_value_365d": 3800.03}]}})
    }

    #[test]
    fn segments_show_size_and_money() {
        let shown = segments(&report()).render();
        assert!(shown.contains("Champions        900  25.00 %  1,000.00 GBP       –"), "{shown}");
        assert!(shown.contains("Thank them"));
        assert_eq!(segments(&json!({})).render(), "\n  Segments\n  No customers to segment.\n");
    }

    #[test]
    fn the_other_parts_say_what_they_hold_and_nothing_where_they_are_not() {
        let shown: String = sections(&report()).iter().map(Section::render).collect();
        let expected = [
            "Who moved since 2011-09-10",
            "Champions  mine        161     869.07 GBP",
            "28 days in the median; three in four come within 58, nine in ten within 110.",
            "1      4,338           65.60 %",
            "2,167.55 GBP to be expected in 90 days, 8,784.57 GBP in 365.",
        ];
        expected.iter().for_each(|line| assert!(shown.contains(line), "{line} in {shown}"));
        assert!(!shown.contains("Cohorts") && !shown.contains("Lapsed"), "{shown}");
        let cohorts = cohorts(&report());
        assert_eq!(
            cohorts.columns.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(),
            ["first order in", "customers", "+1"]
        );
        assert_eq!((cohorts.rows[0][2].text.as_str(), cohorts.rows[0][2].share), ("37 %", Some(0.37)));
    }
}
