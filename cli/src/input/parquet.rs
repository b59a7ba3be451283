//! A Parquet file as a table of text: exact decimals keep their digits, timestamps become RFC 3339. Reads the
//! columns that are asked for and nothing else; refuses nested columns.

use std::fs::File;
use std::path::{Path, PathBuf};

use parquet::basic::{LogicalType, TimeUnit, Type as Physical};
use parquet::column::reader::{ColumnReader, ColumnReaderImpl};
use parquet::data_type::{ByteArray, DataType, FixedLenByteArray, Int96};
use parquet::errors::ParquetError;
use parquet::file::reader::{FileReader, RowGroupReader, SerializedFileReader};
use parquet::schema::types::ColumnDescriptor;

use super::table::{MAX_WANTED, RowSink};
use crate::failure::Failure;

/// A file whose footer was read.
pub struct ParquetTable {
    path: PathBuf,
    columns: Vec<String>,
    file: SerializedFileReader<File>,
}

impl std::fmt::Debug for ParquetTable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ParquetTable").field("path", &self.path).field("columns", &self.columns).finish_non_exhaustive()
    }
}

/// Rows decoded at a time: enough to hide the cost of a call, little enough to stay in cache.
const CHUNK_ROWS: usize = 8_192;

impl ParquetTable {
    pub fn open(path: &Path, file: File) -> Result<Self, Failure> {
        let file = SerializedFileReader::new(file).map_err(|error| broken(path, &error))?;
        let schema = file.metadata().file_metadata().schema_descr();
        let columns = schema.columns().iter().map(|column| column.path().string()).collect();
        Ok(Self { path: path.to_owned(), columns, file })
    }

    pub fn columns(&self) -> &[String] {
        &self.columns
    }

    pub fn read(self, wanted: &[usize], sink: &mut RowSink<'_>) -> Result<(), Failure> {
        self.refuse_nested(wanted)?;
        let mut row_number = 0;
        for group in 0..self.file.num_row_groups() {
            let group = self.file.get_row_group(group).map_err(|error| broken(&self.path, &error))?;
            self.read_group(group.as_ref(), wanted, &mut row_number, sink)?;
        }
        Ok(())
    }

    fn read_group(
        &self,
        group: &dyn RowGroupReader,
        wanted: &[usize],
        row_number: &mut u64,
        sink: &mut RowSink<'_>,
    ) -> Result<(), Failure> {
        let broken = |error: ParquetError| broken(&self.path, &error);
        let open = |&at: &usize| TextColumn::open(group, at);
        let mut columns = wanted.iter().map(open).collect::<Result<Vec<_>, _>>().map_err(broken)?;
        let mut left = usize::try_from(group.metadata().num_rows()).unwrap_or(0);
        while left > 0 {
            let rows = left.min(CHUNK_ROWS);
            for column in &mut columns {
                column.fill(rows).map_err(broken)?;
            }
            for row in 0..rows {
                let cells: [Option<&str>; MAX_WANTED] =
                    std::array::from_fn(|nth| columns.get(nth).and_then(|column| column.cell(row)));
                *row_number += 1;
                sink(*row_number, &cells[..columns.len()])?;
            }
            left -= rows;
        }
        Ok(())
    }

    fn refuse_nested(&self, wanted: &[usize]) -> Result<(), Failure> {
        let schema = self.file.metadata().file_metadata().schema_descr();
        match wanted.iter().find(|&&at| schema.column(at).max_rep_level() > 0) {
            Some(&at) => Err(Failure::input(format!(
                "{}: column {} is a list; one order line a row is needed",
                self.path.display(),
                self.columns[at]
            ))),
            None => Ok(()),
        }
    }
}

/// One column's cells of the current chunk, as text end to end.
struct TextColumn {
    reader: ColumnReader,
    form: CellForm,
    nullable_from: i16,
    text: String,
    cells: Vec<Option<(u32, u32)>>,
}

/// What a stored value means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum CellForm {
    Plain,
    /// Not-a-number stands for null there: data frames have no other way to say it.
    Float,
    Decimal {
        scale: usize,
    },
    Date,
    Timestamp {
        per_second: i64,
    },
}

