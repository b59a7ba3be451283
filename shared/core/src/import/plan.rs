//! What a file was taken for, by its first bytes. Everything that later steps need to know of it, and no more.

use std::borrow::Cow;

use memchr::memchr;
use serde::{Deserialize, Serialize};

use super::encoding::{Encoding, Transcoder, utf16_len, windows_1252};
use super::kind::{Columns, recognise};
use super::row::{CellSplitter, End, row_end};
use super::settings::DELIMITERS;
use super::{Field, FileFormat, ImportProblem, Kind, MAX_COLUMNS, Settings, flat, rejects};

/// How many bytes [`detect`] asks for: enough for any header.
pub const HEAD_BYTES: usize = 64 << 10;

/// What a file is and how its rows are to be read. May be stored between two steps.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    pub kind: Kind,
    pub format: FileFormat,
    /// The names in the header, or of the first object's keys.
    pub columns: Vec<String>,
    pub settings: Settings,
    /// As far as the first bytes tell: what looks like UTF-8 may still be Windows-1252.
    pub(super) encoding: Encoding,
    pub(super) delimiter: u8,
    pub(super) terminator: u8,
    /// Where the first row of data begins, in bytes and in lines.
    pub(super) data_offset: u64,
    pub(super) first_line: u64,
    pub(super) wanted: Columns,
    /// Columns whose numbers are numbers already, not text.
    pub(super) typed: Vec<Field>,
    /// A file of rejected rows, mended: its texts may carry the guard against formulas.
    pub(super) is_mended: bool,
}

impl FileFormat {
    /// By the first bytes of the unpacked file.
    pub fn sniff(head: &[u8]) -> Self {
        let (_, mark_len) = Encoding::sniff(head);
        match head[mark_len..].iter().find(|byte| !byte.is_ascii_whitespace() && **byte != 0) {
            _ if head.starts_with(b"PAR1") => Self::Parquet,
            Some(b'{') => Self::Ndjson,
            _ => Self::Csv,
        }
    }
}

/// Says what an unpacked file is by its first [`HEAD_BYTES`], or by all of it where it is shorter. Parquet is not for
/// this: see [`FileFormat::sniff`].
pub fn detect(head: &[u8], settings: &Settings) -> Result<Plan, ImportProblem> {
    settings.check()?;
    let (sniffed, mark_len) = Encoding::sniff(head);
    let encoding = settings.encoding.unwrap_or(sniffed);
    let mark_len = if sniffed == encoding { mark_len } else { 0 };
    let text = utf8(&head[mark_len..], encoding);
    let is_whole = head.len() < HEAD_BYTES;
    let mut plan = match settings.format.unwrap_or_else(|| FileFormat::sniff(head)) {
        FileFormat::Ndjson => flat::plan(&text, is_whole, settings)?,
        FileFormat::Csv => table(&text, is_whole, settings)?,
        FileFormat::Parquet => {
            return Err(ImportProblem::Damaged { detail: "it does not begin as a Parquet file does".to_owned() });
        }
    };
    let header = &text.as_bytes()[..usize::try_from(plan.data_offset).unwrap_or(text.len())];
    let header_len = match (encoding.is_utf16(), &text) {
        (true, _) => utf16_len(header),
        (_, Cow::Borrowed(_)) => header.len() as u64,
        // One byte a character.
        (_, Cow::Owned(text)) => text[..header.len()].chars().count() as u64,
    };
    plan.data_offset = mark_len as u64 + header_len;
    plan.encoding = encoding;
    Ok(plan)
}

/// The head as text. What is not UTF-8 is read as Windows-1252, but for a character that the head's end cuts.
fn utf8(head: &[u8], encoding: Encoding) -> Cow<'_, str> {
    if let Some(mut transcoder) = Transcoder::of(encoding) {
        let mut text = Vec::new();
        transcoder.append(head, false, &mut text);
        return Cow::Owned(String::from_utf8_lossy(&text).into_owned());
    }
    match std::str::from_utf8(head) {
        Ok(text) if encoding == Encoding::Utf8 => Cow::Borrowed(text),
        Err(error) if encoding == Encoding::Utf8 && error.error_len().is_none() => {
            Cow::Borrowed(std::str::from_utf8(&head[..error.valid_up_to()]).unwrap_or_default())
        }
        _ => windows_1252(head),
    }
}

