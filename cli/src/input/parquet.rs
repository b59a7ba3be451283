//! A Parquet file as a table of text: exact decimals keep their digits, timestamps become RFC 3339. Reads the
//! columns that are asked for and nothing else; refuses nested columns.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use parquet::basic::{LogicalType, TimeUnit, Type as Physical};
use parquet::column::reader::{ColumnReader, ColumnReaderImpl};
use parquet::data_type::{ByteArray, DataType, FixedLenByteArray, Int96};
use parquet::errors::ParquetError;
use parquet::file::reader::{FileReader, RowGroupReader, SerializedFileReader};
use parquet::schema::types::ColumnDescriptor;
use rayon::prelude::*;

use super::Watch;
use super::blocks::pool;
use super::guard::guarded;
use super::table::{MAX_WANTED, RowSink};
use crate::failure::Failure;

/// Where a Parquet file's bytes are.
#[derive(Debug)]
pub enum Stored {
    File(PathBuf),
    Memory(Bytes),
}

/// A file whose footer was read.
pub struct ParquetTable {
    path: PathBuf,
    columns: Vec<String>,
    stored: Stored,
    file: Box<dyn FileReader>,
}

impl Stored {
    /// Each reader of a file has a handle of its own: handles that share one share its position too.
    fn reader(&self) -> Result<Box<dyn FileReader>, ParquetError> {
        Ok(match self {
            Self::File(path) => Box::new(SerializedFileReader::new(File::open(path)?)?),
            Self::Memory(bytes) => Box::new(SerializedFileReader::new(bytes.clone())?),
        })
    }
}

impl std::fmt::Debug for ParquetTable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ParquetTable").field("path", &self.path).field("columns", &self.columns).finish_non_exhaustive()
    }
}

/// Rows decoded at a time: enough to hide the cost of a call, little enough to stay in cache.
const CHUNK_ROWS: usize = 8_192;

impl ParquetTable {
    pub fn open(path: &Path, stored: Stored) -> Result<Self, Failure> {
        let file = checked(path, || stored.reader())?;
        let schema = file.metadata().file_metadata().schema_descr();
        let columns = schema.columns().iter().map(|column| column.path().string()).collect();
        Ok(Self { path: path.to_owned(), columns, stored, file })
    }

    pub fn columns(&self) -> &[String] {
        &self.columns
    }

    /// Row by row, as text.
    pub fn read(self, wanted: &[usize], sink: &mut RowSink<'_>) -> Result<(), Failure> {
        self.refuse_nested(wanted)?;
        let mut first_row = 1;
        for group in 0..self.file.num_row_groups() {
            first_row += self.read_group(self.file.as_ref(), (group, first_row), wanted, sink, &|_| Ok(()))?;
        }
        Ok(())
    }

    /// On so many threads (0: one a processor): the rows of each row group are put into a `T`, which are kept in the
    /// file's order.
    pub fn read_parts<T: Default + Send>(
        self,
        wanted: &[usize],
        (threads, watch): (usize, &dyn Watch),
        put: impl Fn(&mut T, u64, &[Option<&str>]) -> Result<(), Failure> + Sync,
        mut keep: impl FnMut(T),
    ) -> Result<(), Failure> {
        self.refuse_nested(wanted)?;
        let metadata = self.file.metadata();
        let rows = |group: usize| u64::try_from(metadata.row_group(group).num_rows()).unwrap_or(0);
        let groups: Vec<(usize, u64)> = (0..metadata.num_row_groups())
            .scan(1, |next, group| Some((group, std::mem::replace(next, *next + rows(group)))))
            .collect();
        let (done, total) = (AtomicU64::new(0), (0..groups.len()).map(rows).sum());
        let advance = |rows: u64| watch.read(done.fetch_add(rows, Ordering::Relaxed) + rows, total);
        let read = |&group: &(usize, u64)| {
            let file = checked(&self.path, || self.stored.reader())?;
            let mut part = T::default();
            let mut sink = |row: u64, cells: &[Option<&str>]| put(&mut part, row, cells);
            self.read_group(file.as_ref(), group, wanted, &mut sink, &advance)?;
            Ok(part)
        };
        let parts: Vec<Result<T, Failure>> = match threads {
            1 => groups.iter().map(read).collect(),
            _ => pool(threads)?.install(|| groups.par_iter().with_max_len(1).map(read).collect()),
        };
        parts.into_iter().try_for_each(|part| part.map(&mut keep))
    }