impl TextColumn {
    fn open(group: &dyn RowGroupReader, at: usize) -> Result<Self, ParquetError> {
        let reader = group.get_column_reader(at)?;
        let schema = group.metadata().column(at).column_descr();
        Ok(Self {
            reader,
            form: CellForm::of(schema),
            nullable_from: schema.max_def_level(),
            text: String::new(),
            cells: Vec::new(),
        })
    }

    fn cell(&self, row: usize) -> Option<&str> {
        let (start, end) = self.cells.get(row).copied().flatten()?;
        let text = &self.text[start as usize..end as usize];
        (self.form != CellForm::Float || text != "NaN").then_some(text)
    }

    fn fill(&mut self, rows: usize) -> Result<(), ParquetError> {
        self.text.clear();
        self.cells.clear();
        let (form, full) = (self.form, self.nullable_from);
        let mut out = Cells { text: &mut self.text, cells: &mut self.cells, full };
        match &mut self.reader {
            ColumnReader::BoolColumnReader(r) => {
                out.append(r, rows, |v, text| text.push_str(if *v { "true" } else { "false" }))
            }
            ColumnReader::Int32ColumnReader(r) => out.append(r, rows, |v, text| form.write_int(i128::from(*v), text)),
            ColumnReader::Int64ColumnReader(r) => out.append(r, rows, |v, text| form.write_int(i128::from(*v), text)),
            ColumnReader::Int96ColumnReader(r) => {
                out.append(r, rows, |v: &Int96, text| write_instant(v.to_micros(), 1_000_000, text))
            }
            ColumnReader::FloatColumnReader(r) => out.append(r, rows, |v, text| text.push_str(&v.to_string())),
            ColumnReader::DoubleColumnReader(r) => out.append(r, rows, |v, text| text.push_str(&v.to_string())),
            ColumnReader::ByteArrayColumnReader(r) => {
                out.append(r, rows, |v: &ByteArray, text| form.write_bytes(v.data(), text))
            }
            ColumnReader::FixedLenByteArrayColumnReader(r) => {
                out.append(r, rows, |v: &FixedLenByteArray, text| form.write_bytes(v.data(), text))
            }
        }
    }
}

struct Cells<'a> {
    text: &'a mut String,
    cells: &'a mut Vec<Option<(u32, u32)>>,
    full: i16,
}

impl Cells<'_> {
    fn append<T: DataType>(
        &mut self,
        reader: &mut ColumnReaderImpl<T>,
        rows: usize,
        write: impl Fn(&T::T, &mut String),
    ) -> Result<(), ParquetError> {
        let (mut values, mut levels) = (Vec::with_capacity(rows), Vec::with_capacity(rows));
        while self.cells.len() < rows {
            values.clear();
            levels.clear();
            let (read, _, _) = reader.read_records(rows - self.cells.len(), Some(&mut levels), None, &mut values)?;
            if read == 0 {
                return Err(ParquetError::EOF("a column ends before its row group".to_owned()));
            }
            let mut values = values.iter();
            for row in 0..read {
                let present = self.full == 0 || levels.get(row) == Some(&self.full);
                let value = if present { values.next() } else { None };
                let cell = value.map(|value| self.write_cell(value, &write));
                self.cells.push(cell);
            }
        }
        Ok(())
    }

    fn write_cell<V>(&mut self, value: &V, write: &impl Fn(&V, &mut String)) -> (u32, u32) {
        let start = self.text.len();
        write(value, self.text);
        // A chunk of 8,192 cells passes 4 GiB only with cells no order line has.
        (u32::try_from(start).unwrap_or(u32::MAX), u32::try_from(self.text.len()).unwrap_or(u32::MAX))
    }
}

impl CellForm {
    fn of(column: &ColumnDescriptor) -> Self {
        match column.logical_type_ref() {
            Some(LogicalType::Decimal(decimal)) => Self::Decimal { scale: usize::try_from(decimal.scale).unwrap_or(0) },
            Some(LogicalType::Date) => Self::Date,
            Some(LogicalType::Timestamp(timestamp)) => Self::Timestamp { per_second: per_second(timestamp.unit) },
            _ => Self::of_older(column),
        }
    }

