//! One table of text, wherever it comes from: its columns, and its rows one by one. Knows no column's meaning.

use std::path::Path;

use super::csv::CsvTable;
use super::parquet::ParquetTable;
use super::{Form, Opened};
use crate::failure::Failure;

/// A table that was opened but not yet read.
#[derive(Debug)]
pub enum Table {
    Csv(CsvTable),
    Parquet(ParquetTable),
}

/// Gets each row's number, as the file counts (a CSV's lines from 1, the header being 1; a Parquet file's rows
/// from 1), and the asked columns' cells; `None` is null. An error ends the reading.
pub type RowSink<'a> = dyn FnMut(u64, &[Option<&str>]) -> Result<(), Failure> + 'a;

/// The most columns one reading asks for: the fields of an order line. Rows need no memory of their own then.
pub const MAX_WANTED: usize = 6;

impl Table {
    /// A table out of what was opened; `None` when the file is no table.
    pub fn of(path: &Path, opened: Opened) -> Result<Option<Self>, Failure> {
        Ok(match opened {
            Opened::Parquet(file) => Some(Self::Parquet(ParquetTable::open(path, file)?)),
            Opened::Text(Form::Csv, source) => Some(Self::Csv(CsvTable::open(path, source)?)),
            Opened::Text(..) => None,
        })
    }

    pub fn columns(&self) -> &[String] {
        match self {
            Self::Csv(table) => table.columns(),
            Self::Parquet(table) => table.columns(),
        }
    }

    /// Reads every row's cells of the `wanted` columns, in that order.
    pub fn read(self, wanted: &[usize], sink: &mut RowSink<'_>) -> Result<(), Failure> {
        match self {
            Self::Csv(table) => table.read(wanted, sink),
            Self::Parquet(table) => table.read(wanted, sink),
        }
    }
}