    /// Reads a row group, whose first row has this number, and returns how many rows it has.
    fn read_group(
        &self,
        file: &dyn FileReader,
        (group, first_row): (usize, u64),
        wanted: &[usize],
        sink: &mut RowSink<'_>,
        advance: &dyn Fn(u64) -> Result<(), Failure>,
    ) -> Result<u64, Failure> {
        let group = checked(&self.path, || file.get_row_group(group))?;
        let open = |&at: &usize| checked(&self.path, || TextColumn::open(group.as_ref(), at));
        let mut columns = wanted.iter().map(open).collect::<Result<Vec<_>, _>>()?;
        let rows = u64::try_from(group.metadata().num_rows()).unwrap_or(0);
        let mut at = 0;
        while at < rows {
            let chunk = (rows - at).min(CHUNK_ROWS as u64);
            for column in &mut columns {
                checked(&self.path, || column.fill(chunk as usize))?;
            }
            for row in 0..chunk {
                let cells: [Option<&str>; MAX_WANTED] =
                    std::array::from_fn(|nth| columns.get(nth).and_then(|column| column.cell(row as usize)));
                sink(first_row + at + row, &cells[..columns.len()])?;
            }
            at += chunk;
            advance(chunk)?;
        }
        Ok(rows)
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
    /// A whole number stored in the bits of a signed one.
    Unsigned,
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
            ColumnReader::Int32ColumnReader(r) if form == CellForm::Unsigned => {
                out.append(r, rows, |v, text| form.write_int(i128::from(v.cast_unsigned()), text))
            }
            ColumnReader::Int64ColumnReader(r) if form == CellForm::Unsigned => {
                out.append(r, rows, |v, text| form.write_int(i128::from(v.cast_unsigned()), text))
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
            Some(LogicalType::Integer(whole)) if !whole.is_signed => Self::Unsigned,
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
            Converted::UINT_8 | Converted::UINT_16 | Converted::UINT_32 | Converted::UINT_64 => Self::Unsigned,
            Converted::DATE => Self::Date,
            Converted::TIMESTAMP_MILLIS => Self::Timestamp { per_second: 1_000 },
            Converted::TIMESTAMP_MICROS => Self::Timestamp { per_second: 1_000_000 },
            _ if matches!(column.physical_type(), Physical::FLOAT | Physical::DOUBLE) => Self::Float,
            _ => Self::Plain,
        }
    }

    fn write_int(self, value: i128, text: &mut String) {
        match (self, i64::try_from(value)) {
            (Self::Plain | Self::Unsigned | Self::Float, Ok(value)) => write_whole(value, text),
            _ => self.write_wide(value, text),
        }
    }

    fn write_wide(self, value: i128, text: &mut String) {
        match self {
            Self::Plain | Self::Unsigned | Self::Float => text.push_str(&value.to_string()),
            Self::Decimal { scale } => write_decimal(value, scale, text),
            Self::Date => write_instant(i64::try_from(value).unwrap_or(i64::MAX).saturating_mul(86_400), 1, text),
            Self::Timestamp { per_second } => write_instant(i64::try_from(value).unwrap_or(i64::MAX), per_second, text),
        }
    }

