//! Opens a text whatever its packing (gzip, zstd, xz) and encoding (UTF-8, UTF-16, Windows-1252). Knows no columns.

use std::fmt;
use std::fs::File;
use std::io::{self, BufReader, Cursor, Read};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use encoding_rs::Encoding;

use crate::failure::Failure;

/// Any stream of bytes, on whichever thread it is read.
pub type Stream = Box<dyn Read + Send>;

/// Unpacked text, read as it streams in; its bytes are UTF-8 or Windows-1252.
pub struct Source {
    head: Vec<u8>,
    rest: Stream,
    position: Position,
}

/// How much of a file was read, as it lies on the disk.
#[derive(Debug, Clone, Default)]
pub struct Position {
    done: Arc<AtomicU64>,
    /// The file's size; 0 when nobody knows, as of a pipe.
    pub total: u64,
}

impl Position {
    pub fn done(&self) -> u64 {
        self.done.load(Ordering::Relaxed)
    }
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Source").field("position", &self.position).finish_non_exhaustive()
    }
}

impl Source {
    /// The text's first bytes: its first line, where that is not too long, and perhaps more.
    pub fn head(&self) -> &[u8] {
        &self.head
    }
    pub fn position(&self) -> Position {
        self.position.clone()
    }
    /// For large pieces: nothing is buffered.
    pub fn into_reader(self) -> Stream {
        Box::new(Cursor::new(self.head).chain(self.rest))
    }
    #[cfg(test)]
    pub fn of_text(text: &str) -> Self {
        Self::decoded(Box::new(Cursor::new(text.to_owned().into_bytes())), Position::default()).expect("memory")
    }

    /// The text of a stream, unpacked by what its first bytes say.
    pub fn unpacked(first: &[u8], rest: Stream, total: u64) -> io::Result<Self> {
        let position = Position { total, ..Position::default() };
        let packed = Counted { stream: Box::new(Cursor::new(first.to_owned()).chain(rest)), at: position.done.clone() };
        Self::decoded(unpacker(first, Box::new(packed))?, position)
    }

    /// Strips a byte order mark; a UTF-16 text is decoded whole, the others stream.
    fn decoded(mut text: Stream, position: Position) -> io::Result<Self> {
        let mut head = read_head(&mut text)?;
        match encoding_of(&head) {
            (encoding, mark_len) if encoding == encoding_rs::UTF_8 => {
                head.drain(..mark_len);
                Ok(Self { head, rest: text, position })
            }
            (encoding, mark_len) => {
                text.read_to_end(&mut head)?;
                let decoded = encoding.decode_without_bom_handling(&head[mark_len..]).0.into_owned();
                Ok(Self { head: decoded.into_bytes(), rest: Box::new(io::empty()), position })
            }
        }
    }
}

/// The bytes of a stream, unpacked by what its first bytes say, which were already taken from it.
pub fn unpacked(first: &[u8], rest: Stream) -> io::Result<Stream> {
    unpacker(first, Box::new(Cursor::new(first.to_owned()).chain(rest)))
}

fn unpacker(first: &[u8], packed: Stream) -> io::Result<Stream> {
    let buffered = |packed| BufReader::with_capacity(BUFFER_BYTES, packed);
    Ok(if first.starts_with(GZIP_MAGIC) {
        Box::new(flate2::bufread::MultiGzDecoder::new(buffered(packed)))
    } else if first.starts_with(ZSTD_MAGIC) {
        Box::new(zstd::Decoder::with_buffer(buffered(packed))?)
    } else if first.starts_with(XZ_MAGIC) {
        Box::new(liblzma::bufread::XzDecoder::new_multi_decoder(buffered(packed)))
    } else {
        packed
    })
}

const BUFFER_BYTES: usize = 256 * 1024;
/// Enough for any header.
const HEAD_BYTES: u64 = 64 * 1024;
const GZIP_MAGIC: &[u8] = &[0x1f, 0x8b];
const ZSTD_MAGIC: &[u8] = &[0x28, 0xb5, 0x2f, 0xfd];
const XZ_MAGIC: &[u8] = &[0xfd, b'7', b'z', b'X', b'Z', 0];

/// Counts what passes.
struct Counted {
    stream: Stream,
    at: Arc<AtomicU64>,
}

