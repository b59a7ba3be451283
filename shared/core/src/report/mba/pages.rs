//! Long lists as newline-delimited JSON, and the first page of each that the report itself holds. Knows no row.

use crate::report::ReportPart;
use serde::Serialize;
use serde_json::value::RawValue;

/// The most rows of a list that stand in the report itself.
pub const PAGE_ROWS: u64 = 1_000;
/// The most bytes of a list that stand in the report itself, as they travel: a function hands its answer over as
/// a JSON string, in which each quote and backslash takes two bytes.
pub const PAGE_BYTES: usize = 1 << 20;

/// Takes the rows of one list, in order.
#[derive(Debug, Default)]
pub struct Listing {
    ndjson: Vec<u8>,
    rows: u64,
    /// Bytes and rows of the first page.
    page_end: usize,
    page_rows: u64,
    /// Bytes of the first page inside a JSON string.
    page_bytes: usize,
}

impl Listing {
    pub fn push(&mut self, row: &impl Serialize) {
        let start = self.ndjson.len();
        serde_json::to_writer(&mut self.ndjson, row).expect("a row of plain fields always serializes");
        // The row and the comma or bracket before the next one.
        let bytes = escaped_len(&self.ndjson[start..]) + 1;
        self.ndjson.push(b'\n');
        let page_is_open = self.page_rows == self.rows;
        self.rows += 1;
        if page_is_open && self.rows <= PAGE_ROWS && self.page_bytes + bytes < PAGE_BYTES {
            (self.page_end, self.page_rows) = (self.ndjson.len(), self.rows);
            self.page_bytes += bytes;
        }
    }

    /// The first page as a JSON array.
    pub fn first_page(&self) -> Box<RawValue> {
        let page = std::str::from_utf8(&self.ndjson[..self.page_end]).expect("serde_json writes UTF-8");
        let rows = page.trim_end_matches('\n').replace('\n', ",");
        RawValue::from_string(format!("[{rows}]")).expect("rows of JSON make an array")
    }

    pub fn into_part(self, name: &'static str) -> ReportPart {
        ReportPart { name, rows: self.rows, ndjson: self.ndjson }
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
        let check = |row: &str, rows: u64, expected: u64| {
            let mut listing = Listing::default();
            (0..rows).for_each(|_| listing.push(&row));
            let page: Vec<String> = serde_json::from_str(listing.first_page().get()).expect("an array");
            assert_eq!(page.len() as u64, expected);
            assert_eq!(listing.into_part("rules").rows, rows);
        };
        check("a\nb", 0, 0);
        check("a\nb", 3, 3);
        check("a", 1_500, 1_000);
        check(&"x".repeat(1 << 19), 3, 1);
        check(&"\"".repeat(1 << 17), 3, 1);
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
