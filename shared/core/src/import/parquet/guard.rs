//! Keeps what a Parquet file says of itself within what it holds, before the library believes it. A few bytes can claim
//! a list of two thousand million elements, for which the library looks one by one, or a dictionary of as many values,
//! for which it takes memory at once.
//!
//! Footer and heads of pages are in Thrift's compact protocol:
//! <https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md>.

use bytes::Bytes;
use parquet::column::page::{Page, PageMetadata, PageReader};
use parquet::errors::{ParquetError, Result};
use parquet::file::reader::{ChunkReader, Length};
use std::io::{Chain, Cursor, Read};

/// A row group's columns take some hundred bytes each: footers of the largest files that are taken are far smaller.
const MAX_HEAD_BYTES: u64 = 16 << 20;
/// The footer's length, and the letters that end a file.
const TAIL_BYTES: u64 = 8;
const MAX_DEPTH: u32 = 32;

fn error(said: &str) -> ParquetError {
    ParquetError::General(said.to_owned())
}

fn beyond() -> ParquetError {
    error("what it says of itself goes beyond what it holds")
}

/// A file whose footer is what it says, and so is the head of every page that is read: all else is left to the library.
pub struct Guarded<S>(S);

impl<S: ChunkReader> Guarded<S> {
    pub fn open(source: S) -> Result<Self> {
        let length = source.len();
        let Some(tail_at) = length.checked_sub(TAIL_BYTES) else { return Ok(Self(source)) };
        let tail = source.get_bytes(tail_at, TAIL_BYTES as usize)?;
        let footer = u64::from(u32::from_le_bytes([tail[0], tail[1], tail[2], tail[3]]));
        if footer > tail_at {
            return Ok(Self(source));
        }
        if footer > MAX_HEAD_BYTES {
            return Err(error("its footer is too long for order lines; write it with larger row groups"));
        }
        let bytes = source.get_bytes(tail_at - footer, footer as usize)?;
        Walk::over(&*bytes, footer)?;
        Ok(Self(source))
    }
}

impl<S: ChunkReader> Length for Guarded<S> {
    fn len(&self) -> u64 {
        self.0.len()
    }
}

impl<S: ChunkReader> ChunkReader for Guarded<S> {
    type T = Chain<Cursor<Vec<u8>>, S::T>;

    /// The library reads from a place on where it expects the head of a page.
    fn get_read(&self, start: u64) -> Result<Self::T> {
        let mut from = self.0.get_read(start)?;
        let most = self.len().saturating_sub(start).min(MAX_HEAD_BYTES);
        let head = Walk::over(&mut from, most)?;
        Ok(Cursor::new(head).chain(from))
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<Bytes> {
        self.0.get_bytes(start, length)
    }
}

/// Steps through one structure. Every step takes bytes, so that there are no more steps than bytes.
struct Walk<R> {
    from: R,
    taken: Vec<u8>,
    /// How many more there may be.
    left: u64,
}

impl<R: Read> Walk<R> {
    /// The bytes of the structure that stands first.
    fn over(from: R, most: u64) -> Result<Vec<u8>> {
        let mut walk = Self { from, taken: Vec::new(), left: most };
        walk.structure(MAX_DEPTH)?;
        Ok(walk.taken)
    }

    fn take(&mut self, count: u64) -> Result<()> {
        self.left = self.left.checked_sub(count).ok_or_else(beyond)?;
        match (&mut self.from).take(count).read_to_end(&mut self.taken)? as u64 {
            read if read == count => Ok(()),
            _ => Err(beyond()),
        }
    }

    fn byte(&mut self) -> Result<u8> {
        self.take(1)?;
        self.taken.last().copied().ok_or_else(beyond)
    }

    fn varint(&mut self) -> Result<u64> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err(beyond())
    }

    /// Fields up to the one that says stop.
    fn structure(&mut self, depth: u32) -> Result<()> {
        loop {
            let head = self.byte()?;
            if head & 0x0f == 0 {
                return Ok(());
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

    fn value(&mut self, kind: u8, depth: u32) -> Result<()> {
        let below = || depth.checked_sub(1).ok_or_else(beyond);
        match kind {
            3 => self.take(1),
            4..=6 => self.varint().map(|_| ()),
            7 => self.take(8),
            8 => {
                let length = self.varint()?;
                self.take(length)
            }
            9 | 10 => self.list(below()?),
            12 => self.structure(below()?),
            // There are no maps, and no truth values in lists, of which readers differ how many bytes they take.
            _ => Err(beyond()),
        }
    }

    fn list(&mut self, depth: u32) -> Result<()> {
        let head = self.byte()?;
        let count = match head >> 4 {
            15 => self.varint()?,
            count => u64::from(count),
        };
        if count > self.left {
            return Err(beyond());
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

    fn file(footer: &[u8]) -> Bytes {
        [b"PAR1", footer, &(footer.len() as u32).to_le_bytes(), b"PAR1"].concat().into()
    }

    fn check(footer: &[u8], expected: bool) {
        assert_eq!(Guarded::open(file(footer)).is_ok(), expected, "{footer:x?}");
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
    fn the_head_of_a_page_is_walked_too_and_read_again() {
        let source = Guarded(Bytes::from_static(&[0x15, 0x02, 0x00, b'd', b'a', b't', b'a']));
        let mut read = Vec::new();
        source.get_read(0).expect("a head").read_to_end(&mut read).expect("reads");
        assert_eq!(read, [0x15, 0x02, 0x00, b'd', b'a', b't', b'a']);
        let endless = Guarded(Bytes::from_static(&[0x19, 0xf1, 0xff, 0xff, 0xff, 0xff, 0x07, 0x00]));
        assert!(endless.get_read(0).is_err());
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
        assert!(Guarded::open(Bytes::from_static(b"short")).is_ok());
        assert!(Guarded::open(Bytes::from_static(b"PAR1\xff\xff\xff\xffPAR1")).is_ok());
    }
}
