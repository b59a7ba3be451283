//! Reads the fields of a JSON object by name and type, and collects what is wrong with them. Knows no field's meaning.

use crate::json::{Node, pointer_step};
use crate::problem::{FieldProblem, MAX_FIELD_PROBLEMS};
use crate::time::{Day, parse_day};
use affinsy_mining::Ratio;
use std::cell::RefCell;
use std::ops::RangeInclusive;

/// What was found wrong or odd while reading a body.
#[derive(Debug, Default)]
pub(super) struct Notes {
    pub errors: Vec<FieldProblem>,
    pub warnings: Vec<String>,
}

/// The most warnings kept for one body.
const MAX_WARNINGS: usize = 100;

/// One object of the body: hands out its fields, and knows in the end which nobody asked for.
pub(super) struct Fields<'a> {
    fields: &'a [(String, Node)],
    pointer: String,
    asked: Vec<&'static str>,
    notes: &'a RefCell<Notes>,
}

impl<'a> Fields<'a> {
    pub fn root(fields: &'a [(String, Node)], notes: &'a RefCell<Notes>) -> Self {
        Self { fields, pointer: String::new(), asked: Vec::new(), notes }
    }

    /// A field's value; `None` where it is missing or null.
    pub fn node(&mut self, name: &'static str) -> Option<&'a Node> {
        self.given(name).filter(|node| **node != Node::Null)
    }

    /// An object as a field; an empty one where it is missing.
    pub fn object(&mut self, name: &'static str) -> Fields<'a> {
        let fields = match self.node(name) {
            Some(Node::Object(fields)) => fields.as_slice(),
            Some(other) => {
                self.kind_problem::<()>(name, "an object", other);
                &[]
            }
            None => &[],
        };
        Fields { fields, pointer: self.pointer_to(name), asked: Vec::new(), notes: self.notes }
    }

    /// An array of objects.
    pub fn objects(&mut self, name: &'static str, most: usize) -> Option<Vec<Fields<'a>>> {
        let pointer = self.pointer_to(name);
        let mut objects = Vec::new();
        for (at, item) in self.array(name, most)?.iter().enumerate() {
            match item {
                Node::Object(fields) => {
                    let pointer = format!("{pointer}/{at}");
                    objects.push(Fields { fields, pointer, asked: Vec::new(), notes: self.notes });
                }
                other => self.problem(&format!("{name}/{at}"), &format!("must be an object, not {}", other.kind())),
            }
        }
        Some(objects)
    }

    pub fn array(&mut self, name: &'static str, most: usize) -> Option<&'a [Node]> {
        match self.node(name)? {
            Node::Array(items) if items.len() <= most => Some(items),
            Node::Array(_) => self.problem_none(name, &format!("must have at most {most} entries")),
            other => self.kind_problem(name, "an array", other),
        }
    }

    /// Text of at most `most` characters, not blank, without control characters.
    pub fn text(&mut self, name: &'static str, most: usize) -> Option<String> {
        match self.node(name)? {
            Node::String(text) => self.checked_text(name, text, most),
            other => self.kind_problem(name, "a string", other),
        }
    }

    /// Distinct texts, each as [`Self::text`]; an empty list is no list.
    pub fn texts(&mut self, name: &'static str, most: usize, longest: usize) -> Vec<String> {
        let items = self.array(name, most).unwrap_or_default();
        let mut texts = Vec::with_capacity(items.len());
        for (at, item) in items.iter().enumerate() {
            match item {
                Node::String(text) => texts.extend(self.checked_text(&format!("{name}/{at}"), text, longest)),
                other => self.problem(&format!("{name}/{at}"), &format!("must be a string, not {}", other.kind())),
            }
        }
        texts.sort_unstable();
        texts.dedup();
        texts
    }

    pub fn boolean(&mut self, name: &'static str) -> Option<bool> {
        match self.node(name)? {
            Node::Bool(value) => Some(*value),
            other => self.kind_problem(name, "true or false", other),
        }
    }

    /// One of the names of a table.
    pub fn one_of<T: Copy>(&mut self, name: &'static str, table: &[(&str, T)]) -> Option<T> {
        let Node::String(text) = self.node(name)? else {
            return self.problem_none(name, &format!("must be one of {}", listed(table)));
        };
        let found = table.iter().find(|(known, _)| known == text).map(|(_, value)| *value);
        if found.is_none() {
            self.problem(name, &format!("must be one of {}", listed(table)));
        }
        found
    }

    /// A whole number; `3.0` and `3e0` are whole.
    pub fn integer(&mut self, name: &'static str, range: RangeInclusive<u32>) -> Option<u32> {
        let words = format!("must be a whole number from {} to {}", range.start(), range.end());
        let Node::Number(text) = self.node(name)? else { return self.problem_none(name, &words) };
        let value = whole(text).filter(|value| range.contains(value));
        if value.is_none() {
            self.problem(name, &words);
        }
        value
    }

    /// A bound that null switches off: `Some(None)` is null, `None` is not given.
    pub fn bound(&mut self, name: &'static str) -> Option<Option<u32>> {
        match self.given(name)? {
            Node::Null => Some(None),
            _ => self.integer(name, 1..=MAX_BOUND).map(Some),
        }
    }

    /// A number as the exact ratio of its text.
    pub fn ratio(&mut self, name: &'static str, range: RangeInclusive<Ratio>) -> Option<Ratio> {
        let Node::Number(text) = self.node(name)? else {
            return self.problem_none(name, &format!("must be a number {}", between(&range)));
        };
        let value = if text.starts_with('-') { negative_zero(text) } else { Ratio::parse_decimal(text) };
        match value {
            Some(value) if range.contains(&value) => Some(value),
            Some(_) => self.problem_none(name, &format!("must be a number {}", between(&range))),
            None => self.problem_none(name, &format!("must be a number {}, of at most 18 digits", between(&range))),
        }
    }

    /// A calendar date.
    pub fn day(&mut self, name: &'static str) -> Option<Day> {
        let text = match self.node(name)? {
            Node::String(text) => text,
            other => return self.kind_problem(name, "a date such as 2025-03-31", other),
        };
        let day = parse_day(text).filter(|day| in_calendar(*day));
        if day.is_none() {
            self.problem(name, "must be a date that exists, such as 2025-03-31, from 1970 to 2999");
        }
        day
    }

    pub fn problem(&self, name: &str, detail: &str) {
        let mut notes = self.notes.borrow_mut();
        if notes.errors.len() < MAX_FIELD_PROBLEMS {
            notes.errors.push(FieldProblem::new(format!("{}/{name}", self.pointer), detail));
        }
    }

    pub fn warn(&self, warning: String) {
        let mut notes = self.notes.borrow_mut();
        if notes.warnings.len() < MAX_WARNINGS {
            notes.warnings.push(warning);
        }
    }

    pub fn has(&self, name: &str) -> bool {
        self.fields.iter().any(|(known, node)| known == name && *node != Node::Null)
    }

    /// Warns of fields that belong elsewhere, and takes them as asked for.
    pub fn ignore(&mut self, names: &[&'static str], why: &str) {
        for name in names.iter().filter(|name| self.has(name)) {
            self.warn(format!("{}/{name} is ignored: {why}", self.pointer));
        }
        self.asked.extend(names);
    }

    /// Names the fields that nobody asked for.
    pub fn finish(self) {
        for (name, _) in self.fields.iter().filter(|(name, _)| !self.asked.contains(&name.as_str())) {
            let shown: String = pointer_step(name).chars().take(80).collect();
            self.warn(format!("{}/{shown} is not a known field and was ignored", self.pointer));
        }
    }

    fn given(&mut self, name: &'static str) -> Option<&'a Node> {
        self.asked.push(name);
        self.fields.iter().find(|(known, _)| known == name).map(|(_, node)| node)
    }

    fn pointer_to(&self, name: &str) -> String {
        format!("{}/{name}", self.pointer)
    }

    fn checked_text(&self, name: &str, text: &str, most: usize) -> Option<String> {
        if text.trim().is_empty() {
            return self.problem_none(name, "must not be blank");
        }
        if text.chars().count() > most {
            return self.problem_none(name, &format!("must have at most {most} characters"));
        }
        if text.chars().any(char::is_control) {
            return self.problem_none(name, "must not contain control characters");
        }
        Some(text.to_owned())
    }

    fn kind_problem<T>(&self, name: &str, expected: &str, got: &Node) -> Option<T> {
        self.problem_none(name, &format!("must be {expected}, not {}", got.kind()))
    }

    fn problem_none<T>(&self, name: &str, detail: &str) -> Option<T> {
        self.problem(name, detail);
        None
    }
}

/// The greatest whole number any parameter takes.
pub(super) const MAX_BOUND: u32 = 1_000_000_000;

/// Years in which a date that others are measured from makes sense.
fn in_calendar(day: Day) -> bool {
    (1970..3000).contains(&day.date().year())
}

/// A whole number's text; `3.0` and `3e0` are whole.
pub(super) fn whole(text: &str) -> Option<u32> {
    let thousandths = crate::decimal::Quantity::parse(text).ok()?.thousandths();
    (thousandths % 1_000 == 0).then(|| u32::try_from(thousandths / 1_000).ok())?
}

/// `-0`, `-0.0` … are zero; any other negative number is out of every ratio's range.
fn negative_zero(text: &str) -> Option<Ratio> {
    let mantissa = text.trim_start_matches('-').split(['e', 'E']).next()?;
    mantissa.bytes().all(|byte| matches!(byte, b'0' | b'.')).then(|| Ratio::new(0, 1))
}

fn between(range: &RangeInclusive<Ratio>) -> String {
    format!("from {} to {}", range.start().to_f64(), range.end().to_f64())
}

pub(super) fn listed<T>(table: &[(&str, T)]) -> String {
    table.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ")
}