    /// Files of older writers say it by the converted type only.
    fn of_older(column: &ColumnDescriptor) -> Self {
        use parquet::basic::ConvertedType as Converted;
        match column.converted_type() {
            Converted::DECIMAL => Self::Decimal { scale: usize::try_from(column.type_scale()).unwrap_or(0) },
            Converted::DATE => Self::Date,
            Converted::TIMESTAMP_MILLIS => Self::Timestamp { per_second: 1_000 },
            Converted::TIMESTAMP_MICROS => Self::Timestamp { per_second: 1_000_000 },
            _ if matches!(column.physical_type(), Physical::FLOAT | Physical::DOUBLE) => Self::Float,
            _ => Self::Plain,
        }
    }

    fn write_int(self, value: i128, text: &mut String) {
        match self {
            Self::Plain | Self::Float => text.push_str(&value.to_string()),
            Self::Decimal { scale } => write_decimal(value, scale, text),
            Self::Date => write_instant(i64::try_from(value).unwrap_or(i64::MAX).saturating_mul(86_400), 1, text),
            Self::Timestamp { per_second } => write_instant(i64::try_from(value).unwrap_or(i64::MAX), per_second, text),
        }
    }

    fn write_bytes(self, bytes: &[u8], text: &mut String) {
        match self {
            Self::Decimal { scale } => write_decimal(big_endian(bytes), scale, text),
            _ => text.push_str(&String::from_utf8_lossy(bytes)),
        }
    }
}

fn per_second(unit: TimeUnit) -> i64 {
    match unit {
        TimeUnit::MILLIS => 1_000,
        TimeUnit::MICROS => 1_000_000,
        TimeUnit::NANOS => 1_000_000_000,
    }
}

/// A two's complement number, most significant byte first.
fn big_endian(bytes: &[u8]) -> i128 {
    let start = if bytes.first().is_some_and(|first| first & 0x80 != 0) { -1 } else { 0 };
    bytes.iter().fold(start, |value, byte| (value << 8) | i128::from(*byte))
}

/// 2550 at scale 3 is `2.55`: exact, without zeros at its end.
fn write_decimal(unscaled: i128, scale: usize, text: &mut String) {
    let digits = format!("{:0width$}", unscaled.unsigned_abs(), width = scale + 1);
    let (whole, fraction) = digits.split_at(digits.len() - scale);
    let fraction = fraction.trim_end_matches('0');
    text.push_str(if unscaled < 0 { "-" } else { "" });
    text.push_str(whole);
    if !fraction.is_empty() {
        text.push('.');
        text.push_str(fraction);
    }
}

fn write_instant(value: i64, per_second: i64, text: &mut String) {
    let nanos = i128::from(value) * i128::from(1_000_000_000 / per_second);
    match jiff::Timestamp::from_nanosecond(nanos) {
        Ok(instant) => text.push_str(&instant.to_string()),
        Err(_) => text.push_str(&value.to_string()),
    }
}

fn broken(path: &Path, error: &ParquetError) -> Failure {
    Failure::input(format!("{} is not a Parquet file this command can read: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_keep_their_digits() {
        let check = |unscaled, scale, expected: &str| {
            let mut text = String::new();
            write_decimal(unscaled, scale, &mut text);
            assert_eq!(text, expected);
        };
        check(2_550, 3, "2.55");
        check(-11_062_060, 3, "-11062.06");
        check(1, 3, "0.001");
        check(0, 3, "0");
        check(1_000, 0, "1000");
        check(-5, 1, "-0.5");
    }

    #[test]
    fn numbers_of_any_width_keep_their_sign() {
        let check = |bytes: &[u8], expected| assert_eq!(big_endian(bytes), expected);
        check(&[0x00, 0xff], 255);
        check(&[0xff], -1);
        check(&[0xfe, 0x00], -512);
        check(&[], 0);
    }

    #[test]
    fn times_are_instants() {
        let check = |value, per_second, expected: &str| {
            let mut text = String::new();
            write_instant(value, per_second, &mut text);
            assert_eq!(text, expected);
        };
        check(1_291_192_000_000, 1_000, "2010-12-01T08:26:40Z");
        check(14_944 * 86_400, 1, "2010-12-01T00:00:00Z");
    }
}
