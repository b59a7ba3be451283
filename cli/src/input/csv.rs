//! A delimited text file as a table: finds the delimiter, reads row by row. A cell that is not UTF-8 is read as
//! Windows-1252; an empty cell is null.

use std::borrow::Cow;
use std::path::{Path, PathBuf};

use super::Watch;
use super::blocks::{Block, Blocks, Ends};
use super::open::Source;
use super::rows::{self, Row, Wanted};
use crate::failure::Failure;

/// A file whose header was read.
#[derive(Debug)]
pub struct CsvTable {
    path: PathBuf,
    delimiter: u8,
    columns: Vec<String>,
    /// What follows the header in its block.
    first: Block,
    rest: Blocks,
}

impl CsvTable {
    pub fn open(path: &Path, source: Source) -> Result<Self, Failure> {
        let delimiter = delimiter_of(first_line(source.head()));
        let mut rest = Blocks::new(path, source, Ends::Rows { delimiter });
        let mut first = rest.next()?.ok_or_else(|| empty(path))?;
        refuse_binary(path, &first)?;
        let (header, header_len) = rows::header(first.bytes(), delimiter);
        let columns: Vec<String> = header.iter().map(|cell| text_of(cell).trim().to_owned()).collect();
        if columns.iter().all(String::is_empty) {
            return Err(empty(path));
        }
        first.skip(header_len);
        Ok(Self { path: path.to_owned(), delimiter, columns, first, rest })
    }

    pub fn columns(&self) -> &[String] {
        &self.columns
    }

    /// On so many threads (0: one a processor): rows are put, as bytes in UTF-8, into a few `T`s, which are kept in
    /// the file's order. A row that does not fit the header is refused.
    pub fn read_parts<T: Default + Send>(
        self,
        wanted: &[usize],
        (threads, watch): (usize, &dyn Watch),
        put: impl Fn(&mut T, &Row<'_>) -> Result<(), Failure> + Sync,
        keep: impl FnMut(T) + Send,
    ) -> Result<(), Failure> {
        let Self { path, delimiter, columns, first, rest } = self;
        let split = Wanted::new(delimiter, wanted);
        let put_block = |part: &mut T, block: &Block| {
            refuse_binary(&path, block)?;
            let valid = std::str::from_utf8(block.bytes()).is_ok();
            split.each(block.bytes(), block.first_line, |row| {
                refuse_ragged(&path, row, wanted.len(), columns.len())?;
                if valid { put(part, row) } else { put_decoded(part, row, &put) }
            })
        };
        rest.each_after(first, threads, watch, put_block, keep)
    }
}

fn empty(path: &Path) -> Failure {
    Failure::input(format!("{} is empty: a header with the columns' names is needed", path.display()))
}

fn put_decoded<T>(
    part: &mut T,
    row: &Row<'_>,
    put: impl Fn(&mut T, &Row<'_>) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let texts = row.cells.map(|cell| cell.map(text_of));
    let cells = std::array::from_fn(|nth| texts[nth].as_deref().map(str::as_bytes));
    put(part, &Row { cells, ..*row })
}

fn refuse_binary(path: &Path, block: &Block) -> Result<(), Failure> {
    let Some(at) = memchr::memchr(0, block.bytes()) else { return Ok(()) };
    let line = block.first_line + block.bytes()[..at].iter().filter(|&&byte| byte == b'\n').count() as u64;
    Err(Failure::input(format!("{}, line {line}: a zero byte: this is no text", path.display())))
}

/// A delimiter too many moves every cell behind it; a row cut short has lost some.
fn refuse_ragged(path: &Path, row: &Row<'_>, wanted: usize, columns: usize) -> Result<(), Failure> {
    if row.width <= columns && row.cells[..wanted].iter().all(Option::is_some) {
        return Ok(());
    }
    let (path, line, has) = (path.display(), row.line, row.width);
    Err(Failure::input(format!("{path}, line {line} has {has} cells, but the header has {columns}")))
}

fn text_of(cell: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(cell) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => encoding_rs::WINDOWS_1252.decode_without_bom_handling(cell).0,
    }
}

fn first_line(buffered: &[u8]) -> &[u8] {
    buffered.split(|&b| matches!(b, b'\n' | b'\r')).next().unwrap_or_default()
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

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(text: &str) -> Vec<(u64, Vec<Option<String>>)> {
        let table = CsvTable::open(Path::new("t.csv"), Source::of_text(text)).expect("opens");
        let wanted: Vec<usize> = (0..table.columns().len()).collect();
        let own = |cell: &[u8]| String::from_utf8(cell.to_vec()).expect("UTF-8");
        let put = |part: &mut Vec<_>, row: &Row<'_>| {
            part.push((row.line, row.cells[..wanted.len()].iter().map(|cell| cell.map(own)).collect()));
            Ok(())
        };
        let mut rows = Vec::new();
        table.read_parts(&wanted, (1, &()), put, |part| rows.extend(part)).expect("reads");
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
        assert_eq!(read, [(2, vec![some("x\ny"), some("1")]), (4, vec![some("z"), some("")])]);
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
