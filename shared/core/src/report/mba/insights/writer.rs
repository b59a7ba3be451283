//! Looks numbers and names up for the texts, in the words that they need. Writes no text of its own.

use super::super::charges::is_charge;
use crate::insight::{FactTable, Insight, Unit};
use serde_json::Value;

/// So large a part of the money that a finding speaks of is taken to move (1 in 10): what the scenarios assume too.
const MOVED: f64 = 0.1;

/// A text, and the money by which it is ranked.
#[derive(Debug)]
pub struct Candidate {
    pub stake: f64,
    pub insight: Insight,
}

/// The finished report and what was quoted from it so far.
#[derive(Debug)]
pub struct Writer<'r> {
    pub report: &'r Value,
    facts: FactTable<'r>,
}

impl<'r> Writer<'r> {
    pub fn new(report: &'r Value) -> Self {
        Self { report, facts: FactTable::new(report) }
    }

    pub fn fact(&mut self, unit: Unit, pointer: impl Into<String>) -> Option<String> {
        self.facts.fact(unit, pointer)
    }

    pub fn share(&mut self, pointer: impl Into<String>) -> Option<String> {
        self.fact(Unit::Share, pointer)
    }

    /// Money above zero; below, and where no price is known, a sentence had better not speak of it.
    pub fn money(&mut self, pointer: impl Into<String>) -> Option<String> {
        let pointer = pointer.into();
        (self.number(&pointer) > 0.0).then(|| self.fact(Unit::Money, pointer)).flatten()
    }

    /// `35 baskets`, `1 basket`
    pub fn counted(&mut self, pointer: &str, noun: &str) -> Option<String> {
        let number = self.fact(Unit::Count, pointer)?;
        Some(format!("{number} {noun}{}", if self.is_one(pointer) { "" } else { "s" }))
    }

    /// `4.5 days`, `1 day`
    pub fn days(&mut self, pointer: &str) -> Option<String> {
        let number = self.fact(Unit::Factor, pointer)?;
        Some(format!("{number} day{}", if self.is_one(pointer) { "" } else { "s" }))
    }

    pub fn product(&mut self, pointer: &str) -> Option<String> {
        self.facts.product(pointer)
    }

    /// The names of a list but for those of charges: `“A”, “B”`.
    pub fn sellable(&mut self, list: &str) -> Option<String> {
        let names = self.report.pointer(list)?.as_array()?;
        let places: Vec<usize> = (0..names.len()).filter(|at| !has_charge(&names[*at])).collect();
        let quoted: Option<Vec<String>> = places.iter().map(|at| self.product(&format!("{list}/{at}"))).collect();
        quoted.filter(|names| !names.is_empty()).map(|names| names.join(", "))
    }

    pub fn is_one(&self, pointer: &str) -> bool {
        self.report.pointer(pointer).and_then(Value::as_f64) == Some(1.0)
    }

    /// The number at a pointer, or 0.
    pub fn number(&self, pointer: &str) -> f64 {
        self.report.pointer(pointer).and_then(Value::as_f64).unwrap_or(0.0)
    }

    /// The pointer of the entry of a list that is worth the most, the first of several: 0 is worth nothing. Entries
    /// whose products (at these fields) look like charges are passed over.
    pub fn best(&self, list: &str, products: &[&str], worth: impl Fn(&Value) -> f64) -> Option<String> {
        let entries = self.report.pointer(list)?.as_array()?.iter().enumerate();
        let sellable = entries.filter(|(_, entry)| !products.iter().any(|field| has_charge(&entry[*field])));
        let (best, _) = sellable.map(|(at, entry)| (at, worth(entry))).filter(|(_, worth)| *worth > 0.0).fold(
            None,
            |best: Option<(usize, f64)>, new| match best {
                Some(held) if held.1 >= new.1 => Some(held),
                _ => Some(new),
            },
        )?;
        Some(format!("{list}/{best}"))
    }

    /// A text about so much money, a part of which it could move.
    pub fn about(&self, money: f64, kind: &str, title: &str, body: &str, action: &str) -> Candidate {
        self.moving(money * MOVED, kind, title, body, action)
    }

    /// A text about a step that would move so much money.
    pub fn moving(&self, stake: f64, kind: &str, title: &str, body: &str, action: &str) -> Candidate {
        Candidate { stake, insight: self.facts.insight(kind, title, body, action) }
    }
}

/// Whether a name, or one of several, looks like that of a charge.
fn has_charge(names: &Value) -> bool {
    match names {
        Value::Array(names) => names.iter().any(has_charge),
        name => name.as_str().is_some_and(is_charge),
    }
}

/// A number of an entry, or 0.
pub fn number_of(entry: &Value, pointer: &str) -> f64 {
    entry.pointer(pointer).and_then(Value::as_f64).unwrap_or(0.0)
}
