//! Insights: sentences whose every number stands in the report. Knows no report type; each report makes its own.
//!
//! A text is written with placeholders (`{{F1}}` a number, `{{P1}}` a name) and never with digits; the
//! [`FactTable`] looks every number up in the finished report and fills it in.

mod brief;
mod check;
mod display;
mod words;

pub use brief::Brief;
pub use check::Refused;
pub use display::{Unit, clean_name, quoted_name};

use serde::Serialize;
use serde_json::Value;

/// One number a text quotes, and where the report holds it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Fact {
    /// `F1`, `F2` …, unique in the report.
    pub id: String,
    pub value: Value,
    /// The number as the text writes it.
    pub display: String,
    /// JSON pointer (RFC 6901) into the report.
    pub pointer: String,
}

/// One insight: what was found, why it matters, what to do next.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Insight {
    pub kind: String,
    pub title: String,
    pub body: String,
    pub facts: Vec<Fact>,
    pub action: String,
    pub source: Source,
    /// The texts before numbers and names were filled in: what a model is shown, and held to.
    #[serde(skip)]
    pub draft: Draft,
}

/// An insight's texts with placeholders, and everything that they quote.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Draft {
    pub title: String,
    pub body: String,
    pub action: String,
    pub facts: Vec<Fact>,
    /// Placeholder's id and name.
    pub names: Vec<(String, String)>,
}

/// Who worded a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Source {
    /// This code, from a fixed form of words.
    Template,
    /// A language model, held to the same facts.
    Model,
}

/// The insights of a report and who wrote their texts.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Insights {
    /// `Model` where a model worded at least two of them.
    pub source: Source,
    pub items: Vec<Insight>,
}

impl Insights {
    pub fn from_templates(items: Vec<Insight>) -> Self {
        Self { source: Source::Template, items }
    }
}

/// The facts and names of one report, each looked up in it and numbered as it is first used.
#[derive(Debug)]
pub struct FactTable<'a> {
    report: &'a Value,
    /// Stands behind amounts of money, where the report names one.
    currency: Option<&'a str>,
    facts: Vec<Fact>,
    names: Vec<String>,
}

impl<'a> FactTable<'a> {
    pub fn new(report: &'a Value) -> Self {
        let currency = report.pointer("/data/currency").and_then(Value::as_str);
        Self { report, currency, facts: Vec::new(), names: Vec::new() }
    }

    /// The placeholder of the number at a pointer; `None` where the report holds no number there.
    pub fn fact(&mut self, unit: Unit, pointer: impl Into<String>) -> Option<String> {
        let pointer = pointer.into();
        let value = self.report.pointer(&pointer)?;
        let display = unit.display(value)?;
        let display = match self.currency.filter(|_| unit.is_money()) {
            Some(currency) => format!("{display} {currency}"),
            None => display,
        };
        let known = self.facts.iter().position(|fact| fact.pointer == pointer && fact.display == display);
        let at = known.unwrap_or_else(|| {
            let id = format!("F{}", self.facts.len() + 1);
            self.facts.push(Fact { id, value: value.clone(), display, pointer });
            self.facts.len() - 1
        });
        Some(format!("{{{{{}}}}}", self.facts[at].id))
    }

    /// The placeholder of a name at a pointer, or of a list of names, joined by ` + `.
    pub fn name(&mut self, pointer: &str) -> Option<String> {
        let name = match self.report.pointer(pointer)? {
            Value::String(name) => clean_name(name),
            Value::Array(names) => {
                let cleaned: Option<Vec<String>> = names.iter().map(|name| name.as_str().map(clean_name)).collect();
                cleaned.filter(|names| !names.is_empty())?.join(" + ")
            }
            _ => return None,
        };
        self.names.push(name);
        Some(format!("{{{{P{}}}}}", self.names.len()))
    }

    /// The placeholder of a product's name at a pointer, or of a list of them, each in quotation marks: whatever a
    /// merchant, or whoever wrote a feed, calls a product is seen to be a name, and no text begins with it.
    pub fn product(&mut self, pointer: &str) -> Option<String> {
        let quoted = |name: &Value| name.as_str().map(quoted_name);
        let names = match self.report.pointer(pointer)? {
            Value::Array(names) => names.iter().map(quoted).collect::<Option<Vec<String>>>()?,
            name => vec![quoted(name)?],
        };
        let (last, others) = names.split_last()?;
        let list = if others.is_empty() { last.clone() } else { format!("{} and {last}", others.join(", ")) };
        self.names.push(list);
        Some(format!("{{{{P{}}}}}", self.names.len()))
    }

