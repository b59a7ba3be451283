//! The rows of a delimited text, as bytes: a row without quotes is split in place, any other is read by `csv_core`.
//! Knows no column's meaning and no encoding.

use csv_core::{ReadRecordResult, Reader, ReaderBuilder};
use memchr::{memchr, memchr_iter, memchr2};

use super::table::MAX_WANTED;

/// Which columns of a row are asked for.
#[derive(Debug, Clone)]
pub struct Wanted {
    delimiter: u8,
    columns: Vec<usize>,
    /// Cells to split off; those behind the last one wanted are only counted.
    split: usize,
}

/// What of a row is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Row<'a> {
    pub line: u64,
    /// The wanted cells; `None` where the row is too short.
    pub cells: [Option<&'a [u8]>; MAX_WANTED],
    /// How many cells the row has; empty ones at its end count no further than the last column wanted.
    pub width: usize,
}

impl Wanted {
    pub fn new(delimiter: u8, columns: &[usize]) -> Self {
        let split = columns.iter().max().map_or(0, |last| last + 1);
        Self { delimiter, columns: columns.to_vec(), split }
    }

    /// Hands over every row of the bytes, which begin at a row's beginning, and end at a row's end.
    pub fn each<E>(
        &self,
        bytes: &[u8],
        first_line: u64,
        mut row: impl FnMut(&Row<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut quoted = QuotedRow::new(self.delimiter);
        let mut ends: Vec<usize> = vec![0; self.split];
        let (mut at, mut line, mut newline) = (0, first_line, 0);
        while at < bytes.len() {
            if newline <= at {
                newline = memchr(b'\n', &bytes[at..]).map_or(bytes.len(), |next| at + next);
                newline += usize::from(newline < bytes.len());
            }
            match plain(&bytes[at..newline]) {
                Some([]) => (at, line) = (newline, line + 1),
                Some(text) => {
                    row(&self.split_plain(text, line, &mut ends))?;
                    (at, line) = (newline, line + 1);
                }
                None => {
                    let read = quoted.read(&bytes[at..]);
                    if quoted.cells > 0 {
                        row(&self.pick(&quoted, line))?;
                    }
                    line += memchr_iter(b'\n', &bytes[at..at + read]).count() as u64;
                    at += read;
                }
            }
        }
        Ok(())
    }

    fn split_plain<'a>(&self, text: &'a [u8], line: u64, ends: &mut [usize]) -> Row<'a> {
        let (mut found, mut from) = (0, 0);
        while found < self.split {
            let end = memchr(self.delimiter, &text[from..]).map_or(text.len(), |next| from + next);
            ends[found] = end;
            found += 1;
            from = end + 1;
            if end == text.len() {
                break;
            }
        }
        let cells = self.cells(&ends[..found], |start, end| &text[start..end], 1);
        Row { line, cells, width: self.width(text, found, from) }
    }

    /// How many cells a row has of which so many were split off, the rest beginning at `from`.
    fn width(&self, text: &[u8], split: usize, from: usize) -> usize {
        let filled = text.iter().rposition(|&byte| byte != self.delimiter).map_or(0, |last| last + 1);
        if filled < from { split } else { split + 1 + memchr_iter(self.delimiter, &text[from..filled]).count() }
    }

    fn pick<'a>(&self, row: &'a QuotedRow, line: u64) -> Row<'a> {
        let ends = &row.ends[..row.cells];
        let cells = self.cells(ends, |start, end| &row.text[start..end], 0);
        let text_len = ends.last().copied().unwrap_or(0);
        let width = ends.iter().position(|&end| end == text_len).map_or(0, |last| last + 1);
        Row { line, cells, width }
    }

    /// The wanted cells by where the row's cells end, with a gap of so many bytes between them.
    fn cells<'a>(
        &self,
        ends: &[usize],
        text: impl Fn(usize, usize) -> &'a [u8],
        gap: usize,
    ) -> [Option<&'a [u8]>; MAX_WANTED] {
        let mut cells = [None; MAX_WANTED];
        for (cell, &column) in cells.iter_mut().zip(&self.columns) {
            *cell = ends.get(column).map(|&end| text(if column == 0 { 0 } else { ends[column - 1] + gap }, end));
        }
        cells
    }
}

/// A line without its end, where no quote and no other line end stands within.
fn plain(line: &[u8]) -> Option<&[u8]> {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    memchr2(b'"', b'\r', line).is_none().then_some(line)
}

/// The cells of one row at a time, unquoted.
#[derive(Debug)]
struct QuotedRow {
    reader: Reader,
    text: Vec<u8>,
    ends: Vec<usize>,
    cells: usize,
}

impl QuotedRow {
    fn new(delimiter: u8) -> Self {
        let reader = ReaderBuilder::new().delimiter(delimiter).build();
        Self { reader, text: vec![0; 512], ends: vec![0; 32], cells: 0 }
    }

