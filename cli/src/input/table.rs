//! One table of text, wherever it comes from. Knows no column's meaning.

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
}
