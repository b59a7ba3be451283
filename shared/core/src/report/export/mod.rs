//! A report's long lists as files that spreadsheets, notebooks and warehouses read. What is stored is newline-delimited
//! JSON; a file says the same, row for row and digit for digit.

mod columns;
mod parquet;
mod row;
mod table;
#[cfg(test)]
mod tests;

use self::parquet::ParquetRows;
use columns::Column;
use row::Row;
use table::CsvRows;

/// One of the lists of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExportPart {
    Rules,
    Itemsets,
    Customers,
    Segments,
}

impl ExportPart {
    pub const ALL: [Self; 4] = [Self::Rules, Self::Itemsets, Self::Customers, Self::Segments];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Rules => "rules",
            Self::Itemsets => "itemsets",
            Self::Customers => "customers",
            Self::Segments => "segments",
        }
    }

    /// The columns of its files.
    const fn columns(self) -> &'static [Column] {
        match self {
            Self::Rules => columns::RULES,
            Self::Itemsets => columns::ITEMSETS,
            Self::Customers => columns::CUSTOMERS,
            Self::Segments => columns::SEGMENTS,
        }
    }
}

/// The form of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExportFormat {
    Csv,
    /// One array.
    Json,
    /// One object a line.
    Ndjson,
    Parquet,
}

impl ExportFormat {
    pub const ALL: [Self; 4] = [Self::Csv, Self::Json, Self::Ndjson, Self::Parquet];

    /// Its name, and the ending of its files.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Json => "json",
            Self::Ndjson => "ndjson",
            Self::Parquet => "parquet",
        }
    }

    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Csv => "text/csv; charset=utf-8",
            Self::Json => "application/json",
            Self::Ndjson => "application/x-ndjson",
            Self::Parquet => "application/vnd.apache.parquet",
        }
    }
}

/// What is stored is not a row of its part.
#[derive(Debug, thiserror::Error)]
#[error("row {row} of {part}: {problem}")]
pub struct ExportProblem {
    pub part: &'static str,
    /// From 1.
    pub row: u64,
    pub problem: String,
}

/// Writes one file.
#[derive(Debug)]
pub struct Exporter {
    part: ExportPart,
    rows: u64,
    file: File,
}

#[derive(Debug)]
enum File {
    Csv(Box<CsvRows>),
    Json(Vec<u8>),
    Ndjson(Vec<u8>),
    Parquet(Box<ParquetRows>),
}

impl Exporter {
    pub fn new(part: ExportPart, format: ExportFormat) -> Self {
        let file = match format {
            ExportFormat::Csv => File::Csv(Box::new(CsvRows::new(part.columns()))),
            ExportFormat::Json => File::Json(Vec::new()),
            ExportFormat::Ndjson => File::Ndjson(Vec::new()),
            ExportFormat::Parquet => File::Parquet(Box::new(ParquetRows::new(part.columns()))),
        };
        Self { part, rows: 0, file }
    }

    /// Adds rows: whole lines, each a JSON object.
    pub fn add(&mut self, ndjson: &[u8]) -> Result<(), ExportProblem> {
        for line in ndjson.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
            self.rows += 1;
            self.add_one(line).map_err(|problem| ExportProblem {
                part: self.part.name(),
                row: self.rows,
                problem: problem.to_string(),
            })?;
        }
        Ok(())
    }

    fn add_one(&mut self, line: &[u8]) -> Result<(), serde_json::Error> {
        match &mut self.file {
            File::Csv(file) => file.add(&Row::read(line)?),
            File::Parquet(file) => file.add(&Row::read(line)?),
            File::Ndjson(bytes) => {
                bytes.extend_from_slice(line);
                bytes.push(b'\n');
                Ok(())
            }
            File::Json(bytes) => {
                bytes.extend_from_slice(if bytes.is_empty() { b"[\n" } else { b",\n" });
                bytes.extend_from_slice(line);
                Ok(())
            }
        }
    }

    /// How large the file is so far, roughly.
    pub fn bytes(&self) -> usize {
        match &self.file {
            File::Csv(file) => file.bytes(),
            File::Json(bytes) | File::Ndjson(bytes) => bytes.len(),
            File::Parquet(file) => file.bytes(),
        }
    }

    pub fn finish(self) -> Vec<u8> {
        match self.file {
            File::Csv(file) => file.finish(),
            File::Ndjson(bytes) => bytes,
            File::Json(mut bytes) => {
                bytes.extend_from_slice(if bytes.is_empty() { b"[]\n" } else { b"\n]\n" });
                bytes
            }
            File::Parquet(file) => file.finish(),
        }
    }
}

/// The rows of a list that stands in the report itself, one a line.
pub fn rows_of(part: ExportPart, report: &[u8]) -> Result<Vec<u8>, ExportProblem> {
    let problem = |error: serde_json::Error| ExportProblem { part: part.name(), row: 0, problem: error.to_string() };
    let fields = Row::read(report).map_err(problem)?;
    let Some(list) = fields.raw(part.name()) else { return Ok(Vec::new()) };
    let rows: Vec<&serde_json::value::RawValue> = serde_json::from_str(list).map_err(problem)?;
    Ok(rows.into_iter().flat_map(|row| [row.get().as_bytes(), b"\n"].concat()).collect())
}
