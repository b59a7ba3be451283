//! A stream of bytes as rows of text. Knows where a row ends, never what it says; holds one row at a time.

use std::borrow::Cow;

use memchr::{memchr, memchr_iter};

use super::encoding::{self, Transcoder};
use super::row::{End, QuoteState, row_end};
use super::{MAX_ROW_BYTES, Plan};

/// One row, without its line end.
#[derive(Debug)]
pub(super) struct Record<'a> {
    /// Its first line, counted from 1.
    pub line: u64,
    pub text: Cow<'a, str>,
    /// Whether a quote stands in it.
    pub quoted: bool,
    pub flaw: Option<Flaw>,
}

/// What makes a row unusable whatever it says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Flaw {
    /// Its text is not given.
    TooLong,
    /// A quote opens and the file ends.
    OpenQuote,
    NotUtf8,
    ZeroByte,
}

/// What to do with bytes that are not UTF-8.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Foreign {
    /// The row is flawed.
    Refuse,
    /// All of the text is Windows-1252.
    Windows1252,
    /// Not decided yet: such rows are shown as Windows-1252 would have them, and flagged.
    Unknown,
}

impl Record<'_> {
    /// Whether there is nothing in it, or nothing but what spreadsheets leave behind the last row.
    pub fn is_blank(&self, delimiter: Option<u8>) -> bool {
        let is_nothing = |byte: u8| byte.is_ascii_whitespace() || delimiter.is_some_and(|d| byte == d || byte == b'"');
        self.flaw != Some(Flaw::TooLong) && self.text.bytes().all(is_nothing)
    }
}

#[derive(Debug)]
pub(super) struct Splitter {
    terminator: u8,
    /// The delimiter of a text whose cells may be quoted.
    quotes: Option<u8>,
    foreign: Foreign,
    transcoder: Option<Transcoder>,
    /// Bytes that stand before the first row.
    skip: u64,
    /// The beginning of a row that is not whole yet.
    carry: Vec<u8>,
    /// An endless row whose rest is passed over.
    endless: Option<(u64, QuoteState)>,
    line: u64,
    /// Bytes taken, counted from the file's first.
    taken: u64,
}

impl Splitter {
    /// Reads from the file's first byte on.
    pub fn new(plan: &Plan, foreign: Foreign) -> Self {
        Self { skip: plan.data_offset, taken: 0, ..Self::at(plan, foreign, plan.data_offset, plan.first_line) }
    }

    /// Reads on where a row begins.
    pub fn at(plan: &Plan, foreign: Foreign, offset: u64, line: u64) -> Self {
        Self {
            terminator: plan.terminator,
            quotes: plan.quotes(),
            foreign,
            transcoder: Transcoder::of(plan.encoding),
            skip: 0,
            carry: Vec::new(),
            endless: None,
            line,
            taken: offset,
        }
    }

    /// Where the row begins that is not whole yet: its byte in the file, and its line. `None` within an endless row.
    pub fn position(&self) -> Option<(u64, u64)> {
        let carried = match &self.transcoder {
            Some(transcoder) => encoding::utf16_len(&self.carry) + transcoder.pending(),
            None => self.carry.len() as u64,
        };
        self.endless.is_none().then_some((self.taken + self.skip - carried, self.line))
    }

