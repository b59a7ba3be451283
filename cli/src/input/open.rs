//! Opens a text file whatever its packing (gzip, zstd, xz) and encoding (UTF-8, UTF-16, Windows-1252). Knows no columns.

use std::fmt;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Cursor, Read, Seek};
use std::path::Path;

use crate::failure::Failure;

/// Unpacked text, read as it streams in; its bytes are UTF-8 or Windows-1252.
pub struct Source {
    reader: Box<dyn BufRead>,
    first: Option<u8>,
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Source").field("first", &self.first).finish_non_exhaustive()
    }
}

impl Source {
    /// Whether this is the first byte that is not white space.
    pub fn begins_with(&self, byte: u8) -> bool {
        self.first == Some(byte)
    }
    pub fn into_reader(self) -> Box<dyn BufRead> {
        self.reader
    }
    #[cfg(test)]
    pub fn of_text(text: &str) -> Self {
        decoded(Box::new(Cursor::new(text.to_owned().into_bytes()))).expect("memory never fails")
    }
}

const BUFFER_BYTES: usize = 256 * 1024;
const GZIP_MAGIC: &[u8] = &[0x1f, 0x8b];
const ZSTD_MAGIC: &[u8] = &[0x28, 0xb5, 0x2f, 0xfd];
const XZ_MAGIC: &[u8] = &[0xfd, b'7', b'z', b'X', b'Z', 0];

/// The file and its first bytes, the file's position back at its start.
pub fn file(path: &Path) -> Result<(File, Vec<u8>), Failure> {
    let refuse = |error: io::Error| Failure::input(format!("cannot read {}: {error}", path.display()));
    let mut file = File::open(path).map_err(refuse)?;
    if file.metadata().map_err(refuse)?.is_dir() {
        return Err(Failure::input(format!("{} is a folder, not a file", path.display())));
    }
    let mut first = Vec::with_capacity(8);
    file.by_ref().take(8).read_to_end(&mut first).map_err(refuse)?;
    file.rewind().map_err(refuse)?;
    Ok((file, first))
}

/// The file's text, unpacked by what its first bytes say.
pub fn text(path: &Path, file: File, first: &[u8]) -> Result<Source, Failure> {
    let refuse = |error: io::Error| Failure::input(format!("cannot read {}: {error}", path.display()));
    let unpacked: Box<dyn Read> = if first.starts_with(GZIP_MAGIC) {
        Box::new(flate2::read::MultiGzDecoder::new(BufReader::new(file)))
    } else if first.starts_with(ZSTD_MAGIC) {
        Box::new(zstd::Decoder::new(file).map_err(refuse)?)
    } else if first.starts_with(XZ_MAGIC) {
        Box::new(liblzma::read::XzDecoder::new_multi_decoder(file))
    } else {
        Box::new(file)
    };
    decoded(unpacked).map_err(refuse)
}

/// Strips a byte order mark; a UTF-16 text is decoded whole, the others stream.
fn decoded(unpacked: Box<dyn Read>) -> io::Result<Source> {
    let mut reader = BufReader::with_capacity(BUFFER_BYTES, unpacked);
    let (encoding, mark_len) = encoding_rs::Encoding::for_bom(reader.fill_buf()?).unwrap_or((encoding_rs::UTF_8, 0));
    let mut reader: Box<dyn BufRead> = if encoding == encoding_rs::UTF_8 {
        reader.consume(mark_len);
        Box::new(reader)
    } else {
        let mut bytes = Vec::new();
        reader.read_to_end(&mut bytes)?;
        Box::new(Cursor::new(encoding.decode(&bytes).0.into_owned().into_bytes()))
    };
    let first = reader.fill_buf()?.iter().copied().find(|b| !b.is_ascii_whitespace());
    Ok(Source { reader, first })
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
            let (opened, first) = file(&path).expect("opens");
            let mut read = String::new();
            text(&path, opened, &first).expect("unpacks").into_reader().read_to_string(&mut read).expect("UTF-8");
            assert_eq!(read, "a,b\n", "{name}");
        };
        check("plain", b"a,b\n");
        check("mark", b"\xef\xbb\xbfa,b\n");
        check("utf16", b"\xff\xfea\0,\0b\0\n\0");
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