fn table(text: &str, is_whole: bool, settings: &Settings) -> Result<Plan, ImportProblem> {
    let bytes = text.as_bytes();
    let terminator = if memchr(b'\n', bytes).is_none() && memchr(b'\r', bytes).is_some() { b'\r' } else { b'\n' };
    let lines = |to: usize| bytes[..to].iter().filter(|byte| **byte == terminator).count() as u64 + 1;
    let mut start = bytes.iter().take_while(|byte| matches!(byte, b'\n' | b'\r')).count();
    let hint = separator_hint(&text[start..]);
    start += hint.map_or(0, |(_, len)| len);
    let delimiter = settings.delimiter.map(|delimiter| delimiter as u8).or(hint.map(|(delimiter, _)| delimiter));
    let delimiter = delimiter.unwrap_or_else(|| delimiter_of(first_line(&bytes[start..], terminator)));
    let end = match row_end(&bytes[start..], Some(delimiter), terminator, is_whole) {
        End::At(end) => start + end,
        End::OpenQuote => return Err(ImportProblem::OpenQuote { line: lines(start) }),
        End::Unknown => return Err(ImportProblem::EndlessHeader),
    };
    if let Some(at) = memchr(0, &bytes[..end]) {
        return Err(ImportProblem::NotText { line: lines(at) });
    }
    let header = text[start..end].trim_end_matches('\r');
    let columns: Vec<String> = CellSplitter::new(delimiter)
        .split(header, header.contains('"'))
        .iter()
        .map(|name| name.trim().to_owned())
        .collect();
    if columns.iter().all(String::is_empty) {
        return Err(ImportProblem::Empty);
    }
    if columns.len() > MAX_COLUMNS {
        return Err(ImportProblem::TooManyColumns { count: columns.len() });
    }
    let data = (end + 1).min(bytes.len());
    let (kind, wanted) = recognise(&columns, settings)?;
    Ok(Plan {
        data_offset: data as u64,
        first_line: lines(end) + 1,
        delimiter,
        terminator,
        is_mended: rejects::is_list_of_rejects(&columns),
        ..Plan::new(kind, FileFormat::Csv, columns, wanted, settings)
    })
}

/// The line `sep=;` with which a spreadsheet is told the delimiter, and its length.
fn separator_hint(text: &str) -> Option<(u8, usize)> {
    let rest = text.strip_prefix("sep=")?;
    let delimiter = rest.chars().next().filter(|delimiter| DELIMITERS.contains(delimiter))?;
    let ends = rest[1..].strip_prefix("\r\n").map(|_| 2).or(rest[1..].strip_prefix(['\n', '\r']).map(|_| 1))?;
    Some((delimiter as u8, 5 + ends))
}

fn first_line(bytes: &[u8], terminator: u8) -> &[u8] {
    &bytes[..memchr(terminator, bytes).unwrap_or(bytes.len())]
}

/// The delimiter the header has most of outside quotes; a comma when it has none.
fn delimiter_of(header: &[u8]) -> u8 {
    let mut quoted = false;
    let mut counts = DELIMITERS.map(|delimiter| (delimiter as u8, 0));
    for &byte in header {
        quoted ^= byte == b'"';
        if let Some((_, count)) = counts.iter_mut().find(|(delimiter, _)| !quoted && *delimiter == byte) {
            *count += 1;
        }
    }
    counts.into_iter().rev().max_by_key(|(_, count)| *count).map_or(b',', |(delimiter, _)| delimiter)
}

impl Plan {
    pub(super) fn new(
        kind: Kind,
        format: FileFormat,
        columns: Vec<String>,
        wanted: Columns,
        settings: &Settings,
    ) -> Self {
        Self {
            kind,
            format,
            columns,
            settings: settings.clone(),
            encoding: Encoding::Utf8,
            delimiter: b',',
            terminator: b'\n',
            data_offset: 0,
            first_line: 1,
            wanted,
            typed: Vec::new(),
            is_mended: false,
        }
    }

    /// The file's own name for what a field is read from; the API's where there is no column for it.
    pub fn column(&self, field: Field) -> &str {
        let at = self.wanted.iter().find(|(known, _)| *known == field);
        at.map_or(field.name(), |(_, at)| &self.columns[*at])
    }

    pub fn has(&self, field: Field) -> bool {
        self.wanted.iter().any(|(known, _)| *known == field)
    }

    /// What the cells of a rejected row are: the file's columns, but for those that a list of rejects begins with.
    pub fn reject_columns(&self) -> Vec<&str> {
        let own = if self.is_mended { rejects::OWN_COLUMNS.len() } else { 0 };
        match self.format {
            FileFormat::Ndjson => vec!["row"],
            FileFormat::Csv | FileFormat::Parquet => self.columns[own..].iter().map(String::as_str).collect(),
        }
    }

