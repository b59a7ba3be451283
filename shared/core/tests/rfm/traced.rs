//! Whether the sentences of a report say what the report says: every number of every text is a fact, every fact stands
//! where its pointer says, and is written as its value is.

use crate::support::Report;
use serde_json::Value;

pub fn every_number_in_a_text_is_a_fact(report: &Report) {
    let labels: Vec<&str> =
        report.at("/segments").as_array().expect("segments").iter().filter_map(|s| s["label"].as_str()).collect();
    for item in report.at("/insights/items").as_array().expect("insights") {
        let facts = item["facts"].as_array().expect("facts");
        facts.iter().for_each(|fact| check_fact(report, fact));
        let texts = ["title", "body", "action"].map(|field| item[field].as_str().expect("text"));
        check_text(&texts.join(" "), facts, &labels);
    }
}

fn check_fact(report: &Report, fact: &Value) {
    let pointer = fact["pointer"].as_str().expect("a pointer");
    let (stands, said) = (report.number(pointer), fact["value"].as_f64().expect("a number"));
    // The same double where it has no more digits than a double holds.
    assert!((stands - said).abs() <= 1e-15 * stands.abs(), "{fact} and not {stands}");
    let (display, value) = (fact["display"].as_str().expect("text"), fact["value"].as_f64().expect("a number"));
    let (text, value) = display.strip_suffix(" %").map_or((display, value), |share| (share, value * 100.0));
    match text {
        "under 0.001" => assert!(0.0 < value && value < 0.001, "{fact}"),
        // The double just below one is read back as one.
        "over 99.9" => assert!((99.9..=100.0).contains(&value), "{fact}"),
        _ => {
            let written: f64 = text.replace(',', "").parse().unwrap_or_else(|_| panic!("{display:?} is no number"));
            assert!((written - value).abs() <= half_a_place(text, value), "{fact}");
        }
    }
}

/// Half a unit in the last place written, and what a double does not hold; an estimate of a whole number has three
/// digits that count.
fn half_a_place(text: &str, value: f64) -> f64 {
    let decimals = text.split_once('.').map_or(0, |(_, decimals)| decimals.len() as i32);
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    let zeros = digits.len() - digits.trim_end_matches('0').len();
    let rounded = decimals == 0 && digits.len() > 3 && digits.len() - zeros <= 3;
    let place = if rounded { 10f64.powi(digits.len() as i32 - 3) } else { 10f64.powi(-decimals) };
    place / 2.0 * (1.0 + 1e-9) + value.abs() * 1e-12
}

/// Word by word: a part of a longer number is not a fact.
fn check_text(text: &str, facts: &[Value], labels: &[&str]) {
    let shown: Vec<&str> =
        facts.iter().filter_map(|fact| fact["display"].as_str()).flat_map(str::split_whitespace).collect();
    let mut plain = text.to_owned();
    labels.iter().for_each(|label| plain = plain.replace(label, "a segment"));
    for word in plain.split_whitespace().filter(|word| word.chars().any(char::is_numeric)) {
        let number = word.trim_matches(|c| matches!(c, '(' | ')' | '.' | ',' | ';' | ':'));
        assert!(shown.contains(&number), "a number without a fact: {word} in {text}");
    }
    let broken = ["{{", "}}", "NaN", "null", "inf "].iter().any(|sign| plain.contains(sign));
    assert!(!broken, "a broken text: {text}");
}

#[test]
#[should_panic(expected = "a number without a fact: 12")]
fn part_of_a_number_is_no_fact() {
    check_text("Of 12 customers", &[serde_json::json!({"display": "1,012"})], &[]);
}
