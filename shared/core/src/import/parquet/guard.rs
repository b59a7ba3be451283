//! Keeps what a Parquet file says of itself within what it holds, before the library believes it. A few bytes can claim
//! a list of two thousand million elements, for which the library looks one by one, or a dictionary of as many values,
//! for which it takes memory at once.
//!
//! The footer is in Thrift's compact protocol:
//! <https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md>.

use parquet::column::page::{Page, PageMetadata, PageReader};
use parquet::errors::{ParquetError, Result};
use parquet::file::reader::ChunkReader;

/// A row group's columns take some hundred bytes each: footers of the largest files that are taken are far smaller.
const MAX_FOOTER_BYTES: u64 = 16 << 20;
/// The footer's length, and the letters that end a file.
const TAIL_BYTES: u64 = 8;
const MAX_DEPTH: u32 = 32;

fn error(said: &str) -> ParquetError {
    ParquetError::General(said.to_owned())
}

/// Whether the footer, where there is one, is what it says; all else is left to the library.
pub fn check_footer(source: &impl ChunkReader) -> Result<()> {
    let length = source.len();
    let Some(tail_at) = length.checked_sub(TAIL_BYTES) else { return Ok(()) };
    let tail = source.get_bytes(tail_at, TAIL_BYTES as usize)?;
    let footer = u64::from(u32::from_le_bytes([tail[0], tail[1], tail[2], tail[3]]));
    if footer > tail_at {
        return Ok(());
    }
    if footer > MAX_FOOTER_BYTES {
        return Err(error("its footer is too long for order lines; write it with larger row groups"));
    }
    let bytes = source.get_bytes(tail_at - footer, footer as usize)?;
    match (Walk { bytes: &bytes }).structure(MAX_DEPTH) {
        Some(()) => Ok(()),
        None => Err(error("its footer is none that can be read")),
    }
}

/// What is left of a footer. Every step takes bytes, so that there are no more steps than bytes.
struct Walk<'a> {
    bytes: &'a [u8],
}

impl Walk<'_> {
    fn skip(&mut self, count: usize) -> Option<()> {
        self.bytes = self.bytes.get(count..)?;
        Some(())
    }

    fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.bytes.split_first()?;
        self.bytes = rest;
        Some(*first)
    }

    fn varint(&mut self) -> Option<u64> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Some(value);
            }
        }
        None
    }

    /// Fields up to the one that says stop.
    fn structure(&mut self, depth: u32) -> Option<()> {
        loop {
            let head = self.byte()?;
            if head & 0x0f == 0 {
                return Some(());
            }
            if head >> 4 == 0 {
                self.varint()?;
            }
            match head & 0x0f {
                // The head says the value.
                1 | 2 => {}
                kind => self.value(kind, depth)?,
            }
        }
    }

    fn value(&mut self, kind: u8, depth: u32) -> Option<()> {
        match kind {
            3 => self.skip(1),
            4..=6 => self.varint().map(|_| ()),
            7 => self.skip(8),
            8 => {
                let length = self.varint()?;
                self.skip(usize::try_from(length).ok()?)
            }
            9 | 10 => self.list(depth.checked_sub(1)?),
            12 => self.structure(depth.checked_sub(1)?),
            // Footers have no maps, and no truth values in lists, of which readers differ how many bytes they take.
            _ => None,
        }
    }

    fn list(&mut self, depth: u32) -> Option<()> {
        let head = self.byte()?;
        let count = match head >> 4 {
            15 => self.varint()?,
            count => u64::from(count),
        };
        if count > self.bytes.len() as u64 {
            return None;
        }
        (0..count).try_for_each(|_| self.value(head & 0x0f, depth))
    }
}

/// A column's pages, each with no more dictionary than it has bytes for.
pub struct GuardedPages(pub Box<dyn PageReader>);

impl PageReader for GuardedPages {
    fn get_next_page(&mut self) -> Result<Option<Page>> {
        let page = self.0.get_next_page()?;
        match &page {
            Some(Page::DictionaryPage { buf, num_values, .. }) if *num_values as usize > buf.len() => {
                Err(error("a dictionary claims more values than it has bytes"))
            }
            _ => Ok(page),
        }
    }

    fn peek_next_page(&mut self) -> Result<Option<PageMetadata>> {
        self.0.peek_next_page()
    }

    fn skip_next_page(&mut self) -> Result<()> {
        self.0.skip_next_page()
    }
}

impl Iterator for GuardedPages {
    type Item = Result<Page>;

    fn next(&mut self) -> Option<Self::Item> {
        self.get_next_page().transpose()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;

    fn file(footer: &[u8]) -> Bytes {
        [b"PAR1", footer, &(footer.len() as u32).to_le_bytes(), b"PAR1"].concat().into()
    }

    fn check(footer: &[u8], expected: bool) {
        assert_eq!(check_footer(&file(footer)).is_ok(), expected, "{footer:x?}");
    }

    #[test]
    fn a_footer_is_walked_and_its_lists_are_no_longer_than_itself() {
        check(&[0x00], true);
        check(&[0x15, 0x02, 0x00], true);
        // A list of three integers, then of two that are not there.
        check(&[0x19, 0x35, 0x02, 0x04, 0x06, 0x00], true);
        check(&[0x19, 0x25, 0x02], false);
        // Two thousand million structures, truth values, lists.
        for kind in [0x0c, 0x01, 0x09] {
            check(&[0x19, 0xf0 | kind, 0xff, 0xff, 0xff, 0xff, 0x07, 0x00, 0x00], false);
        }
        check(&[0x19, 0x11, 0x01, 0x00], false);
        check(&[0x18, 0x03, b'a', b'b', b'c', 0x00], true);
        check(&[0x18, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01, 0x00], false);
        check(&[], false);
    }

    #[test]
    fn depth_is_bounded() {
        let nested = |depth: usize| [vec![0x1c; depth], vec![0x00; depth + 1]].concat();
        check(&nested(30), true);
        check(&nested(33), false);
        check(&[0x19; 1 << 16], false);
    }

    #[test]
    fn what_is_no_file_is_left_to_the_library() {
        assert!(check_footer(&Bytes::from_static(b"short")).is_ok());
        assert!(check_footer(&Bytes::from_static(b"PAR1\xff\xff\xff\xffPAR1")).is_ok());
    }
}
