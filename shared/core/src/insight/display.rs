//! How numbers and names are written in a sentence. Knows no report.

use serde_json::Value;

/// What a number counts or measures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// `1,234`
    Count,
    /// A share of 1 in per cent: `12.5 %`
    Share,
    /// A factor or a mean: `3.2`
    Factor,
    /// `1,234.50`; the report's currency, without a symbol
    Money,
}

/// The longest name in a sentence, in characters.
const MAX_NAME_CHARS: usize = 80;

impl Unit {
    /// The number as a sentence writes it; `None` for what is no number.
    pub fn display(self, value: &Value) -> Option<String> {
        let number = value.as_f64().filter(|number| number.is_finite())?;
        Some(match self {
            Self::Count => grouped(&format!("{number:.0}")),
            Self::Share => format!("{} %", factor(number * 100.0)),
            Self::Factor => grouped(&factor(number)),
            Self::Money => grouped(&format!("{number:.2}")),
        })
    }
}

/// A name fit for a sentence: without control and direction characters, blanks made single, cut to a length.
pub fn clean_name(name: &str) -> String {
    let hidden =
        |c: char| matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}');
    let plain: String = name.chars().map(|c| if c.is_control() { ' ' } else { c }).filter(|c| !hidden(*c)).collect();
    let words: Vec<&str> = plain.split_whitespace().collect();
    let single = words.join(" ");
    match single.char_indices().nth(MAX_NAME_CHARS) {
        Some((end, _)) => format!("{}…", &single[..end]),
        None => single,
    }
}

/// One decimal where it says something, more where the number is small.
fn factor(number: f64) -> String {
    let decimals = match number.abs() {
        size if size >= 1.0 || size == 0.0 => 1,
        size if size >= 0.1 => 2,
        _ => 3,
    };
    let text = format!("{number:.decimals$}");
    text.strip_suffix(".0").unwrap_or(&text).to_owned()
}

/// Commas between thousands.
fn grouped(number: &str) -> String {
    let (sign, digits) = number.strip_prefix('-').map_or(("", number), |digits| ("-", digits));
    let (whole, part) = digits.split_once('.').map_or((digits, None), |(whole, part)| (whole, Some(part)));
    let mut text = sign.to_owned();
    for (at, digit) in whole.chars().enumerate() {
        if at > 0 && (whole.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    part.map_or(text.clone(), |part| format!("{text}.{part}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn writes_numbers_as_people_do() {
        let check =
            |unit: Unit, value: Value, expected: &str| assert_eq!(unit.display(&value).as_deref(), Some(expected));
        check(Unit::Count, json!(1_234_567), "1,234,567");
        check(Unit::Count, json!(12), "12");
        check(Unit::Share, json!(0.4567), "45.7 %");
        check(Unit::Share, json!(0.0012), "0.12 %");
        check(Unit::Share, json!(1), "100 %");
        check(Unit::Factor, json!(13.27), "13.3");
        check(Unit::Money, json!(-1234.5), "-1,234.50");
        assert_eq!(Unit::Money.display(&json!("12")), None);
    }

    #[test]
    fn names_cannot_break_a_sentence() {
        assert_eq!(clean_name(" a\u{0}b\n  c\u{202e}d "), "a b cd");
        assert_eq!(clean_name(&"x".repeat(81)).chars().count(), 81);
    }
}