    fn write_bytes(self, bytes: &[u8], text: &mut String) {
        match self {
            Self::Decimal { scale } => write_decimal(big_endian(bytes), scale, text),
            _ => match std::str::from_utf8(bytes) {
                Ok(valid) => text.push_str(valid),
                Err(_) => text.push_str(&String::from_utf8_lossy(bytes)),
            },
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

/// Digits without a detour through the formatting machinery: most columns of numbers hold small ones.
fn write_whole(value: i64, text: &mut String) {
    if value < 0 {
        text.push('-');
    }
    let (mut digits, mut at, mut left) = ([0u8; 20], 20, value.unsigned_abs());
    loop {
        at -= 1;
        digits[at] = b'0' + (left % 10) as u8;
        left /= 10;
        if left == 0 {
            break;
        }
    }
    digits[at..].iter().for_each(|&digit| text.push(char::from(digit)));
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

/// The Parquet library asserts some of its format's rules: a damaged file makes it answer an error, or panic.
fn checked<T>(path: &Path, read: impl FnOnce() -> Result<T, ParquetError>) -> Result<T, Failure> {
    let name = path.display();
    guarded(read)
        .ok_or_else(|| Failure::input(format!("{name} is damaged: it breaks the rules of Parquet")))?
        .map_err(|error| Failure::input(format!("{name} is not a Parquet file this command can read: {error}")))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use parquet::data_type::{ByteArrayType, Int32Type, Int64Type};
    use parquet::file::writer::SerializedFileWriter;
    use parquet::schema::parser::parse_message_type;

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
    fn whole_numbers_are_written_in_digits() {
        for value in [0, 7, -7, 10, 1_234_567_890_123, i64::MAX, i64::MIN] {
            let mut text = String::new();
            write_whole(value, &mut text);
            assert_eq!(text, value.to_string());
        }
    }

    #[test]
    fn numbers_of_any_width_keep_their_sign() {
        let check = |bytes: &[u8], expected| assert_eq!(big_endian(bytes), expected);
        check(&[0x00, 0xff], 255);
        check(&[0xff], -1);
        check(&[0xfe, 0x00], -512);
        check(&[], 0);
    }

    /// These values of one column as a file.
    fn written<T: DataType>(column: &str, values: &[T::T]) -> Vec<u8> {
        let schema = parse_message_type(&format!("message m {{ required {column}; }}"));
        let mut file =
            SerializedFileWriter::new(Vec::new(), Arc::new(schema.expect("a schema")), Arc::default()).expect("opens");
        let mut group = file.next_row_group().expect("a row group");
        let mut column = group.next_column().expect("opens").expect("a column");
        column.typed::<T>().write_batch(values, None, None).expect("written");
        column.close().expect("closes");
        group.close().expect("closes");
        file.into_inner().expect("written")
    }

    fn read_back(bytes: Vec<u8>) -> Result<Vec<String>, Failure> {
        let mut names = Vec::new();
        let table = ParquetTable::open(Path::new("m.parquet"), Stored::Memory(bytes.into()))?;
        table.read(&[0], &mut |_, cells| {
            names.push(cells[0].unwrap_or_default().to_owned());
            Ok(())
        })?;
        Ok(names)
    }

    #[test]
    fn a_damaged_file_is_refused_whichever_byte_of_its_footer_is_wrong() {
        let whole = written::<ByteArrayType>("binary name (UTF8)", &["tea", "jam", "tea"].map(ByteArray::from));
        assert_eq!(read_back(whole.clone()).expect("reads"), ["tea", "jam", "tea"]);
        let mut damaged = 0;
        for at in whole.len() / 2..whole.len() {
            for value in [0, 1, 0x7f, 0xff] {
                let mut bytes = whole.clone();
                bytes[at] = value;
                let said = read_back(bytes).err().map(|failure| failure.message).unwrap_or_default();
                damaged += usize::from(said == "m.parquet is damaged: it breaks the rules of Parquet");
            }
        }
        assert!(damaged > 0);
    }

    #[test]
    fn whole_numbers_have_the_sign_their_type_says() {
        let check = |bytes: Vec<u8>, expected: &[&str]| assert_eq!(read_back(bytes).expect("reads"), expected);
        check(written::<Int32Type>("int32 n (INTEGER(32,false))", &[7, -1]), &["7", "4294967295"]);
        check(written::<Int64Type>("int64 n (INTEGER(64,false))", &[7, -1]), &["7", "18446744073709551615"]);
        check(written::<Int32Type>("int32 n (UINT_32)", &[7, -1]), &["7", "4294967295"]);
        check(written::<Int32Type>("int32 n (INTEGER(32,true))", &[7, -1]), &["7", "-1"]);
        check(written::<Int64Type>("int64 n", &[7, -1]), &["7", "-1"]);
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
