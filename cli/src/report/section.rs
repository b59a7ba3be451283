//! A part of a report as a table: on the terminal its first rows, on a page all of them. Knows no report.

use serde_json::Value;

use super::json::{fixed, money, percent, products, text};
use crate::layout::{Align, TextTable, wrapped};

const WIDTH: usize = 100;

#[derive(Debug)]
pub struct Section {
    pub title: String,
    /// A sentence between title and table.
    pub note: Option<String>,
    pub columns: Vec<(String, Align)>,
    pub rows: Vec<Vec<Cell>>,
    /// So many rows on the terminal; with none the section is the page's alone.
    pub shown: usize,
}

/// A cell's text, and what a page draws of it.
#[derive(Debug, Default)]
pub struct Cell {
    pub text: String,
    /// For the terminal, where the text is too long.
    short: Option<String>,
    /// A share that is drawn.
    pub share: Option<f64>,
}

impl Cell {
    pub fn said(text: String) -> Self {
        Self { text, ..Self::default() }
    }
    pub fn of(value: &Value) -> Self {
        Self::said(text(value))
    }
    pub fn products(value: &Value) -> Self {
        Self { text: text(value), short: Some(products(value)), share: None }
    }
    pub fn money(value: &Value, currency: Option<&str>) -> Self {
        Self::said(money(value, currency))
    }
    pub fn fixed(value: &Value, decimals: usize) -> Self {
        Self::said(fixed(value, decimals))
    }
    pub fn percent(value: &Value) -> Self {
        Self::said(percent(value))
    }
    /// A share with a bar under it.
    pub fn bar(value: &Value) -> Self {
        Self { share: value.as_f64(), ..Self::percent(value) }
    }
    /// The same in whole percents, for narrow columns.
    pub fn narrow_bar(value: &Value) -> Self {
        let said = value.as_f64().map_or("–".to_owned(), |share| format!("{:.0} %", share * 100.0));
        Self { share: value.as_f64(), ..Self::said(said) }
    }
}

impl Section {
    /// Columns whose name begins with `#` hold numbers.
    pub fn new(title: &str, columns: &[&str], shown: usize) -> Self {
        let column = |name: &&str| match name.strip_prefix('#') {
            Some(name) => (name.to_owned(), Align::Right),
            None => ((*name).to_owned(), Align::Left),
        };
        let columns = columns.iter().map(column).collect();
        Self { title: title.to_owned(), note: None, columns, rows: Vec::new(), shown }
    }

    pub fn rows<'v>(mut self, values: &'v [Value], row: impl Fn(&'v Value) -> Vec<Cell>) -> Self {
        self.rows = values.iter().map(row).collect();
        self
    }

    pub fn note(mut self, note: Option<String>) -> Self {
        self.note = note;
        self
    }

    /// Whether there is anything to say.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty() && self.note.is_none()
    }

    /// Title, note and the first rows; nothing of a section that is empty, or the page's alone.
    pub fn render(&self) -> String {
        if self.is_empty() || self.shown == 0 {
            return String::new();
        }
        let mut out = format!("\n  {}\n", self.title);
        if let Some(note) = &self.note {
            out.push_str(&wrapped(note, WIDTH, "  "));
        }
        let columns: Vec<(&str, Align)> = self.columns.iter().map(|(name, align)| (name.as_str(), *align)).collect();
        let mut table = TextTable::new(&columns);
        for row in self.rows.iter().take(self.shown) {
            table.row(row.iter().map(|cell| cell.short.as_ref().unwrap_or(&cell.text).clone()).collect());
        }
        if !table.is_empty() {
            out.push_str(&table.render());
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_section_shows_its_first_rows_and_nothing_where_there_is_nothing() {
        let values = [json!({"name": "tea", "n": 1}), json!({"name": "jam", "n": 2})];
        let row = |value: &Value| vec![Cell::of(&value["name"]), Cell::of(&value["n"])];
        let section = |shown| Section::new("Products", &["name", "#orders"], shown);
        let shown = section(1).rows(&values, row).note(Some("Two.".to_owned())).render();
        assert_eq!(shown, "\n  Products\n  Two.\n  name  orders\n  ────  ──────\n  tea        1\n");
        assert_eq!(section(1).rows(&[], row).render(), "");
        assert_eq!(section(0).rows(&values, row).render(), "");
        assert_eq!(section(3).note(Some("None.".to_owned())).render(), "\n  Products\n  None.\n");
    }
}
