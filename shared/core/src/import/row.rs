//! One row of a delimited text: where it ends, and its cells. A quote opens only at a cell's beginning, two within a
//! quoted cell are one (RFC 4180); text behind a closing quote belongs to the cell.

use memchr::{memchr, memchr_iter, memchr2};

/// Where a row ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// Before this byte, which is a line end or the text's end.
    At(usize),
    /// Nowhere: a quote opens, and the text ends.
    OpenQuote,
    /// Not within these bytes.
    Unknown,
}

/// Where the row ends that begins these bytes; `last` says that no more will come.
pub(super) fn row_end(bytes: &[u8], quotes: Option<u8>, terminator: u8, last: bool) -> End {
    let mut at = 0;
    loop {
        let Some(next) = memchr2(b'"', terminator, &bytes[at..]).map(|next| at + next) else {
            return if last { End::At(bytes.len()) } else { End::Unknown };
        };
        if bytes[next] == terminator {
            return End::At(next);
        }
        at = next + 1;
        if next == 0 || Some(bytes[next - 1]) == quotes {
            match closing(bytes, at) {
                Some(close) => at = close + 1,
                None if last => return End::OpenQuote,
                None => return End::Unknown,
            }
        }
    }
}

/// The quote that closes a cell whose text begins at `from`.
fn closing(bytes: &[u8], from: usize) -> Option<usize> {
    let mut at = from;
    loop {
        let quote = at + memchr(b'"', bytes.get(at..)?)?;
        match bytes.get(quote + 1) {
            Some(b'"') => at = quote + 2,
            _ => return Some(quote),
        }
    }
}

/// The same byte by byte, for a row that is too long to be held.
#[derive(Debug, Clone, Copy)]
pub(super) struct QuoteState {
    quotes: Option<u8>,
    terminator: u8,
    place: Place,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    CellStart,
    Plain,
    Quoted,
    /// Behind a quote in a quoted cell: it closes, or the next one doubles it.
    Quote,
}

impl QuoteState {
    pub fn new(quotes: Option<u8>, terminator: u8) -> Self {
        Self { quotes, terminator, place: Place::CellStart }
    }

    /// How many bytes the row takes with its line end; `None` where it goes on.
    pub fn walk(&mut self, bytes: &[u8]) -> Option<usize> {
        for (at, &byte) in bytes.iter().enumerate() {
            self.place = match self.place {
                Place::Quoted if byte == b'"' => Place::Quote,
                Place::Quoted => Place::Quoted,
                Place::Quote if byte == b'"' => Place::Quoted,
                _ if byte == self.terminator => return Some(at + 1),
                _ if Some(byte) == self.quotes => Place::CellStart,
                Place::CellStart if byte == b'"' && self.quotes.is_some() => Place::Quoted,
                _ => Place::Plain,
            };
        }
        None
    }

    pub fn is_open(&self) -> bool {
        self.place == Place::Quoted
    }
}

/// Splits rows; its memory is used again.
#[derive(Debug, Default)]
pub(super) struct CellSplitter {
    delimiter: u8,
    ends: Vec<usize>,
    unquoted: String,
}

/// A row's cells.
#[derive(Debug, Clone, Copy)]
pub(super) struct Row<'a> {
    text: &'a str,
    ends: &'a [usize],
    /// What stands between two cells in the text.
    gap: usize,
}

impl CellSplitter {
    pub fn new(delimiter: u8) -> Self {
        Self { delimiter, ..Self::default() }
    }

    pub fn split<'a>(&'a mut self, text: &'a str, quoted: bool) -> Row<'a> {
        self.ends.clear();
        if quoted {
            self.unquote(text);
            return Row { text: &self.unquoted, ends: &self.ends, gap: 0 };
        }
        self.ends.extend(memchr_iter(self.delimiter, text.as_bytes()));
        self.ends.push(text.len());
        Row { text, ends: &self.ends, gap: 1 }
    }

    fn unquote(&mut self, text: &str) {
        self.unquoted.clear();
        let bytes = text.as_bytes();
        let mut at = 0;
        loop {
            if bytes.get(at) == Some(&b'"') {
                at = self.quoted_cell(text, at + 1);
            }
            let end = memchr(self.delimiter, &bytes[at..]).map_or(bytes.len(), |next| at + next);
            self.unquoted.push_str(&text[at..end]);
            self.ends.push(self.unquoted.len());
            if end == bytes.len() {
                return;
            }
            at = end + 1;
        }
    }

    /// Takes a quoted cell's text; returns where it goes on behind the closing quote.
    fn quoted_cell(&mut self, text: &str, from: usize) -> usize {
        let close = closing(text.as_bytes(), from).unwrap_or(text.len());
        let mut parts = text[from..close].split("\"\"");
        self.unquoted.push_str(parts.next().unwrap_or_default());
        for part in parts {
            self.unquoted.push('"');
            self.unquoted.push_str(part);
        }
        (close + 1).min(text.len())
    }
}

impl<'a> Row<'a> {
    pub fn get(&self, at: usize) -> Option<&'a str> {
        let end = *self.ends.get(at)?;
        let start = if at == 0 { 0 } else { self.ends[at - 1] + self.gap };
        Some(&self.text[start..end])
    }

    /// How many cells there are.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// How many cells there are, those left out that are empty at the row's end.
    pub fn width(&self) -> usize {
        (0..self.len()).rev().find(|&at| self.get(at).is_some_and(|cell| !cell.is_empty())).map_or(0, |last| last + 1)
    }

    pub fn iter(&self) -> impl Iterator<Item = &'a str> {
        let row = *self;
        (0..self.len()).filter_map(move |at| row.get(at))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_end_outside_quotes() {
        let check = |text: &str, last, expected| {
            assert_eq!(row_end(text.as_bytes(), Some(b','), b'\n', last), expected, "{text:?}");
            let walked = QuoteState::new(Some(b','), b'\n').walk(text.as_bytes());
            let whole = if let End::At(at) = expected { (at < text.len()).then_some(at + 1) } else { None };
            assert_eq!(walked, whole, "{text:?}");
        };
        check("a,b\nc", false, End::At(3));
        check("a,\"b\nc\"\nd", false, End::At(7));
        check("5\" pipe\nb", false, End::At(7));
        check("\"say \"\"a\n\"\"\",\nb", false, End::At(13));
        check("\"a\" \"b\n", false, End::At(6));
        check("a,b", false, End::Unknown);
        check("a,b", true, End::At(3));
        check("\"a\n", false, End::Unknown);
        check("\"a\n", true, End::OpenQuote);
    }

    #[test]
    fn cells_are_unquoted() {
        let check = |text: &str, expected: &[&str]| {
            let mut splitter = CellSplitter::new(b',');
            let cells: Vec<&str> = splitter.split(text, text.contains('"')).iter().collect();
            assert_eq!(cells, expected, "{text:?}");
        };
        check("", &[""]);
        check("a,,b,", &["a", "", "b", ""]);
        check("\"a,b\",\"c\"\"d\"", &["a,b", "c\"d"]);
        check("5\" pipe,\"e\"x,\"\"", &["5\" pipe", "ex", ""]);
        check("\"\"\"\"", &["\""]);
        check("\"open", &["open"]);
    }

    #[test]
    fn empty_cells_at_the_end_do_not_count() {
        let check = |text: &str, expected| assert_eq!(CellSplitter::new(b';').split(text, false).width(), expected);
        check("a;b;;", 2);
        check(";;", 0);
        check("a", 1);
    }
}
