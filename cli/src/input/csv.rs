//! A delimited text file as a table: finds the delimiter, reads row by row. A cell that is not UTF-8 is read as
//! Windows-1252; an empty cell is null.

use std::borrow::Cow;
use std::fmt;
use std::io::BufRead;
use std::path::{Path, PathBuf};

use super::open::Source;
use super::table::{MAX_WANTED, RowSink};
use crate::failure::Failure;

/// A file whose header was read.
pub struct CsvTable {
    path: PathBuf,
    columns: Vec<String>,
    rows: csv::Reader<Box<dyn BufRead>>,
}

impl fmt::Debug for CsvTable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CsvTable").field("path", &self.path).field("columns", &self.columns).finish_non_exhaustive()
    }
}

impl CsvTable {
    pub fn open(path: &Path, source: Source) -> Result<Self, Failure> {
        let mut reader = source.into_reader();
        let unreadable = |error: std::io::Error| Failure::input(format!("cannot read {}: {error}", path.display()));
        let delimiter = delimiter_of(first_line(reader.fill_buf().map_err(unreadable)?));
        let mut rows = csv::ReaderBuilder::new().delimiter(delimiter).flexible(true).from_reader(reader);
        let header = rows.byte_headers().map_err(|error| broken(path, &error))?;
        let columns: Vec<String> = header.iter().map(|cell| text_of(cell).trim().to_owned()).collect();
        if columns.iter().all(String::is_empty) {
            return Err(Failure::input(format!(
                "{} is empty: a header with the columns' names is needed",
                path.display()
            )));
        }
        Ok(Self { path: path.to_owned(), columns, rows })
    }

    pub fn columns(&self) -> &[String] {
        &self.columns
    }

    pub fn read(mut self, wanted: &[usize], sink: &mut RowSink<'_>) -> Result<(), Failure> {
        let mut row = csv::ByteRecord::new();
        loop {
            let line = self.rows.position().line();
            if !self.rows.read_byte_record(&mut row).map_err(|error| broken(&self.path, &error))? {
                return Ok(());
            }
            let line = row.position().map_or(line, csv::Position::line);
            let texts: [Option<Cow<'_, str>>; MAX_WANTED] =
                std::array::from_fn(|nth| wanted.get(nth).and_then(|&at| row.get(at)).map(text_of));
            let cells: [Option<&str>; MAX_WANTED] =
                std::array::from_fn(|nth| texts[nth].as_deref().filter(|text| !text.is_empty()));
            sink(line, &cells[..wanted.len()])?;
        }
    }
}

fn text_of(cell: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(cell) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => encoding_rs::WINDOWS_1252.decode_without_bom_handling(cell).0,
    }
}

fn first_line(buffered: &[u8]) -> &[u8] {
    buffered.split(|&b| b == b'\n').next().unwrap_or_default()
}

/// The delimiter the header has most of outside quotes; a comma when it has none.
fn delimiter_of(header: &[u8]) -> u8 {
    let mut quoted = false;
    let mut counts = [(b',', 0), (b';', 0), (b'\t', 0), (b'|', 0)];
    for &byte in header {
        quoted ^= byte == b'"';
        if let Some((_, count)) = counts.iter_mut().find(|(delimiter, _)| !quoted && *delimiter == byte) {
            *count += 1;
        }
    }
    counts.into_iter().rev().max_by_key(|(_, count)| *count).map_or(b',', |(delimiter, _)| delimiter)
}

fn broken(path: &Path, error: &csv::Error) -> Failure {
    let line = error.position().map_or(String::new(), |at| format!(", line {}", at.line()));
    Failure::input(format!("{}{line}: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(text: &str) -> Vec<(u64, Vec<Option<String>>)> {
        let table = CsvTable::open(Path::new("t.csv"), Source::of_text(text)).expect("opens");
        let wanted: Vec<usize> = (0..table.columns().len()).collect();
        let mut rows = Vec::new();
        let mut keep = |line, cells: &[Option<&str>]| {
            rows.push((line, cells.iter().map(|cell| cell.map(str::to_owned)).collect()));
            Ok(())
        };
        table.read(&wanted, &mut keep).expect("reads");
        rows
    }

    #[test]
    fn finds_the_delimiter() {
        let check = |header: &str, expected: u8| assert_eq!(delimiter_of(header.as_bytes()), expected, "{header}");
        check("a,b,c", b',');
        check("a;b;c", b';');
        check("a\tb", b'\t');
        check("\"a,b,c\"|d", b'|');
        check("alone", b',');
    }

    #[test]
    fn counts_the_lines_of_the_file_through_quoted_newlines() {
        let read = rows("a;b\n\"x\ny\";1\nz;\n");
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(read, [(2, vec![some("x\ny"), some("1")]), (4, vec![some("z"), None])]);
    }

    #[test]
    fn short_rows_have_nulls() {
        assert_eq!(rows("a,b\nx\n"), [(2, vec![Some("x".to_owned()), None])]);
    }

    #[test]
    fn bytes_that_are_not_utf_8_are_windows_1252() {
        assert_eq!(text_of(b"caf\xe9 \x80"), "caf\u{e9} \u{20ac}");
    }

    #[test]
    fn an_empty_file_is_refused() {
        let problem = CsvTable::open(Path::new("t.csv"), Source::of_text("")).expect_err("empty");
        assert!(problem.message.contains("is empty"), "{problem}");
    }
}
