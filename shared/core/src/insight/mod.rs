//! Insights: sentences whose every number stands in the report. Knows no report type; each report makes its own.
//!
//! A text is written with placeholders (`{{F1}}` a number, `{{P1}}` a name) and never with digits; the
//! [`FactTable`] looks every number up in the finished report and fills it in.

mod display;

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
}

/// The insights of a report and who wrote their texts.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Insights {
    pub source: &'static str,
    pub items: Vec<Insight>,
}

impl Insights {
    pub fn from_templates(items: Vec<Insight>) -> Self {
        Self { source: "template", items }
    }
}

/// The facts and names of one report, each looked up in it and numbered as it is first used.
#[derive(Debug)]
pub struct FactTable<'a> {
    report: &'a Value,
    facts: Vec<Fact>,
    names: Vec<String>,
}

impl<'a> FactTable<'a> {
    pub const fn new(report: &'a Value) -> Self {
        Self { report, facts: Vec::new(), names: Vec::new() }
    }

    /// The placeholder of the number at a pointer; `None` where the report holds no number there.
    pub fn fact(&mut self, unit: Unit, pointer: impl Into<String>) -> Option<String> {
        let pointer = pointer.into();
        let value = self.report.pointer(&pointer)?;
        let display = unit.display(value)?;
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
        let mut facts: Vec<Fact> = Vec::new();
        let [title, body, action] = [title, body, action].map(|template| {
            debug_assert!(!has_loose_digits(template), "a number without a fact: {template}");
            self.fill(template, &mut facts)
        });
        Insight { kind: kind.to_owned(), title, body, facts, action }
    }

    fn fill(&self, template: &str, used: &mut Vec<Fact>) -> String {
        let mut pieces = template.split("{{");
        let mut text = pieces.next().unwrap_or_default().to_owned();
        for piece in pieces {
            let (id, rest) = piece.split_once("}}").unwrap_or((piece, ""));
            if let Some(fact) = self.facts.iter().find(|fact| fact.id == id) {
                text.push_str(&fact.display);
                if !used.iter().any(|known| known.id == id) {
                    used.push(fact.clone());
                }
            } else if let Some(name) = self.named(id) {
                text.push_str(name);
            }
            text.push_str(rest);
        }
        text
    }

    fn named(&self, id: &str) -> Option<&str> {
        let number: usize = id.strip_prefix('P')?.parse().ok()?;
        self.names.get(number.checked_sub(1)?).map(String::as_str)
    }
}

fn has_loose_digits(template: &str) -> bool {
    let after_placeholder = |piece: &str| piece.split_once("}}").map_or(piece, |(_, rest)| rest).to_owned();
    let mut pieces = template.split("{{");
    let first = pieces.next().unwrap_or_default().to_owned();
    std::iter::once(first).chain(pieces.map(after_placeholder)).any(|text| text.chars().any(char::is_numeric))
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
    fn a_text_may_not_make_a_number_up() {
        let check = |template, loose| assert_eq!(has_loose_digits(template), loose, "{template}");
        check("about 3 times", true);
        check("about {{F1}} times", false);
    }
}
