//! A list as CSV (RFC 4180) that a spreadsheet opens without harm: a text that it would take for a formula begins with
//! an apostrophe.

use super::columns::{Column, Kind};
use super::row::{self, Row};
use crate::cells::{guarded, listed};
use std::borrow::Cow;

#[derive(Debug)]
pub struct CsvRows {
    columns: &'static [Column],
    file: csv::Writer<Vec<u8>>,
}

/// Writing into memory does not fail.
const IN_MEMORY: &str = "a row of as many cells as the header can be written into memory";

impl CsvRows {
    pub fn new(columns: &'static [Column]) -> Self {
        let mut file = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
        file.write_record(columns.iter().map(|column| column.name)).expect(IN_MEMORY);
        Self { columns, file }
    }

    pub fn add(&mut self, row: &Row<'_>) -> Result<(), serde_json::Error> {
        let mut cells = Vec::with_capacity(self.columns.len());
        for column in self.columns {
            cells.push(match row.cell(column)? {
                Some(cell) => shown(column.kind, cell)?,
                None => Cow::Borrowed(""),
            });
        }
        self.file.write_record(cells.iter().map(|cell| cell.as_bytes())).expect(IN_MEMORY);
        Ok(())
    }

    pub fn bytes(&self) -> usize {
        self.file.get_ref().len()
    }

    pub fn finish(self) -> Vec<u8> {
        self.file.into_inner().expect(IN_MEMORY)
    }
}

fn shown(kind: Kind, cell: &str) -> Result<Cow<'_, str>, serde_json::Error> {
    Ok(match kind {
        // A number's text is what JSON has; the minus of one is no formula.
        Kind::Whole | Kind::Real | Kind::Money | Kind::Flag => Cow::Borrowed(cell),
        Kind::Text | Kind::Day => guarded(row::text(cell)?),
        Kind::Names => guarded(Cow::Owned(listed(row::names(cell)?.iter().map(String::as_str)))),
    })
}
