//! The state of a table in one Parquet file, so that a reader need not begin with the first commit. Classic form,
//! first specification: the one that all readers know.

use super::actions::{Add, PROTOCOL, Remove, meta_data};
use super::{LOG, Published, Table};
use parquet::basic::Compression;
use parquet::data_type::{BoolType, ByteArray, ByteArrayType, DataType, Int32Type, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::parser::parse_message_type;
use serde_json::json;
use std::sync::Arc;

/// A reader reads at most so many commits after a checkpoint; the usual number of other writers.
const CHECKPOINT_INTERVAL: u64 = 10;

/// A checkpoint to be written.
#[derive(Debug, Clone)]
pub struct Checkpoint {
    /// Its place below the table's root.
    pub path: String,
    pub bytes: Vec<u8>,
    /// The text of [`Checkpoint::POINTER`].
    pub pointer: String,
}

impl Checkpoint {
    /// Below the table's root; written over with every checkpoint, after it. A reader that finds none lists the log.
    pub const POINTER: &str = "_delta_log/_last_checkpoint";

    /// The version that a pointer's text names; `None` where it is none of ours, or half of one.
    pub fn pointed_at(pointer: &[u8]) -> Option<u64> {
        #[derive(serde::Deserialize)]
        struct Pointer {
            version: u64,
        }
        serde_json::from_slice(pointer).ok().map(|Pointer { version }| version)
    }
}

/// Whether the newest version gets a checkpoint, by that which the last one is of.
pub fn is_checkpoint_due(newest: u64, last: Option<u64>) -> bool {
    newest.saturating_add(1) >= last.map_or(0, |last| last.saturating_add(1)).saturating_add(CHECKPOINT_INTERVAL)
}

/// The version of a checkpoint, by its path or object key; `None` for everything else that stands in the log.
pub fn version_of(path: &str) -> Option<u64> {
    super::version_before(path, SUFFIX)
}

const SUFFIX: &str = ".checkpoint.parquet";

/// One group a kind of action; in each row one of them is there.
const MESSAGE: &str = "message checkpoint {
    OPTIONAL group protocol {
        REQUIRED INT32 minReaderVersion;
        REQUIRED INT32 minWriterVersion;
    }
    OPTIONAL group metaData {
        REQUIRED BYTE_ARRAY id (STRING);
        REQUIRED BYTE_ARRAY name (STRING);
        REQUIRED group format {
            REQUIRED BYTE_ARRAY provider (STRING);
            REQUIRED group options (MAP) { REPEATED group key_value {
                REQUIRED BYTE_ARRAY key (STRING);
                OPTIONAL BYTE_ARRAY value (STRING);
            } }
        }
        REQUIRED BYTE_ARRAY schemaString (STRING);
        REQUIRED group partitionColumns (LIST) { REPEATED group list { OPTIONAL BYTE_ARRAY element (STRING); } }
        REQUIRED group configuration (MAP) { REPEATED group key_value {
            REQUIRED BYTE_ARRAY key (STRING);
            OPTIONAL BYTE_ARRAY value (STRING);
        } }
        REQUIRED INT64 createdTime;
    }
    OPTIONAL group add {
        REQUIRED BYTE_ARRAY path (STRING);
        REQUIRED group partitionValues (MAP) { REPEATED group key_value {
            REQUIRED BYTE_ARRAY key (STRING);
            OPTIONAL BYTE_ARRAY value (STRING);
        } }
        REQUIRED INT64 size;
        REQUIRED INT64 modificationTime;
        REQUIRED BOOLEAN dataChange;
        REQUIRED BYTE_ARRAY stats (STRING);
    }
    OPTIONAL group remove {
        REQUIRED BYTE_ARRAY path (STRING);
        REQUIRED INT64 deletionTimestamp;
        REQUIRED BOOLEAN dataChange;
    }
}";

/// Writing into memory fails only by a mistake in this module.
const IN_MEMORY: &str = "a Parquet file of our own schema can be written into memory";

/// The checkpoint of the commit that was just written. Of the files that left the table it names those that this
/// commit removed: others only matter to a VACUUM, which is not allowed on these tables.
pub fn checkpoint(table: &Table<'_>, published: &Published) -> Checkpoint {
    let rows = rows(published);
    let bytes = written(table, &rows).expect(IN_MEMORY);
    let pointer = json!({
        "version": published.version,
        "size": rows.len(),
        "sizeInBytes": bytes.len(),
        "numOfAddFiles": published.adds.len(),
    });
    let path = format!("{LOG}{:020}{SUFFIX}", published.version);
    Checkpoint { path, bytes, pointer: pointer.to_string() }
}

enum Row<'a> {
    Protocol,
    MetaData,
    Add(&'a Add),
    Remove(&'a Remove),
}

fn rows(published: &Published) -> Vec<Row<'_>> {
    let mut rows = vec![Row::Protocol, Row::MetaData];
    rows.extend(published.removes.iter().map(Row::Remove));
    rows.extend(published.adds.iter().map(Row::Add));
    rows
}

/// What a row has in a column.
enum Cell<T> {
    /// Another action stands in this row.
    Absent,
    /// The action is there, with a list or map that holds nothing.
    Empty,
    Value(T),
}

