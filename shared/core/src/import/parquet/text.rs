//! A Parquet column's cells as text: exact decimals keep their digits, timestamps become RFC 3339.

use parquet::basic::{ConvertedType, LogicalType, TimeUnit, Type as Physical};
use parquet::column::reader::{ColumnReader, ColumnReaderImpl, get_column_reader};
use parquet::data_type::{ByteArray, DataType, FixedLenByteArray, Int96};
use parquet::errors::ParquetError;
use parquet::file::reader::RowGroupReader;
use parquet::schema::types::ColumnDescriptor;

use super::guard::GuardedPages;
use crate::time::Day;

/// The most that the cells of a chunk hold: 8 kB a cell on average. A column can name one long text any number of times
/// in a few bytes, and each of its cells is a copy.
const MAX_TEXT_BYTES: usize = 64 << 20;

/// One column's cells of the current chunk, as text end to end.
pub struct TextColumn {
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
    /// A wall clock's where it is not of UTC.
    Timestamp {
        per_second: i64,
        is_utc: bool,
    },
}

impl std::fmt::Debug for TextColumn {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TextColumn").field("form", &self.form).finish_non_exhaustive()
    }
}

impl TextColumn {
    /// The column of this number in a row group.
    pub fn open(group: &dyn RowGroupReader, at: usize) -> Result<Self, ParquetError> {
        let schema = group.metadata().column(at).column_descr();
        let pages = GuardedPages(group.get_column_page_reader(at)?);
        let reader = get_column_reader(group.metadata().column(at).column_descr_ptr(), Box::new(pages));
        Ok(Self {
            reader,
            form: CellForm::of(schema),
            nullable_from: schema.max_def_level(),
            text: String::new(),
            cells: Vec::new(),
        })
    }

    /// The cell of a row of the chunk; `None` is null.
    pub fn cell(&self, row: usize) -> Option<&str> {
        let (start, end) = self.cells.get(row).copied().flatten()?;
        let text = &self.text[start as usize..end as usize];
        (self.form != CellForm::Float || text != "NaN").then_some(text)
    }

    /// Reads the next chunk of so many rows.
    pub fn fill(&mut self, rows: usize) -> Result<(), ParquetError> {
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
                out.append(r, rows, |v: &Int96, text| write_instant(v.to_micros(), 1_000_000, true, text))
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
                if self.text.len() > MAX_TEXT_BYTES {
                    return Err(ParquetError::General("its texts are too long for order lines".to_owned()));
                }
            }
        }
        Ok(())
    }

    fn write_cell<V>(&mut self, value: &V, write: &impl Fn(&V, &mut String)) -> (u32, u32) {
        let start = self.text.len();
        write(value, self.text);
        (u32::try_from(start).unwrap_or(u32::MAX), u32::try_from(self.text.len()).unwrap_or(u32::MAX))
    }
}

impl CellForm {
    fn of(column: &ColumnDescriptor) -> Self {
        match column.logical_type_ref() {
            Some(LogicalType::Decimal(decimal)) => Self::Decimal { scale: usize::try_from(decimal.scale).unwrap_or(0) },
            Some(LogicalType::Integer(whole)) if !whole.is_signed => Self::Unsigned,
            Some(LogicalType::Date) => Self::Date,
            Some(LogicalType::Timestamp(timestamp)) => {
                Self::Timestamp { per_second: per_second(timestamp.unit), is_utc: timestamp.is_adjusted_to_u_t_c }
            }
            _ => Self::of_older(column),
        }
    }

    /// Files of older writers say it by the converted type only.
    fn of_older(column: &ColumnDescriptor) -> Self {
        use ConvertedType as Converted;
        match column.converted_type() {
            Converted::DECIMAL => Self::Decimal { scale: usize::try_from(column.type_scale()).unwrap_or(0) },
            Converted::UINT_8 | Converted::UINT_16 | Converted::UINT_32 | Converted::UINT_64 => Self::Unsigned,
            Converted::DATE => Self::Date,
            Converted::TIMESTAMP_MILLIS => Self::Timestamp { per_second: 1_000, is_utc: true },
            Converted::TIMESTAMP_MICROS => Self::Timestamp { per_second: 1_000_000, is_utc: true },
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
            Self::Date => write_day(value, text),
            Self::Timestamp { per_second, is_utc } => {
                write_instant(i64::try_from(value).unwrap_or(i64::MAX), per_second, is_utc, text);
            }
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

fn write_instant(value: i64, per_second: i64, is_utc: bool, text: &mut String) {
    let nanos = i128::from(value) * i128::from(1_000_000_000 / per_second);
    match jiff::Timestamp::from_nanosecond(nanos) {
        Ok(instant) if is_utc => text.push_str(&instant.to_string()),
        Ok(instant) => text.push_str(instant.to_string().trim_end_matches('Z')),
        Err(_) => text.push_str(&value.to_string()),
    }
}

fn write_day(value: i128, text: &mut String) {
    match i32::try_from(value) {
        Ok(day) => text.push_str(&Day(day).to_string()),
        Err(_) => text.push_str(&value.to_string()),
    }
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

    #[test]
    fn times_are_instants_or_what_a_wall_clock_shows() {
        let check = |value, per_second, is_utc, expected: &str| {
            let mut text = String::new();
            write_instant(value, per_second, is_utc, &mut text);
            assert_eq!(text, expected);
        };
        check(1_291_192_000_000, 1_000, true, "2010-12-01T08:26:40Z");
        check(1_291_192_000_000, 1_000, false, "2010-12-01T08:26:40");
        let mut text = String::new();
        write_day(14_944, &mut text);
        assert_eq!(text, "2010-12-01");
    }
}