    /// An insight from texts with placeholders; it lists the facts they use, in order of first use.
    pub fn insight(&self, kind: &str, title: &str, body: &str, action: &str) -> Insight {
        let texts = [title, body, action];
        debug_assert!(!texts.iter().any(|text| has_loose_digits(text)), "a number without a fact: {texts:?}");
        let ids: Vec<&str> = texts.iter().flat_map(|text| placeholders(text)).collect();
        let mut draft = Draft { title: title.into(), body: body.into(), action: action.into(), ..Draft::default() };
        for id in ids {
            let is_new = draft.facts.iter().all(|fact| fact.id != id) && draft.names.iter().all(|(name, _)| name != id);
            if let Some(fact) = self.facts.iter().find(|fact| fact.id == id && is_new) {
                draft.facts.push(fact.clone());
            } else if let Some(name) = self.named(id).filter(|_| is_new) {
                draft.names.push((id.to_owned(), name.to_owned()));
            }
        }
        let [title, body, action] = texts.map(|text| draft.fill(text));
        let facts = draft.facts.clone();
        Insight { kind: kind.to_owned(), title, body, facts, action, source: Source::Template, draft }
    }

    fn named(&self, id: &str) -> Option<&str> {
        let number: usize = id.strip_prefix('P')?.parse().ok()?;
        self.names.get(number.checked_sub(1)?).map(String::as_str)
    }
}

impl Draft {
    fn fact(&self, id: &str) -> Option<&Fact> {
        self.facts.iter().find(|fact| fact.id == id)
    }

    fn name(&self, id: &str) -> Option<&str> {
        self.names.iter().find(|(known, _)| known == id).map(|(_, name)| name.as_str())
    }

    /// A text with its numbers and names in the place of the placeholders.
    fn fill(&self, text: &str) -> String {
        let mut pieces = text.split("{{");
        let mut filled = pieces.next().unwrap_or_default().to_owned();
        for piece in pieces {
            let (id, rest) = piece.split_once("}}").unwrap_or((piece, ""));
            let shown = self.fact(id).map(|fact| fact.display.as_str()).or_else(|| self.name(id));
            filled.push_str(shown.unwrap_or_default());
            filled.push_str(rest);
        }
        filled
    }
}

/// The ids of a text's placeholders, in their order.
fn placeholders(text: &str) -> Vec<&str> {
    text.split("{{").skip(1).filter_map(|piece| piece.split_once("}}")).map(|(id, _)| id).collect()
}

/// A text without its placeholders.
fn without_placeholders(text: &str) -> String {
    let after = |piece: &str| piece.split_once("}}").map_or(piece, |(_, rest)| rest).to_owned();
    let mut pieces = text.split("{{");
    let first = pieces.next().unwrap_or_default().to_owned();
    std::iter::once(first).chain(pieces.map(after)).collect::<Vec<String>>().join(" ")
}

fn has_loose_digits(text: &str) -> bool {
    without_placeholders(text).chars().any(char::is_numeric)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn numbers_and_names_come_from_the_report() {
        let report =
            json!({"summary": {"share": 0.125, "n": 1234, "nothing": null}, "names": ["A\u{202e}x", "{{F1}}"]});
        let mut table = FactTable::new(&report);
        let share = table.fact(Unit::Share, "/summary/share").expect("a number");
        let names = table.name("/names").expect("names");
        assert_eq!(table.fact(Unit::Count, "/summary/nothing"), None);
        let count = table.fact(Unit::Count, "/summary/n").expect("a number");
        let insight = table.insight("k", "Of all", &format!("{names}: {share} of {count}, {share}"), "Go on.");
        assert_eq!(insight.body, "Ax + {{F1}}: 12.5 % of 1,234, 12.5 %");
        let pointers: Vec<&str> = insight.facts.iter().map(|fact| fact.pointer.as_str()).collect();
        assert_eq!(pointers, ["/summary/share", "/summary/n"]);
    }

    #[test]
    fn money_is_said_in_the_report_s_currency_and_nothing_else_is() {
        let said = |report: Value| {
            let mut table = FactTable::new(&report);
            let [money, estimate, count] =
                [Unit::Money, Unit::Estimate, Unit::Count].map(|unit| table.fact(unit, "/revenue").expect("a number"));
            table.insight("k", "Of all", &format!("{money}, {estimate}, {count}"), "").body
        };
        assert_eq!(said(json!({"revenue": 1234.5, "data": {"currency": "GBP"}})), "1,234.50 GBP, 1,230 GBP, 1,234");
        assert_eq!(said(json!({"revenue": 1234.5, "data": {"currency": null}})), "1,234.50, 1,230, 1,234");
    }

    #[test]
    fn a_text_may_not_make_a_number_up() {
        let check = |template, loose| assert_eq!(has_loose_digits(template), loose, "{template}");
        check("about 3 times", true);
        check("about {{F1}} times", false);
    }
}