    pub fn feed(&mut self, bytes: &[u8], each: &mut dyn FnMut(Record<'_>)) {
        self.taken += bytes.len() as u64;
        let skipped = usize::try_from(self.skip).map_or(bytes.len(), |skip| skip.min(bytes.len()));
        self.skip -= skipped as u64;
        let bytes = &bytes[skipped..];
        if self.carry.is_empty() && self.transcoder.is_none() {
            let read = self.records(bytes, false, each);
            self.carry.extend_from_slice(&bytes[read..]);
        } else {
            let mut text = std::mem::take(&mut self.carry);
            match &mut self.transcoder {
                Some(transcoder) => transcoder.append(bytes, false, &mut text),
                None => text.extend_from_slice(bytes),
            }
            let read = self.records(&text, false, each);
            text.drain(..read);
            self.carry = text;
        }
        self.bound_carry();
    }

    /// Takes what stands behind the last line end as a row.
    pub fn finish(&mut self, each: &mut dyn FnMut(Record<'_>)) {
        let mut text = std::mem::take(&mut self.carry);
        if let Some(transcoder) = &mut self.transcoder {
            transcoder.append(&[], true, &mut text);
        }
        self.records(&text, true, each);
        if let Some((line, state)) = self.endless.take() {
            let flaw = if state.is_open() { Flaw::OpenQuote } else { Flaw::TooLong };
            each(Record { line, text: Cow::Borrowed(""), quoted: false, flaw: Some(flaw) });
        }
    }

    /// A row that is too long already is not held any longer.
    fn bound_carry(&mut self) {
        if self.carry.len() > MAX_ROW_BYTES {
            let carried = std::mem::take(&mut self.carry);
            let mut state = QuoteState::new(self.quotes, self.terminator);
            // No end is found: for want of one the row was carried.
            state.walk(&carried);
            self.endless = Some((self.line, state));
            self.line += memchr_iter(self.terminator, &carried).count() as u64;
        }
    }

    /// Hands over each row that is whole within these bytes; how many bytes they took.
    fn records(&mut self, bytes: &[u8], last: bool, each: &mut dyn FnMut(Record<'_>)) -> usize {
        let mut at = self.pass_endless(bytes, each);
        let valid = Valid::of(bytes, self.foreign);
        let mut quote = at;
        while at < bytes.len() {
            let newline = memchr(self.terminator, &bytes[at..]).map(|next| at + next);
            if newline.is_none() && !last {
                break;
            }
            let plain_end = newline.unwrap_or(bytes.len());
            if quote <= at {
                quote = match self.quotes {
                    Some(_) => memchr(b'"', &bytes[at..]).map_or(bytes.len(), |next| at + next),
                    None => bytes.len(),
                };
            }
            let (end, quoted, open) = if quote >= plain_end {
                (plain_end, false, false)
            } else {
                match row_end(&bytes[at..], self.quotes, self.terminator, last) {
                    End::At(len) => (at + len, true, false),
                    End::OpenQuote => (bytes.len(), true, true),
                    End::Unknown => break,
                }
            };
            let ends_line = usize::from(end < bytes.len());
            self.record(&valid, (at, end), (quoted, open), each);
            if quoted {
                self.line += memchr_iter(self.terminator, &bytes[at..end]).count() as u64;
                quote = end;
            }
            self.line += 1;
            at = end + ends_line;
        }
        at
    }

    fn record(
        &self,
        valid: &Valid<'_>,
        (start, end): (usize, usize),
        (quoted, open): (bool, bool),
        each: &mut dyn FnMut(Record<'_>),
    ) {
        let bytes = &valid.bytes[start..end];
        let bytes = bytes.strip_suffix(b"\r").unwrap_or(bytes);
        let (text, foreign) = valid.text(start, start + bytes.len());
        let flaw = if bytes.len() > MAX_ROW_BYTES {
            Some(Flaw::TooLong)
        } else if open {
            Some(Flaw::OpenQuote)
        } else if foreign {
            Some(Flaw::NotUtf8)
        } else {
            valid.zeros.then(|| memchr(0, bytes)).flatten().map(|_| Flaw::ZeroByte)
        };
        let text = if flaw == Some(Flaw::TooLong) { Cow::Borrowed("") } else { text };
        each(Record { line: self.line, text, quoted, flaw });
    }

    /// Passes over the rest of an endless row, as far as it goes within these bytes.
    fn pass_endless(&mut self, bytes: &[u8], each: &mut dyn FnMut(Record<'_>)) -> usize {
        let Some((line, mut state)) = self.endless.take() else { return 0 };
        let Some(len) = state.walk(bytes) else {
            self.line += memchr_iter(self.terminator, bytes).count() as u64;
            self.endless = Some((line, state));
            return bytes.len();
        };
        self.line += memchr_iter(self.terminator, &bytes[..len]).count() as u64;
        each(Record { line, text: Cow::Borrowed(""), quoted: false, flaw: Some(Flaw::TooLong) });
        len
    }
}

/// Bytes of which it was found out, once for all rows, how far they are UTF-8.
struct Valid<'a> {
    bytes: &'a [u8],
    prefix: &'a str,
    zeros: bool,
    foreign: Foreign,
}

impl<'a> Valid<'a> {
    fn of(bytes: &'a [u8], foreign: Foreign) -> Self {
        let prefix = match std::str::from_utf8(bytes) {
            Ok(text) => text,
            Err(error) => std::str::from_utf8(&bytes[..error.valid_up_to()]).unwrap_or_default(),
        };
        Self { bytes, prefix, zeros: memchr(0, bytes).is_some(), foreign }
    }

    /// The text of a part, and whether it is flawed for not being UTF-8.
    fn text(&self, start: usize, end: usize) -> (Cow<'a, str>, bool) {
        let bytes = &self.bytes[start..end];
        let known = match self.foreign {
            Foreign::Windows1252 => return (encoding::windows_1252(bytes), false),
            Foreign::Refuse | Foreign::Unknown => self.prefix.get(start..end),
        };
        match known.or_else(|| std::str::from_utf8(bytes).ok()) {
            Some(text) => (Cow::Borrowed(text), false),
            None if self.foreign == Foreign::Unknown => (encoding::windows_1252(bytes), true),
            None => (String::from_utf8_lossy(bytes), true),
        }
    }
}
