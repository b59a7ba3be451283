//! A Parquet file as a table of text, on several threads. Reads the columns that are asked for and nothing else;
//! refuses nested columns.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use affinsy_core::import::parquet::{CHUNK_ROWS, TextColumn};
use bytes::Bytes;
use parquet::errors::ParquetError;
use parquet::file::reader::{FileReader, SerializedFileReader};
use rayon::prelude::*;

use super::Watch;
use super::blocks::pool;
use super::guard::guarded;
use super::table::MAX_WANTED;
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

/// Gets each row's number, counted from 1, and the asked columns' cells; `None` is null. An error ends the reading.
type RowSink<'a> = dyn FnMut(u64, &[Option<&str>]) -> Result<(), Failure> + 'a;

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

    use parquet::data_type::{ByteArray, ByteArrayType, DataType, Int32Type, Int64Type};
    use parquet::file::writer::SerializedFileWriter;
    use parquet::schema::parser::parse_message_type;

    use super::*;

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
        let put = |part: &mut Vec<String>, _, cells: &[Option<&str>]| {
            part.push(cells[0].unwrap_or_default().to_owned());
            Ok(())
        };
        table.read_parts(&[0], (1, &()), put, |part| names.extend(part))?;
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
}