    /// Reads the first row and returns how many bytes it takes, its line end included.
    fn read(&mut self, bytes: &[u8]) -> usize {
        self.reader.reset();
        let (mut read, mut written) = (0, 0);
        self.cells = 0;
        loop {
            let (result, taken, put, ended) =
                self.reader.read_record(&bytes[read..], &mut self.text[written..], &mut self.ends[self.cells..]);
            read += taken;
            written += put;
            self.cells += ended;
            match result {
                ReadRecordResult::OutputFull => self.text.resize(self.text.len() * 2, 0),
                ReadRecordResult::OutputEndsFull => self.ends.resize(self.ends.len() * 2, 0),
                // Asked again without input, the reader knows that this is the end.
                ReadRecordResult::InputEmpty => {}
                ReadRecordResult::Record | ReadRecordResult::End => break,
            }
        }
        let crlf = read > 0 && bytes[read - 1] == b'\r' && bytes.get(read) == Some(&b'\n');
        read + usize::from(crlf)
    }
}

/// A header's cells, and how many bytes it takes.
pub fn header(bytes: &[u8], delimiter: u8) -> (Vec<Vec<u8>>, usize) {
    let blank = bytes.iter().take_while(|byte| matches!(byte, b'\n' | b'\r')).count();
    let mut row = QuotedRow::new(delimiter);
    let read = row.read(&bytes[blank..]);
    let starts = std::iter::once(0).chain(row.ends.iter().copied());
    let cells = starts.zip(&row.ends[..row.cells]).map(|(start, &end)| row.text[start..end].to_vec()).collect();
    (cells, blank + read)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The slow obvious way: every row by the `csv` crate.
    fn by_the_crate(text: &str, columns: &[usize]) -> Vec<(Vec<Option<String>>, usize)> {
        let reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(text.as_bytes());
        let rows = reader.into_records().map(|row| row.expect("UTF-8"));
        let width =
            |row: &csv::StringRecord| (0..row.len()).rev().find(|&at| !row[at].is_empty()).map_or(1, |last| last + 1);
        rows.map(|row| (columns.iter().map(|&at| row.get(at).map(str::to_owned)).collect(), width(&row))).collect()
    }

    fn split(text: &str, columns: &[usize]) -> Vec<(u64, Vec<Option<String>>, usize)> {
        let mut rows = Vec::new();
        let own = |cell: &Option<&[u8]>| cell.map(|cell| String::from_utf8(cell.to_vec()).expect("UTF-8"));
        let keep = |row: &Row<'_>| {
            rows.push((row.line, row.cells[..columns.len()].iter().map(own).collect(), row.width));
            Ok::<(), ()>(())
        };
        Wanted::new(b',', columns).each(text.as_bytes(), 1, keep).expect("kept");
        rows
    }

    #[test]
    fn rows_are_those_of_the_csv_crate() {
        let check = |text: &str| {
            for columns in [&[0][..], &[1], &[0, 2], &[2, 0], &[0, 1, 2, 3]] {
                let rows: Vec<_> = split(text, columns).into_iter().map(|(_, cells, width)| (cells, width)).collect();
                let filled = |rows: Vec<(Vec<Option<String>>, usize)>| -> Vec<_> {
                    rows.into_iter().map(|(cells, width)| (cells, width.max(4))).collect()
                };
                assert_eq!(filled(rows), filled(by_the_crate(text, columns)), "{text:?} {columns:?}");
            }
        };
        check("a,b,c\nd,e,f\n");
        check("a,b,c\r\n\r\nd,e,f");
        check("a,\"b\nb\",c\r\n\"d\",e,\"f\"\"g\"\n");
        check("a\rb,c\r\nd");
        check("a,5\" pipe,c\nd,\"e\"x,f\n\"\"\n");
        check("a\na,b,c,d,e\na,,,,\n,,\n");
        check("\n\n\"a\n\n\"\n\n");
        check("\"open, and\nnever closed");
    }

    #[test]
    fn random_rows_are_those_of_the_csv_crate() {
        let mut state = 7u64;
        let mut next = |below: usize| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) as usize % below
        };
        for _ in 0..3_000 {
            let text: String = (0..next(40)).map(|_| ['a', ',', '"', '\n', '\r', 'b', ','][next(7)]).collect();
            let rows: Vec<_> = split(&text, &[1, 0]).into_iter().map(|(_, cells, _)| cells).collect();
            let expected: Vec<_> = by_the_crate(&text, &[1, 0]).into_iter().map(|(cells, _)| cells).collect();
            assert_eq!(rows, expected, "{text:?}");
        }
    }

    #[test]
    fn lines_are_the_file_s() {
        let lines = |text: &str| split(text, &[0]).into_iter().map(|(line, ..)| line).collect::<Vec<_>>();
        assert_eq!(lines("a\n\nb\n\"c\nd\"\ne"), [1, 3, 4, 6]);
        assert_eq!(lines("a\r\n\"b\r\nc\"\r\nd\r\n"), [1, 2, 4]);
    }
}
