//! Parquet files of order lines. The library wants the whole file at random access: bytes in memory, or a file.
//!
//! Which packings can be read (snappy, gzip, LZ4, zstd) is a matter of the `parquet` crate's features.

mod guard;
mod text;

use std::panic::{AssertUnwindSafe, catch_unwind};

use parquet::basic::{ConvertedType, LogicalType, Type as Physical};
use parquet::errors::ParquetError;
use parquet::file::reader::{ChunkReader, FileReader, SerializedFileReader};
use parquet::schema::types::ColumnDescriptor;

pub use text::TextColumn;

use super::field::Cells;
use super::interpret::Interpreter;
use super::kind::recognise;
use super::rejects::refuse;
use super::survey::Tally;
use super::{Checkpoint, Field, FileFormat, Findings, ImportProblem, Plan, Settings, Sink, Summary};
use crate::time::Instant;

/// Rows decoded at a time: enough to hide the cost of a call, little enough to stay in cache.
pub const CHUNK_ROWS: usize = 8_192;

/// A file whose footer was read.
pub struct ParquetRows {
    file: Box<dyn FileReader>,
    columns: Vec<String>,
}

impl std::fmt::Debug for ParquetRows {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ParquetRows").field("columns", &self.columns).finish_non_exhaustive()
    }
}

impl ParquetRows {
    pub fn open(source: impl ChunkReader + 'static) -> Result<Self, ImportProblem> {
        let file = checked(|| SerializedFileReader::new(guard::Guarded::open(source)?))?;
        let schema = file.metadata().file_metadata().schema_descr();
        let columns = schema.columns().iter().map(|column| column.path().string()).collect();
        Ok(Self { file: Box::new(file), columns })
    }

    /// As [`detect`](super::detect) for the other forms.
    pub fn detect(&self, settings: &Settings) -> Result<Plan, ImportProblem> {
        settings.check()?;
        let (kind, wanted) = recognise(&self.columns, settings)?;
        let schema = self.file.metadata().file_metadata().schema_descr();
        if let Some((_, at)) = wanted.iter().find(|(_, at)| schema.column(*at).max_rep_level() > 0) {
            let detail = format!("column {} is a list; one order line a row is needed", self.columns[*at]);
            return Err(ImportProblem::NoLineItems { detail });
        }
        let typed = wanted.iter().filter(|(_, at)| is_number(&schema.column(*at))).map(|(field, _)| *field).collect();
        Ok(Plan { typed, ..Plan::new(kind, FileFormat::Parquet, self.columns.clone(), wanted, settings) })
    }

    /// As a [`Survey`](super::Survey) for the other forms.
    pub fn survey(&self, plan: &Plan) -> Result<Findings, ImportProblem> {
        let mut tally = Tally::new(plan);
        let mut first_row = 1;
        for group in 0..self.group_count() {
            first_row += self.group(plan, group, first_row, &mut |row, cells| tally.row(row, cells))?;
        }
        tally.decide()
    }

    pub fn row_count(&self) -> u64 {
        u64::try_from(self.file.metadata().file_metadata().num_rows()).unwrap_or(0)
    }

    fn group_count(&self) -> usize {
        self.file.num_row_groups()
    }

    /// Reads a row group, whose first row has this number; how many rows it has.
    fn group(
        &self,
        plan: &Plan,
        group: usize,
        first_row: u64,
        each: &mut dyn FnMut(u64, &Cells<'_>),
    ) -> Result<u64, ImportProblem> {
        let group = checked(|| self.file.get_row_group(group))?;
        let open = |(field, at): &(Field, usize)| Ok((*field, checked(|| TextColumn::open(group.as_ref(), *at))?));
        let mut columns = plan.wanted.iter().map(open).collect::<Result<Vec<_>, ImportProblem>>()?;
        let rows = u64::try_from(group.metadata().num_rows()).unwrap_or(0);
        let mut at = 0;
        while at < rows {
            let chunk = (rows - at).min(CHUNK_ROWS as u64) as usize;
            for (_, column) in &mut columns {
                checked(|| column.fill(chunk))?;
            }
            for row in 0..chunk {
                let mut cells = [""; Field::COUNT];
                for (field, column) in &columns {
                    cells[*field as usize] = column.cell(row).unwrap_or_default();
                }
                each(first_row + at + row as u64, &cells);
            }
            at += chunk as u64;
        }
        Ok(rows)
    }
}

/// As a [`Reader`](super::Reader) for the other forms; goes on from row group to row group.
#[derive(Debug)]
pub struct ParquetReader<'f> {
    file: &'f ParquetRows,
    plan: Plan,
    next_group: usize,
    first_row: u64,
    interpreter: Interpreter,
}

impl<'f> ParquetReader<'f> {
    /// `now` bounds the dates of orders.
    pub fn new(file: &'f ParquetRows, plan: &Plan, findings: &Findings, now: Instant) -> Self {
        let interpreter = Interpreter::new(plan, findings, now);
        Self { file, plan: plan.clone(), next_group: 0, first_row: 1, interpreter }
    }

    pub fn resume(file: &'f ParquetRows, plan: &Plan, findings: &Findings, now: Instant, from: &Checkpoint) -> Self {
        let interpreter = Interpreter::resume(plan, findings, now, from);
        let next_group = usize::try_from(from.offset).unwrap_or(usize::MAX);
        Self { file, plan: plan.clone(), next_group, first_row: from.line, interpreter }
    }

    /// Hands over the next row group; false when there is none.
    pub fn next(&mut self, sink: &mut dyn Sink) -> Result<bool, ImportProblem> {
        let Self { file, plan, next_group, first_row, interpreter } = self;
        if *next_group >= file.group_count() {
            return Ok(false);
        }
        let rows = file.group(plan, *next_group, *first_row, &mut |row, cells| {
            if let Err(refusal) = interpreter.row(row, cells, sink) {
                refuse(plan, interpreter, (row, &refusal), original(plan, cells), sink);
            }
        })?;
        *next_group += 1;
        *first_row += rows;
        Ok(true)
    }

    pub fn checkpoint(&self) -> Checkpoint {
        let Interpreter { summary, header, .. } = &self.interpreter;
        let (summary, header) = (summary.clone(), header.clone());
        Checkpoint { offset: self.next_group as u64, line: self.first_row, summary, header }
    }

    pub fn summary(&self) -> &Summary {
        &self.interpreter.summary
    }
}

/// A row's cells in the file's columns, as far as they were read.
fn original(plan: &Plan, cells: &Cells<'_>) -> Vec<String> {
    let mut row = vec![String::new(); plan.columns.len()];
    plan.wanted.iter().for_each(|(field, at)| cells[*field as usize].clone_into(&mut row[*at]));
    row
}

fn is_number(column: &ColumnDescriptor) -> bool {
    let is_decimal = matches!(column.logical_type_ref(), Some(LogicalType::Decimal(_)))
        || column.converted_type() == ConvertedType::DECIMAL;
    is_decimal || !matches!(column.physical_type(), Physical::BYTE_ARRAY | Physical::FIXED_LEN_BYTE_ARRAY)
}

/// The Parquet library asserts some of its format's rules: a damaged file makes it answer an error, or panic.
fn checked<T>(read: impl FnOnce() -> Result<T, ParquetError>) -> Result<T, ImportProblem> {
    let damaged = |detail| ImportProblem::Damaged { detail };
    catch_unwind(AssertUnwindSafe(read))
        .map_err(|_| damaged("it breaks the rules of Parquet".to_owned()))?
        .map_err(|error| damaged(format!("it is not a Parquet file that can be read: {error}")))
}
