//! A list as Parquet: names are lists, money is decimal, dates are dates. Read back, nothing has to be parsed.

use super::columns::{Column, Kind};
use super::row::{self, Row};
use crate::decimal::Amount;
use crate::time::parse_day;
use parquet::basic::{Compression, ZstdLevel};
use parquet::data_type::{
    BoolType, ByteArray, ByteArrayType, DataType, DoubleType, FixedLenByteArray, FixedLenByteArrayType, Int32Type,
    Int64Type,
};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::parser::parse_message_type;
use serde::de::Error;
use std::sync::Arc;

/// Rows that stand in memory before they are written.
const ROW_GROUP_ROWS: usize = 128 * 1024;
/// Billionths in one unit of the fourth decimal.
const STEP: i128 = 100_000;

/// Writing into memory fails only by a mistake in this module.
const IN_MEMORY: &str = "a Parquet file of our own schema can be written into memory";

#[derive(Debug)]
pub struct ParquetRows {
    columns: &'static [Column],
    file: Writer,
    cells: Vec<Cells>,
    rows: usize,
}

struct Writer(SerializedFileWriter<Vec<u8>>);

impl std::fmt::Debug for Writer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Writer")
    }
}

/// The values of a column that are there, and for each row (of names: each name) whether one is.
#[derive(Debug)]
struct Column1<T> {
    values: Vec<T>,
    definitions: Vec<i16>,
    /// Of names alone: 0 begins a row.
    repetitions: Vec<i16>,
}

impl<T> Default for Column1<T> {
    fn default() -> Self {
        Self { values: Vec::new(), definitions: Vec::new(), repetitions: Vec::new() }
    }
}

#[derive(Debug)]
enum Cells {
    Text(Column1<ByteArray>),
    Names(Column1<ByteArray>),
    Whole(Column1<i64>),
    Real(Column1<f64>),
    Money(Column1<FixedLenByteArray>),
    Flag(Column1<bool>),
    Day(Column1<i32>),
}

impl ParquetRows {
    pub fn new(columns: &'static [Column]) -> Self {
        let fields: String = columns.iter().map(field).collect();
        let schema = parse_message_type(&format!("message export {{ {fields} }}")).expect(IN_MEMORY);
        let level = ZstdLevel::try_new(3).expect("zstd has a level 3");
        let properties =
            WriterProperties::builder().set_created_by("affinsy".to_owned()).set_compression(Compression::ZSTD(level));
        let file = SerializedFileWriter::new(Vec::new(), Arc::new(schema), Arc::new(properties.build()));
        let cells = columns.iter().map(|column| Cells::of(column.kind)).collect();
        Self { columns, file: Writer(file.expect(IN_MEMORY)), cells, rows: 0 }
    }

    pub fn add(&mut self, row: &Row<'_>) -> Result<(), serde_json::Error> {
        for (column, cells) in self.columns.iter().zip(&mut self.cells) {
            cells.push(row.cell(column)?)?;
        }
        self.rows += 1;
        if self.rows == ROW_GROUP_ROWS {
            self.flush().expect(IN_MEMORY);
        }
        Ok(())
    }

    pub fn bytes(&self) -> usize {
        self.file.0.bytes_written()
    }

    pub fn finish(mut self) -> Vec<u8> {
        self.flush().expect(IN_MEMORY);
        self.file.0.into_inner().expect(IN_MEMORY)
    }

    fn flush(&mut self) -> Result<(), ParquetError> {
        if self.rows == 0 {
            return Ok(());
        }
        let mut group = self.file.0.next_row_group()?;
        for (cells, column) in self.cells.iter_mut().zip(self.columns) {
            std::mem::replace(cells, Cells::of(column.kind)).write(&mut group)?;
        }
        group.close()?;
        self.rows = 0;
        Ok(())
    }
}

