//! How numbers and names are written in a sentence. Knows no report.

use serde_json::Value;

/// What a number counts or measures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// `1,234`
    Count,
    /// A share of 1 in per cent: `12.5 %`, `under 0.001 %`
    Share,
    /// A factor or a mean: `3.2`, `1.04`
    Factor,
    /// `1,234.50`
    Money,
    /// Money that nobody knows to the cent: three digits that count, `1,230`
    Estimate,
}

/// The longest name in a sentence, in characters.
const MAX_NAME_CHARS: usize = 80;

impl Unit {
    pub const fn is_money(self) -> bool {
        matches!(self, Self::Money | Self::Estimate)
    }

    /// The number as a sentence writes it; `None` for what is no number.
    pub fn display(self, value: &Value) -> Option<String> {
        let number = value.as_f64().filter(|number| number.is_finite())?;
        Some(match self {
            Self::Count => grouped(&format!("{number:.0}")),
            Self::Share => share(number),
            Self::Factor => grouped(&factor(number)),
            Self::Money => grouped(&cents(&plain_text(value, number))),
            Self::Estimate => grouped(&estimate(number)),
        })
    }
}

/// A name fit for a sentence: without control, direction and other characters that nobody sees, blanks made single,
/// cut to a length.
pub fn clean_name(name: &str) -> String {
    let plain: String = name.chars().map(|c| if c.is_control() { ' ' } else { c }).filter(|c| !is_hidden(*c)).collect();
    let words: Vec<&str> = plain.split_whitespace().collect();
    let single = words.join(" ");
    match single.char_indices().nth(MAX_NAME_CHARS) {
        Some((end, _)) => format!("{}…", &single[..end]),
        None => single,
    }
}

/// A character that nobody sees, or that turns the direction of what stands around it.
pub fn is_hidden(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{2069}' | '\u{feff}' | '\u{e0000}'..='\u{e007f}')
}

/// A cleaned name in quotation marks that it cannot end, and without the brackets of markup: a sentence stays a
/// sentence where it is shown as a web page, and no formula where it is pasted into a sheet.
pub fn quoted_name(name: &str) -> String {
    let harmless = |c: char| match c {
        '<' => '‹',
        '>' => '›',
        '“' | '”' => '"',
        other => other,
    };
    match clean_name(name) {
        empty if empty.is_empty() => "“(no name)”".to_owned(),
        clean => format!("“{}”", clean.chars().map(harmless).collect::<String>()),
    }
}

/// Per cent; what is neither none nor all is not written as such.
fn share(number: f64) -> String {
    match factor(number * 100.0) {
        text if number > 0.0 && !has_value(&text) => "under 0.001 %".to_owned(),
        text if number < 1.0 && text == "100" => "over 99.9 %".to_owned(),
        text => format!("{text} %"),
    }
}

/// One decimal where it says something, more where the number is small or a little above one.
fn factor(number: f64) -> String {
    let decimals = match number.abs() {
        size if size > 1.0 && size < 1.01 => 3,
        size if size > 1.0 && size < 1.1 => 2,
        size if size >= 1.0 || size == 0.0 => 1,
        size if size >= 0.1 => 2,
        _ => 3,
    };
    let text = format!("{number:.decimals$}");
    text.strip_suffix(".0").unwrap_or(&text).to_owned()
}

/// Rounded to three significant digits; at most two decimals.
fn estimate(number: f64) -> String {
    let magnitude = if number == 0.0 { 0 } else { number.abs().log10().floor() as i32 };
    let unit = 10f64.powi((magnitude - 2).max(-2));
    let rounded = (number / unit).round() * unit;
    let decimals = (2 - magnitude).clamp(0, 2) as usize;
    format!("{rounded:.decimals$}")
}

/// The decimal text of a number as the report holds it, without an exponent.
fn plain_text(value: &Value, number: f64) -> String {
    if value.is_f64() { number.to_string() } else { value.to_string() }
}

/// Two decimals, half away from zero by the decimal digits: 1.005 is 1.01, though its double is a little less.
fn cents(text: &str) -> String {
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    let up = part.as_bytes().get(2).is_some_and(|digit| *digit >= b'5');
    let mut digits: Vec<u8> = whole.bytes().chain(part.bytes().chain(*b"00").take(2)).collect();
    if up {
        add_one(&mut digits);
    }
    digits.insert(digits.len() - 2, b'.');
    digits.into_iter().map(char::from).collect()
}

/// One more in the last place of a text of digits, which may have a sign.
fn add_one(digits: &mut Vec<u8>) {
    for at in (0..digits.len()).rev() {
        match digits[at] {
            b'9' => digits[at] = b'0',
            b'-' => return digits.insert(at + 1, b'1'),
            _ => return digits[at] += 1,
        }
    }
    digits.insert(0, b'1');
}

fn has_value(number: &str) -> bool {
    number.bytes().any(|digit| (b'1'..=b'9').contains(&digit))
}

/// Commas between thousands; zero has no sign.
fn grouped(number: &str) -> String {
    let (sign, digits) = number.strip_prefix('-').map_or(("", number), |digits| ("-", digits));
    let sign = if has_value(digits) { sign } else { "" };
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
        check(Unit::Share, json!(0), "0 %");
        check(Unit::Share, json!(0.000_001), "under 0.001 %");
        check(Unit::Share, json!(0.999_99), "over 99.9 %");
        check(Unit::Factor, json!(1), "1");
        check(Unit::Factor, json!(1.04), "1.04");
        check(Unit::Factor, json!(1.004), "1.004");
        check(Unit::Factor, json!(1.5), "1.5");
        check(Unit::Money, json!(-1234.5), "-1,234.50");
        check(Unit::Money, json!(1.005), "1.01");
        check(Unit::Money, json!(-9.995), "-10.00");
        check(Unit::Money, json!(999.996), "1,000.00");
        check(Unit::Money, json!(-0.004), "0.00");
        check(Unit::Money, json!(9_007_199_254_740_993_u64), "9,007,199,254,740,993.00");
        check(Unit::Money, json!(1e21), "1,000,000,000,000,000,000,000.00");
        assert_eq!(Unit::Money.display(&json!("12")), None);
        check(Unit::Estimate, json!(2_167_634.55), "2,170,000");
        check(Unit::Estimate, json!(999_600), "1,000,000");
        check(Unit::Estimate, json!(12.345), "12.3");
        check(Unit::Estimate, json!(0.126), "0.13");
        check(Unit::Estimate, json!(-1_234), "-1,230");
        check(Unit::Estimate, json!(0), "0.00");
        check(Unit::Estimate, json!(1e20), "100,000,000,000,000,000,000");
    }

    #[test]
    fn names_cannot_break_a_sentence() {
        assert_eq!(clean_name(" a\u{0}b\n  c\u{202e}d "), "a b cd");
        assert_eq!(clean_name(&"x".repeat(81)).chars().count(), 81);
        assert_eq!(clean_name("a\u{e0041}\u{ad}b\u{2028}c"), "ab c");
        let check = |name: &str, expected: &str| assert_eq!(quoted_name(name), expected);
        check("=HYPERLINK(\"x\")", "“=HYPERLINK(\"x\")”");
        check("<script>a</script>", "“‹script›a‹/script›”");
        check("x” said “y", "“x\" said \"y”");
        check("\u{200b} ", "“(no name)”");
    }
}
