//! Long lists as newline-delimited JSON, and the first page of each that the report itself holds. Knows no row.

use crate::report::ReportPart;
use rayon::prelude::*;
use serde::Serialize;
use serde_json::value::RawValue;

/// The most rows of a list that stand in the report itself.
pub const PAGE_ROWS: u64 = 1_000;
/// The most bytes of a list that stand in the report itself, as they travel: a function hands its answer over as
/// a JSON string, in which each quote and backslash takes two bytes.
pub const PAGE_BYTES: usize = 1 << 20;
/// Rows that one thread writes at a time.
const CHUNK: usize = 256;

/// The rows of one list, each with its newline.
#[derive(Debug)]
pub struct Listing {
    ndjson: Vec<u8>,
    rows: u64,
}

impl Listing {
    pub const fn new(ndjson: Vec<u8>, rows: u64) -> Self {
        Self { ndjson, rows }
    }

    /// The rows of some values, in their order, written by all threads.
    pub fn of<T: Sync, R: Serialize>(values: &[T], row: impl Fn(&T) -> R + Sync) -> Self {
        let text = |chunk: &[T]| {
            let mut bytes = Vec::new();
            for value in chunk {
                serde_json::to_writer(&mut bytes, &row(value)).expect("a row of plain fields always serializes");
                bytes.push(b'\n');
            }
            bytes
        };
        let mut ndjson = Vec::new();
        // So many at a time that what is written twice stays small.
        for chunks in values.chunks(256 * CHUNK) {
            let texts: Vec<Vec<u8>> = chunks.par_chunks(CHUNK).map(text).collect();
            texts.iter().for_each(|text| ndjson.extend_from_slice(text));
        }
        Self { ndjson, rows: values.len() as u64 }
    }

    /// The first page as a JSON array.
    pub fn first_page(&self) -> Box<RawValue> {
        let page = std::str::from_utf8(&self.ndjson[..self.page_end()]).expect("serde_json writes UTF-8");
        let rows = page.trim_end_matches('\n').replace('\n', ",");
        RawValue::from_string(format!("[{rows}]")).expect("rows of JSON make an array")
    }

    pub fn into_part(self, name: &'static str) -> ReportPart {
        ReportPart { name, rows: self.rows, ndjson: self.ndjson }
    }

    /// Where the rows of the first page end.
    fn page_end(&self) -> usize {
        let (mut end, mut travels) = (0, 0);
        for row in self.ndjson.split_inclusive(|byte| *byte == b'\n').take(PAGE_ROWS as usize) {
            // The row, with the comma or bracket before the next one for its newline.
            travels += escaped_len(&row[..row.len() - 1]) + 1;
            if travels >= PAGE_BYTES {
                break;
            }
            end += row.len();
        }
        end
    }
}

/// How many bytes a text takes inside a JSON string.
fn escaped_len(text: &[u8]) -> usize {
    let byte_len = |byte: &u8| match byte {
        b'"' | b'\\' => 2,
        0..0x20 => 6,
        _ => 1,
    };
    text.iter().map(byte_len).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_page_is_bounded_in_rows_and_bytes() {
        let check = |row: &str, rows: usize, expected: u64| {
            let listing = Listing::of(&vec![row; rows], |row| *row);
            let page: Vec<String> = serde_json::from_str(listing.first_page().get()).expect("an array");
            assert_eq!(page.len() as u64, expected);
            assert_eq!(listing.into_part("rules").rows, rows as u64);
        };
        check("a\nb", 0, 0);
        check("a\nb", 3, 3);
        check("a", 1_500, 1_000);
        check(&"x".repeat(1 << 19), 3, 1);
        check(&"\"".repeat(1 << 17), 3, 1);
    }
    #[test]
    fn rows_keep_their_order() {
        let rows: Vec<usize> = (0..300 * CHUNK).collect();
        let text: String = rows.iter().map(|row| format!("{row}\n")).collect();
        assert_eq!(Listing::of(&rows, |row| *row).into_part("rules").ndjson, text.into_bytes());
    }
    #[test]
    fn counts_bytes_as_a_string_of_json_holds_them() {
        let check = |text: &str| {
            let quoted = serde_json::to_string(text).expect("text serializes");
            assert_eq!(escaped_len(text.as_bytes()), quoted.len() - 2, "{quoted}");
        };
        check("");
        check(r#"{"name":"a \\ b","price":"é"}"#);
        check("\u{1}");
    }
}
