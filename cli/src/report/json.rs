//! Reading a report's JSON leniently: a field that is missing is shown as a dash, never a panic.

use serde_json::Value;

use crate::layout::{cut, grouped};

/// A scalar as a person reads it; a list's items joined; a dash for null.
pub fn text(value: &Value) -> String {
    match value {
        Value::Null => "–".to_owned(),
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(text).collect::<Vec<_>>().join(" + "),
        Value::Number(number) => grouped(&number.to_string()),
        other => other.to_string(),
    }
}

/// A list of products in a cell of a table: each cut a little rather than the last ones wholly.
pub fn products(value: &Value) -> String {
    const CELL_CHARS: usize = 54;
    let names: Vec<String> = value.as_array().into_iter().flatten().map(text).collect();
    let each = (CELL_CHARS / names.len().max(1)).saturating_sub(3).max(12);
    let whole = names.iter().map(|name| name.chars().count() + 3).sum::<usize>() <= CELL_CHARS + 3;
    let shown = names.iter().map(|name| if whole { name.clone() } else { cut(name, each) });
    shown.collect::<Vec<_>>().join(" + ")
}

/// The first of these fields that is there.
pub fn first<'a>(object: &'a Value, names: &[&str]) -> &'a Value {
    names.iter().map(|name| &object[*name]).find(|value| !value.is_null()).unwrap_or(&Value::Null)
}

/// A number with so many decimals.
pub fn fixed(value: &Value, decimals: usize) -> String {
    value.as_f64().map_or_else(|| text(value), |number| grouped(&format!("{number:.decimals$}")))
}

/// 0.0123 is `1.23 %`.
pub fn percent(value: &Value) -> String {
    value.as_f64().map_or_else(|| text(value), |share| format!("{:.2} %", share * 100.0))
}

/// Money to the cent, in the report's currency when it has one.
pub fn money(value: &Value, currency: Option<&str>) -> String {
    match (fixed(value, 2), currency) {
        (amount, Some(currency)) if value.is_number() => format!("{amount} {currency}"),
        (amount, _) => amount,
    }
}

pub fn list<'a>(object: &'a Value, name: &str) -> &'a [Value] {
    object[name].as_array().map(Vec::as_slice).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn values_read_well() {
        let check = |said: String, expected: &str| assert_eq!(said, expected);
        check(text(&json!(541909)), "541,909");
        check(text(&json!(["tea", "jam"])), "tea + jam");
        check(products(&json!(["tea", "jam"])), "tea + jam");
        check(products(&json!(["tea", "x".repeat(60)])), &format!("tea + {}…", "x".repeat(23)));
        check(text(&Value::Null), "–");
        check(percent(&json!(0.0123)), "1.23 %");
        check(money(&json!(-11062.06), Some("GBP")), "-11,062.06 GBP");
        check(money(&Value::Null, Some("GBP")), "–");
        check(fixed(&json!(38.7189), 1), "38.7");
    }
}