impl Read for Counted {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.stream.read(buffer)?;
        self.at.fetch_add(read as u64, Ordering::Relaxed);
        Ok(read)
    }
}

/// A pipe gives what it has: read on until a line is there.
fn read_head(text: &mut Stream) -> io::Result<Vec<u8>> {
    const STEP_BYTES: u64 = 4096;
    let mut head = Vec::new();
    while (head.len() as u64) < HEAD_BYTES {
        let before = head.len();
        text.take(STEP_BYTES).read_to_end(&mut head)?;
        if head.len() == before || head[before..].contains(&b'\n') {
            break;
        }
    }
    Ok(head)
}

/// The encoding by its mark; without one, a text whose first character has a zero beside it is UTF-16.
fn encoding_of(head: &[u8]) -> (&'static Encoding, usize) {
    Encoding::for_bom(head).unwrap_or(match head {
        [0, low, 0, _, ..] if *low != 0 => (encoding_rs::UTF_16BE, 0),
        [low, 0, high, 0, ..] if *low != 0 && *high != 0 => (encoding_rs::UTF_16LE, 0),
        _ => (encoding_rs::UTF_8, 0),
    })
}

/// The file, its first bytes (already read) and its size (0 for what is no plain file).
pub fn file(path: &Path) -> Result<(File, Vec<u8>, u64), Failure> {
    let refuse = |error: io::Error| unreadable(path, &error);
    let mut file = File::open(path).map_err(refuse)?;
    let metadata = file.metadata().map_err(refuse)?;
    if metadata.is_dir() {
        return Err(Failure::input(format!("{} is a folder, not a file", path.display())));
    }
    let first = first_bytes(&mut file).map_err(refuse)?;
    Ok((file, first, if metadata.is_file() { metadata.len() } else { 0 }))
}

/// As many bytes as a form or a packing is known by.
pub fn first_bytes(stream: &mut impl Read) -> io::Result<Vec<u8>> {
    let mut first = Vec::with_capacity(8);
    stream.take(8).read_to_end(&mut first)?;
    Ok(first)
}

/// What the system or an unpacker says of a file that cannot be read, or ends too early.
pub fn unreadable(path: &Path, error: &io::Error) -> Failure {
    Failure::input(format!("cannot read {}: {}", path.display(), said(error)))
}

/// The reason in words: unpackers say little of a file that was cut off.
pub fn said(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => format!("the file ends in the middle of its packed data ({error})"),
        io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData => format!("the packed data is damaged ({error})"),
        _ => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_packing_and_encoding_gives_the_same_text() {
        let folder = tempfile::tempdir().expect("a folder");
        let check = |name: &str, bytes: &[u8]| {
            let path = folder.path().join(name);
            std::fs::write(&path, bytes).expect("written");
            let (opened, first, size) = file(&path).expect("opens");
            let source = Source::unpacked(&first, Box::new(opened), size).expect("unpacks");
            let position = source.position();
            let mut read = String::new();
            source.into_reader().read_to_string(&mut read).expect("UTF-8");
            assert_eq!(read, "a,b\n", "{name}");
            assert_eq!((position.done(), position.total), (bytes.len() as u64, bytes.len() as u64), "{name}");
        };
        check("plain", b"a,b\n");
        check("mark", b"\xef\xbb\xbfa,b\n");
        check("utf16", b"\xff\xfea\0,\0b\0\n\0");
        check("utf16-without-mark", b"a\0,\0b\0\n\0");
        check("utf16-big-endian", b"\0a\0,\0b\0\n");
        check("zstd", &zstd::encode_all(&b"a,b\n"[..], 1).expect("packs"));
        let mut gzip = flate2::read::GzEncoder::new(&b"a,b\n"[..], flate2::Compression::fast());
        let mut packed = Vec::new();
        gzip.read_to_end(&mut packed).expect("packs");
        check("gzip", &packed);
        let mut packed = Vec::new();
        liblzma::read::XzEncoder::new(&b"a,b\n"[..], 1).read_to_end(&mut packed).expect("packs");
        check("xz", &packed);
    }

    #[test]
    fn a_missing_file_is_bad_input_said_in_words() {
        let problem = file(Path::new("/no/such/file")).expect_err("missing");
        assert_eq!(problem.exit_code, crate::failure::EXIT_BAD_INPUT);
        assert!(problem.message.contains("/no/such/file"));
    }
}