    /// `a Shopify export of orders (CSV, comma, UTF-8): order_id = Name, …, no unit_price`, so that a wrong guess is
    /// seen.
    pub fn described(&self, encoding: Encoding) -> String {
        let form = match (self.format, self.delimiter) {
            (FileFormat::Parquet, _) => "Parquet".to_owned(),
            (FileFormat::Ndjson, _) => format!("NDJSON, {}", encoding.name()),
            (FileFormat::Csv, b',') => format!("CSV, comma, {}", encoding.name()),
            (FileFormat::Csv, b';') => format!("CSV, semicolon, {}", encoding.name()),
            (FileFormat::Csv, b'\t') => format!("CSV, tab, {}", encoding.name()),
            (FileFormat::Csv, _) => format!("CSV, |, {}", encoding.name()),
        };
        if self.kind == Kind::Orders {
            return format!("{} ({form})", self.kind.described());
        }
        let items: &[Field] = match self.has(Field::Items) {
            true => &[Field::Items],
            false => &[Field::Product, Field::Price, Field::Quantity],
        };
        let fields = [Field::Order, Field::Customer, Field::Date].iter().chain(items);
        let said: Vec<String> = fields
            .map(|field| match self.has(*field) {
                true => format!("{} = {}", field.name(), self.column(*field)),
                false => format!("no {}", field.name()),
            })
            .collect();
        format!("{} ({form}): {}", self.kind.described(), said.join(", "))
    }

    /// The delimiter of a text whose cells may be quoted.
    pub(super) fn quotes(&self) -> Option<u8> {
        (self.format == FileFormat::Csv).then_some(self.delimiter)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn planned(head: &[u8]) -> Plan {
        detect(head, &Settings::default()).expect("known")
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
    fn data_begins_behind_the_header() {
        let check = |head: &[u8], offset: usize, line: u64| {
            let plan = planned(head);
            assert_eq!((plan.data_offset, plan.first_line), (offset as u64, line), "{head:?}");
            assert_eq!(plan.columns, ["order_id", "product"], "{head:?}");
        };
        let header = "order_id,product\n";
        check(header.as_bytes(), 17, 2);
        check(b"order_id,product", 16, 2);
        check(b"\xef\xbb\xbforder_id,product\r\n1,a\r\n", 21, 2);
        check(b"\n\norder_id,product\n", 19, 4);
        check(b"order_id,\"product\"\n1,a\n", 19, 2);
        check(b"sep=;\r\norder_id;product\r\n1;a\r\n", 25, 3);
        check(b"order_id,product\r1,a\r", 17, 2);
        let utf16: Vec<u8> = "\u{feff}order_id,product\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
        check(&utf16, utf16.len(), 2);
    }

    #[test]
    fn files_that_are_no_table_are_refused() {
        let check = |head: &[u8], expected| {
            let problem = detect(head, &Settings::default()).expect_err("refused");
            assert_eq!(problem.code(), expected, "{problem}");
        };
        check(b"", "empty_file");
        check(b"\n\r\n", "empty_file");
        check(b",,\n", "empty_file");
        check(b"\x7fELF\x02\x01\x01\0\0\0\0\0", "not_text");
        check(b"order_id,\"product\n1,a\n", "open_quote");
        check(b"a,b\n1,2\n", "unknown_columns");
        check(&[b'x'; HEAD_BYTES], "endless_header");
        check(&[b"order_id,product", [b','; MAX_COLUMNS].as_slice()].concat(), "too_many_columns");
    }

    #[test]
    fn a_header_in_windows_1252_is_counted_in_its_own_bytes() {
        let plan = planned(b"order_id;product;Gr\xf6\xdfe\n1;a;b\n");
        assert_eq!((plan.data_offset, plan.columns[2].as_str()), (23, "Gr\u{f6}\u{df}e"));
    }

    #[test]
    fn says_what_it_took_the_file_for() {
        let said = planned(b"Name;Email;Created at;Lineitem name;Lineitem price\n").described(Encoding::Utf8);
        let expected = "a Shopify export of orders (CSV, semicolon, UTF-8): order_id = Name, customer_id = Email, \
                        order_date = Created at, product_name = Lineitem name, unit_price = Lineitem price, no quantity";
        assert_eq!(said, expected);
    }
}