fn field(column: &Column) -> String {
    let name = column.name;
    match column.kind {
        Kind::Text => format!("OPTIONAL BYTE_ARRAY {name} (STRING);"),
        Kind::Names => format!(
            "REQUIRED group {name} (LIST) {{ REPEATED group list {{ REQUIRED BYTE_ARRAY element (STRING); }} }}"
        ),
        Kind::Whole => format!("OPTIONAL INT64 {name};"),
        Kind::Real => format!("OPTIONAL DOUBLE {name};"),
        Kind::Money => format!("OPTIONAL FIXED_LEN_BYTE_ARRAY (16) {name} (DECIMAL(38, 4));"),
        Kind::Flag => format!("OPTIONAL BOOLEAN {name};"),
        Kind::Day => format!("OPTIONAL INT32 {name} (DATE);"),
    }
}

impl<T> Column1<T> {
    fn push(&mut self, value: Option<T>) {
        self.definitions.push(i16::from(value.is_some()));
        self.values.extend(value);
    }

    fn push_all(&mut self, values: impl IntoIterator<Item = T>) {
        let before = self.values.len();
        self.values.extend(values);
        let added = self.values.len() - before;
        self.definitions.extend(std::iter::repeat_n(i16::from(added > 0), added.max(1)));
        self.repetitions.extend((0..added.max(1)).map(|nth| i16::from(nth > 0)));
    }

    fn write<D: DataType<T = T>>(self, group: &mut SerializedRowGroupWriter<'_, Vec<u8>>) -> Result<(), ParquetError> {
        let mut column = group.next_column()?.ok_or_else(|| ParquetError::General("a column too many".to_owned()))?;
        let repetitions = (!self.repetitions.is_empty()).then_some(self.repetitions.as_slice());
        column.typed::<D>().write_batch(&self.values, Some(&self.definitions), repetitions)?;
        column.close()
    }
}

impl Cells {
    fn of(kind: Kind) -> Self {
        match kind {
            Kind::Text => Self::Text(Column1::default()),
            Kind::Names => Self::Names(Column1::default()),
            Kind::Whole => Self::Whole(Column1::default()),
            Kind::Real => Self::Real(Column1::default()),
            Kind::Money => Self::Money(Column1::default()),
            Kind::Flag => Self::Flag(Column1::default()),
            Kind::Day => Self::Day(Column1::default()),
        }
    }

    fn push(&mut self, cell: Option<&str>) -> Result<(), serde_json::Error> {
        match self {
            Self::Text(cells) => cells.push(cell.map(row::text).transpose()?.map(|text| ByteArray::from(&*text))),
            Self::Names(cells) => {
                let names = cell.map(row::names).transpose()?.unwrap_or_default();
                cells.push_all(names.into_iter().map(|name| ByteArray::from(name.into_bytes())));
            }
            Self::Whole(cells) => cells.push(cell.map(serde_json::from_str).transpose()?),
            Self::Real(cells) => cells.push(cell.map(serde_json::from_str).transpose()?),
            Self::Money(cells) => cells.push(cell.map(money).transpose()?),
            Self::Flag(cells) => cells.push(cell.map(serde_json::from_str).transpose()?),
            Self::Day(cells) => cells.push(cell.map(day).transpose()?),
        }
        Ok(())
    }

    fn write(self, group: &mut SerializedRowGroupWriter<'_, Vec<u8>>) -> Result<(), ParquetError> {
        match self {
            Self::Text(cells) | Self::Names(cells) => cells.write::<ByteArrayType>(group),
            Self::Whole(cells) => cells.write::<Int64Type>(group),
            Self::Real(cells) => cells.write::<DoubleType>(group),
            Self::Money(cells) => cells.write::<FixedLenByteArrayType>(group),
            Self::Flag(cells) => cells.write::<BoolType>(group),
            Self::Day(cells) => cells.write::<Int32Type>(group),
        }
    }
}

fn money(cell: &str) -> Result<FixedLenByteArray, serde_json::Error> {
    let amount = Amount::parse(cell).map_err(|problem| serde_json::Error::custom(format!("{cell}: {problem}")))?;
    let units = amount.billionths() / STEP;
    Ok(FixedLenByteArray::from(ByteArray::from(units.to_be_bytes().to_vec())))
}

fn day(cell: &str) -> Result<i32, serde_json::Error> {
    let day = parse_day(&row::text(cell)?);
    day.map(|day| day.0).ok_or_else(|| serde_json::Error::custom(format!("{cell} is no date")))
}