fn written(table: &Table<'_>, rows: &[Row<'_>]) -> Result<Vec<u8>, ParquetError> {
    let schema = Arc::new(parse_message_type(MESSAGE)?);
    // Few rows; what Athena, Spark and all others unpack.
    let properties = WriterProperties::builder()
        .set_created_by("affinsy".to_owned())
        .set_compression(Compression::UNCOMPRESSED)
        .set_statistics_enabled(EnabledStatistics::None)
        .set_offset_index_disabled(true);
    let mut file = SerializedFileWriter::new(Vec::new(), schema, Arc::new(properties.build()))?;
    let mut group = file.next_row_group()?;
    write_protocol(&mut group, rows)?;
    write_meta_data(&mut group, rows, table)?;
    write_adds(&mut group, rows)?;
    write_removes(&mut group, rows)?;
    group.close()?;
    file.into_inner()
}

type Group<'g> = SerializedRowGroupWriter<'g, Vec<u8>>;

fn write_protocol(group: &mut Group<'_>, rows: &[Row<'_>]) -> Result<(), ParquetError> {
    let cell =
        |value| move |row: &Row<'_>| if matches!(row, Row::Protocol) { Cell::Value(value) } else { Cell::Absent };
    column::<Int32Type>(group, rows, cell(PROTOCOL.min_reader_version))?;
    column::<Int32Type>(group, rows, cell(PROTOCOL.min_writer_version))
}

fn write_meta_data(group: &mut Group<'_>, rows: &[Row<'_>], table: &Table<'_>) -> Result<(), ParquetError> {
    let said = meta_data(table);
    let is_here = |row: &Row<'_>| matches!(row, Row::MetaData);
    let text = |value: &str| {
        let value = ByteArray::from(value);
        move |row: &Row<'_>| if is_here(row) { Cell::Value(value.clone()) } else { Cell::Absent }
    };
    let empty = |row: &Row<'_>| if is_here(row) { Cell::Empty } else { Cell::Absent };
    // The map has one entry; more would need more than one value a row.
    let (key, value) = said.configuration.first_key_value().expect("one property is set");
    column::<ByteArrayType>(group, rows, text(&said.id))?;
    column::<ByteArrayType>(group, rows, text(said.name))?;
    column::<ByteArrayType>(group, rows, text(&said.format.provider))?;
    column::<ByteArrayType>(group, rows, empty)?;
    column::<ByteArrayType>(group, rows, empty)?;
    column::<ByteArrayType>(group, rows, text(&said.schema_string))?;
    column::<ByteArrayType>(group, rows, empty)?;
    column::<ByteArrayType>(group, rows, text(key))?;
    column::<ByteArrayType>(group, rows, text(value))?;
    let created = said.created_time;
    column::<Int64Type>(group, rows, |row| if is_here(row) { Cell::Value(created) } else { Cell::Absent })
}

fn write_adds(group: &mut Group<'_>, rows: &[Row<'_>]) -> Result<(), ParquetError> {
    column::<ByteArrayType>(group, rows, of_adds(|add| Cell::Value(add.path.as_str().into())))?;
    column::<ByteArrayType>(group, rows, of_adds(|_| Cell::Empty))?;
    column::<ByteArrayType>(group, rows, of_adds(|_| Cell::Empty))?;
    column::<Int64Type>(group, rows, of_adds(|add| Cell::Value(add.size.cast_signed())))?;
    column::<Int64Type>(group, rows, of_adds(|add| Cell::Value(add.modification_time)))?;
    // What a checkpoint holds is no change.
    column::<BoolType>(group, rows, of_adds(|_| Cell::Value(false)))?;
    column::<ByteArrayType>(group, rows, of_adds(|add| Cell::Value(add.stats.as_str().into())))
}

fn write_removes(group: &mut Group<'_>, rows: &[Row<'_>]) -> Result<(), ParquetError> {
    column::<ByteArrayType>(group, rows, of_removes(|remove| Cell::Value(remove.path.as_str().into())))?;
    column::<Int64Type>(group, rows, of_removes(|remove| Cell::Value(remove.deletion_timestamp)))?;
    column::<BoolType>(group, rows, of_removes(|_| Cell::Value(false)))
}

fn of_adds<T>(cell: impl Fn(&Add) -> Cell<T>) -> impl Fn(&Row<'_>) -> Cell<T> {
    move |row| if let Row::Add(add) = row { cell(add) } else { Cell::Absent }
}

fn of_removes<T>(cell: impl Fn(&Remove) -> Cell<T>) -> impl Fn(&Row<'_>) -> Cell<T> {
    move |row| if let Row::Remove(remove) = row { cell(remove) } else { Cell::Absent }
}

/// Writes the next column. At level 0 the action is not there, at level 1 it is, at the greatest its value too.
fn column<T: DataType>(
    group: &mut Group<'_>,
    rows: &[Row<'_>],
    cell: impl Fn(&Row<'_>) -> Cell<T::T>,
) -> Result<(), ParquetError> {
    let mut column = group.next_column()?.ok_or_else(|| ParquetError::General("a column too many".to_owned()))?;
    let writer = column.typed::<T>();
    let (greatest, repeats) = (writer.get_descriptor().max_def_level(), writer.get_descriptor().max_rep_level() > 0);
    let (mut values, mut levels) = (Vec::new(), Vec::new());
    for row in rows {
        levels.push(match cell(row) {
            Cell::Absent => 0,
            Cell::Empty => 1,
            Cell::Value(value) => {
                values.push(value);
                greatest
            }
        });
    }
    let begins = vec![0; rows.len()];
    writer.write_batch(&values, Some(&levels), repeats.then_some(begins.as_slice()))?;
    column.close()
}
